#include "benchmarks.h"
#include <conclave.h>
#include <string.h>

/* A call that does nothing but look its handle up. */
void benchmark_lookup(void) {
    enum { CALLS = 2000000, ROUNDS = 5 };
    conclave_trust *trust = NULL;
    REQUIRE(conclave_trust_new(&trust, NULL) == CONCLAVE_OK);
    double best = 1e9;
    size_t sum = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = processor_time();
        for (int call = 0; call < CALLS; call++) sum += conclave_trust_count(trust);
        double time = (processor_time() - start) / CALLS;
        if (time < best) best = time;
    }
    REQUIRE(sum == 0);
    conclave_trust_free(trust);
    print_figure("a call that looks up its handle", best * 1e9, "ns", 50);
}

int main(int count, char **arguments) {
    if (count != 2) return fprintf(stderr, "usage: benchmarks IDLE-MEMBER-PROGRAM\n"), 2;
    benchmark_exponentiation();
    benchmark_batches();
    benchmark_join();
    benchmark_protection();
    benchmark_encrypt();
    benchmark_leave();
    benchmark_lookup();
    benchmark_idle_group(arguments[1]);
    return 0;
}
