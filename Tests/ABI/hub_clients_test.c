/* The hub at work: what it does with files in its way, with wakes at the wrong moment, and with clients that are too
 * many or send garbage. What it refuses and what it says on the wire is hub_test.c. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char path[96];

static conclave_hub *open_hub(const conclave_hub_options *options) {
    conclave_hub *hub = NULL;
    conclave_error *error = NULL;
    conclave_status status = conclave_hub_new(path, options, &hub, &error);
    check_that(status == CONCLAVE_OK, __FILE__, __LINE__, "conclave_hub_new: %s", conclave_error_message(error));
    conclave_error_free(error);
    REQUIRE(hub != NULL);
    return hub;
}

static int connect_to(const char *where) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, where, sizeof address.sun_path - 1);
    int connection = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0) return connection;
    close(connection);
    return -1;
}

/* Lets the hub work for a while, as an event loop would. */
static void serve(conclave_hub *hub, int milliseconds) {
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int64_t elapsed = 0;
    while (elapsed < milliseconds) {
        int descriptor = -1;
        int64_t deadline = -1;
        REQUIRE_OK(conclave_hub_descriptor(hub, &descriptor));
        REQUIRE_OK(conclave_hub_deadline(hub, &deadline));
        int64_t rest = milliseconds - elapsed;
        struct pollfd watched = {descriptor, POLLIN, 0};
        poll(&watched, 1, (int)(deadline >= 0 && deadline < rest ? deadline : rest));
        REQUIRE_OK(conclave_hub_process(hub));
        clock_gettime(CLOCK_MONOTONIC, &now);
        elapsed = (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000;
    }
}

static conclave_hub_counters counters_of(conclave_hub *hub) {
    conclave_hub_counters counters = CONCLAVE_HUB_COUNTERS_INIT;
    CHECK_OK(conclave_hub_counters_read(hub, &counters));
    return counters;
}

static void test_stale_socket_is_replaced(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(bind(stale, (struct sockaddr *)&address, sizeof address) == 0 && listen(stale, 1) == 0);
    close(stale);
    conclave_hub_free(open_hub(NULL));
}

static void test_other_files_are_left_alone(void) {
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    fputs("precious", file);
    fclose(file);
    conclave_hub *hub = NULL;
    conclave_status status = conclave_hub_new(path, NULL, &hub, NULL);
    check_that(status <= -504 && status >= -508, __FILE__, __LINE__, "a plain file gave %s",
               conclave_status_name(status));
    struct stat facts;
    CHECK(stat(path, &facts) == 0 && facts.st_size == 8);
    unlink(path);
}

static void *run_hub(void *argument) {
    static conclave_status status;
    status = conclave_hub_run((conclave_hub *)argument);
    return &status;
}

static void test_wake_ends_run(void) {
    conclave_hub *hub = open_hub(NULL);
    for (int round = 0; round < 20; round++) {
        pthread_t thread;
        void *result = NULL;
        /* In even rounds the wake comes before run has begun to wait, perhaps before it is called. */
        struct timespec pause = {0, round % 2 == 0 ? 0 : 5000000};
        REQUIRE(pthread_create(&thread, NULL, run_hub, hub) == 0);
        nanosleep(&pause, NULL);
        CHECK_OK(conclave_hub_wake(hub));
        pthread_join(thread, &result);
        CHECK_STATUS(CONCLAVE_E_INTERRUPTED, *(conclave_status *)result);
    }
    CHECK_OK(conclave_hub_wake(hub));
    CHECK_OK(conclave_hub_wake(hub));
    CHECK_STATUS(CONCLAVE_E_INTERRUPTED, conclave_hub_run(hub));
    conclave_hub_free(hub);
}

static void test_garbage_is_dropped(void) {
    conclave_hub *hub = open_hub(NULL);
    int good = connect_to(path), bad = connect_to(path);
    REQUIRE(good >= 0 && bad >= 0);
    serve(hub, 50);
    CHECK(counters_of(hub).clients == 2);
    uint8_t garbage[4096];
    memset(garbage, 0xff, sizeof garbage);
    CHECK(send(bad, garbage, sizeof garbage, MSG_NOSIGNAL) > 0);
    serve(hub, 100);
    conclave_hub_counters counters = counters_of(hub);
    CHECK(counters.clients == 1 && counters.dropped_clients == 1 && counters.messages == 0);
    struct pollfd watched = {good, POLLIN, 0};
    CHECK(poll(&watched, 1, 0) == 0 || (watched.revents & POLLHUP) == 0);
    close(bad);
    close(good);
    serve(hub, 50);
    CHECK(counters_of(hub).clients == 0);
    conclave_hub_free(hub);
}

static void test_client_limit(void) {
    enum { LIMIT = 4 };
    conclave_hub_options options = CONCLAVE_HUB_OPTIONS_INIT;
    options.client_limit = LIMIT;
    conclave_hub *hub = open_hub(&options);
    int clients[2 * LIMIT];
    for (int index = 0; index < 2 * LIMIT; index++) clients[index] = connect_to(path);
    serve(hub, 100);
    CHECK(counters_of(hub).clients <= LIMIT);
    for (int index = 0; index < 2 * LIMIT; index++)
        if (clients[index] >= 0) close(clients[index]);
    serve(hub, 100);
    CHECK(counters_of(hub).clients == 0);
    int again = connect_to(path);
    serve(hub, 50);
    CHECK(again >= 0 && counters_of(hub).clients == 1);
    close(again);
    conclave_hub_free(hub);
}

int main(void) {
    snprintf(path, sizeof path, "/tmp/conclave-clients-%ld", (long)getpid());
    test_stale_socket_is_replaced();
    test_other_files_are_left_alone();
    test_wake_ends_run();
    test_garbage_is_dropped();
    test_client_limit();
    return check_finish();
}
