/* See tape_record.h. */
#include "tape_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void tape_put(struct tape_bytes *bytes, const void *from, size_t count)
{
    if (bytes->cap - bytes->len < count) {
        bytes->cap = (bytes->cap + count) * 2;
        bytes->at = realloc(bytes->at, bytes->cap);
        if (bytes->at == NULL)
            abort();
    }
    if (count != 0)
        memcpy(bytes->at + bytes->len, from, count);
    bytes->len += count;
}

static void put_word(struct tape_bytes *bytes, uint32_t word)
{
    unsigned char le[4] = {(unsigned char)word, (unsigned char)(word >> 8), (unsigned char)(word >> 16), (unsigned char)(word >> 24)};

    tape_put(bytes, le, sizeof le);
}

void tape_put_number(struct tape_bytes *bytes, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    tape_put(bytes, "n", 1);
    put_word(bytes, (uint32_t)bits);
    put_word(bytes, (uint32_t)(bits >> 32));
}

void tape_put_string(struct tape_bytes *bytes, struct ops_str s)
{
    tape_put(bytes, "s", 1);
    put_word(bytes, s.ptr == NULL ? UINT32_MAX : (uint32_t)s.len);
    if (s.ptr != NULL)
        tape_put(bytes, s.ptr, s.len);
}

void tape_put_name(struct tape_bytes *bytes, unsigned name)
{
    char item[2] = {'t', (char)name};

    tape_put(bytes, item, sizeof item);
}

void tape_free(struct tape_bytes *bytes)
{
    free(bytes->at);
    memset(bytes, 0, sizeof *bytes);
}

static void write_all(int fd, const char *at, size_t len)
{
    while (len != 0) {
        ssize_t n = write(fd, at, len);

        if (n <= 0) {
            perror("the tape cannot be written");
            _exit(3);
        }
        at += n;
        len -= (size_t)n;
    }
}

/* Frames are gathered: a write each would cost more than the simulation. */
void tape_frame(int fd, enum tape_frame kind, const struct tape_bytes *payload)
{
    static struct tape_bytes gathered;
    char k = (char)kind;

    put_word(&gathered, (uint32_t)payload->len + 1);
    tape_put(&gathered, &k, 1);
    tape_put(&gathered, payload->at, payload->len);
    if (gathered.len < 1 << 18 && kind != TAPE_END)
        return;
    write_all(fd, gathered.at, gathered.len);
    gathered.len = 0;
    if (kind == TAPE_END)
        tape_free(&gathered); /* nothing is left when the program ends here */
}
