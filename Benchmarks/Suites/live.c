/* How long a join and a leave take through the local hub, from the call to the secure view at the last member, all
 * members and the hub in this process: JSON, a line for each event, on standard output. What the members wait for
 * before their key (the flush, which is what membership costs without one) is in it, and shown beside it. */
#include <conclave.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s failed\n", __FILE__, __LINE__, #condition);                                     \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

enum { MEMBERS_MAX = 100 };

typedef struct member {
    conclave_identity *identity;
    conclave_group *group;
    size_t size; /* of its present secure view */
    double ready, flushed;
} member;

static conclave_hub *hub;
static member members[MEMBERS_MAX];
static size_t member_count;
static double event_began;

static double elapsed_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The log tells of the view before its key. */
static void note(void *user_data, uint32_t level, const char *line) {
    (void)level;
    if (strstr(line, "agreeing on its key") != NULL) ((member *)user_data)->flushed = elapsed_time() - event_began;
}

static void turn(void) {
    struct pollfd watched[MEMBERS_MAX + 1];
    nfds_t count = 0;
    int descriptor = -1;
    int64_t wait = 1000, deadline;
    REQUIRE(conclave_hub_descriptor(hub, &descriptor) == CONCLAVE_OK);
    watched[count++] = (struct pollfd){descriptor, POLLIN, 0};
    for (size_t index = 0; index < member_count; index++) {
        if (members[index].group == NULL) continue;
        REQUIRE(conclave_group_descriptor(members[index].group, &descriptor) == CONCLAVE_OK);
        watched[count++] = (struct pollfd){descriptor, POLLIN, 0};
        REQUIRE(conclave_group_deadline(members[index].group, &deadline) == CONCLAVE_OK);
        if (deadline >= 0 && deadline < wait) wait = deadline;
    }
    poll(watched, count, (int)wait);
    REQUIRE(conclave_hub_process(hub) == CONCLAVE_OK);
    for (size_t index = 0; index < member_count; index++) {
        member *m = &members[index];
        if (m->group == NULL) continue;
        conclave_group_process(m->group);
        conclave_event event = CONCLAVE_EVENT_INIT;
        while (conclave_group_next_event(m->group, &event) == CONCLAVE_OK) {
            if (event.kind == CONCLAVE_EVENT_VIEW) {
                conclave_view view = CONCLAVE_VIEW_INIT;
                REQUIRE(conclave_group_view(m->group, &view) == CONCLAVE_OK);
                m->size = view.member_count;
                m->ready = elapsed_time() - event_began;
            }
        }
    }
}

/* Turns until all are in a view of so many; the time of the last. */
static void await_size(size_t size, double *ready, double *flushed) {
    double limit = elapsed_time() + 120;
    for (bool is_done = false; !is_done;) {
        REQUIRE(elapsed_time() < limit);
        turn();
        is_done = true;
        for (size_t index = 0; index < member_count; index++)
            if (members[index].group != NULL && members[index].size != size) is_done = false;
    }
    *ready = *flushed = 0;
    for (size_t index = 0; index < member_count; index++) {
        if (members[index].group == NULL) continue;
        if (members[index].ready > *ready) *ready = members[index].ready;
        if (members[index].flushed > *flushed) *flushed = members[index].flushed;
    }
}

static void join(const char *url, const conclave_trust *trust, const conclave_group_options *options, member *m) {
    m->size = 0;
    event_began = elapsed_time();
    REQUIRE(conclave_group_join(url, "bench", m->identity, trust, options, &m->group, NULL) == CONCLAVE_OK);
    REQUIRE(conclave_group_set_log(m->group, CONCLAVE_LOG_DEBUG, note, m) == CONCLAVE_OK);
}

static void print_event(const char *suite, const char *event, size_t size, double ready, double flushed) {
    printf("{\"suite\":\"%s\",\"event\":\"%s\",\"size\":%zu,\"elapsed_ms\":%.3f,\"membership_ms\":%.3f}\n", suite,
           event, size, ready * 1e3, flushed * 1e3);
    fflush(stdout);
}

static void measure(const char *url, conclave_suite suite, size_t largest, int count, char **sizes) {
    conclave_group_options options = CONCLAVE_GROUP_OPTIONS_INIT;
    options.suite = suite;
    conclave_trust *trust = NULL;
    REQUIRE(conclave_trust_new(&trust, NULL) == CONCLAVE_OK);
    for (size_t index = 0; index < largest; index++) {
        uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE];
        char name[16];
        snprintf(name, sizeof name, "m%zu", index);
        REQUIRE(conclave_identity_new(name, &members[index].identity, NULL) == CONCLAVE_OK);
        REQUIRE(conclave_identity_public_key(members[index].identity, key) == CONCLAVE_OK);
        REQUIRE(conclave_trust_add(trust, key, name) == CONCLAVE_OK);
    }
    for (member_count = 1; member_count <= largest; member_count++) {
        double ready, flushed;
        member *newest = &members[member_count - 1];
        join(url, trust, &options, newest);
        await_size(member_count, &ready, &flushed);
        bool is_wanted = false;
        for (int index = 0; index < count; index++) is_wanted |= strtoul(sizes[index], NULL, 10) == member_count;
        if (!is_wanted) continue;
        fprintf(stderr, "\r\033[K%s through the hub, %zu members", conclave_suite_name(suite), member_count);
        print_event(conclave_suite_name(suite), "join", member_count, ready, flushed);
        member *leaving = &members[member_count / 2];
        event_began = elapsed_time();
        conclave_group_free(leaving->group);
        leaving->group = NULL;
        await_size(member_count - 1, &ready, &flushed);
        print_event(conclave_suite_name(suite), "leave", member_count, ready, flushed);
        join(url, trust, &options, leaving);
        await_size(member_count, &ready, &flushed);
    }
    for (size_t index = 0; index < largest; index++) {
        conclave_group_free(members[index].group);
        conclave_identity_free(members[index].identity);
        members[index] = (member){0};
    }
    conclave_trust_free(trust);
    turn();
}

int main(int count, char **arguments) {
    if (count < 4) return fprintf(stderr, "usage: live FIRST-SUITE,OTHER-SUITE,... LARGEST-SIZE SIZE...\n"), 2;
    char path[64], url[80];
    snprintf(path, sizeof path, "/tmp/conclave-live-%ld", (long)getpid());
    snprintf(url, sizeof url, "local:%s", path);
    REQUIRE(conclave_hub_new(path, NULL, &hub, NULL) == CONCLAVE_OK);
    size_t largest = strtoul(arguments[2], NULL, 10);
    REQUIRE(largest >= 2 && largest <= MEMBERS_MAX);
    for (char *suite = arguments[1]; *suite != 0;) {
        char *end = NULL;
        unsigned long number = strtoul(suite, &end, 16);
        REQUIRE(end != suite && number <= UINT16_MAX && conclave_suite_name((conclave_suite)number) != NULL);
        measure(url, (conclave_suite)number, largest, count - 3, arguments + 3);
        suite = *end == ',' ? end + 1 : end;
    }
    fprintf(stderr, "\r\033[K");
    conclave_hub_free(hub);
    return 0;
}
