#include <conclave.h>
#include <stdio.h>

int main(int count, char **arguments) {
    conclave_error *error = NULL;
    conclave_identity *identity = NULL;
    conclave_trust *trust = NULL;
    conclave_group *group = NULL;
    char url[128];
    if (count != 5) return fprintf(stderr, "usage: member HUB-PATH GROUP IDENTITY-FILE TRUST-FILE\n"), 2;
    snprintf(url, sizeof url, "local:%s", arguments[1]);
    if (conclave_identity_load(arguments[3], NULL, 0, &identity, &error) ||
        conclave_trust_load(arguments[4], &trust, &error) ||
        conclave_group_join(url, arguments[2], identity, trust, NULL, &group, &error))
        return fprintf(stderr, "member: %s\n", conclave_error_message(error)), 1;
    conclave_event event = CONCLAVE_EVENT_INIT;
    conclave_view view = CONCLAVE_VIEW_INIT;
    while (conclave_group_wait_event(group, -1, &event) == CONCLAVE_OK && event.kind != CONCLAVE_EVENT_LEFT) {
        if (event.kind == CONCLAVE_EVENT_MESSAGE) {
            printf("%s: %.*s\n", event.sender_name, (int)event.data_size, (const char *)event.data);
        } else if (event.kind == CONCLAVE_EVENT_VIEW && conclave_group_view(group, &view) == CONCLAVE_OK) {
            printf("%zu members, key %02x%02x\n", view.member_count, view.key_fingerprint[0], view.key_fingerprint[1]);
            conclave_group_send(group, CONCLAVE_SERVICE_AGREED, (const uint8_t *)"hello from C", 12);
        }
        fflush(stdout);
    }
    return conclave_group_free(group), conclave_trust_free(trust), conclave_identity_free(identity), 0;
}
