/* conclave_key_server_* and conclave_key_fetch_*: members fetch the keys of their views over TCP on loopback. */
#define _POSIX_C_SOURCE 200809L
#include "exchange.h"
#include <poll.h>

static conclave_key_server *servers[EXCHANGE_MEMBERS];
static uint16_t ports[EXCHANGE_MEMBERS];

static uint64_t real_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void open_server(int index) {
    exchange_member *member = &exchange_members[index];
    conclave_error *error = NULL;
    conclave_status status = conclave_key_server_open(member->context, "127.0.0.1", 0, member->credential,
                                                      exchange_certificates, &servers[index], &error);
    if (!check_status(CONCLAVE_OK, status, __FILE__, __LINE__, conclave_error_message(error))) exit(check_finish());
    REQUIRE_OK(conclave_key_server_port(servers[index], &ports[index]));
    CHECK(ports[index] != 0);
    uint64_t when = 0;
    CHECK_OK(conclave_key_server_deadline(servers[index], &when));
    CHECK(when == UINT64_MAX);
}

static conclave_status begin(int index, uint64_t counter, uint16_t port, conclave_key_fetch **fetch) {
    exchange_member *member = &exchange_members[index];
    return conclave_key_fetch_new(member->context, counter, "127.0.0.1", port, member->credential,
                                  exchange_certificates, exchange_now, fetch, NULL);
}

/* Serves until a fetch has ended; time passes as it does. */
static conclave_status end_of(conclave_key_fetch *fetch, int index, int server) {
    uint64_t begin = real_now(), base = exchange_now;
    conclave_status outcome;
    while ((outcome = conclave_key_fetch_outcome(fetch)) == CONCLAVE_E_NO_EVENT && real_now() < begin + 20000) {
        struct pollfd watched[2] = {{-1, POLLIN, 0}, {-1, POLLIN, 0}};
        REQUIRE_OK(conclave_key_fetch_descriptor(fetch, &watched[0].fd));
        REQUIRE_OK(conclave_key_server_descriptor(servers[server], &watched[1].fd));
        CHECK(poll(watched, 2, 20) >= 0);
        uint64_t when = 0;
        exchange_now = base + (real_now() - begin);
        REQUIRE_OK(conclave_key_fetch_deadline(fetch, &when));
        REQUIRE_OK(conclave_key_server_process(servers[server], exchange_members[server].context, exchange_now));
        REQUIRE_OK(conclave_key_fetch_process(fetch, exchange_members[index].context, exchange_now));
    }
    for (int other = 0; other < EXCHANGE_MEMBERS; other++)
        if (exchange_members[other].context != NULL) exchange_drain(other);
    exchange_carry();
    return outcome;
}

static conclave_status fetch_key(int index, int server) {
    conclave_key_fetch *fetch = NULL;
    REQUIRE_OK(begin(index, exchange_members[index].wanted_counter, ports[server], &fetch));
    conclave_status outcome = end_of(fetch, index, server);
    conclave_key_fetch_free(fetch);
    return outcome;
}

static uint64_t counter_of(int index) {
    conclave_cluster_view view = CONCLAVE_CLUSTER_VIEW_INIT;
    REQUIRE_OK(conclave_encrypt_view(exchange_members[index].context, &view));
    return view.counter;
}

static void test_members_fetch_the_key(void) {
    exchange_join(0);
    open_server(0);
    exchange_join(1);
    open_server(1);
    exchange_member *anna = &exchange_members[0], *bert = &exchange_members[1];
    CHECK(bert->wanted == 1 && bert->views == 0 && !conclave_encrypt_can_seal(bert->context));
    CHECK_OK(fetch_key(1, 0));
    CHECK(bert->views == 1 && counter_of(0) == counter_of(1));
    uint8_t record[256];
    size_t size = sizeof record;
    REQUIRE_OK(conclave_encrypt_seal(anna->context, (const uint8_t *)"bread", 5, NULL, 0, record, &size));
    CHECK_OK(conclave_encrypt_receive(bert->context, record, size, NULL, 0, exchange_now));
    exchange_drain(1);
    CHECK(bert->messages == 1);
    exchange_join(2);
    open_server(2);
    CHECK_OK(fetch_key(1, 0));
    CHECK_OK(fetch_key(2, 0));
    CHECK(counter_of(0) == counter_of(1) && counter_of(0) == counter_of(2));
    /* Nothing is wanted now. */
    conclave_key_fetch *fetch = NULL;
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, begin(1, bert->wanted_counter, ports[0], &fetch));
    CHECK(fetch == NULL);
}

static void test_who_does_not_coordinate_refuses(void) {
    exchange_member *cleo = &exchange_members[2];
    REQUIRE_OK(conclave_encrypt_rotate(exchange_members[0].context, exchange_now));
    exchange_pass(50);
    conclave_key_fetch *fetch = NULL;
    /* Bert's server proves to be Bert. */
    REQUIRE_OK(begin(2, cleo->wanted_counter, ports[1], &fetch));
    CHECK_STATUS(CONCLAVE_E_NOT_ADMITTED, end_of(fetch, 2, 1));
    conclave_key_fetch_free(fetch);
    /* A fetch may be given up. */
    REQUIRE_OK(begin(2, cleo->wanted_counter, ports[0], &fetch));
    CHECK_STATUS(CONCLAVE_E_NO_EVENT, conclave_key_fetch_outcome(fetch));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT,
                 conclave_key_fetch_process(fetch, exchange_members[1].context, exchange_now));
    conclave_key_fetch_free(fetch);
    /* Nobody listens there. */
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, begin(2, cleo->wanted_counter, 0, &fetch));
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, begin(2, cleo->wanted_counter + 1, ports[0], &fetch));
    CHECK_OK(fetch_key(1, 0));
    CHECK_OK(fetch_key(2, 0));
    CHECK(counter_of(0) == counter_of(1) && counter_of(0) == counter_of(2));
}

/* A member that is gone has a certificate that is as good as before. */
static void test_who_left_gets_nothing(void) {
    exchange_member *cleo = &exchange_members[2];
    REQUIRE_OK(conclave_encrypt_rotate(exchange_members[0].context, exchange_now));
    exchange_pass(50);
    uint64_t wanted = cleo->wanted_counter;
    conclave_key_fetch *fetch = NULL;
    REQUIRE_OK(begin(2, wanted, ports[0], &fetch));
    conclave_encrypt *left = cleo->context;
    cleo->context = NULL;
    exchange_host_view();
    exchange_pass(100);
    cleo->context = left;
    uint64_t before = counter_of(2);
    CHECK_STATUS(CONCLAVE_E_NOT_ADMITTED, end_of(fetch, 2, 0));
    CHECK(counter_of(2) == before && counter_of(0) > wanted);
    conclave_key_fetch_free(fetch);
    conclave_encrypt_free(left);
    cleo->context = NULL;
    CHECK_OK(fetch_key(1, 0));
    CHECK(counter_of(0) == counter_of(1));
}

static void test_renewed_certificates(void) {
    exchange_member *anna = &exchange_members[0];
    CHECK_OK(conclave_key_server_renew(servers[0], anna->context, anna->credential, exchange_certificates));
    CHECK_STATUS(
        CONCLAVE_E_INVALID_ARGUMENT,
        conclave_key_server_renew(servers[0], anna->context, exchange_members[1].credential, exchange_certificates));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT,
                 conclave_key_server_renew(servers[0], anna->context, anna->credential, exchange_policy));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT,
                 conclave_key_server_process(servers[0], exchange_members[1].context, exchange_now));
    REQUIRE_OK(conclave_encrypt_rotate(anna->context, exchange_now));
    exchange_pass(50);
    CHECK_OK(fetch_key(1, 0));
}

/* The other one takes over, and serves who comes anew. */
static void test_another_coordinator(void) {
    conclave_encrypt_free(exchange_members[0].context);
    exchange_members[0].context = NULL;
    exchange_host_view();
    exchange_pass(100);
    exchange_join(2);
    CHECK_OK(fetch_key(2, 1));
    CHECK(counter_of(1) == counter_of(2));
}

static void test_arguments(void) {
    exchange_member *bert = &exchange_members[1];
    conclave_key_server *server = NULL;
    const char *const bad[] = {"localhost", "1.2.3.4.5", "127.0.0.1 "};
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++)
        CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT,
                     conclave_key_server_open(bert->context, bad[index], 0, bert->credential, exchange_certificates,
                                              &server, NULL));
    CHECK_STATUS(CONCLAVE_E_ADDRESS_IN_USE,
                 conclave_key_server_open(bert->context, "127.0.0.1", ports[1], bert->credential, exchange_certificates,
                                          &server, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_key_server_open(bert->context, NULL, 0, bert->credential,
                                                                    exchange_certificates, &server, NULL));
    conclave_credential *bare = NULL;
    REQUIRE_OK(conclave_credential_new(bert->identity, CONCLAVE_WRAPPING_X25519, &bare, NULL));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT,
                 conclave_key_server_open(bert->context, "127.0.0.1", 0, bare, exchange_certificates, &server, NULL));
    conclave_credential_free(bare);
    CHECK(server == NULL);
}

int main(void) {
    exchange_prepare();
    test_members_fetch_the_key();
    test_who_does_not_coordinate_refuses();
    test_who_left_gets_nothing();
    test_renewed_certificates();
    test_another_coordinator();
    test_arguments();
    for (int index = 0; index < EXCHANGE_MEMBERS; index++) conclave_key_server_free(servers[index]);
    exchange_finish();
    return check_finish();
}
