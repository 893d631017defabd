/* Fifty powers at once: on two threads against one, in elapsed time; and of the generator against any other base. */
#include "benchmarks.h"

enum { FFDHE2048 = 1, FFDHE3072 = 2, MODP2048_256 = 4, P256 = 5 };

void *kernel_batch_new(uint8_t group);
int32_t kernel_batch_raise(void *kernel, int32_t threads);
int32_t kernel_batch_raise_one(void *kernel, int32_t is_generator);

static double elapsed_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void measure_threads(const char *name, uint8_t group, int rounds, double bound) {
    void *kernel = kernel_batch_new(group);
    REQUIRE(kernel != NULL);
    double best[2] = {1e9, 1e9};
    for (int round = 0; round < rounds; round++)
        for (int threads = 1; threads <= 2; threads++) {
            double start = elapsed_time();
            REQUIRE(kernel_batch_raise(kernel, threads) >= 0);
            double time = elapsed_time() - start;
            if (time < best[threads - 1]) best[threads - 1] = time;
        }
    print_figure(name, best[1] / best[0], "times", bound);
}

static void measure_generator(const char *name, uint8_t group, int rounds, double bound) {
    void *kernel = kernel_batch_new(group);
    REQUIRE(kernel != NULL);
    double best[2] = {1e9, 1e9};
    for (int round = 0; round < rounds; round++)
        for (int is_generator = 0; is_generator < 2; is_generator++) {
            double start = processor_time();
            REQUIRE(kernel_batch_raise_one(kernel, is_generator) >= 0);
            double time = processor_time() - start;
            if (time < best[is_generator]) best[is_generator] = time;
        }
    print_figure(name, best[1] / best[0], "times", bound);
}

void benchmark_batches(void) {
    measure_threads("50 powers on two threads / on one, elapsed, modp-2048-256", MODP2048_256, 20, 0.6);
    measure_threads("50 powers on two threads / on one, elapsed, ffdhe2048", FFDHE2048, 4, 0);
    measure_threads("50 powers on two threads / on one, elapsed, P-256", P256, 40, 0);
    measure_generator("powers of the generator / of another base, ffdhe3072", FFDHE3072, 3, 0.5);
    measure_generator("powers of the generator / of another base, modp-2048-256", MODP2048_256, 20, 0.5);
    measure_generator("powers of the generator / of another base, P-256", P256, 40, 0.5);
}
