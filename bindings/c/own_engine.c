/* Groups over an engine of the program's own (sequencer.h): first the engine is tried out against the contract, then
 * three members agree on a key over it and talk. */
#include "sequencer.h"

#include <stdio.h>

static void report(void *user_data, const char *name, bool held, const char *detail) {
    (void)user_data;
    printf("%s %s%s%s\n", held ? "ok    " : "FAILED", name, held ? "" : ": ", detail);
}

/* Says why, and ends the program. */
static void fail(const char *what, conclave_status status) {
    fprintf(stderr, "own_engine: %s: %s\n", what, conclave_status_text(status));
    exit(1);
}

/* Works for all members until each has `count` of a kind of event; prints the messages. */
static void await(conclave_group **groups, size_t member_count, uint32_t kind, unsigned count) {
    unsigned seen[3] = {0};
    for (size_t round = 0; round < 1000000; round++) {
        size_t done = 0;
        for (size_t index = 0; index < member_count; index++) {
            conclave_event event = CONCLAVE_EVENT_INIT;
            conclave_status status = conclave_group_process(groups[index]);
            if (status != CONCLAVE_OK) fail("process", status);
            while (conclave_group_next_event(groups[index], &event) == CONCLAVE_OK) {
                if (event.kind == kind) seen[index]++;
                if (event.kind == CONCLAVE_EVENT_MESSAGE)
                    printf("member %zu heard %s: %.*s\n", index + 1, event.sender_name, (int)event.data_size,
                           (const char *)event.data);
            }
            if (seen[index] >= count) done++;
        }
        if (done == member_count) return;
    }
    fail("waiting", CONCLAVE_E_TIMED_OUT);
}

int main(void) {
    struct sequencer engine = {0};
    conclave_transport transport = sequencer_transport(&engine);
    conclave_error *error = NULL;
    conclave_status status = conclave_transport_check(NULL, &transport, NULL, report, NULL, &error);
    if (status != CONCLAVE_OK) fail(conclave_error_message(error), status);

    static const char *const names[3] = {"anna", "bert", "carl"};
    conclave_identity *identities[3];
    conclave_group *groups[3];
    conclave_trust *trust = NULL;
    if ((status = conclave_trust_new(&trust, NULL)) != CONCLAVE_OK) fail("trust", status);
    for (size_t index = 0; index < 3; index++) {
        uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE];
        if ((status = conclave_identity_new(names[index], &identities[index], NULL)) != CONCLAVE_OK ||
            (status = conclave_identity_public_key(identities[index], key)) != CONCLAVE_OK ||
            (status = conclave_trust_add(trust, key, names[index])) != CONCLAVE_OK)
            fail("identity", status);
    }
    for (size_t index = 0; index < 3; index++) {
        status = conclave_group_join_over(&transport, "room", identities[index], trust, NULL, &groups[index], &error);
        if (status != CONCLAVE_OK) fail(conclave_error_message(error), status);
        await(groups, index + 1, CONCLAVE_EVENT_VIEW, 1);
    }
    static const char text[] = "hello over an engine of our own";
    status = conclave_group_send(groups[0], CONCLAVE_SERVICE_AGREED, (const uint8_t *)text, sizeof text - 1);
    if (status != CONCLAVE_OK) fail("send", status);
    await(groups, 3, CONCLAVE_EVENT_MESSAGE, 1);
    for (size_t index = 0; index < 3; index++) {
        conclave_group_free(groups[index]);
        conclave_identity_free(identities[index]);
    }
    conclave_trust_free(trust);
    return 0;
}
