/* Measures every contender on every message and prints one table.
 *
 *   main NODE_SCRIPT FOLDER [ROUNDS]
 *
 * A round lets each contender of a line run once for about 10 ms, in turn, so that a noisy moment hits all of them; a cell
 * is the median of its rounds. Before anything is measured every contender's result is compared once. */
#include "samples.h"

#include "gen/profile.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS_DEFAULT = 11, ROUNDS_LIMIT = 101, CONTENDERS_LIMIT = 10 };
static const double slice_ns = 10e6;

static const struct bench_contender bench_node = {"Node", "Node", {true, true, false, false}, NULL};

/* In the order of the columns. */
static const struct bench_contender *const contenders[] = {&bench_ours,      &bench_simdjson_dom,     &bench_simdjson_ondemand,
                                                           &bench_rapidjson, &bench_rapidjson_insitu, &bench_node,
                                                           &bench_upb,       &bench_protobuf_c};
enum { CONTENDERS = sizeof contenders / sizeof contenders[0] };

static const char *const action_names[BENCH_ACTIONS] = {"JSON decode", "JSON encode", "protobuf decode", "protobuf encode"};
static const char *const node_actions[BENCH_ACTIONS] = {"decode", "encode", "", ""};

/* Large blocks of malloc all begin at the same place in a page. A copy from one to the other then meets its own stores in the
 * store buffer (4K aliasing: 9 % on 1 MB), which says nothing about a contender: arenas begin elsewhere. */
enum { ARENA_SHIFT_BYTES = 512 };

void bench_arena_init(struct ops_arena *arena)
{
    char *block = (char *)malloc(BENCH_ARENA_BYTES + ARENA_SHIFT_BYTES);

    if (block == NULL)
        abort();
    memset(block, 0, BENCH_ARENA_BYTES + ARENA_SHIFT_BYTES); /* no page fault is measured */
    ops_arena_init(arena, block + ARENA_SHIFT_BYTES, BENCH_ARENA_BYTES, SIZE_MAX / 2, NULL);
}

/* ---- same results ------------------------------------------------------------------------------------------------- */

static bool same(const struct bench_sample *s, enum bench_action action, const struct bench_result *r)
{
    static struct bench_sample decoded;
    struct bench_result again;

    if (action != BENCH_JSON_DECODE)
        return ops_str_equal(r->bytes, action == BENCH_JSON_ENCODE ? s->json : s->proto);
    decoded = *s;
    decoded.value = r->value;
    return bench_ours.once(&decoded, BENCH_JSON_ENCODE, &again) && ops_str_equal(again.bytes, s->json);
}

/* Ours decodes into the arena that it encodes from. */
static bool check_ours_decode(const struct bench_sample *s, struct bench_result *r)
{
    return bench_ours.once(s, BENCH_JSON_DECODE, r) &&
           (s->message == BENCH_OP || s->message == BENCH_PUSH
                ? ops_text_op_equal(&r->value.op, &s->value.op)
            : s->message == BENCH_TABLE ? ops_table_op_batch_equal(&r->value.table, &s->value.table)
                                        : ops_text_document_equal(&r->value.document, &s->value.document));
}

static void check(const struct bench_contender *c, const struct bench_sample *s, enum bench_action action)
{
    struct bench_result r;
    bool ok;

    if (c->once == NULL)
        return; /* bench_node.mjs asserts for itself */
    memset(&r, 0, sizeof r);
    r.check = true;
    ok = c == &bench_ours && action == BENCH_JSON_DECODE ? check_ours_decode(s, &r)
                                                         : c->once(s, action, &r) && same(s, action, &r);
    if (!ok) {
        fprintf(stderr, "%s: %s of %s is wrong\n", c->name, action_names[action], s->name);
        exit(1);
    }
}

/* ---- time --------------------------------------------------------------------------------------------------------- */

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds that `times` messages take. */
static double measure(const struct bench_contender *c, const struct bench_sample *s, enum bench_action action, uint64_t times)
{
    static struct bench_result r;
    double begin, ns = 0;
    uint64_t i;

    if (c->once == NULL) {
        if (!bench_node_run(s->name, node_actions[action], times, &ns))
            exit(1);
        return ns;
    }
    begin = now_ns();
    for (i = 0; i < times; i++) {
        if (!c->once(s, action, &r))
            abort();
        bench_use(&r);
    }
    return now_ns() - begin;
}

/* How many messages fill a slice; warms up on the way (Node: its compiler). */
static uint64_t messages_a_slice(const struct bench_contender *c, const struct bench_sample *s, enum bench_action action)
{
    uint64_t times = 1;
    double ns;
    int i;

    do {
        times *= 2;
        ns = measure(c, s, action, times);
    } while (ns < slice_ns);
    for (i = 0; c->once == NULL && i < 20; i++)
        ns = measure(c, s, action, times);
    times = (uint64_t)((double)times * slice_ns / ns);
    return times == 0 ? 1 : times;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return values[count / 2];
}

/* ---- the table ---------------------------------------------------------------------------------------------------- */

static void print_head(void)
{
    int i;

    printf("| message | bytes | operation ");
    for (i = 0; i < CONTENDERS; i++) {
        if (i == 0 || strcmp(contenders[i]->group, contenders[i - 1]->group) != 0)
            printf("| %s ", contenders[i]->group);
    }
    printf("|\n|---|--:|---");
    for (i = 0; i < CONTENDERS; i++) {
        if (i == 0 || strcmp(contenders[i]->group, contenders[i - 1]->group) != 0)
            printf("|--:");
    }
    printf("|\n");
}

static void print_time(double ns)
{
    if (ns >= 99950)
        printf("%.0f µs", ns / 1000);
    else if (ns >= 9995)
        printf("%.1f µs", ns / 1000);
    else
        printf("%.0f ns", ns);
}

static void print_line(const struct bench_sample *s, enum bench_action action, const double *ns)
{
    int i;

    printf("| %s | %zu | %s ", s->name, action <= BENCH_JSON_ENCODE ? s->json.len : s->proto.len, action_names[action]);
    for (i = 0; i < CONTENDERS; i++) {
        double best = ns[i];

        while (i + 1 < CONTENDERS && strcmp(contenders[i]->group, contenders[i + 1]->group) == 0) {
            i++;
            if (best == 0 || (ns[i] > 0 && ns[i] < best))
                best = ns[i];
        }
        printf("| ");
        if (best > 0)
            print_time(best);
        if (best > 0 && i > 0)
            printf(" (%.2f×)", best / ns[0]);
        printf(" ");
    }
    printf("|\n");
    fflush(stdout);
}

/* ---- targets ------------------------------------------------------------------------------------------------------ */

enum { SMALL_BYTES = 1024 };

/* In pairs: decode and encode. */
static struct target {
    const char *name;
    double ratio, worst;
} targets[] = {
    {"JSON decode below 1 KB, against simdjson", 3, 1e9}, {"JSON encode below 1 KB, against RapidJSON", 3, 1e9},
    {"JSON decode above 1 KB, against simdjson", 1, 1e9}, {"JSON encode above 1 KB, against RapidJSON", 1, 1e9},
    {"protobuf decode, against upb", 1, 1e9},             {"protobuf encode, against upb", 1, 1e9},
};

static void note_targets(const struct bench_sample *s, enum bench_action action, const double *ns)
{
    struct target *t = &targets[action >= BENCH_PROTO_DECODE ? 4 : s->json.len < SMALL_BYTES ? 0 : 2];
    int i;

    if (action == BENCH_JSON_ENCODE || action == BENCH_PROTO_ENCODE)
        t++;
    for (i = 1; i < CONTENDERS; i++) {
        bool counts = action == BENCH_JSON_DECODE   ? strncmp(contenders[i]->name, "simdjson", 8) == 0
                      : action == BENCH_JSON_ENCODE ? contenders[i] == &bench_rapidjson
                                                    : contenders[i] == &bench_upb;

        if (counts && ns[i] / ns[0] < t->worst)
            t->worst = ns[i] / ns[0];
    }
}

static void print_targets(void)
{
    size_t i;

    printf("\n");
    for (i = 0; i < sizeof targets / sizeof targets[0]; i++)
        printf("%s: target %.0f×, worst line %.2f×%s\n", targets[i].name, targets[i].ratio, targets[i].worst,
               targets[i].worst < targets[i].ratio ? " (missed)" : "");
}

/* ---- a line -------------------------------------------------------------------------------------------------------- */

static void line(const struct bench_sample *s, enum bench_action action, int rounds)
{
    static double ns[CONTENDERS][ROUNDS_LIMIT];
    uint64_t times[CONTENDERS];
    double medians[CONTENDERS];
    int i, round;

    for (i = 0; i < CONTENDERS; i++) {
        if (!contenders[i]->can[action])
            continue;
        check(contenders[i], s, action);
        times[i] = messages_a_slice(contenders[i], s, action);
    }
    for (round = 0; round < rounds; round++) {
        for (i = 0; i < CONTENDERS; i++) {
            if (contenders[i]->can[action])
                ns[i][round] = measure(contenders[i], s, action, times[i]) / (double)times[i];
        }
    }
    for (i = 0; i < CONTENDERS; i++)
        medians[i] = contenders[i]->can[action] ? median(ns[i], rounds) : 0;
    print_line(s, action, medians);
    note_targets(s, action, medians);
}

int main(int argc, char **argv)
{
    static struct bench_sample samples[BENCH_MESSAGES];
    int rounds = argc > 3 ? atoi(argv[3]) : ROUNDS_DEFAULT;
    int action, i;

    if (argc < 3 || rounds < 1 || rounds > ROUNDS_LIMIT) {
        fprintf(stderr, "usage: main NODE_SCRIPT FOLDER [ROUNDS]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    if (!samples_make(samples, argv[2])) {
        fprintf(stderr, "the samples could not be made\n");
        return 1;
    }
    if (!bench_node_start(argv[1], argv[2])) {
        fprintf(stderr, "node did not start\n");
        return 1;
    }
    print_head();
    for (action = 0; action < BENCH_ACTIONS; action++) {
        for (i = 0; i < BENCH_MESSAGES; i++)
            line(&samples[i], (enum bench_action)action, rounds);
    }
    print_targets();
    bench_node_stop();
    return 0;
}
