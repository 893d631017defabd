/* A member inside an event loop of the program's own, here poll(2) over standard input and the group. Three functions
 * are all that any loop needs: conclave_group_descriptor, conclave_group_deadline and conclave_group_process. */
#define _POSIX_C_SOURCE 200809L
#include <conclave.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void print_view(conclave_group *group) {
    conclave_view view = CONCLAVE_VIEW_INIT;
    if (conclave_group_view(group, &view) != CONCLAVE_OK) return;
    printf("--- view %" PRIu64 ", key ", view.counter);
    for (size_t index = 0; index < 8; index++) printf("%02x", view.key_fingerprint[index]);
    for (size_t index = 0; index < view.member_count; index++) {
        conclave_member member = CONCLAVE_MEMBER_INIT;
        if (conclave_group_member(group, index, &member) != CONCLAVE_OK) continue;
        printf("%s%s%s%s", index == 0 ? ": " : ", ", member.name, member.is_self ? " (you)" : "",
               member.has_joined ? " (new)" : "");
    }
    for (size_t index = 0; index < view.left_count; index++) {
        conclave_member member = CONCLAVE_MEMBER_INIT;
        if (conclave_group_left_member(group, index, &member) == CONCLAVE_OK) printf("; %s left", member.name);
    }
    printf("\n");
}

/* Takes all events that are there; false when the membership is over. */
static bool take_events(conclave_group *group) {
    conclave_event event = CONCLAVE_EVENT_INIT;
    while (conclave_group_next_event(group, &event) == CONCLAVE_OK) {
        switch (event.kind) {
        case CONCLAVE_EVENT_VIEW:
            print_view(group);
            break;
        case CONCLAVE_EVENT_MESSAGE:
            printf("%s: %.*s", event.sender_name, (int)event.data_size, (const char *)event.data);
            break;
        case CONCLAVE_EVENT_ERROR:
            fprintf(stderr, "event_loop: %s\n", event.message);
            break;
        case CONCLAVE_EVENT_LEFT:
            fprintf(stderr, "event_loop: %s\n", event.message);
            return false;
        default:
            break;
        }
    }
    fflush(stdout);
    return true;
}

/* Sends what was typed. Between a flush and the next view nothing can be sent: the line is lost, and the user told. */
static void send_input(conclave_group *group, bool *is_reading) {
    uint8_t input[4096];
    ssize_t size = read(STDIN_FILENO, input, sizeof input);
    if (size <= 0) {
        *is_reading = false;
        conclave_group_leave(group);
        return;
    }
    conclave_status status = conclave_group_send(group, CONCLAVE_SERVICE_AGREED, input, (size_t)size);
    if (status != CONCLAVE_OK) fprintf(stderr, "event_loop: not sent: %s\n", conclave_status_text(status));
}

static conclave_status run(conclave_group *group) {
    int descriptor = -1;
    conclave_status status = conclave_group_descriptor(group, &descriptor);
    bool is_reading = true;
    while (status == CONCLAVE_OK && take_events(group)) {
        int64_t deadline = -1;
        status = conclave_group_deadline(group, &deadline);
        if (status != CONCLAVE_OK) break;
        struct pollfd watched[2] = {{descriptor, POLLIN, 0}, {is_reading ? STDIN_FILENO : -1, POLLIN, 0}};
        /* A wait that is too short does no harm: process does what is due and the loop goes round. */
        if (poll(watched, 2, deadline > 60000 ? 60000 : (int)deadline) < 0) break;
        if (watched[1].revents != 0) send_input(group, &is_reading);
        status = conclave_group_process(group);
    }
    take_events(group);
    return status;
}

static conclave_group *join(char **arguments) {
    conclave_error *error = NULL;
    conclave_identity *identity = NULL;
    conclave_trust *trust = NULL;
    conclave_group *group = NULL;
    char url[128];
    snprintf(url, sizeof url, "local:%s", arguments[1]);
    conclave_status status = conclave_identity_load(arguments[3], NULL, 0, &identity, &error);
    if (status == CONCLAVE_OK) status = conclave_trust_load(arguments[4], &trust, &error);
    if (status == CONCLAVE_OK) status = conclave_group_join(url, arguments[2], identity, trust, NULL, &group, &error);
    if (status != CONCLAVE_OK) fprintf(stderr, "event_loop: %s\n", conclave_error_message(error));
    conclave_error_free(error);
    conclave_trust_free(trust);
    conclave_identity_free(identity);
    return group;
}

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "usage: event_loop HUB-PATH GROUP IDENTITY-FILE TRUST-FILE\n");
        return 2;
    }
    conclave_group *group = join(arguments);
    if (group == NULL) return 1;
    conclave_status status = run(group);
    conclave_group_free(group);
    return status == CONCLAVE_OK || status == CONCLAVE_E_LEFT ? 0 : 1;
}
