/* What the benchmark of the suites in C and its kernel in Swift have in common. */
#ifndef CONCLAVE_BENCHMARKS_SUITES_H
#define CONCLAVE_BENCHMARKS_SUITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

static inline double bench_processor_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* What one agreement has cost, over all members. */
typedef struct bench_cost {
    double critical_seconds; /* processor time on the longest chain of steps that wait for each other */
    double busiest_seconds;  /* of the member that worked most */
    double total_seconds;
    uint64_t exponentiations;
    uint64_t most_exponentiations; /* of one member */
    uint64_t signatures;
    uint64_t verifications;
    uint64_t messages;
    uint64_t message_bytes;
    uint32_t rounds; /* messages on the longest chain */
} bench_cost;

#endif
