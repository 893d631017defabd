/* conclave_hub_* as a program sees it: what it refuses, and what it says on the wire to clients that are plain sockets
 * here, byte for byte. The hub is driven by the program's own loop first and by conclave_hub_run on a thread later. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];
static char path[100];

static conclave_hub *open_hub(void) {
    conclave_hub *hub = NULL;
    conclave_error *error = (conclave_error *)1;
    REQUIRE_OK(conclave_hub_new(path, NULL, &hub, &error));
    CHECK(hub != NULL && error == NULL);
    return hub;
}

static void refuse(conclave_status expected, const char *where, const conclave_hub_options *options) {
    conclave_hub *hub = (conclave_hub *)1;
    conclave_error *error = NULL;
    CHECK_STATUS(expected, conclave_hub_new(where, options, &hub, &error));
    CHECK(hub == (conclave_hub *)1);
    CHECK_STATUS(expected, conclave_error_status(error));
    CHECK(strlen(conclave_error_message(error)) > 10);
    conclave_error_free(error);
    CHECK_STATUS(expected, conclave_hub_new(where, options, &hub, NULL));
}

static void test_refusals(void) {
    char text[200];
    refuse(CONCLAVE_E_NULL_ARGUMENT, NULL, NULL);
    refuse(CONCLAVE_E_BAD_TEXT, "", NULL);
    refuse(CONCLAVE_E_BAD_TEXT, "a\nb", NULL);
    refuse(CONCLAVE_E_BAD_TEXT, "\xff\xfe", NULL);
    memset(text, 'x', sizeof text);
    text[108] = 0;
    refuse(CONCLAVE_E_BAD_TEXT, text, NULL);
    snprintf(text, sizeof text, "%s/none/hub", directory);
    refuse(CONCLAVE_E_IO, text, NULL);
    snprintf(text, sizeof text, "%s/file", directory);
    FILE *file = fopen(text, "w");
    REQUIRE(file != NULL);
    fclose(file);
    refuse(CONCLAVE_E_FILE_EXISTS, text, NULL);
    CHECK(access(text, F_OK) == 0);
    unlink(text);
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_hub_new(path, NULL, NULL, NULL));

    conclave_hub_options options = CONCLAVE_HUB_OPTIONS_INIT;
    options.size = 3;
    refuse(CONCLAVE_E_BAD_STRUCT_SIZE, path, &options);
    CHECK_OK(conclave_hub_options_init(&options, sizeof options));
    options.client_limit = 0;
    refuse(CONCLAVE_E_INVALID_ARGUMENT, path, &options);
    CHECK_OK(conclave_hub_options_init(&options, sizeof options));
    options.group_limit = UINT32_MAX;
    refuse(CONCLAVE_E_INVALID_ARGUMENT, path, &options);
    CHECK_OK(conclave_hub_options_init(&options, sizeof options));
    options.queue_bytes = SIZE_MAX;
    refuse(CONCLAVE_E_INVALID_ARGUMENT, path, &options);
    CHECK_OK(conclave_hub_options_init(&options, sizeof options));
    options.stuck_timeout_ms = 0;
    refuse(CONCLAVE_E_INVALID_ARGUMENT, path, &options);
    CHECK(access(path, F_OK) != 0);
}

static void test_options(void) {
    conclave_hub_options first = CONCLAVE_HUB_OPTIONS_INIT, second;
    memset(&second, 0xff, sizeof second);
    CHECK_OK(conclave_hub_options_init(&second, sizeof second));
    CHECK(first.size == second.size && first.client_limit == second.client_limit);
    CHECK(first.group_limit == second.group_limit && first.queue_bytes == second.queue_bytes);
    CHECK(first.stuck_timeout_ms == second.stuck_timeout_ms);
}

static void test_handles(void) {
    conclave_hub *hub = open_hub();
    struct stat status;
    CHECK(lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) && (status.st_mode & 07777) == 0600);
    refuse(CONCLAVE_E_ADDRESS_IN_USE, path, NULL);

    int descriptor = -1;
    int64_t deadline = 0;
    conclave_hub_counters counters = CONCLAVE_HUB_COUNTERS_INIT;
    CHECK_OK(conclave_hub_descriptor(hub, &descriptor));
    CHECK(descriptor >= 0);
    CHECK_OK(conclave_hub_deadline(hub, &deadline));
    CHECK(deadline == -1);
    CHECK_OK(conclave_hub_process(hub));
    CHECK_OK(conclave_hub_counters_read(hub, &counters));
    CHECK(counters.clients == 0 && counters.messages == 0);
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_hub_descriptor(hub, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_hub_deadline(hub, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_hub_counters_read(hub, NULL));
    counters.size = 1;
    CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_hub_counters_read(hub, &counters));

    conclave_hub_free(hub);
    CHECK(lstat(path, &status) != 0 && errno == ENOENT);
    conclave_hub *bad[] = {hub, (conclave_hub *)8, (conclave_hub *)(uintptr_t)-8, (conclave_hub *)&counters};
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
        CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_hub_descriptor(bad[index], &descriptor));
        CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_hub_deadline(bad[index], &deadline));
        CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_hub_process(bad[index]));
        CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_hub_run(bad[index]));
        CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_hub_wake(bad[index]));
        conclave_hub_free(bad[index]);
    }
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_hub_process(NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_hub_wake(NULL));
    conclave_hub_free(NULL);
}

static int connect_client(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    return client;
}

/* Drives the hub until the client can be read, then reads `size` bytes; false when the stream ended first. */
static bool read_exactly(conclave_hub *hub, int client, uint8_t *bytes, size_t size) {
    int descriptor = -1;
    if (hub != NULL) REQUIRE_OK(conclave_hub_descriptor(hub, &descriptor));
    size_t have = 0;
    while (have < size) {
        struct pollfd waits[2] = {{client, POLLIN, 0}, {descriptor, POLLIN, 0}};
        REQUIRE(poll(waits, 2, 5000) > 0);
        if (waits[1].revents != 0) REQUIRE_OK(conclave_hub_process(hub));
        if (waits[0].revents == 0) continue;
        ssize_t count = read(client, bytes + have, size - have);
        if (count <= 0) return false;
        have += (size_t)count;
    }
    return true;
}

static const uint8_t attach_frame[] = {0, 0, 0, 8, 0x01, 0, 1, 4, 'r', 'o', 'o', 'm'};
static const uint8_t multicast_frame[] = {0, 0, 0, 4, 0x02, 'a', 'b', 'c'};

static void refuse_descriptor(conclave_status expected, int descriptor, const conclave_hub_options *options) {
    conclave_hub *hub = (conclave_hub *)1;
    conclave_error *error = NULL;
    CHECK_STATUS(expected, conclave_hub_adopt(descriptor, options, &hub, &error));
    CHECK(hub == (conclave_hub *)1);
    CHECK_STATUS(expected, conclave_error_status(error));
    conclave_error_free(error);
}

static int bound_socket(int type) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int made = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    REQUIRE(made >= 0 && bind(made, (struct sockaddr *)&address, sizeof address) == 0);
    return made;
}

/* A socket that somebody else has made: the hub serves on it, and leaves it and its file to whoever made it. */
static void test_adopted_socket(void) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    refuse_descriptor(CONCLAVE_E_INVALID_ARGUMENT, -1, NULL);
    refuse_descriptor(CONCLAVE_E_INVALID_ARGUMENT, 9999, NULL);
    refuse_descriptor(CONCLAVE_E_INVALID_ARGUMENT, ends[0], NULL);
    int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (other >= 0) {
        CHECK(listen(other, 1) == 0);
        refuse_descriptor(CONCLAVE_E_INVALID_ARGUMENT, other, NULL);
        close(other);
    }
    int packets = bound_socket(SOCK_SEQPACKET);
    CHECK(listen(packets, 1) == 0);
    refuse_descriptor(CONCLAVE_E_INVALID_ARGUMENT, packets, NULL);
    close(packets);
    unlink(path);

    int listener = bound_socket(SOCK_STREAM);
    refuse_descriptor(CONCLAVE_E_INVALID_ARGUMENT, listener, NULL); /* it does not listen yet */
    CHECK(listen(listener, 8) == 0 && (fcntl(listener, F_GETFL) & O_NONBLOCK) == 0);
    conclave_hub_options options = CONCLAVE_HUB_OPTIONS_INIT;
    options.client_limit = 0;
    refuse_descriptor(CONCLAVE_E_INVALID_ARGUMENT, listener, &options);
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_hub_adopt(listener, NULL, NULL, NULL));
    int client = connect_client(); /* before there is a hub: it waits */
    conclave_hub *hub = NULL;
    REQUIRE_OK(conclave_hub_adopt(listener, NULL, &hub, NULL));
    REQUIRE(write(client, attach_frame, sizeof attach_frame) == (ssize_t)sizeof attach_frame);
    uint8_t attached[17];
    CHECK(read_exactly(hub, client, attached, sizeof attached) && attached[4] == 0x81);
    close(client);
    conclave_hub_free(hub);
    CHECK(access(path, F_OK) == 0 && fcntl(listener, F_GETFD) >= 0);

    /* Another one on the same socket, of which the first descriptor is closed. */
    REQUIRE_OK(conclave_hub_adopt(listener, NULL, &hub, NULL));
    close(listener);
    client = connect_client();
    REQUIRE(write(client, attach_frame, sizeof attach_frame) == (ssize_t)sizeof attach_frame);
    CHECK(read_exactly(hub, client, attached, sizeof attached));
    conclave_hub_free(hub);
    close(client);
    close(ends[0]);
    close(ends[1]);
    CHECK(unlink(path) == 0);
}

static void test_wire(void) {
    conclave_hub *hub = open_hub();
    int client = connect_client();
    REQUIRE(write(client, attach_frame, sizeof attach_frame) == (ssize_t)sizeof attach_frame);
    uint8_t attached[17], configuration[45], message[24], end;
    static const uint8_t attached_head[] = {0, 0, 0, 13, 0x81}, attached_tail[] = {0, 0, 0, 1, 0, 4, 0, 0};
    CHECK(read_exactly(hub, client, attached, sizeof attached));
    CHECK(memcmp(attached, attached_head, 5) == 0 && memcmp(attached + 9, attached_tail, 8) == 0);
    CHECK(read_exactly(hub, client, configuration, 37));
    CHECK(memcmp(configuration + 17, attached + 5, 8) == 0 && memcmp(configuration + 29, attached + 5, 8) == 0);
    REQUIRE(write(client, multicast_frame, sizeof multicast_frame) == (ssize_t)sizeof multicast_frame);
    CHECK(read_exactly(hub, client, message, sizeof message));
    CHECK(message[4] == 0x83 && memcmp(message + 5, attached + 5, 8) == 0 && memcmp(message + 21, "abc", 3) == 0);

    /* One that does not attach gives the hub a deadline; a malformed one is told why and closed. */
    int second = connect_client();
    CHECK_OK(conclave_hub_process(hub));
    int64_t deadline = -1;
    CHECK_OK(conclave_hub_deadline(hub, &deadline));
    CHECK(deadline > 0 && deadline <= 5000);
    REQUIRE(write(second, "\0\0\0\1\x77", 5) == 5);
    uint8_t refused[6];
    CHECK(read_exactly(hub, second, refused, sizeof refused));
    CHECK(memcmp(refused, "\0\0\0\2\x84\4", 6) == 0);
    CHECK(!read_exactly(hub, second, &end, 1));
    close(second);

    conclave_hub_counters counters = CONCLAVE_HUB_COUNTERS_INIT;
    CHECK_OK(conclave_hub_counters_read(hub, &counters));
    CHECK(counters.clients == 1 && counters.groups == 1 && counters.messages == 1 && counters.message_bytes == 3);
    CHECK(counters.dropped_clients == 1);
    conclave_hub_free(hub);
    CHECK(!read_exactly(NULL, client, &end, 1));
    close(client);
}

static conclave_hub *running;

static void *run(void *argument) {
    (void)argument;
    return (void *)(intptr_t)conclave_hub_run(running);
}

static void wake_running(int signal_number) {
    (void)signal_number;
    conclave_hub_wake(running);
}

static void test_run(void) {
    running = open_hub();
    CHECK_OK(conclave_hub_wake(running));
    CHECK_STATUS(CONCLAVE_E_INTERRUPTED, conclave_hub_run(running)); /* woken beforehand */

    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, run, NULL) == 0);
    int client = connect_client();
    REQUIRE(write(client, attach_frame, sizeof attach_frame) == (ssize_t)sizeof attach_frame);
    uint8_t attached[17];
    CHECK(read_exactly(NULL, client, attached, sizeof attached));
    CHECK_OK(conclave_hub_wake(running));
    void *status = NULL;
    REQUIRE(pthread_join(thread, &status) == 0);
    CHECK((intptr_t)status == CONCLAVE_E_INTERRUPTED);
    close(client);

    struct sigaction action = {.sa_handler = wake_running};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    CHECK_STATUS(CONCLAVE_E_INTERRUPTED, conclave_hub_run(running));
    signal(SIGALRM, SIG_DFL);
    conclave_hub_free(running);
}

/* Out of descriptors, the hub neither spins nor forgets who waits. */
static void test_descriptor_shortage(void) {
    enum { CLIENTS = 8, ROOM = 2 };
    conclave_hub *hub = open_hub();
    int clients[CLIENTS], descriptor = -1, highest = 0;
    CHECK_OK(conclave_hub_descriptor(hub, &descriptor));
    for (int index = 0; index < CLIENTS; index++) highest = clients[index] = connect_client();
    struct rlimit before, low;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    low = before;
    low.rlim_cur = (rlim_t)highest + 1 + ROOM;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);

    conclave_hub_counters counters = CONCLAVE_HUB_COUNTERS_INIT;
    int64_t deadline = -1;
    CHECK_OK(conclave_hub_process(hub));
    CHECK_OK(conclave_hub_counters_read(hub, &counters));
    CHECK(counters.clients == ROOM);
    CHECK_OK(conclave_hub_deadline(hub, &deadline));
    CHECK(deadline >= 0 && deadline <= 100);
    struct pollfd wait = {descriptor, POLLIN, 0};
    CHECK(poll(&wait, 1, 0) == 0);

    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
    usleep(120000);
    CHECK_OK(conclave_hub_process(hub));
    CHECK_OK(conclave_hub_counters_read(hub, &counters));
    /* Valgrind lets the kernel accept one beyond the limit, closes it and reports EMFILE: under it, one is lost. */
    CHECK(counters.clients == CLIENTS || counters.clients == CLIENTS - 1);
    conclave_hub_free(hub);
    for (int index = 0; index < CLIENTS; index++) close(clients[index]);
}

/* Of many hubs that start at once over a stale socket file, one gets it, and its socket is not taken for stale. */
static void test_simultaneous_starts(void) {
    enum { ROUNDS = 20, STARTERS = 8 };
    for (int round = 0; round < ROUNDS; round++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        int stale = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        REQUIRE(bind(stale, (struct sockaddr *)&address, sizeof address) == 0);
        close(stale);
        int started[2], ended[2];
        REQUIRE(pipe(started) == 0 && pipe(ended) == 0);
        pid_t children[STARTERS];
        for (int index = 0; index < STARTERS; index++) {
            children[index] = fork();
            REQUIRE(children[index] >= 0);
            if (children[index] > 0) continue;
            close(ended[1]);
            conclave_hub *hub = NULL;
            conclave_status status = conclave_hub_new(path, NULL, &hub, NULL);
            char result = status == CONCLAVE_OK ? 'y' : status == CONCLAVE_E_ADDRESS_IN_USE ? 'n' : '?', end;
            if (write(started[1], &result, 1) != 1) _exit(2);
            /* Nobody ends before everybody has tried. */
            if (read(ended[0], &end, 1) != 0) _exit(2);
            conclave_hub_free(hub);
            _exit(0);
        }
        char results[STARTERS + 1] = {0};
        for (int index = 0; index < STARTERS; index++) REQUIRE(read(started[0], results + index, 1) == 1);
        int winners = 0;
        for (int index = 0; index < STARTERS; index++) winners += results[index] == 'y';
        check_that(winners == 1 && strchr(results, '?') == NULL, __FILE__, __LINE__, "of %d starters: %s", STARTERS,
                   results);
        close(connect_client());
        close(ended[1]);
        for (int index = 0; index < STARTERS; index++) {
            int status = -1;
            CHECK(waitpid(children[index], &status, 0) == children[index] && status == 0);
        }
        close(started[0]), close(started[1]), close(ended[0]);
        CHECK(access(path, F_OK) != 0);
    }
}

int main(void) {
    snprintf(directory, sizeof directory, "/tmp/conclave-hub-test-XXXXXX");
    REQUIRE(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/hub", directory);
    test_options();
    test_refusals();
    test_handles();
    test_adopted_socket();
    test_wire();
    test_run();
    test_descriptor_shortage();
    test_simultaneous_starts();
    rmdir(directory);
    CHECK(access(directory, F_OK) != 0);
    return check_finish();
}
