/* What the benchmarks share. Times are processor time of this process, in seconds; of several rounds the best counts,
 * since whatever else the machine does can only add to it. */
#ifndef CONCLAVE_BENCHMARKS_H
#define CONCLAVE_BENCHMARKS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double processor_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s failed\n", __FILE__, __LINE__, #condition);                                     \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* One exponentiation in ffdhe3072 by a loop over mpn_sec_powm, of `rounds` the best. */
double bare_exponentiation(int rounds);

/* Each prints its figures, a line each: name, value, unit, bound, separated by tabs. */
void benchmark_exponentiation(void);
void benchmark_batches(void);
void benchmark_protection(void);
void benchmark_encrypt(void);
void benchmark_leave(void);
void benchmark_lookup(void);
void benchmark_join(void);
void benchmark_idle_group(const char *member_program);

static inline void print_figure(const char *name, double value, const char *unit, double bound) {
    printf("%s\t%.3f\t%s\t%g\n", name, value, unit, bound);
    fflush(stdout);
}

#endif
