/* Feeds a fuzz target the files and folders named on the command line: the corpus, in an ordinary build. */
#include <dirent.h>
#include <string.h>

#include "fuzz.h"

static unsigned long replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = (uint8_t *)malloc(1 << 20);
    size_t size;

    if (f == NULL || data == NULL) {
        perror(path);
        exit(2);
    }
    size = fread(data, 1, 1 << 20, f);
    fclose(f);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static unsigned long replay(const char *path)
{
    DIR *dir = opendir(path);
    unsigned long count = 0;
    struct dirent *entry;
    char child[4096];

    if (dir == NULL)
        return replay_file(path);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        count += replay_file(child);
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    unsigned long count = 0;
    int i;

    for (i = 1; i < argc; i++)
        count += replay(argv[i]);
    if (count == 0) {
        printf("not ok 1 - the corpus is empty\n1..1\n");
        return 1;
    }
    printf("ok 1 - %lu inputs replayed without a crash or a refuted claim\n1..1\n", count);
    return 0;
}
