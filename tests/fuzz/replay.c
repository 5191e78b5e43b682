/* Feeds a fuzz target the corpus named on the command line (tests/fuzz/corpus.py has the format), in an ordinary build. */
#include "fuzz.h"

int main(int argc, char **argv)
{
    unsigned long count = 0;
    uint8_t head[4];
    FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;

    if (f == NULL) {
        printf("not ok 1 - a corpus is named\n1..1\n");
        return 1;
    }
    while (fread(head, 1, sizeof head, f) == sizeof head) {
        size_t size = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
        uint8_t *data = (uint8_t *)malloc(size + 1);

        if (data == NULL || fread(data, 1, size, f) != size) {
            printf("not ok 1 - the corpus is whole\n1..1\n");
            return 1;
        }
        LLVMFuzzerTestOneInput(data, size);
        free(data);
        count++;
    }
    fclose(f);
    printf("%s 1 - %lu inputs replayed without a crash or a refuted claim\n1..1\n", count > 0 ? "ok" : "not ok", count);
    return count > 0 ? 0 : 1;
}
