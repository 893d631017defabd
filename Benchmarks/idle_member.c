/* A member that does nothing but be there: says so once its view has as many members as it was told. */
#include <conclave.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    conclave_identity *identity = NULL;
    conclave_trust *trust = NULL;
    conclave_group *group = NULL;
    conclave_error *error = NULL;
    if (count != 5) return fprintf(stderr, "usage: idle_member URL IDENTITY TRUST MEMBERS\n"), 2;
    if (conclave_identity_load(arguments[2], NULL, 0, &identity, &error) != CONCLAVE_OK ||
        conclave_trust_load(arguments[3], &trust, &error) != CONCLAVE_OK ||
        conclave_group_join(arguments[1], "idle", identity, trust, NULL, &group, &error) != CONCLAVE_OK)
        return fprintf(stderr, "idle_member: %s\n", conclave_error_message(error)), 1;
    conclave_identity_free(identity);
    conclave_trust_free(trust);
    conclave_event event = CONCLAVE_EVENT_INIT;
    while (conclave_group_wait_event(group, -1, &event) == CONCLAVE_OK && event.kind != CONCLAVE_EVENT_LEFT) {
        conclave_view view = CONCLAVE_VIEW_INIT;
        if (event.kind != CONCLAVE_EVENT_VIEW || conclave_group_view(group, &view) != CONCLAVE_OK) continue;
        if (view.member_count == strtoul(arguments[4], NULL, 10)) {
            puts("ready");
            fflush(stdout);
        }
    }
    fprintf(stderr, "idle_member: %s\n", event.kind == CONCLAVE_EVENT_LEFT ? event.message : "no event");
    conclave_group_free(group);
    return 1;
}
