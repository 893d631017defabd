/* Sends a file to a group in agreed order: one message `FILE SIZE NAME`, then the bytes in pieces. Shows what a program
 * does when it sends faster than the group takes: it waits a full queue out, and waits for the next view during a
 * flush. */
#define _POSIX_C_SOURCE 200809L
#include <conclave.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PIECE_SIZE 262144

/* What the group has told so far. */
typedef struct progress {
    bool is_over;
    size_t member_count;
    uint64_t self;
    uint64_t bytes_delivered; /* own messages that came back: all members get them in this order */
} progress;

static conclave_status take_event(conclave_group *group, int64_t timeout_ms, progress *progress) {
    conclave_event event = CONCLAVE_EVENT_INIT;
    conclave_status status = conclave_group_wait_event(group, timeout_ms, &event);
    if (status == CONCLAVE_E_TIMED_OUT) return CONCLAVE_OK;
    if (status != CONCLAVE_OK) return status;
    if (event.kind == CONCLAVE_EVENT_VIEW) {
        conclave_view view = CONCLAVE_VIEW_INIT;
        status = conclave_group_view(group, &view);
        progress->member_count = view.member_count;
        progress->self = view.self;
    } else if (event.kind == CONCLAVE_EVENT_MESSAGE) {
        if (event.sender == progress->self) progress->bytes_delivered += event.data_size;
    } else if (event.kind == CONCLAVE_EVENT_LEFT) {
        progress->is_over = true;
        if (event.status != CONCLAVE_OK && event.status != CONCLAVE_E_LEFT) status = event.status;
    } else if (event.kind == CONCLAVE_EVENT_ERROR) {
        fprintf(stderr, "file_sender: %s\n", event.message);
    }
    return status;
}

/* Sends one message, however long the group needs to take it. */
static conclave_status send_patiently(conclave_group *group, const uint8_t *data, size_t size, progress *progress) {
    for (;;) {
        conclave_status status = conclave_group_send(group, CONCLAVE_SERVICE_AGREED, data, size);
        if (status != CONCLAVE_E_QUEUE_FULL && status != CONCLAVE_E_FLUSH_PENDING) return status;
        status = take_event(group, 50, progress);
        if (status != CONCLAVE_OK) return status;
        if (progress->is_over) return CONCLAVE_E_LEFT;
    }
}

static conclave_status send_file(conclave_group *group, FILE *file, const char *path, progress *progress) {
    static uint8_t piece[PIECE_SIZE];
    struct stat facts;
    if (fstat(fileno(file), &facts) != 0) return CONCLAVE_E_IO;
    const char *slash = strrchr(path, '/');
    int size = snprintf((char *)piece, sizeof piece, "FILE %" PRIu64 " %s", (uint64_t)facts.st_size,
                        slash == NULL ? path : slash + 1);
    conclave_status status = send_patiently(group, piece, (size_t)size, progress);
    uint64_t accepted = (uint64_t)size;
    while (status == CONCLAVE_OK) {
        size_t count = fread(piece, 1, sizeof piece, file);
        if (count == 0) break;
        status = send_patiently(group, piece, count, progress);
        accepted += count;
    }
    if (status == CONCLAVE_OK && ferror(file)) return CONCLAVE_E_IO;
    while (status == CONCLAVE_OK && !progress->is_over && progress->bytes_delivered < accepted)
        status = take_event(group, -1, progress);
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
    if (status != CONCLAVE_OK) fprintf(stderr, "file_sender: %s\n", conclave_error_message(error));
    conclave_error_free(error);
    conclave_trust_free(trust);
    conclave_identity_free(identity);
    return group;
}

int main(int count, char **arguments) {
    if (count != 7) {
        fprintf(stderr, "usage: file_sender HUB-PATH GROUP IDENTITY-FILE TRUST-FILE FILE MEMBERS-TO-WAIT-FOR\n");
        return 2;
    }
    FILE *file = fopen(arguments[5], "rb");
    if (file == NULL) {
        perror(arguments[5]);
        return 1;
    }
    conclave_group *group = join(arguments);
    if (group == NULL) return 1;
    progress progress = {0};
    size_t awaited = strtoul(arguments[6], NULL, 10);
    conclave_status status = CONCLAVE_OK;
    while (status == CONCLAVE_OK && !progress.is_over &&
           (progress.member_count == 0 || progress.member_count < awaited))
        status = take_event(group, -1, &progress);
    if (status == CONCLAVE_OK) status = send_file(group, file, arguments[5], &progress);
    if (status == CONCLAVE_OK) status = conclave_group_leave(group);
    while (status == CONCLAVE_OK && !progress.is_over) status = take_event(group, -1, &progress);
    if (status != CONCLAVE_OK) fprintf(stderr, "file_sender: %s\n", conclave_status_text(status));
    printf("delivered %" PRIu64 " bytes in agreed order\n", progress.bytes_delivered);
    fclose(file);
    conclave_group_free(group);
    return status == CONCLAVE_OK ? 0 : 1;
}
