/* One live handle of each kind, for the tests that give functions what they must refuse. */
#ifndef CONCLAVE_LIVE_H
#define CONCLAVE_LIVE_H

#include "exchange.h"

enum {
    ERROR,
    IDENTITY,
    TRUST,
    AGREEMENT,
    GROUP,
    HUB,
    KEY_RING,
    ADMISSION,
    CREDENTIAL,
    ENCRYPT,
    KEY_SERVER,
    KEY_FETCH,
    KINDS
};

static void *live[KINDS];
static char socket_path[96];
static char url[104];
static const uint8_t key[32];
static uint8_t output[64];

static inline void *make_error(void) {
    conclave_identity *identity = NULL;
    conclave_error *error = NULL;
    CHECK_STATUS(CONCLAVE_E_BAD_TEXT, conclave_identity_new("", &identity, &error));
    return error;
}

static inline void *make_identity(void) {
    conclave_identity *identity = NULL;
    CHECK_OK(conclave_identity_new("somebody", &identity, NULL));
    return identity;
}

static inline void *make_trust(void) {
    conclave_trust *trust = NULL;
    CHECK_OK(conclave_trust_new(&trust, NULL));
    return trust;
}

static inline void *make_agreement(void) {
    conclave_agreement *agreement = NULL;
    CHECK_OK(conclave_agreement_new(CONCLAVE_SUITE_STANDARD, (conclave_identity *)live[IDENTITY], 1, &agreement, NULL));
    return agreement;
}

static inline void *make_group(void) {
    conclave_group *group = NULL;
    CHECK_OK(conclave_group_join(url, "group", (conclave_identity *)live[IDENTITY], NULL, NULL, &group, NULL));
    return group;
}

static inline void *make_hub(void) {
    conclave_hub *hub = NULL;
    char path[112];
    snprintf(path, sizeof path, "%s%s", socket_path, live[HUB] == NULL ? "" : "2");
    CHECK_OK(conclave_hub_new(path, NULL, &hub, NULL));
    return hub;
}

static inline void *make_key_ring(void) {
    conclave_key_ring *ring = NULL;
    CHECK_OK(conclave_key_ring_new(&ring, NULL));
    return ring;
}

static inline void *make_admission(void) {
    conclave_admission *admission = NULL;
    CHECK_OK(conclave_admission_secret(key, sizeof key, &admission, NULL));
    return admission;
}

static inline void *make_credential(void) {
    conclave_credential *credential = NULL;
    CHECK_OK(conclave_credential_new((conclave_identity *)live[IDENTITY], CONCLAVE_WRAPPING_X25519, &credential, NULL));
    return credential;
}

static inline void *make_encrypt(void) {
    conclave_encrypt *context = NULL;
    CHECK_OK(conclave_encrypt_new("cluster", key, 1, (conclave_credential *)live[CREDENTIAL],
                                  (conclave_admission *)live[ADMISSION], NULL, NULL, 0, 0, &context, NULL));
    return context;
}

static inline void *make_key_server(void) {
    exchange_member *member = &exchange_members[0];
    conclave_key_server *server = NULL;
    CHECK_OK(conclave_key_server_open(member->context, "127.0.0.1", 0, member->credential, exchange_certificates,
                                      &server, NULL));
    return server;
}

static inline void *make_key_fetch(void) {
    exchange_member *member = &exchange_members[1];
    conclave_key_fetch *fetch = NULL;
    CHECK_OK(conclave_key_fetch_new(member->context, member->wanted_counter, "127.0.0.1", 9, member->credential,
                                    exchange_certificates, exchange_now, &fetch, NULL));
    return fetch;
}

static void *(*const makers[KINDS])(void) = {make_error,      make_identity, make_trust,      make_agreement,
                                             make_group,      make_hub,      make_key_ring,   make_admission,
                                             make_credential, make_encrypt,  make_key_server, make_key_fetch};
static inline void release(int kind, void *handle) {
    switch (kind) {
    case ERROR:
        conclave_error_free((conclave_error *)handle);
        break;
    case IDENTITY:
        conclave_identity_free((conclave_identity *)handle);
        break;
    case TRUST:
        conclave_trust_free((conclave_trust *)handle);
        break;
    case AGREEMENT:
        conclave_agreement_free((conclave_agreement *)handle);
        break;
    case GROUP:
        conclave_group_free((conclave_group *)handle);
        break;
    case KEY_RING:
        conclave_key_ring_free((conclave_key_ring *)handle);
        break;
    case ADMISSION:
        conclave_admission_free((conclave_admission *)handle);
        break;
    case CREDENTIAL:
        conclave_credential_free((conclave_credential *)handle);
        break;
    case ENCRYPT:
        conclave_encrypt_free((conclave_encrypt *)handle);
        break;
    case KEY_SERVER:
        conclave_key_server_free((conclave_key_server *)handle);
        break;
    case KEY_FETCH:
        conclave_key_fetch_free((conclave_key_fetch *)handle);
        break;
    default:
        conclave_hub_free((conclave_hub *)handle);
        break;
    }
}

static inline void make_live(void) {
    snprintf(socket_path, sizeof socket_path, "/tmp/conclave-live-%ld", (long)getpid());
    snprintf(url, sizeof url, "local:%s", socket_path);
    static const int order[] = {ERROR,    IDENTITY,  TRUST,      AGREEMENT, HUB,        GROUP,
                                KEY_RING, ADMISSION, CREDENTIAL, ENCRYPT,   KEY_SERVER, KEY_FETCH};
    exchange_prepare();
    exchange_join(0);
    exchange_join(1);
    for (size_t index = 0; index < KINDS; index++) REQUIRE((live[order[index]] = makers[order[index]]()) != NULL);
    CHECK_OK(conclave_trust_add((conclave_trust *)live[TRUST], key, "label"));
}

static inline void free_live(void) {
    static const int order[] = {KEY_FETCH, KEY_SERVER, ENCRYPT,   CREDENTIAL, ADMISSION, KEY_RING,
                                GROUP,     HUB,        AGREEMENT, TRUST,      IDENTITY,  ERROR};
    for (size_t index = 0; index < KINDS; index++) release(order[index], live[order[index]]);
    exchange_finish();
}

#endif
