/* The demo's member in C: reports what happens, greets every half second, and sends a file once enough members are
   there.
 *
 *   member HUB-PATH GROUP IDENTITY-FILE TRUST-FILE FILE MEMBERS-TO-WAIT-FOR
 *
 * A message of the demo begins with a letter: G a greeting, F the size of a file in decimal, P a piece of it.
 * A line of the report begins with the time in milliseconds: see scripts/demo. */
#define _POSIX_C_SOURCE 200809L
#include <conclave.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PIECE_SIZE 262144

typedef struct member {
    conclave_group *group;
    FILE *file;
    size_t awaited;
    enum { AWAITING, ANNOUNCING, SENDING, SENT } phase;
    uint8_t message[1 + PIECE_SIZE]; /* the one that could not be sent yet */
    size_t message_size;
    EVP_MD_CTX *digest;
    uint64_t missing; /* bytes of the file that is being received */
    int64_t next_greeting;
} member;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void print_hexadecimal(const uint8_t *bytes, size_t count) {
    for (size_t index = 0; index < count; index++) printf("%02x", bytes[index]);
}

static conclave_status report_view(member *self) {
    conclave_view view = CONCLAVE_VIEW_INIT;
    conclave_status status = conclave_group_view(self->group, &view);
    if (status != CONCLAVE_OK) return status;
    printf("%" PRId64 " view %" PRIu64 " ", now(), view.counter);
    print_hexadecimal(view.key_fingerprint, sizeof view.key_fingerprint);
    for (size_t index = 0; index < view.member_count; index++) {
        conclave_member member = CONCLAVE_MEMBER_INIT;
        status = conclave_group_member(self->group, index, &member);
        if (status != CONCLAVE_OK) return status;
        printf("%c%s", index == 0 ? ' ' : ',', member.name);
    }
    printf("\n");
    if (self->phase == AWAITING && view.member_count >= self->awaited) self->phase = ANNOUNCING;
    return CONCLAVE_OK;
}

static void take_piece(member *self, const uint8_t *data, size_t size) {
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int digest_size = 0;
    if (size > self->missing) return;
    EVP_DigestUpdate(self->digest, data, size);
    self->missing -= size;
    if (self->missing > 0 || EVP_DigestFinal_ex(self->digest, digest, &digest_size) != 1) return;
    printf("%" PRId64 " file ", now());
    print_hexadecimal(digest, digest_size);
    printf("\n");
}

static void take_message(member *self, const conclave_event *event) {
    char number[32] = {0};
    if (event->data_size == 0) return;
    const uint8_t *body = event->data + 1;
    size_t size = event->data_size - 1;
    if (event->data[0] == 'G') {
        printf("%" PRId64 " greeting %s\n", now(), event->sender_name);
    } else if (event->data[0] == 'F' && size < sizeof number) {
        memcpy(number, body, size);
        self->missing = strtoull(number, NULL, 10);
        EVP_DigestInit_ex(self->digest, EVP_sha256(), NULL);
    } else if (event->data[0] == 'P') {
        take_piece(self, body, size);
    }
}

/* Puts the next message of the file into self->message; an error of the disk shows as a file that is too short. */
static void fill_message(member *self) {
    struct stat facts = {0};
    if (self->phase == ANNOUNCING) {
        fstat(fileno(self->file), &facts);
        self->message_size =
            (size_t)snprintf((char *)self->message, sizeof self->message, "F%jd", (intmax_t)facts.st_size);
        self->phase = SENDING;
        return;
    }
    self->message[0] = 'P';
    self->message_size = 1 + fread(self->message + 1, 1, PIECE_SIZE, self->file);
    if (self->message_size == 1) self->phase = SENT;
}

/* Sends as much of the file as the group takes now: a full queue and a flush pass by themselves. */
static conclave_status send_some(member *self) {
    while (self->phase == ANNOUNCING || self->phase == SENDING) {
        if (self->message_size == 0) fill_message(self);
        if (self->phase == SENT) break;
        conclave_status status =
            conclave_group_send(self->group, CONCLAVE_SERVICE_AGREED, self->message, self->message_size);
        if (status == CONCLAVE_E_QUEUE_FULL || status == CONCLAVE_E_FLUSH_PENDING) break;
        if (status != CONCLAVE_OK) return status;
        self->message_size = 0;
    }
    return CONCLAVE_OK;
}

/* A greeting that cannot go out now is left out. */
static void greet(member *self) {
    if (now() < self->next_greeting) return;
    conclave_group_send(self->group, CONCLAVE_SERVICE_AGREED, (const uint8_t *)"G", 1);
    self->next_greeting = now() + 500;
}

/* Waits a little for an event, and reports it. LEFT and the like when the membership is over. */
static conclave_status take_event(member *self) {
    conclave_event event = CONCLAVE_EVENT_INIT;
    conclave_status status = conclave_group_wait_event(self->group, self->phase == SENDING ? 10 : 100, &event);
    if (status == CONCLAVE_E_TIMED_OUT) return CONCLAVE_OK;
    if (status != CONCLAVE_OK) return status;
    if (event.kind == CONCLAVE_EVENT_VIEW) return report_view(self);
    if (event.kind == CONCLAVE_EVENT_MESSAGE) take_message(self, &event);
    if (event.kind == CONCLAVE_EVENT_ERROR) printf("%" PRId64 " error %s\n", now(), conclave_status_name(event.status));
    if (event.kind == CONCLAVE_EVENT_LEFT) return event.status == CONCLAVE_OK ? CONCLAVE_E_LEFT : event.status;
    return CONCLAVE_OK;
}

static conclave_status live(member *self) {
    for (;;) {
        conclave_status status = take_event(self);
        if (status != CONCLAVE_OK) return status;
        greet(self);
        status = send_some(self);
        if (status != CONCLAVE_OK) return status;
        fflush(stdout);
    }
}

int main(int count, char **arguments) {
    static member self;
    conclave_error *error = NULL;
    conclave_identity *identity = NULL;
    conclave_trust *trust = NULL;
    char url[128];
    if (count != 7) return fprintf(stderr, "usage: member HUB-PATH GROUP IDENTITY TRUST FILE MEMBERS\n"), 64;
    snprintf(url, sizeof url, "local:%s", arguments[1]);
    self.file = fopen(arguments[5], "rb");
    self.awaited = strtoul(arguments[6], NULL, 10);
    self.digest = EVP_MD_CTX_new();
    if (self.file == NULL || self.digest == NULL) return perror(arguments[5]), 1;
    conclave_status status = conclave_identity_load(arguments[3], NULL, 0, &identity, &error);
    if (status == CONCLAVE_OK) status = conclave_trust_load(arguments[4], &trust, &error);
    if (status == CONCLAVE_OK)
        status = conclave_group_join(url, arguments[2], identity, trust, NULL, &self.group, &error);
    if (status != CONCLAVE_OK) return fprintf(stderr, "member: %s\n", conclave_error_message(error)), 1;
    conclave_trust_free(trust);
    conclave_identity_free(identity);
    status = live(&self);
    printf("%" PRId64 " end %s\n", now(), conclave_status_name(status));
    conclave_group_free(self.group);
    EVP_MD_CTX_free(self.digest);
    fclose(self.file);
    return 1;
}
