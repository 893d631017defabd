/* Conclave. Arguments: URL GROUP IDENTITY-FILE TRUST-FILE */
#include "engine.h"
#include <conclave.h>

static conclave_group *group;
static uint64_t own_id;
static bool has_view;

void engine_join(int count, char **arguments) {
    REQUIRE(count == 5, "usage: conclave-member URL GROUP IDENTITY-FILE TRUST-FILE");
    conclave_identity *identity = NULL;
    conclave_trust *trust = NULL;
    conclave_error *error = NULL;
    conclave_status status = conclave_identity_load(arguments[3], NULL, 0, &identity, &error);
    if (status == CONCLAVE_OK) status = conclave_trust_load(arguments[4], &trust, &error);
    if (status == CONCLAVE_OK)
        status = conclave_group_join(arguments[1], arguments[2], identity, trust, NULL, &group, &error);
    REQUIRE(status == CONCLAVE_OK, conclave_error_message(error));
    conclave_identity_free(identity);
    conclave_trust_free(trust);
}

void engine_leave(void) { REQUIRE(conclave_group_leave(group) == CONCLAVE_OK, conclave_group_message(group)); }

/* In the middle of another change it has no effect. */
void engine_refresh(void) { conclave_group_refresh(group); }

int engine_descriptor(void) {
    int descriptor = -1;
    REQUIRE(conclave_group_descriptor(group, &descriptor) == CONCLAVE_OK, conclave_group_message(group));
    return descriptor;
}

int engine_patience(void) {
    int64_t milliseconds = -1;
    conclave_group_deadline(group, &milliseconds);
    return milliseconds < 0 || milliseconds > 1000 ? 1000 : (int)milliseconds;
}

static void take_view(void) {
    conclave_view view = CONCLAVE_VIEW_INIT;
    REQUIRE(conclave_group_view(group, &view) == CONCLAVE_OK, conclave_group_message(group));
    own_id = view.self;
    has_view = true;
    on_members(view.member_count);
}

void engine_process(void) {
    conclave_event event = CONCLAVE_EVENT_INIT;
    REQUIRE(conclave_group_process(group) == CONCLAVE_OK, conclave_group_message(group));
    while (conclave_group_next_event(group, &event) == CONCLAVE_OK) {
        switch (event.kind) {
        case CONCLAVE_EVENT_MESSAGE:
            on_message(event.data, event.data_size, event.sender == own_id);
            break;
        case CONCLAVE_EVENT_FLUSH_REQUEST:
            on_change_begins();
            break;
        case CONCLAVE_EVENT_VIEW:
            take_view();
            break;
        case CONCLAVE_EVENT_ERROR:
            fprintf(stderr, "%s\n", event.message);
            break;
        case CONCLAVE_EVENT_LEFT:
            on_end();
            return;
        default:
            break;
        }
    }
}

bool engine_send(const uint8_t *data, size_t size) {
    if (!has_view) return false;
    conclave_status status = conclave_group_send(group, CONCLAVE_SERVICE_AGREED, data, size);
    REQUIRE(status == CONCLAVE_OK || status == CONCLAVE_E_QUEUE_FULL || status == CONCLAVE_E_FLUSH_PENDING ||
                status == CONCLAVE_E_WRONG_STATE,
            conclave_group_message(group));
    return status == CONCLAVE_OK;
}
