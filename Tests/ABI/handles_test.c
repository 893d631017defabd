/* Every function that takes a handle is given every kind of handle that is none: NULL, numbers, addresses, handles of
 * other types, freed ones, forged ones, those that a fork inherited. Nothing crashes, nothing is written, and the
 * status says which. The table of functions is held against the header. */
#define _POSIX_C_SOURCE 200809L
#include "live.h"
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CONCLAVE_HEADER
#error "compile with -DCONCLAVE_HEADER=\"path of conclave.h\""
#endif

/* ---------------------------------------------------------------------------------------- the functions, one by one */

/* Functions that cannot answer with a status answer with nothing: "", 0 or false. */
static conclave_status nothing(bool is_nothing) { return is_nothing ? CONCLAVE_E_BAD_HANDLE : CONCLAVE_OK; }

#define CALL(name, kind, expression)                                                                                   \
    static conclave_status call_##name(void *given) {                                                                  \
        kind *handle = (kind *)given;                                                                                  \
        return (expression);                                                                                           \
    }

CALL(error_status, conclave_error, conclave_error_status(handle))
CALL(error_message, conclave_error, nothing(conclave_error_message(handle)[0] == 0))
CALL(error_free, conclave_error, (conclave_error_free(handle), CONCLAVE_E_BAD_HANDLE))

CALL(identity_save, conclave_identity, conclave_identity_save(handle, "/nonexistent/file", NULL, 0, NULL))
CALL(identity_name, conclave_identity, nothing(conclave_identity_name(handle)[0] == 0))
CALL(identity_public_key, conclave_identity, conclave_identity_public_key(handle, output))
CALL(identity_free, conclave_identity, (conclave_identity_free(handle), CONCLAVE_E_BAD_HANDLE))
static conclave_status call_identity_to_pem(void *handle) {
    size_t size = sizeof output;
    conclave_status status = conclave_identity_to_pem((conclave_identity *)handle, NULL, 0, output, &size);
    CHECK(status == CONCLAVE_E_BUFFER_TOO_SMALL || size == sizeof output);
    return status;
}

CALL(trust_save, conclave_trust, conclave_trust_save(handle, "/nonexistent/file", NULL))
CALL(trust_add, conclave_trust, conclave_trust_add(handle, key, "label"))
CALL(trust_remove, conclave_trust, conclave_trust_remove(handle, key))
CALL(trust_contains, conclave_trust, conclave_trust_contains(handle, key))
CALL(trust_count, conclave_trust, nothing(conclave_trust_count(handle) == 0))
CALL(trust_get, conclave_trust, conclave_trust_get(handle, 0, output, NULL))
CALL(trust_free, conclave_trust, (conclave_trust_free(handle), CONCLAVE_E_BAD_HANDLE))

static conclave_status call_agreement_new(void *handle) {
    conclave_agreement *agreement = NULL;
    conclave_status status =
        conclave_agreement_new(CONCLAVE_SUITE_STANDARD, (conclave_identity *)handle, 1, &agreement, NULL);
    CHECK((status == CONCLAVE_OK) == (agreement != NULL));
    conclave_agreement_free(agreement);
    return status;
}
static conclave_status call_agreement_begin(void *handle) {
    conclave_participant participant = {1, {0}};
    conclave_membership membership = CONCLAVE_MEMBERSHIP_INIT;
    membership.group = "group";
    membership.participants = &participant;
    membership.participant_count = 1;
    return conclave_agreement_begin((conclave_agreement *)handle, &membership);
}
static conclave_status call_agreement_next_token(void *handle) {
    conclave_token token = CONCLAVE_TOKEN_INIT;
    return conclave_agreement_next_token((conclave_agreement *)handle, &token);
}
static conclave_status call_agreement_counters(void *handle) {
    conclave_counters counters = CONCLAVE_COUNTERS_INIT;
    return conclave_agreement_counters((conclave_agreement *)handle, &counters);
}
static conclave_status call_admission_keys(void *handle) {
    conclave_admission *made = NULL;
    conclave_status status = conclave_admission_keys((conclave_trust *)handle, &made, NULL);
    conclave_admission_free(made);
    return status;
}
static conclave_status call_credential_new(void *handle) {
    conclave_credential *made = NULL;
    conclave_status status =
        conclave_credential_new((conclave_identity *)handle, CONCLAVE_WRAPPING_X25519, &made, NULL);
    conclave_credential_free(made);
    return status;
}
CALL(agreement_receive, conclave_agreement, conclave_agreement_receive(handle, 1, key, sizeof key))
CALL(agreement_is_complete, conclave_agreement, nothing(!conclave_agreement_is_complete(handle)))
CALL(agreement_export, conclave_agreement, conclave_agreement_export(handle, "label", NULL, 0, output, 32))
CALL(agreement_fingerprint, conclave_agreement, conclave_agreement_fingerprint(handle, output))
CALL(agreement_set_threads, conclave_agreement, conclave_agreement_set_threads(handle, 2))
CALL(agreement_message, conclave_agreement, nothing(conclave_agreement_message(handle)[0] == 0))
CALL(agreement_free, conclave_agreement, (conclave_agreement_free(handle), CONCLAVE_E_BAD_HANDLE))

static conclave_status join(void *identity, void *trust) {
    conclave_group *group = NULL;
    conclave_status status =
        conclave_group_join(url, "group", (conclave_identity *)identity, (conclave_trust *)trust, NULL, &group, NULL);
    CHECK((status == CONCLAVE_OK) == (group != NULL));
    conclave_group_free(group);
    return status;
}
static conclave_status call_group_join_identity(void *handle) { return join(handle, NULL); }
static conclave_status call_group_join_trust(void *handle) {
    return handle == NULL ? CONCLAVE_E_NULL_ARGUMENT : join(live[IDENTITY], handle);
}
static conclave_status call_group_descriptor(void *handle) {
    int descriptor = 0;
    return conclave_group_descriptor((conclave_group *)handle, &descriptor);
}
static conclave_status call_group_deadline(void *handle) {
    int64_t milliseconds = 0;
    return conclave_group_deadline((conclave_group *)handle, &milliseconds);
}
static conclave_status call_group_next_event(void *handle) {
    conclave_event event = CONCLAVE_EVENT_INIT;
    return conclave_group_next_event((conclave_group *)handle, &event);
}
static conclave_status call_group_wait_event(void *handle) {
    conclave_event event = CONCLAVE_EVENT_INIT;
    return conclave_group_wait_event((conclave_group *)handle, 0, &event);
}
static conclave_status call_group_view(void *handle) {
    conclave_view view = CONCLAVE_VIEW_INIT;
    return conclave_group_view((conclave_group *)handle, &view);
}
static conclave_status call_group_member(void *handle) {
    conclave_member member = CONCLAVE_MEMBER_INIT;
    return conclave_group_member((conclave_group *)handle, 0, &member);
}
static conclave_status call_group_left_member(void *handle) {
    conclave_member member = CONCLAVE_MEMBER_INIT;
    return conclave_group_left_member((conclave_group *)handle, 0, &member);
}
static conclave_status call_group_waiting_for(void *handle) {
    conclave_member member = CONCLAVE_MEMBER_INIT;
    return conclave_group_waiting_for((conclave_group *)handle, 0, &member);
}
static conclave_status call_group_counters(void *handle) {
    conclave_counters counters = CONCLAVE_COUNTERS_INIT;
    return conclave_group_counters((conclave_group *)handle, &counters);
}
CALL(group_process, conclave_group, conclave_group_process(handle))
CALL(group_wake, conclave_group, conclave_group_wake(handle))
CALL(group_send, conclave_group, conclave_group_send(handle, CONCLAVE_SERVICE_FIFO, key, sizeof key))
CALL(group_send_to, conclave_group, conclave_group_send_to(handle, 1, key, sizeof key))
CALL(group_set_log, conclave_group, conclave_group_set_log(handle, CONCLAVE_LOG_NONE, NULL, NULL))
static conclave_status call_group_metric(void *handle) {
    conclave_metric metric = CONCLAVE_METRIC_INIT;
    return conclave_group_metric((conclave_group *)handle, 0, &metric);
}
static conclave_status call_group_metrics_text(void *handle) {
    const char *text = NULL;
    return conclave_group_metrics_text((conclave_group *)handle, &text, NULL);
}
CALL(group_set_threads, conclave_group, conclave_group_set_threads(handle, 2))
CALL(group_flush, conclave_group, conclave_group_flush(handle))
CALL(group_refresh, conclave_group, conclave_group_refresh(handle))
CALL(group_set_trust, conclave_group, conclave_group_set_trust(handle, (conclave_trust *)live[TRUST]))
CALL(group_set_trust_list, conclave_trust, conclave_group_set_trust((conclave_group *)live[GROUP], handle))
CALL(group_leave, conclave_group, conclave_group_leave(handle))
CALL(group_export, conclave_group, conclave_group_export(handle, "label", NULL, 0, output, 32))
CALL(group_message, conclave_group, nothing(conclave_group_message(handle)[0] == 0))
CALL(group_free, conclave_group, (conclave_group_free(handle), CONCLAVE_E_BAD_HANDLE))

static conclave_status call_hub_descriptor(void *handle) {
    int descriptor = 0;
    return conclave_hub_descriptor((conclave_hub *)handle, &descriptor);
}
static conclave_status call_hub_deadline(void *handle) {
    int64_t milliseconds = 0;
    return conclave_hub_deadline((conclave_hub *)handle, &milliseconds);
}
static conclave_status call_hub_counters_read(void *handle) {
    conclave_hub_counters counters = CONCLAVE_HUB_COUNTERS_INIT;
    return conclave_hub_counters_read((conclave_hub *)handle, &counters);
}
CALL(hub_process, conclave_hub, conclave_hub_process(handle))
CALL(hub_run, conclave_hub, conclave_hub_run(handle))
CALL(hub_wake, conclave_hub, conclave_hub_wake(handle))
CALL(hub_free, conclave_hub, (conclave_hub_free(handle), CONCLAVE_E_BAD_HANDLE))

static conclave_status call_key_ring_get(void *handle) {
    return conclave_key_ring_get((conclave_key_ring *)handle, 0, NULL, NULL, NULL);
}
CALL(key_ring_save, conclave_key_ring, conclave_key_ring_save(handle, "/nonexistent/file", key, sizeof key, NULL))
CALL(key_ring_add, conclave_key_ring, conclave_key_ring_add(handle, "key", key, sizeof key))
CALL(key_ring_activate, conclave_key_ring, conclave_key_ring_activate(handle, "key"))
CALL(key_ring_retire, conclave_key_ring, conclave_key_ring_retire(handle, "key", 0))
CALL(key_ring_count, conclave_key_ring, nothing(conclave_key_ring_count(handle) == 0))
CALL(key_ring_free, conclave_key_ring, (conclave_key_ring_free(handle), CONCLAVE_E_BAD_HANDLE))

CALL(admission_add_name, conclave_admission, conclave_admission_add_name(handle, CONCLAVE_CERTIFICATE_NAME_ANY, NULL))
CALL(admission_add, conclave_admission, conclave_admission_add(handle, (conclave_admission *)live[ADMISSION]))
CALL(admission_free, conclave_admission, (conclave_admission_free(handle), CONCLAVE_E_BAD_HANDLE))
CALL(credential_set_certificate, conclave_credential,
     conclave_credential_set_certificate(handle, key, 1, key, 1, NULL, 0))
CALL(credential_set_secret, conclave_credential, conclave_credential_set_secret(handle, key, sizeof key))
CALL(credential_free, conclave_credential, (conclave_credential_free(handle), CONCLAVE_E_BAD_HANDLE))

static conclave_status call_encrypt_host_view(void *handle) {
    conclave_bytes address = {key, 1};
    return conclave_encrypt_host_view((conclave_encrypt *)handle, &address, 1, 0);
}
static conclave_status call_encrypt_next_output(void *handle) {
    conclave_encrypt_output next = CONCLAVE_ENCRYPT_OUTPUT_INIT;
    return conclave_encrypt_next_output((conclave_encrypt *)handle, &next);
}
static conclave_status call_encrypt_next_event(void *handle) {
    conclave_encrypt_event event = CONCLAVE_ENCRYPT_EVENT_INIT;
    return conclave_encrypt_next_event((conclave_encrypt *)handle, &event);
}
static conclave_status call_encrypt_seal(void *handle) {
    size_t size = sizeof output;
    conclave_status status = conclave_encrypt_seal((conclave_encrypt *)handle, key, 1, NULL, 0, output, &size);
    CHECK(size == sizeof output);
    return status;
}
static conclave_status call_encrypt_seal_batch(void *handle) {
    size_t size = sizeof output;
    conclave_bytes message = {key, 1};
    conclave_status status =
        conclave_encrypt_seal_batch((conclave_encrypt *)handle, &message, 1, NULL, 0, output, &size);
    CHECK(size == sizeof output);
    return status;
}
static conclave_status call_encrypt_open(void *handle) {
    conclave_opened opened = CONCLAVE_OPENED_INIT;
    return conclave_encrypt_open((conclave_encrypt *)handle, key, sizeof key, NULL, 0, 0, output, sizeof output,
                                 &opened);
}
static conclave_status call_encrypt_view(void *handle) {
    conclave_cluster_view view = CONCLAVE_CLUSTER_VIEW_INIT;
    return conclave_encrypt_view((conclave_encrypt *)handle, &view);
}
static conclave_status call_encrypt_member(void *handle) {
    conclave_cluster_member member = CONCLAVE_CLUSTER_MEMBER_INIT;
    return conclave_encrypt_member((conclave_encrypt *)handle, 0, &member);
}
static conclave_status call_encrypt_deadline(void *handle) {
    uint64_t when = 0;
    return conclave_encrypt_deadline((conclave_encrypt *)handle, &when);
}
static conclave_status call_encrypt_counters_read(void *handle) {
    conclave_encrypt_counters counters = CONCLAVE_ENCRYPT_COUNTERS_INIT;
    return conclave_encrypt_counters_read((conclave_encrypt *)handle, &counters);
}
CALL(encrypt_start, conclave_encrypt, conclave_encrypt_start(handle, 0))
CALL(encrypt_receive, conclave_encrypt, conclave_encrypt_receive(handle, key, sizeof key, NULL, 0, 0))
CALL(encrypt_can_seal, conclave_encrypt, nothing(!conclave_encrypt_can_seal(handle)))
CALL(encrypt_tick, conclave_encrypt, conclave_encrypt_tick(handle, 0))
CALL(encrypt_rotate, conclave_encrypt, conclave_encrypt_rotate(handle, 0))
CALL(encrypt_leave, conclave_encrypt, conclave_encrypt_leave(handle, 0))
CALL(encrypt_set_admission, conclave_encrypt,
     conclave_encrypt_set_admission(handle, (conclave_admission *)live[ADMISSION], 0))
CALL(encrypt_set_key_ring, conclave_encrypt,
     conclave_encrypt_set_key_ring(handle, (conclave_key_ring *)live[KEY_RING], 0))
CALL(encrypt_set_clock, conclave_encrypt, conclave_encrypt_set_clock(handle, 0, 0))
CALL(encrypt_message, conclave_encrypt, nothing(conclave_encrypt_message(handle)[0] == 0))
CALL(encrypt_free, conclave_encrypt, (conclave_encrypt_free(handle), CONCLAVE_E_BAD_HANDLE))

static conclave_status call_key_server_open(void *handle) {
    conclave_key_server *server = NULL;
    conclave_status status =
        conclave_key_server_open((conclave_encrypt *)handle, "127.0.0.1", 0, exchange_members[0].credential,
                                 exchange_certificates, &server, NULL);
    CHECK(server == NULL);
    return status;
}
static conclave_status call_key_server_port(void *handle) {
    uint16_t port = 0;
    conclave_status status = conclave_key_server_port((conclave_key_server *)handle, &port);
    CHECK((status == CONCLAVE_OK) == (port != 0));
    return status;
}
static conclave_status call_key_server_descriptor(void *handle) {
    int descriptor = -1;
    conclave_status status = conclave_key_server_descriptor((conclave_key_server *)handle, &descriptor);
    CHECK((status == CONCLAVE_OK) == (descriptor != -1));
    return status;
}
static conclave_status call_key_server_deadline(void *handle) {
    uint64_t when = 7;
    return conclave_key_server_deadline((conclave_key_server *)handle, &when);
}
CALL(key_server_process, conclave_key_server,
     conclave_key_server_process(handle, exchange_members[0].context, exchange_now))
CALL(key_server_renew, conclave_key_server,
     conclave_key_server_renew(handle, exchange_members[0].context, exchange_members[0].credential,
                               exchange_certificates))
CALL(key_server_free, conclave_key_server, (conclave_key_server_free(handle), CONCLAVE_E_BAD_HANDLE))

static conclave_status call_key_fetch_new(void *handle) {
    conclave_key_fetch *fetch = NULL;
    conclave_status status =
        conclave_key_fetch_new((conclave_encrypt *)handle, exchange_members[1].wanted_counter, "127.0.0.1", 9,
                               exchange_members[1].credential, exchange_certificates, exchange_now, &fetch, NULL);
    CHECK(fetch == NULL);
    return status;
}
static conclave_status call_key_fetch_descriptor(void *handle) {
    int descriptor = -1;
    conclave_status status = conclave_key_fetch_descriptor((conclave_key_fetch *)handle, &descriptor);
    CHECK((status == CONCLAVE_OK) == (descriptor != -1));
    return status;
}
static conclave_status call_key_fetch_deadline(void *handle) {
    uint64_t when = 7;
    return conclave_key_fetch_deadline((conclave_key_fetch *)handle, &when);
}
CALL(key_fetch_process, conclave_key_fetch,
     conclave_key_fetch_process(handle, exchange_members[1].context, exchange_now))
CALL(key_fetch_outcome, conclave_key_fetch, conclave_key_fetch_outcome(handle))
CALL(key_fetch_free, conclave_key_fetch, (conclave_key_fetch_free(handle), CONCLAVE_E_BAD_HANDLE))

/* One row for each handle that a function takes. */
typedef struct row {
    const char *function;
    int kind;
    bool has_status; /* answers NULL with NULL_ARGUMENT */
    conclave_status (*call)(void *handle);
} row;

static const row rows[] = {
    {"error_status", ERROR, false, call_error_status},
    {"error_message", ERROR, false, call_error_message},
    {"error_free", ERROR, false, call_error_free},
    {"identity_save", IDENTITY, true, call_identity_save},
    {"identity_to_pem", IDENTITY, true, call_identity_to_pem},
    {"identity_name", IDENTITY, false, call_identity_name},
    {"identity_public_key", IDENTITY, true, call_identity_public_key},
    {"identity_free", IDENTITY, false, call_identity_free},
    {"trust_save", TRUST, true, call_trust_save},
    {"trust_add", TRUST, true, call_trust_add},
    {"trust_remove", TRUST, true, call_trust_remove},
    {"trust_contains", TRUST, true, call_trust_contains},
    {"trust_count", TRUST, false, call_trust_count},
    {"trust_get", TRUST, true, call_trust_get},
    {"trust_free", TRUST, false, call_trust_free},
    {"agreement_new", IDENTITY, true, call_agreement_new},
    {"agreement_begin", AGREEMENT, true, call_agreement_begin},
    {"agreement_receive", AGREEMENT, true, call_agreement_receive},
    {"agreement_next_token", AGREEMENT, true, call_agreement_next_token},
    {"agreement_is_complete", AGREEMENT, false, call_agreement_is_complete},
    {"agreement_export", AGREEMENT, true, call_agreement_export},
    {"agreement_fingerprint", AGREEMENT, true, call_agreement_fingerprint},
    {"agreement_counters", AGREEMENT, true, call_agreement_counters},
    {"agreement_set_threads", AGREEMENT, true, call_agreement_set_threads},
    {"agreement_message", AGREEMENT, false, call_agreement_message},
    {"agreement_free", AGREEMENT, false, call_agreement_free},
    {"group_join", IDENTITY, true, call_group_join_identity},
    {"group_join", TRUST, true, call_group_join_trust},
    {"group_descriptor", GROUP, true, call_group_descriptor},
    {"group_deadline", GROUP, true, call_group_deadline},
    {"group_process", GROUP, true, call_group_process},
    {"group_next_event", GROUP, true, call_group_next_event},
    {"group_wait_event", GROUP, true, call_group_wait_event},
    {"group_wake", GROUP, true, call_group_wake},
    {"group_send", GROUP, true, call_group_send},
    {"group_send_to", GROUP, true, call_group_send_to},
    {"group_flush", GROUP, true, call_group_flush},
    {"group_refresh", GROUP, true, call_group_refresh},
    {"group_set_trust", GROUP, true, call_group_set_trust},
    {"group_set_trust", TRUST, true, call_group_set_trust_list},
    {"group_leave", GROUP, true, call_group_leave},
    {"group_view", GROUP, true, call_group_view},
    {"group_member", GROUP, true, call_group_member},
    {"group_left_member", GROUP, true, call_group_left_member},
    {"group_waiting_for", GROUP, true, call_group_waiting_for},
    {"group_export", GROUP, true, call_group_export},
    {"group_set_threads", GROUP, true, call_group_set_threads},
    {"group_set_log", GROUP, true, call_group_set_log},
    {"group_metric", GROUP, true, call_group_metric},
    {"group_metrics_text", GROUP, true, call_group_metrics_text},
    {"group_counters", GROUP, true, call_group_counters},
    {"group_message", GROUP, false, call_group_message},
    {"group_free", GROUP, false, call_group_free},
    {"admission_keys", TRUST, true, call_admission_keys},
    {"credential_new", IDENTITY, true, call_credential_new},
    {"hub_descriptor", HUB, true, call_hub_descriptor},
    {"hub_deadline", HUB, true, call_hub_deadline},
    {"hub_process", HUB, true, call_hub_process},
    {"hub_run", HUB, true, call_hub_run},
    {"hub_wake", HUB, true, call_hub_wake},
    {"hub_counters_read", HUB, true, call_hub_counters_read},
    {"hub_free", HUB, false, call_hub_free},
    {"key_ring_save", KEY_RING, true, call_key_ring_save},
    {"key_ring_add", KEY_RING, true, call_key_ring_add},
    {"key_ring_activate", KEY_RING, true, call_key_ring_activate},
    {"key_ring_retire", KEY_RING, true, call_key_ring_retire},
    {"key_ring_count", KEY_RING, false, call_key_ring_count},
    {"key_ring_get", KEY_RING, true, call_key_ring_get},
    {"key_ring_free", KEY_RING, false, call_key_ring_free},
    {"admission_add_name", ADMISSION, true, call_admission_add_name},
    {"admission_add", ADMISSION, true, call_admission_add},
    {"admission_free", ADMISSION, false, call_admission_free},
    {"credential_set_certificate", CREDENTIAL, true, call_credential_set_certificate},
    {"credential_set_secret", CREDENTIAL, true, call_credential_set_secret},
    {"credential_free", CREDENTIAL, false, call_credential_free},
    {"encrypt_start", ENCRYPT, true, call_encrypt_start},
    {"encrypt_host_view", ENCRYPT, true, call_encrypt_host_view},
    {"encrypt_receive", ENCRYPT, true, call_encrypt_receive},
    {"encrypt_next_output", ENCRYPT, true, call_encrypt_next_output},
    {"encrypt_next_event", ENCRYPT, true, call_encrypt_next_event},
    {"encrypt_seal", ENCRYPT, true, call_encrypt_seal},
    {"encrypt_seal_batch", ENCRYPT, true, call_encrypt_seal_batch},
    {"encrypt_open", ENCRYPT, true, call_encrypt_open},
    {"encrypt_view", ENCRYPT, true, call_encrypt_view},
    {"encrypt_member", ENCRYPT, true, call_encrypt_member},
    {"encrypt_can_seal", ENCRYPT, false, call_encrypt_can_seal},
    {"encrypt_deadline", ENCRYPT, true, call_encrypt_deadline},
    {"encrypt_tick", ENCRYPT, true, call_encrypt_tick},
    {"encrypt_rotate", ENCRYPT, true, call_encrypt_rotate},
    {"encrypt_leave", ENCRYPT, true, call_encrypt_leave},
    {"encrypt_set_admission", ENCRYPT, true, call_encrypt_set_admission},
    {"encrypt_set_key_ring", ENCRYPT, true, call_encrypt_set_key_ring},
    {"encrypt_set_clock", ENCRYPT, true, call_encrypt_set_clock},
    {"encrypt_counters_read", ENCRYPT, true, call_encrypt_counters_read},
    {"encrypt_message", ENCRYPT, false, call_encrypt_message},
    {"encrypt_free", ENCRYPT, false, call_encrypt_free},
    {"key_server_open", ENCRYPT, true, call_key_server_open},
    {"key_server_port", KEY_SERVER, true, call_key_server_port},
    {"key_server_descriptor", KEY_SERVER, true, call_key_server_descriptor},
    {"key_server_deadline", KEY_SERVER, true, call_key_server_deadline},
    {"key_server_process", KEY_SERVER, true, call_key_server_process},
    {"key_server_renew", KEY_SERVER, true, call_key_server_renew},
    {"key_server_free", KEY_SERVER, false, call_key_server_free},
    {"key_fetch_new", ENCRYPT, true, call_key_fetch_new},
    {"key_fetch_descriptor", KEY_FETCH, true, call_key_fetch_descriptor},
    {"key_fetch_deadline", KEY_FETCH, true, call_key_fetch_deadline},
    {"key_fetch_process", KEY_FETCH, true, call_key_fetch_process},
    {"key_fetch_outcome", KEY_FETCH, true, call_key_fetch_outcome},
    {"key_fetch_free", KEY_FETCH, false, call_key_fetch_free},
};
static const size_t row_count = sizeof rows / sizeof rows[0];

/* ------------------------------------------------------------------------------------------------ the tests */

static void visit_declaration(const char *line) {
    const char *name = strstr(line, " conclave_");
    static const char *const kinds[] = {"error",    "identity",  "trust",      "agreement", "group",      "hub",
                                        "key_ring", "admission", "credential", "encrypt",   "key_server", "key_fetch"};
    char function[64], first[64];
    while (name != NULL && sscanf(name, " conclave_%63[a-z_](%63[a-z_ *]", function, first) != 2)
        name = strstr(name + 1, " conclave_");
    if (name == NULL || strncmp(line, "CONCLAVE_API", 12) != 0) return;
    char *kind = strstr(first, "conclave_");
    if (kind == NULL || strstr(kind, "**") != NULL) return; /* a place for a handle takes none */
    kind[strcspn(kind, " *")] = 0;
    for (size_t index = 0; index < sizeof kinds / sizeof kinds[0]; index++) {
        if (strcmp(kind + strlen("conclave_"), kinds[index]) != 0) continue;
        bool is_listed = false;
        for (size_t other = 0; other < row_count; other++)
            is_listed = is_listed || strcmp(rows[other].function, function) == 0;
        check_that(is_listed, __FILE__, __LINE__, "conclave_%s takes a handle and is not in the table", function);
    }
}

static void test_table_is_complete(void) {
    FILE *file = fopen(CONCLAVE_HEADER, "r");
    REQUIRE(file != NULL);
    char line[512];
    while (fgets(line, sizeof line, file) != NULL) visit_declaration(line);
    fclose(file);
}

/* Calls one function with a handle that is none. */
static void refuse(const row *row, void *handle, const char *what) {
    uint8_t before[sizeof output];
    memset(output, 0xa5, sizeof output);
    memcpy(before, output, sizeof output);
    conclave_status status = row->call(handle);
    conclave_status expected = handle == NULL && row->has_status ? CONCLAVE_E_NULL_ARGUMENT : CONCLAVE_E_BAD_HANDLE;
    check_that(status == expected, __FILE__, __LINE__, "conclave_%s with %s gave %s", row->function, what,
               conclave_status_name(status));
    check_that(memcmp(output, before, sizeof output) == 0, __FILE__, __LINE__, "conclave_%s with %s wrote an output",
               row->function, what);
}

static void test_handles_that_are_none(void) {
    static const uintptr_t numbers[] = {1, 7, 8, 0x1000, UINTPTR_MAX, UINTPTR_MAX - 7, UINTPTR_MAX / 2};
    uint64_t on_stack[4] = {0};
    void *on_heap = calloc(1, 64);
    for (size_t index = 0; index < row_count; index++) {
        const row *row = &rows[index];
        refuse(row, NULL, "NULL");
        for (size_t number = 0; number < sizeof numbers / sizeof numbers[0]; number++)
            refuse(row, (void *)numbers[number], "a number");
        refuse(row, on_stack, "an address on the stack");
        refuse(row, on_heap, "an address on the heap");
        for (int kind = 0; kind < KINDS; kind++)
            if (kind != row->kind) refuse(row, live[kind], "a handle of another type");
        uintptr_t real = (uintptr_t)live[row->kind];
        for (unsigned bit = 0; bit < 8 * sizeof real; bit++)
            refuse(row, (void *)(real ^ (uintptr_t)1 << bit), "a forged handle");
    }
    free(on_heap);
}

static void test_freed_handles(void) {
    for (size_t index = 0; index < row_count; index++) {
        const row *row = &rows[index];
        void *freed = makers[row->kind]();
        release(row->kind, freed);
        refuse(row, freed, "a freed handle");
        void *successor = makers[row->kind](); /* takes the same slot */
        CHECK(successor != freed);
        refuse(row, freed, "a freed handle whose slot is taken again");
        release(row->kind, successor);
    }
}

/* The child reports through a pipe: its exit status would say what a leak checker thinks of an inherited heap. */
static void test_inherited_handles(void) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    fflush(NULL);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        check_passed = check_failed = 0;
        for (size_t index = 0; index < row_count; index++)
            refuse(&rows[index], live[rows[index].kind], "an inherited handle");
        void *own = make_trust();
        CHECK_OK(conclave_trust_add((conclave_trust *)own, key, "label"));
        conclave_trust_free((conclave_trust *)own);
        int counts[2] = {check_passed, check_failed};
        ssize_t written = write(ends[1], counts, sizeof counts);
        _exit(written == (ssize_t)sizeof counts ? 0 : 1);
    }
    int counts[2] = {0, 1};
    close(ends[1]);
    CHECK(read(ends[0], counts, sizeof counts) == (ssize_t)sizeof counts);
    close(ends[0]);
    waitpid(child, NULL, 0);
    check_passed += counts[0];
    check_failed += counts[1];
    CHECK(counts[0] > 50);
    for (int kind = 0; kind < KINDS; kind++) CHECK(live[kind] != NULL);
    CHECK(conclave_trust_count((conclave_trust *)live[TRUST]) == 1);
    CHECK_TEXT("somebody", conclave_identity_name((conclave_identity *)live[IDENTITY]));
}

typedef struct duel {
    pthread_barrier_t barrier;
    void *handle;
    int kind;
} duel;

static void *free_at_once(void *argument) {
    duel *duel = argument;
    pthread_barrier_wait(&duel->barrier);
    release(duel->kind, duel->handle);
    return NULL;
}

static void test_double_free_from_two_threads(void) {
    static const int kinds[] = {ERROR, IDENTITY, TRUST, AGREEMENT};
    for (int round = 0; round < 200; round++) {
        duel duel = {.kind = kinds[round % 4]};
        REQUIRE(pthread_barrier_init(&duel.barrier, NULL, 2) == 0);
        duel.handle = makers[duel.kind]();
        pthread_t threads[2];
        for (int index = 0; index < 2; index++)
            REQUIRE(pthread_create(&threads[index], NULL, free_at_once, &duel) == 0);
        for (int index = 0; index < 2; index++) pthread_join(threads[index], NULL);
        pthread_barrier_destroy(&duel.barrier);
        void *successor = makers[duel.kind]();
        CHECK(successor != NULL && successor != duel.handle);
        release(duel.kind, successor);
    }
}

static void test_the_table_of_handles_can_be_full(void) {
    enum { LIMIT = 65536 };
    static conclave_trust *lists[LIMIT + 1];
    size_t count = 0;
    conclave_status status = CONCLAVE_OK;
    while (count <= LIMIT && (status = conclave_trust_new(&lists[count], NULL)) == CONCLAVE_OK) count++;
    CHECK_STATUS(CONCLAVE_E_OUT_OF_MEMORY, status);
    conclave_error *error = NULL;
    CHECK_STATUS(CONCLAVE_E_OUT_OF_MEMORY, conclave_trust_new(&lists[LIMIT], &error));
    conclave_error_free(error);
    while (count > 0) conclave_trust_free(lists[--count]);
    CHECK_OK(conclave_trust_new(&lists[0], NULL));
    conclave_trust_free(lists[0]);
}

int main(void) {
    make_live();
    test_table_is_complete();
    test_handles_that_are_none();
    test_freed_handles();
    test_inherited_handles();
    test_double_free_from_two_threads();
    test_the_table_of_handles_can_be_full();
    free_live();
    return check_finish();
}
