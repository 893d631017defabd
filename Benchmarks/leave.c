/* A member leaves a cluster, and a new key comes to the others: what leaver and coordinator compute, and each of those
 * who stay, against the same key wraps, signatures and verifications by themselves, over messages of the same sizes. Of
 * the whole cluster's work: one leaver, one coordinator, and the others as often as there are. The median of the leaves
 * of five members, since each is another view. */
#include "benchmarks.h"

void *kernel_leave_new(intptr_t count);
intptr_t kernel_leave_leave(void *kernel);
intptr_t kernel_leave_receive(void *kernel);
void kernel_leave_settle(void *kernel);
intptr_t kernel_leave_bare_leave(void *kernel, intptr_t count);
intptr_t kernel_leave_bare_receive(void *kernel);
void kernel_leave_free(void *kernel);

enum { LEAVES = 5, WARM_UP = 3 };

static int compare(const void *first, const void *second) {
    double a = *(const double *)first, b = *(const double *)second;
    return (a > b) - (a < b);
}

static double median(double *values) {
    qsort(values, LEAVES, sizeof values[0], compare);
    return values[LEAVES / 2];
}

static double bare_leave(void *kernel, int count) {
    double start = processor_time();
    REQUIRE(kernel_leave_bare_leave(kernel, count) == 0);
    return processor_time() - start;
}

static double bare_receive(void *kernel) {
    double start = processor_time();
    REQUIRE(kernel_leave_bare_receive(kernel) == 0);
    return processor_time() - start;
}

static void leave(int count, const char *whole_name, const char *leave_name, const char *receive_name) {
    void *kernel = kernel_leave_new(count);
    REQUIRE(kernel != NULL);
    double whole[LEAVES], leaving[LEAVES], receiving[LEAVES];
    for (int index = 0; index < LEAVES; index++) {
        double start = processor_time();
        REQUIRE(kernel_leave_leave(kernel) == 0);
        double middle = processor_time();
        REQUIRE(kernel_leave_receive(kernel) == 0);
        double receive = processor_time() - middle, leave = middle - start;
        kernel_leave_settle(kernel);
        double bare_leaving = 0, bare_receiving = 0;
        for (int round = 0; round < WARM_UP; round++) {
            bare_leaving = bare_leave(kernel, count - index);
            bare_receiving = bare_receive(kernel);
        }
        int others = count - index - 2;
        leaving[index] = leave / bare_leaving;
        receiving[index] = receive / bare_receiving;
        whole[index] = (leave + others * receive) / (bare_leaving + others * bare_receiving);
    }
    kernel_leave_free(kernel);
    print_figure(whole_name, median(whole), "times", 1.3);
    print_figure(leave_name, median(leaving), "times", 0);
    print_figure(receive_name, median(receiving), "times", 0);
}

void benchmark_leave(void) {
    leave(10, "leave of one in 10 with a new key / its wraps, signatures and verifications",
          "  leaver and coordinator alone, of 10", "  each of the others alone, of 10");
    leave(1000, "leave of one in 1,000 with a new key / its wraps, signatures and verifications",
          "  leaver and coordinator alone, of 1,000", "  each of the others alone, of 1,000");
}
