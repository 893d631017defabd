/* What the events of a group cost under each agreement, in each group of numbers, by size: JSON, a line for each event,
 * on standard output; progress on standard error. */
#include "suites.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *bench_group_new(uint8_t agreement, uint8_t numbers);
void bench_group_free(void *group);
bool bench_group_add(void *group, intptr_t count);
void bench_group_remove(void *group, intptr_t place);
bool bench_group_agree(void *group, intptr_t continuing, bench_cost *cost);
double bench_exponentiation(uint8_t numbers, intptr_t rounds);

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s failed\n", __FILE__, __LINE__, #condition);                                     \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

typedef struct named {
    uint8_t number;
    const char *name;
} named;

static const named agreements[] = {{1, "GDH"}, {2, "CKD"}, {3, "TGDH"}, {4, "STR"}, {5, "BD"}};
static const named number_groups[] = {
    {14, "paper512"}, {15, "paper1024"}, {4, "modp2048-256"}, {2, "ffdhe3072"}, {5, "p256"}};

/* The times of single operations, measured between the events of one suite. */
typedef struct bare {
    double exponentiation, signing, verifying;
} bare;

static double better(double one, double other) { return one < other ? one : other; }

static void measure_signatures(bare *times) {
    enum { LOOP = 10, SIGNED_BYTES = 700 };
    static const uint8_t seed[32] = {1};
    uint8_t message[SIGNED_BYTES] = {0}, signature[64];
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
    REQUIRE(key != NULL);
    for (int index = 0; index < LOOP; index++) {
        size_t size = sizeof signature;
        double start = bench_processor_time();
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        REQUIRE(EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1);
        REQUIRE(EVP_DigestSign(context, signature, &size, message, sizeof message) == 1);
        EVP_MD_CTX_free(context);
        double middle = bench_processor_time();
        context = EVP_MD_CTX_new();
        REQUIRE(EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1);
        REQUIRE(EVP_DigestVerify(context, signature, sizeof signature, message, sizeof message) == 1);
        EVP_MD_CTX_free(context);
        double end = bench_processor_time();
        times->signing = better(times->signing, middle - start);
        times->verifying = better(times->verifying, end - middle);
    }
    EVP_PKEY_free(key);
}

static void measure_bare(uint8_t numbers, bare *times) {
    double exponentiation = bench_exponentiation(numbers, 3);
    REQUIRE(exponentiation > 0);
    times->exponentiation = better(times->exponentiation, exponentiation);
    measure_signatures(times);
}

static void keep_best(bench_cost *best, const bench_cost *cost) {
    double critical = better(best->critical_seconds, cost->critical_seconds);
    double busiest = better(best->busiest_seconds, cost->busiest_seconds);
    double total = better(best->total_seconds, cost->total_seconds);
    *best = *cost;
    best->critical_seconds = critical;
    best->busiest_seconds = busiest;
    best->total_seconds = total;
}

static void print_event(const char *agreement, const char *numbers, const char *event, size_t size,
                        const bench_cost *cost, const bare *times) {
    double bare_seconds = (double)cost->exponentiations * times->exponentiation +
                          (double)cost->signatures * times->signing + (double)cost->verifications * times->verifying;
    printf("{\"agreement\":\"%s\",\"numbers\":\"%s\",\"event\":\"%s\",\"size\":%zu,"
           "\"critical_ms\":%.4f,\"busiest_ms\":%.4f,\"total_ms\":%.4f,\"bare_total_ms\":%.4f,\"rounds\":%u,"
           "\"exponentiations\":%llu,\"most_exponentiations\":%llu,\"signatures\":%llu,\"verifications\":%llu,"
           "\"messages\":%llu,\"message_bytes\":%llu}\n",
           agreement, numbers, event, size, cost->critical_seconds * 1e3, cost->busiest_seconds * 1e3,
           cost->total_seconds * 1e3, bare_seconds * 1e3, (unsigned)cost->rounds,
           (unsigned long long)cost->exponentiations, (unsigned long long)cost->most_exponentiations,
           (unsigned long long)cost->signatures, (unsigned long long)cost->verifications,
           (unsigned long long)cost->messages, (unsigned long long)cost->message_bytes);
    fflush(stdout);
}

static const bench_cost worst = {.critical_seconds = 1e9, .busiest_seconds = 1e9, .total_seconds = 1e9};

/* Join to `size`, leave from it, a partition that takes half away, and a merge that brings as many. */
static void measure_size(const named *agreement, const named *numbers, size_t size, int rounds) {
    bench_cost join = worst, leave = worst, split = worst, merge = worst, cost;
    bare times = {1e9, 1e9, 1e9};
    void *group = bench_group_new(agreement->number, numbers->number);
    REQUIRE(group != NULL);
    intptr_t half = (intptr_t)size / 2, whole = (intptr_t)size;
    REQUIRE(bench_group_add(group, half) && bench_group_agree(group, 0, &cost));
    for (int round = 0; round < rounds; round++) {
        measure_bare(numbers->number, &times);
        REQUIRE(bench_group_add(group, whole - half) && bench_group_agree(group, half, &cost));
        keep_best(&merge, &cost);
        /* One of the middle: neither the oldest nor the newest, who have parts of their own in some agreements. */
        bench_group_remove(group, half);
        REQUIRE(bench_group_agree(group, whole - 1, &cost));
        keep_best(&leave, &cost);
        measure_bare(numbers->number, &times);
        REQUIRE(bench_group_add(group, 1) && bench_group_agree(group, whole - 1, &cost));
        keep_best(&join, &cost);
        for (intptr_t place = whole - 1; place >= half; place--) bench_group_remove(group, place);
        REQUIRE(bench_group_agree(group, half, &cost));
        keep_best(&split, &cost);
    }
    bench_group_free(group);
    print_event(agreement->name, numbers->name, "join", size, &join, &times);
    print_event(agreement->name, numbers->name, "leave", size, &leave, &times);
    print_event(agreement->name, numbers->name, "merge", size, &merge, &times);
    print_event(agreement->name, numbers->name, "partition", size, &split, &times);
}

/* Whether a name is in a list with commas between; every name is in "all". */
static bool is_wanted(const char *list, const char *name) {
    if (strcmp(list, "all") == 0) return true;
    size_t length = strlen(name);
    for (const char *found = list; (found = strstr(found, name)) != NULL; found += length)
        if ((found == list || found[-1] == ',') && (found[length] == 0 || found[length] == ',')) return true;
    return false;
}

int main(int count, char **arguments) {
    if (count < 5) {
        fprintf(stderr, "usage: suites AGREEMENTS NUMBERS ROUNDS SIZE...\nAGREEMENTS and NUMBERS: all, or names with "
                        "commas between\n");
        return 2;
    }
    int rounds = atoi(arguments[3]);
    for (size_t numbers = 0; numbers < sizeof number_groups / sizeof *number_groups; numbers++) {
        if (!is_wanted(arguments[2], number_groups[numbers].name)) continue;
        for (size_t index = 0; index < sizeof agreements / sizeof *agreements; index++) {
            if (!is_wanted(arguments[1], agreements[index].name)) continue;
            void *group = bench_group_new(agreements[index].number, number_groups[numbers].number);
            if (group == NULL) {
                fprintf(stderr, "this build has no %s over %s\n", agreements[index].name, number_groups[numbers].name);
                return 1;
            }
            bench_group_free(group);
            for (int argument = 4; argument < count; argument++) {
                size_t size = strtoul(arguments[argument], NULL, 10);
                REQUIRE(size >= 2 && size <= 1000);
                fprintf(stderr, "\r\033[K%s over %s, %zu members", agreements[index].name, number_groups[numbers].name,
                        size);
                measure_size(&agreements[index], &number_groups[numbers], size, rounds);
            }
        }
    }
    fprintf(stderr, "\r\033[K");
    return 0;
}
