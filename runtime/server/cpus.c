/* How many processors this process may use: its affinity mask, cut by the quota of its control group. */
#include <sched.h>
#include <stdio.h>

#include "server.h"

/* Quota over period of cgroup v2 (one file) or v1 (two); 0: no quota. */
static double quota(void)
{
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    double used = 0, period = 0;

    if (file != NULL) {
        if (fscanf(file, "%lf %lf", &used, &period) != 2) /* `max` is no number */
            used = period = 0;
        fclose(file);
        return period > 0 ? used / period : 0;
    }
    file = fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%lf", &used) != 1)
        used = 0;
    fclose(file);
    file = fopen("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%lf", &period) != 1)
        period = 0;
    fclose(file);
    return used > 0 && period > 0 ? used / period : 0;
}

uint32_t ops_server_cpus(void)
{
    cpu_set_t set;
    uint32_t count = 1;
    double limit = quota();

    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        count = (uint32_t)CPU_COUNT(&set);
    if (limit > 0 && limit < count)
        count = limit < 1 ? 1 : (uint32_t)(limit + 0.5);
    return count;
}
