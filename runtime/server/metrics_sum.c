/* Sums over loops, and what the kernel says. */
#include "runtime/server/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

void ops_metrics_add_histogram(struct ops_histogram *sum, const struct ops_histogram *one)
{
    sum->count += one->count;
    sum->sum += one->sum;
    for (unsigned i = 0; i < OPS_HISTOGRAM_BUCKETS; i++)
        sum->buckets[i] += one->buckets[i];
}

void ops_metrics_add_core(struct ops_core_stats *sum, const struct ops_core_stats *one)
{
#define ADD(member) sum->member += one->member
    ADD(documents);
    ADD(connections);
    ADD(members);
    ADD(ops_processed);
    ADD(ops_rejected);
    ADD(ops_absorbed);
    ADD(ops_repeated);
    ADD(ops_unstored);
    ADD(joins);
    ADD(catch_ups);
    ADD(awareness_updates);
    ADD(snapshots);
    ADD(undos);
    ADD(recent_bytes);
    ADD(document_bytes);
    for (size_t i = 0; i < sizeof sum->refusals / sizeof sum->refusals[0]; i++)
        ADD(refusals[i]);
#undef ADD
    ops_metrics_add_histogram(&sum->op_latency_us, &one->op_latency_us);
    ops_metrics_add_histogram(&sum->append_latency_us, &one->append_latency_us);
    ops_metrics_add_histogram(&sum->load_latency_us, &one->load_latency_us);
    ops_metrics_add_histogram(&sum->rebased_over_ops, &one->rebased_over_ops);
    ops_metrics_add_histogram(&sum->fan_out, &one->fan_out);
    ops_metrics_add_histogram(&sum->peers_per_document, &one->peers_per_document);
}

static uint64_t count_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    uint64_t count = 0;

    if (dir == NULL)
        return 0;
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

void ops_process_read(struct ops_process_counters *out)
{
    unsigned long long virtual_pages = 0, resident_pages = 0;
    struct rusage usage;
    struct rlimit files;
    FILE *statm = fopen("/proc/self/statm", "re");
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

    memset(out, 0, sizeof *out);
    if (statm != NULL) {
        if (fscanf(statm, "%llu %llu", &virtual_pages, &resident_pages) == 2) {
            out->virtual_bytes = virtual_pages * page_bytes;
            out->resident_bytes = resident_pages * page_bytes;
        }
        fclose(statm);
    }
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        out->cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                      (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        out->max_fds = (uint64_t)files.rlim_cur;
    out->open_fds = count_entries("/proc/self/fd");
    out->open_fds -= out->open_fds > 0; /* the one that counted */
    out->threads = count_entries("/proc/self/task");
}
