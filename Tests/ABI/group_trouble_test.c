/* What goes wrong around a group: addresses that lead nowhere, full queues, large messages, waits that are ended,
 * strangers, doubles, silent members, and a hub that goes away. */
#define _POSIX_C_SOURCE 200809L
#include "cluster.h"
#include <pthread.h>

enum { ADA = 1, BARBARA = 2, CLARA = 4, DOROTHY = 8 };

static conclave_status try_to_join(const char *url, const char *name, const conclave_identity *identity,
                                   const conclave_group_options *options) {
    conclave_group *group = NULL;
    conclave_error *error = NULL;
    conclave_status status = conclave_group_join(url, name, identity, NULL, options, &group, &error);
    CHECK((status == CONCLAVE_OK) == (group != NULL) && (status == CONCLAVE_OK) == (error == NULL));
    if (error != NULL) CHECK(conclave_error_status(error) == status && conclave_error_message(error)[0] != 0);
    conclave_error_free(error);
    conclave_group_free(group);
    return status;
}

static void test_joins_that_are_refused(void) {
    cluster *c = make_cluster(1);
    const conclave_identity *identity = c->peers[0].identity;
    static const char *const urls[] = {"", "local:", "local", "tcp:1.2.3.4", "/tmp/hub", ":", "LOCAL:/tmp/hub"};
    for (size_t index = 0; index < sizeof urls / sizeof urls[0]; index++) {
        conclave_status status = try_to_join(urls[index], "group", identity, NULL);
        check_that(status == CONCLAVE_E_BAD_URL || (urls[index][0] == 0 && status == CONCLAVE_E_BAD_TEXT), __FILE__,
                   __LINE__, "\"%s\" gave %s", urls[index], conclave_status_name(status));
    }
    CHECK_STATUS(CONCLAVE_E_TRANSPORT_UNREACHABLE, try_to_join("local:/nonexistent/hub", "group", identity, NULL));
    char name[CONCLAVE_GROUP_NAME_MAX + 2];
    memset(name, 'g', sizeof name);
    name[CONCLAVE_GROUP_NAME_MAX + 1] = 0;
    CHECK_STATUS(CONCLAVE_E_BAD_TEXT, try_to_join(c->url, name, identity, NULL));
    CHECK_STATUS(CONCLAVE_E_BAD_TEXT, try_to_join(c->url, "", identity, NULL));
    CHECK_STATUS(CONCLAVE_E_BAD_TEXT, try_to_join(c->url, "\xc3(", identity, NULL));
    CHECK_STATUS(CONCLAVE_E_BAD_TEXT, try_to_join(c->url, "a\tb", identity, NULL));
    name[CONCLAVE_GROUP_NAME_MAX] = 0;
    CHECK_OK(try_to_join(c->url, name, identity, NULL));
    conclave_group_options options = CONCLAVE_GROUP_OPTIONS_INIT;
    options.suite = 0x9999;
    CHECK_STATUS(CONCLAVE_E_UNKNOWN_SUITE, try_to_join(c->url, "group", identity, &options));
    options.suite = CONCLAVE_SUITE_STANDARD;
    options.algorithm = 2;
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, try_to_join(c->url, "group", identity, &options));
    free_cluster(c);
}

/* A program that was compiled before the options had an algorithm: its structure ends there, and what lies behind it in
 * memory is not read. */
static void test_options_of_an_older_header(void) {
    cluster *c = make_cluster(2);
    conclave_group_options older;
    memset(&older, 0xa5, sizeof older);
    CHECK_OK(conclave_group_options_init(&older, offsetof(conclave_group_options, algorithm)));
    CHECK(older.size == offsetof(conclave_group_options, algorithm) && older.algorithm == 0xa5a5a5a5);
    older.suite = c->options.suite;
    join_with(c, &c->peers[0], &older);
    join(c, 1);
    UNTIL(c, are_together(c, ADA | BARBARA));
    older.suite = 0x9999;
    CHECK_STATUS(CONCLAVE_E_UNKNOWN_SUITE, try_to_join(c->url, "group", c->peers[0].identity, &older));
    free_cluster(c);
}

/* Who runs the other robust algorithm is told so, as are the others, and stays outside; the group goes on. */
static void test_other_algorithm(void) {
    cluster *c = make_cluster(3);
    conclave_group_options basic = c->options;
    basic.algorithm = CONCLAVE_ALGORITHM_BASIC;
    join_with(c, &c->peers[0], &basic);
    join_with(c, &c->peers[1], &basic);
    UNTIL(c, are_together(c, ADA | BARBARA));
    join(c, 2);
    UNTIL(c, c->peers[0].errors > 0 && c->peers[1].errors > 0 && c->peers[2].errors > 0);
    for (size_t index = 0; index < 3; index++) {
        CHECK_STATUS(CONCLAVE_E_WRONG_ALGORITHM, c->peers[index].last_error);
        CHECK(strstr(c->peers[index].last_error_message, "algorithm") != NULL);
    }
    CHECK(!conclave_status_is_fatal(CONCLAVE_E_WRONG_ALGORITHM));
    UNTIL(c, are_together(c, CLARA));
    CHECK_OK(send_text(&c->peers[0], CONCLAVE_SERVICE_SAFE, "undisturbed"));
    UNTIL(c, c->peers[1].record_count == 1);
    CHECK(are_together(c, ADA | BARBARA) && c->peers[2].record_count == 0);
    /* What else they heard of each other says nothing new, and has not taken the reason's place. */
    for (size_t index = 0; index < 3; index++) CHECK_STATUS(CONCLAVE_E_WRONG_ALGORITHM, c->peers[index].last_error);
    /* It joins again with the group's algorithm. */
    join_with(c, &c->peers[2], &basic);
    UNTIL(c, are_together(c, ADA | BARBARA | CLARA));
    free_cluster(c);
}

static void test_full_queue(void) {
    enum { SIZE = 16384 };
    cluster *c = make_cluster(2);
    conclave_group_options options = c->options;
    options.send_queue_bytes = 262144;
    join_with(c, &c->peers[0], &options);
    join(c, 1);
    UNTIL(c, are_together(c, ADA | BARBARA));
    uint8_t data[SIZE] = {0};
    size_t accepted = 0;
    conclave_status status = CONCLAVE_OK;
    /* The hub is not served meanwhile: what fits is the queue and what the system's socket buffer takes. */
    while (accepted < 1000 && status == CONCLAVE_OK) {
        memcpy(data, &accepted, sizeof accepted);
        status = conclave_group_send(c->peers[0].group, CONCLAVE_SERVICE_AGREED, data, sizeof data);
        if (status == CONCLAVE_OK) accepted++;
    }
    CHECK_STATUS(CONCLAVE_E_QUEUE_FULL, status);
    CHECK(accepted >= 8 && accepted < 200);
    CHECK(conclave_group_message(c->peers[0].group)[0] != 0);
    while (accepted < 300) { /* waits it out, as a sender would */
        memcpy(data, &accepted, sizeof accepted);
        status = conclave_group_send(c->peers[0].group, CONCLAVE_SERVICE_AGREED, data, sizeof data);
        if (status == CONCLAVE_OK)
            accepted++;
        else
            turn(c, 50);
        if (status != CONCLAVE_OK && !CHECK_STATUS(CONCLAVE_E_QUEUE_FULL, status)) break;
    }
    UNTIL(c, c->peers[0].record_count == accepted && c->peers[1].record_count == accepted);
    for (size_t index = 0; index < c->peers[1].record_count; index++) {
        size_t number = 0;
        memcpy(&number, c->peers[1].records[index].text, sizeof number);
        CHECK(number == index && c->peers[1].records[index].size == SIZE);
    }
    free_cluster(c);
}

static void test_large_messages(void) {
    cluster *c = make_group(3, 3);
    size_t sizes[] = {65535, 65536, 1048577, CONCLAVE_MESSAGE_MAX};
    uint8_t *data = (uint8_t *)malloc(CONCLAVE_MESSAGE_MAX + 1);
    REQUIRE(data != NULL);
    uint32_t state = 1;
    for (size_t index = 0; index <= CONCLAVE_MESSAGE_MAX; index++)
        data[index] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
    for (size_t number = 0; number < sizeof sizes / sizeof sizes[0]; number++) {
        for (size_t index = 0; index < 3; index++) c->peers[index].record_count = 0;
        CHECK_OK(conclave_group_send(c->peers[1].group, CONCLAVE_SERVICE_AGREED, data, sizes[number]));
        UNTIL(c, c->peers[0].record_count == 1 && c->peers[1].record_count == 1 && c->peers[2].record_count == 1);
        uint64_t digest = digest_of(data, sizes[number]);
        for (size_t index = 0; index < 3; index++)
            CHECK(c->peers[index].records[0].size == sizes[number] && c->peers[index].records[0].digest == digest);
    }
    CHECK_STATUS(CONCLAVE_E_TOO_LARGE,
                 conclave_group_send(c->peers[1].group, CONCLAVE_SERVICE_AGREED, data, CONCLAVE_MESSAGE_MAX + 1));
    /* A flush acknowledgement follows the last fragment: a large message is delivered whole before the view it
       delays. */
    for (size_t index = 0; index < 3; index++) c->peers[index].record_count = 0;
    uint64_t counter = c->peers[0].view.counter;
    CHECK_OK(conclave_group_send(c->peers[1].group, CONCLAVE_SERVICE_FIFO, data, 3000000));
    CHECK_OK(conclave_group_refresh(c->peers[0].group));
    UNTIL(c, c->peers[0].view.counter > counter && are_together(c, ADA | BARBARA | CLARA));
    CHECK(c->peers[0].record_count == 1 && c->peers[2].record_count == 1 && c->peers[2].records[0].size == 3000000);
    free(data);
    free_cluster(c);
}

static void *wake_soon(void *argument) {
    struct timespec pause = {0, 30000000};
    nanosleep(&pause, NULL);
    CHECK_OK(conclave_group_wake((conclave_group *)argument));
    return NULL;
}

static void test_waits(void) {
    cluster *c = make_group(1, 1);
    conclave_group *group = c->peers[0].group;
    conclave_event event = CONCLAVE_EVENT_INIT;
    CHECK_STATUS(CONCLAVE_E_NO_EVENT, conclave_group_next_event(group, &event));
    CHECK_STATUS(CONCLAVE_E_TIMED_OUT, conclave_group_wait_event(group, 0, &event));
    int64_t start = now_ms();
    CHECK_STATUS(CONCLAVE_E_TIMED_OUT, conclave_group_wait_event(group, 60, &event));
    CHECK(now_ms() - start >= 59 && now_ms() - start < 5000);
    for (int round = 0; round < 5; round++) {
        pthread_t thread;
        REQUIRE(pthread_create(&thread, NULL, wake_soon, group) == 0);
        CHECK_STATUS(CONCLAVE_E_INTERRUPTED, conclave_group_wait_event(group, -1, &event));
        pthread_join(thread, NULL);
    }
    CHECK_OK(conclave_group_wake(group));
    CHECK_OK(conclave_group_wake(group));
    CHECK_STATUS(CONCLAVE_E_INTERRUPTED, conclave_group_wait_event(group, -1, &event));
    CHECK_STATUS(CONCLAVE_E_TIMED_OUT, conclave_group_wait_event(group, 0, &event));
    free_cluster(c);
}

static void test_stranger(void) {
    cluster *c = make_group(3, 3);
    peer *stranger = &c->peers[3];
    make_peer(stranger, "stranger");
    for (size_t index = 0; index < 3; index++) accept_peer(stranger, &c->peers[index]);
    size_t views = c->peers[0].views;
    conclave_group_options options = c->options;
    options.admission_timeout_ms = 200;
    join_with(c, stranger, &options);
    UNTIL(c, stranger->errors > 0);
    CHECK_STATUS(CONCLAVE_E_NOT_ADMITTED, stranger->last_error);
    CHECK(stranger->last_error_message[0] != 0);
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, send_text(stranger, CONCLAVE_SERVICE_FIFO, "hello?"));
    for (size_t index = 0; index < 3; index++) c->peers[index].record_count = 0;
    CHECK_OK(send_text(&c->peers[0], CONCLAVE_SERVICE_SAFE, "undisturbed"));
    UNTIL(c, c->peers[1].record_count == 1 && c->peers[2].record_count == 1);
    CHECK(c->peers[0].views == views && are_together(c, ADA | BARBARA | CLARA) && stranger->record_count == 0);
    /* Accepted by all, it becomes a member without joining again; accepted no longer, it is one no longer. */
    for (size_t index = 0; index < 3; index++) {
        accept_peer(&c->peers[index], stranger);
        CHECK_OK(conclave_group_set_trust(c->peers[index].group, c->peers[index].trust));
    }
    UNTIL(c, are_together(c, ADA | BARBARA | CLARA | DOROTHY));
    CHECK_OK(conclave_trust_remove(c->peers[0].trust, stranger->public_key));
    CHECK_OK(conclave_group_set_trust(c->peers[0].group, c->peers[0].trust));
    UNTIL(c, are_together(c, ADA | BARBARA | CLARA));
    CHECK(c->peers[0].view.left_count == 1);
    CHECK(memcmp(stranger->view.key_fingerprint, c->peers[0].view.key_fingerprint, CONCLAVE_FINGERPRINT_SIZE) != 0);
    free_cluster(c);
}

static void test_name_that_is_taken(void) {
    cluster *c = make_group(2, 2);
    peer *other = &c->peers[2];
    make_peer(other, "ada");
    for (size_t index = 0; index < 2; index++) {
        accept_peer(other, &c->peers[index]);
        accept_peer(&c->peers[index], other);
        CHECK_OK(conclave_group_set_trust(c->peers[index].group, c->peers[index].trust));
    }
    size_t views = c->peers[0].views;
    conclave_group_options options = c->options;
    options.admission_timeout_ms = 200;
    join_with(c, other, &options);
    UNTIL(c, other->errors > 0 || other->has_left);
    conclave_status status = other->has_left ? other->left_status : other->last_error;
    CHECK_STATUS(CONCLAVE_E_NAME_TAKEN, status);
    /* Its key is accepted, so its hello may start one flush; its name keeps it out of the view all the same. */
    linger(c, 500);
    UNTIL(c, are_together(c, ADA | BARBARA));
    CHECK(c->peers[0].views <= views + 1 && other->views == 0);
    free_cluster(c);
}

static void test_same_identity_twice(void) {
    cluster *c = make_group(3, 3);
    peer *twin = &c->peers[3];
    uint64_t old = c->peers[2].view.self;
    /* The same key at a second place: the newest incarnation replaces the older one. */
    twin->name = "clara";
    uint8_t pem[2048];
    size_t size = sizeof pem;
    REQUIRE_OK(conclave_identity_to_pem(c->peers[2].identity, NULL, 0, pem, &size));
    REQUIRE_OK(conclave_identity_from_pem(pem, size, NULL, 0, &twin->identity, NULL));
    memset(pem, 0, sizeof pem);
    REQUIRE_OK(conclave_trust_new(&twin->trust, NULL));
    for (size_t index = 0; index < 3; index++) accept_peer(twin, &c->peers[index]);
    join(c, 3);
    UNTIL(c, c->peers[2].has_left && are_together(c, ADA | BARBARA | DOROTHY));
    CHECK_STATUS(CONCLAVE_E_REPLACED, c->peers[2].left_status);
    CHECK(twin->view.self != old);
    /* The older one, though nobody has freed it, is no longer connected: what it does not read would pile up. */
    conclave_hub_counters counters = CONCLAVE_HUB_COUNTERS_INIT;
    linger(c, 50);
    CHECK_OK(conclave_hub_counters_read(c->hub, &counters));
    CHECK(counters.clients == 3);
    free_cluster(c);
}

static void test_silent_member_is_excluded(void) {
    cluster *c = make_cluster(3);
    c->options.flush_timeout_ms = 500;
    for (size_t index = 0; index < 3; index++) join(c, index);
    UNTIL(c, are_together(c, ADA | BARBARA | CLARA));
    c->peers[2].is_idle = true;
    CHECK_OK(conclave_group_refresh(c->peers[0].group));
    UNTIL(c, are_together(c, ADA | BARBARA));
    CHECK(c->peers[0].view.left_count == 1);
    /* It wakes up, learns what happened, and is a member again: by itself, or by joining anew. */
    c->peers[2].is_idle = false;
    UNTIL(c, are_together(c, ADA | BARBARA | CLARA) || c->peers[2].has_left);
    if (c->peers[2].has_left) {
        CHECK_STATUS(CONCLAVE_E_EXCLUDED, c->peers[2].left_status);
        join(c, 2);
        UNTIL(c, are_together(c, ADA | BARBARA | CLARA));
    }
    free_cluster(c);
}

/* A view belongs to the membership that installed it, also when it is fetched after joining again. */
static void test_view_fetched_late(void) {
    cluster *c = make_cluster(3);
    c->options.flush_timeout_ms = 500;
    join(c, 0);
    join(c, 1);
    UNTIL(c, are_together(c, ADA | BARBARA));
    peer *late = &c->peers[1];
    uint64_t self = late->view.self;
    late->is_idle = true;
    join(c, 2);
    for (int64_t end = now_ms() + 10000; !are_together(c, ADA | CLARA) && now_ms() < end;) {
        turn(c, 10);
        /* It processes until it is in the view of three, and then no more, until it is excluded. */
        if (c->peers[0].view.member_count < 3) CHECK_OK(conclave_group_process(late->group));
        if (c->peers[0].view.member_count == 3 && c->peers[0].views < 4) conclave_group_refresh(c->peers[0].group);
    }
    CHECK(are_together(c, ADA | CLARA));
    for (int round = 0; round < 100; round++) {
        turn(c, 10);
        CHECK_OK(conclave_group_process(late->group));
    }
    conclave_event event = CONCLAVE_EVENT_INIT;
    while (conclave_group_next_event(late->group, &event) == CONCLAVE_OK && event.kind != CONCLAVE_EVENT_VIEW) {
    }
    CHECK(event.kind == CONCLAVE_EVENT_VIEW);
    conclave_view view = CONCLAVE_VIEW_INIT;
    CHECK_OK(conclave_group_view(late->group, &view));
    CHECK(view.member_count == 3 && view.self == self);
    late->is_idle = false;
    UNTIL(c, are_together(c, ADA | BARBARA | CLARA));
    CHECK(late->view.self != self);
    free_cluster(c);
}

/* What a call queues is announced: a loop that waits for descriptor and deadline does not sleep on it. And when the
   queue was full, fetching opens the transport again. */
static void test_events_of_calls(void) {
    cluster *c = make_cluster(2);
    conclave_group_options options = c->options;
    options.manual_flush = true;
    join_with(c, &c->peers[0], &options);
    UNTIL(c, are_together(c, ADA));
    CHECK_OK(conclave_group_refresh(c->peers[0].group));
    int64_t deadline = -1;
    CHECK_OK(conclave_group_deadline(c->peers[0].group, &deadline));
    CHECK(deadline == 0);
    conclave_event event = CONCLAVE_EVENT_INIT;
    CHECK_OK(conclave_group_next_event(c->peers[0].group, &event));
    CHECK(event.kind == CONCLAVE_EVENT_FLUSH_REQUEST);
    CHECK_OK(conclave_group_deadline(c->peers[0].group, &deadline));
    CHECK(deadline == -1);
    CHECK_OK(conclave_group_flush(c->peers[0].group));
    UNTIL(c, c->peers[0].views == 2);

    options.event_queue_bytes = 1;
    join_with(c, &c->peers[0], &options);
    UNTIL(c, are_together(c, ADA));
    linger(c, 50);
    CHECK_OK(conclave_group_refresh(c->peers[0].group));
    CHECK_OK(conclave_group_next_event(c->peers[0].group, &event));
    c->peers[0].is_idle = true;
    join(c, 1);
    linger(c, 50);
    struct pollfd watched = {-1, POLLIN, 0};
    CHECK_OK(conclave_group_descriptor(c->peers[0].group, &watched.fd));
    CHECK(poll(&watched, 1, 0) == 1);
    free_cluster(c);
}

static void test_names_of_the_awaited(void) {
    cluster *c = make_group(2, 2);
    c->peers[1].is_idle = true;
    CHECK_OK(conclave_group_refresh(c->peers[0].group));
    conclave_member first = CONCLAVE_MEMBER_INIT;
    int64_t end = now_ms() + 10000;
    while (conclave_group_waiting_for(c->peers[0].group, 0, &first) != CONCLAVE_OK && now_ms() < end) turn(c, 10);
    REQUIRE(first.name != NULL);
    /* No event was fetched: the first name is still lent. */
    for (int number = 0; number < 2000; number++) {
        conclave_member again = CONCLAVE_MEMBER_INIT;
        CHECK_OK(conclave_group_waiting_for(c->peers[0].group, 0, &again));
        if (number == 1999) CHECK(again.name == first.name);
    }
    CHECK(strcmp(first.name, "barbara") == 0);
    free_cluster(c);
}

static void test_hub_that_goes_away(void) {
    cluster *c = make_group(3, 3);
    uint64_t ids[3];
    for (size_t index = 0; index < 3; index++) ids[index] = c->peers[index].view.self;
    conclave_hub_free(c->hub);
    c->hub = NULL;
    UNTIL(c, c->peers[0].has_left && c->peers[1].has_left && c->peers[2].has_left);
    for (size_t index = 0; index < 3; index++) {
        CHECK_STATUS(CONCLAVE_E_TRANSPORT_LOST, c->peers[index].left_status);
        conclave_status status = send_text(&c->peers[index], CONCLAVE_SERVICE_AGREED, "anybody?");
        CHECK_STATUS(CONCLAVE_E_LEFT, status);
        /* A loop that ends at LEFT ends, whatever it was that ended the membership; the message tells. */
        conclave_event event = CONCLAVE_EVENT_INIT;
        CHECK_STATUS(CONCLAVE_E_LEFT, conclave_group_wait_event(c->peers[index].group, 100, &event));
        const char *why = conclave_group_message(c->peers[index].group);
        CHECK(strstr(why, "over") != NULL && strstr(why, conclave_status_text(CONCLAVE_E_TRANSPORT_LOST)) != NULL);
        CHECK_STATUS(CONCLAVE_E_LEFT, conclave_group_leave(c->peers[index].group));
    }
    CHECK_STATUS(CONCLAVE_E_TRANSPORT_UNREACHABLE, try_to_join(c->url, "group", c->peers[0].identity, &c->options));
    open_cluster_hub(c);
    for (size_t index = 0; index < 3; index++) join(c, index);
    UNTIL(c, are_together(c, ADA | BARBARA | CLARA));
    for (size_t index = 0; index < 3; index++) CHECK(c->peers[index].view.self != ids[index]);
    free_cluster(c);
}

static void test_event_queue_is_bounded(void) {
    enum { COUNT = 400, SIZE = 4096 };
    cluster *c = make_cluster(2);
    join(c, 0);
    conclave_group_options options = c->options;
    options.event_queue_bytes = 65536;
    join_with(c, &c->peers[1], &options);
    UNTIL(c, are_together(c, ADA | BARBARA));
    uint8_t data[SIZE] = {0};
    for (size_t sent = 0; sent < COUNT;) {
        if (conclave_group_send(c->peers[0].group, CONCLAVE_SERVICE_FIFO, data, sizeof data) == CONCLAVE_OK)
            sent++;
        else
            turn(c, 10);
    }
    /* The second member processes, but its program does not fetch. Nothing is dropped; the transport is read no
       more. */
    c->peers[1].is_idle = true;
    for (int round = 0; round < 200; round++) {
        turn(c, 1);
        CHECK_OK(conclave_group_process(c->peers[1].group));
    }
    c->peers[1].is_idle = false;
    UNTIL(c, c->peers[1].record_count == COUNT && c->peers[0].record_count == COUNT);
    free_cluster(c);
}

int main(void) {
    test_joins_that_are_refused();
    test_options_of_an_older_header();
    test_other_algorithm();
    test_full_queue();
    test_large_messages();
    test_waits();
    test_stranger();
    test_name_that_is_taken();
    test_same_identity_twice();
    test_silent_member_is_excluded();
    test_view_fetched_late();
    test_events_of_calls();
    test_names_of_the_awaited();
    test_hub_that_goes_away();
    test_event_queue_is_bounded();
    return check_finish();
}
