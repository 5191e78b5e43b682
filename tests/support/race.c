/* Two threads add to one number and nothing orders them. Built with TSan its exit code is not 0, or the round of the suite
 * `threads` proves nothing. */
#include <pthread.h>
#include <stdio.h>

static long number;

static void *add(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100000; i++)
        number++;
    return NULL;
}

int main(void)
{
    pthread_t other;

    if (pthread_create(&other, NULL, add, NULL) != 0)
        return 0;
    add(NULL);
    pthread_join(other, NULL);
    printf("%ld\n", number);
    return 0;
}
