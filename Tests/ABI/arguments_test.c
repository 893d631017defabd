/* Absurd sizes, structures of sizes that never existed, and NULL where something is needed: each is refused with its
 * own status, on handles that are alive and stay so. */
#define _POSIX_C_SOURCE 200809L
#include "live.h"

/* The call is refused as wrong (-101 to -110). */
#define CHECK_REFUSED(call) check_refused((call), __LINE__, #call)
static void check_refused(conclave_status status, int line, const char *call) {
    check_that(status <= -101 && status >= -110, __FILE__, line, "%s gave %s", call, conclave_status_name(status));
}

static void test_absurd_sizes(void) {
    conclave_identity *identity = (conclave_identity *)live[IDENTITY], *made = NULL;
    conclave_trust *trust = (conclave_trust *)live[TRUST];
    conclave_agreement *agreement = (conclave_agreement *)live[AGREEMENT];
    conclave_group *group = (conclave_group *)live[GROUP];
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, SIZE_MAX / 2 + 1, (size_t)1 << 40};
    for (size_t index = 0; index < sizeof sizes / sizeof sizes[0]; index++) {
        size_t size = sizes[index], capacity = 0;
        CHECK_REFUSED(conclave_identity_load("/dev/null", key, size, &made, NULL));
        CHECK_REFUSED(conclave_identity_from_pem(key, size, NULL, 0, &made, NULL));
        CHECK_REFUSED(conclave_identity_from_pem(key, sizeof key, key, size, &made, NULL));
        CHECK_REFUSED(conclave_identity_save(identity, "/nonexistent/x", key, size, NULL));
        CHECK_REFUSED(conclave_identity_to_pem(identity, key, size, NULL, &capacity));
        CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_trust_get(trust, size, output, NULL));
        CHECK(conclave_agreement_receive(agreement, 1, key, size) != CONCLAVE_OK);
        CHECK(conclave_agreement_export(agreement, "label", NULL, 0, output, size) != CONCLAVE_OK);
        CHECK(conclave_agreement_export(agreement, "label", key, size, output, 32) != CONCLAVE_OK);
        CHECK(conclave_group_send(group, CONCLAVE_SERVICE_AGREED, key, size) != CONCLAVE_OK);
        CHECK(conclave_group_send_to(group, 1, key, size) != CONCLAVE_OK);
        CHECK(conclave_group_export(group, "label", NULL, 0, output, size) != CONCLAVE_OK);
        CHECK(conclave_group_export(group, "label", key, size, output, 32) != CONCLAVE_OK);
        conclave_member member = CONCLAVE_MEMBER_INIT;
        CHECK(conclave_group_member(group, size, &member) != CONCLAVE_OK);
        CHECK(conclave_group_left_member(group, size, &member) != CONCLAVE_OK);
        CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_group_waiting_for(group, size, &member));
        conclave_membership membership = CONCLAVE_MEMBERSHIP_INIT;
        conclave_participant participant = {1, {0}};
        membership.group = "group";
        membership.participants = &participant;
        membership.participant_count = size;
        CHECK_REFUSED(conclave_agreement_begin(agreement, &membership));
        membership.participant_count = 1;
        membership.continuing_count = size;
        CHECK_REFUSED(conclave_agreement_begin(agreement, &membership));
    }
}

static void test_structure_sizes(void) {
    static const size_t sizes[] = {0, 1, 7, SIZE_MAX, SIZE_MAX / 2 + 1, 4096};
    for (size_t index = 0; index < sizeof sizes / sizeof sizes[0]; index++) {
        conclave_group_options options = CONCLAVE_GROUP_OPTIONS_INIT;
        conclave_hub_options hub_options = CONCLAVE_HUB_OPTIONS_INIT;
        conclave_membership membership = CONCLAVE_MEMBERSHIP_INIT;
        conclave_token token = CONCLAVE_TOKEN_INIT;
        conclave_counters counters = CONCLAVE_COUNTERS_INIT;
        conclave_event event = CONCLAVE_EVENT_INIT;
        conclave_view view = CONCLAVE_VIEW_INIT;
        conclave_member member = CONCLAVE_MEMBER_INIT;
        conclave_hub_counters hub_counters = CONCLAVE_HUB_COUNTERS_INIT;
        options.size = hub_options.size = membership.size = token.size = counters.size = event.size = view.size =
            member.size = hub_counters.size = sizes[index];
        conclave_group *group = NULL;
        conclave_hub *hub = NULL;
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE,
                     conclave_group_join(url, "g", (conclave_identity *)live[IDENTITY], NULL, &options, &group, NULL));
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_hub_new("/tmp/never", &hub_options, &hub, NULL));
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE,
                     conclave_agreement_begin((conclave_agreement *)live[AGREEMENT], &membership));
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE,
                     conclave_agreement_next_token((conclave_agreement *)live[AGREEMENT], &token));
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE,
                     conclave_agreement_counters((conclave_agreement *)live[AGREEMENT], &counters));
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_group_next_event((conclave_group *)live[GROUP], &event));
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_group_wait_event((conclave_group *)live[GROUP], 0, &event));
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_group_view((conclave_group *)live[GROUP], &view));
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_group_member((conclave_group *)live[GROUP], 0, &member));
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_group_left_member((conclave_group *)live[GROUP], 0, &member));
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_group_waiting_for((conclave_group *)live[GROUP], 0, &member));
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_group_counters((conclave_group *)live[GROUP], &counters));
        CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_hub_counters_read((conclave_hub *)live[HUB], &hub_counters));
    }
}

static void test_null_pointers(void) {
    conclave_identity *identity = (conclave_identity *)live[IDENTITY], *made = NULL;
    conclave_trust *trust = (conclave_trust *)live[TRUST], *list = NULL;
    conclave_agreement *agreement = (conclave_agreement *)live[AGREEMENT], *context = NULL;
    conclave_group *group = (conclave_group *)live[GROUP], *joined = NULL;
    conclave_hub *hub = (conclave_hub *)live[HUB], *opened = NULL;
    size_t size = 4096;
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_new(NULL, &made, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_new("name", NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_load(NULL, NULL, 0, &made, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_load("/dev/null", NULL, 0, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_load("/dev/null", NULL, 5, &made, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_from_pem(NULL, 5, NULL, 0, &made, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_from_pem(key, 5, NULL, 0, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_save(identity, NULL, NULL, 0, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_to_pem(identity, NULL, 0, output, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_to_pem(identity, NULL, 0, NULL, &size));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_public_key(identity, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_fingerprint(NULL, output));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_fingerprint(key, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_trust_new(NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_trust_load(NULL, &list, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_trust_load("/dev/null", NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_trust_save(trust, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_trust_add(trust, NULL, "label"));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_trust_add(trust, key, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_trust_remove(trust, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_trust_contains(trust, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_trust_get(trust, 0, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_new(CONCLAVE_SUITE_STANDARD, identity, 1, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_UNKNOWN_SUITE, conclave_agreement_new(0xffff, identity, 1, &context, NULL));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT,
                 conclave_agreement_new(CONCLAVE_SUITE_STANDARD, identity, 0, &context, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_begin(agreement, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_receive(agreement, 1, NULL, 8));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_next_token(agreement, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_export(agreement, NULL, NULL, 0, output, 32));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_export(agreement, "label", NULL, 0, NULL, 32));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_fingerprint(agreement, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_counters(agreement, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_join(NULL, "g", identity, NULL, NULL, &joined, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_join(url, NULL, identity, NULL, NULL, &joined, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_join(url, "g", identity, NULL, NULL, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_descriptor(group, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_deadline(group, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_next_event(group, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_wait_event(group, 0, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_send(group, CONCLAVE_SERVICE_FIFO, NULL, 8));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_send_to(group, 1, NULL, 8));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_set_trust(group, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_view(group, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_member(group, 0, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_left_member(group, 0, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_waiting_for(group, 0, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_export(group, NULL, NULL, 0, output, 32));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_export(group, "label", NULL, 0, NULL, 32));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_counters(group, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_hub_new(NULL, NULL, &opened, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_hub_new("/tmp/never", NULL, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_hub_descriptor(hub, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_hub_deadline(hub, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_hub_counters_read(hub, NULL));
    CHECK(made == NULL && list == NULL && context == NULL && joined == NULL && opened == NULL);
}

int main(void) {
    make_live();
    test_absurd_sizes();
    test_structure_sizes();
    test_null_pointers();
    free_live();
    return check_finish();
}
