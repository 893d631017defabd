/* A member for the cluster tests, in C: does what standard input says and reports what happens.
 *
 *   member URL GROUP IDENTITY-FILE TRUST-FILE
 *
 * Commands, one a line:
 *   send SERVICE COUNT SIZE     sends so many messages of so many bytes to all, as fast as the group takes them
 *   every MILLISECONDS SIZE     sends a message to all so often, where that is possible; 0 ends it
 *   sleep MILLISECONDS          does nothing at all for a while: a slow member
 *   lag MILLISECONDS            from now on does nothing for so long before it takes what has come: always behind
 *   refresh                     asks for a new key
 *   leave                       leaves, and ends when the group has let go
 * The end of the input ends the process at once.
 *
 * A line of the report begins with microseconds since 1970, then:
 *   connected   flush-request   flush-ok   signal
 *   view COUNTER ID FINGERPRINT SELF MEMBER,NAME,IS-TRANSITIONAL ...
 *   sent SERVICE SIZE NUMBER    delivered SENDER SERVICE IS-PRIVATE SIZE NUMBER
 *   error STATUS MESSAGE        end STATUS MESSAGE
 * Each message begins with its number at its sender, so that no two are alike. */
#define _POSIX_C_SOURCE 200809L
#include <conclave.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct member {
    conclave_group *group;
    int descriptor;
    uint64_t self;
    bool has_view, has_flushed, is_leaving, is_over;
    uint64_t number; /* of the message sent last */
    uint32_t service;
    size_t missing, size; /* of the messages under way by `send` */
    long lag;             /* milliseconds */
    int64_t period, next; /* milliseconds, of `every` */
    size_t period_size;
    char line[256];
    size_t line_size;
} member;

static int64_t microseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static int64_t now(void) { return microseconds(CLOCK_MONOTONIC) / 1000; }

static void begin(const char *what) { printf("%" PRId64 " %s", microseconds(CLOCK_REALTIME), what); }

static void report(const char *what) {
    begin(what);
    printf("\n");
}

static void print_hexadecimal(const uint8_t *bytes, size_t count) {
    for (size_t index = 0; index < count; index++) printf("%02x", bytes[index]);
}

static void report_view(member *self) {
    conclave_view view = CONCLAVE_VIEW_INIT;
    if (conclave_group_view(self->group, &view) != CONCLAVE_OK) return;
    begin("view ");
    printf("%" PRIu64 " ", view.counter);
    print_hexadecimal(view.id, sizeof view.id);
    printf(" ");
    print_hexadecimal(view.key_fingerprint, sizeof view.key_fingerprint);
    printf(" %" PRIu64, view.self);
    for (size_t index = 0; index < view.member_count; index++) {
        conclave_member other = CONCLAVE_MEMBER_INIT;
        if (conclave_group_member(self->group, index, &other) != CONCLAVE_OK) break;
        printf(" %" PRIu64 ",%s,%d", other.id, other.name, other.is_transitional);
    }
    printf("\n");
    self->has_view = true;
    self->has_flushed = false;
}

static void report_status(const char *what, conclave_status status, const char *message) {
    begin(what);
    printf(" %s %s\n", conclave_status_name(status), message == NULL ? "" : message);
}

static void acknowledge(member *self) {
    report("flush-request");
    if (self->is_leaving || conclave_group_flush(self->group) != CONCLAVE_OK) return;
    self->has_flushed = true;
    report("flush-ok");
}

static void report_delivery(const conclave_event *event) {
    uint64_t number = UINT64_MAX;
    if (event->data_size >= sizeof number) memcpy(&number, event->data, sizeof number);
    begin("delivered");
    printf(" %" PRIu64 " %" PRIu32 " %d %zu %" PRIu64 "\n", event->sender, event->service, event->is_private,
           event->data_size, number);
}

static void take(member *self, const conclave_event *event) {
    switch (event->kind) {
    case CONCLAVE_EVENT_FLUSH_REQUEST:
        acknowledge(self);
        break;
    case CONCLAVE_EVENT_TRANSITIONAL_SIGNAL:
        report("signal");
        break;
    case CONCLAVE_EVENT_VIEW:
        report_view(self);
        break;
    case CONCLAVE_EVENT_MESSAGE:
        report_delivery(event);
        break;
    case CONCLAVE_EVENT_LEFT:
        report_status("end", event->status == CONCLAVE_OK ? CONCLAVE_E_LEFT : event->status, event->message);
        self->is_over = true;
        break;
    case CONCLAVE_EVENT_ERROR:
        report_status("error", event->status, event->message);
        break;
    default:
        break;
    }
}

/* Fetches all that is there, so that what is sent afterwards belongs to the view that was reported last. */
static void take_all(member *self) {
    conclave_status trouble = conclave_group_process(self->group);
    conclave_event event = CONCLAVE_EVENT_INIT;
    conclave_status status;
    while (!self->is_over && (status = conclave_group_next_event(self->group, &event)) == CONCLAVE_OK) {
        take(self, &event);
    }
    if (trouble != CONCLAVE_OK && !self->is_over) {
        report_status("end", trouble, conclave_group_message(self->group));
        self->is_over = true;
    }
}

static bool send_one(member *self, uint32_t service, size_t size) {
    if (!self->has_view || self->has_flushed || self->is_leaving) return false;
    if (size < sizeof self->number) size = sizeof self->number;
    uint8_t *data = calloc(1, size);
    if (data == NULL) return false;
    memcpy(data, &self->number, sizeof self->number);
    conclave_status status = conclave_group_send(self->group, service, data, size);
    free(data);
    if (status != CONCLAVE_OK) return false;
    begin("sent");
    printf(" %" PRIu32 " %zu %" PRIu64 "\n", service, size, self->number++);
    return true;
}

static void send_what_is_due(member *self) {
    while (self->missing > 0 && send_one(self, self->service, self->size)) self->missing--;
    if (self->period > 0 && now() >= self->next) {
        self->next = now() + self->period;
        send_one(self, CONCLAVE_SERVICE_AGREED, self->period_size);
    }
}

static void doze(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void obey(member *self, const char *line) {
    unsigned service, count, size;
    long milliseconds;
    if (sscanf(line, "send %u %u %u", &service, &count, &size) == 3) {
        self->service = service;
        self->missing = count;
        self->size = size;
    } else if (sscanf(line, "every %ld %u", &milliseconds, &size) == 2) {
        self->period = milliseconds;
        self->period_size = size;
        self->next = now();
    } else if (sscanf(line, "sleep %ld", &milliseconds) == 1) {
        doze(milliseconds);
    } else if (sscanf(line, "lag %ld", &milliseconds) == 1) {
        self->lag = milliseconds;
    } else if (strcmp(line, "refresh") == 0) {
        conclave_group_refresh(self->group);
    } else if (strcmp(line, "leave") == 0) {
        self->is_leaving = conclave_group_leave(self->group) == CONCLAVE_OK;
    }
}

/* Whether there may be more input. */
static bool read_commands(member *self) {
    char bytes[512];
    ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0) return count < 0 && errno == EINTR;
    for (ssize_t index = 0; index < count; index++) {
        if (bytes[index] == '\n' || self->line_size + 1 == sizeof self->line) {
            self->line[self->line_size] = 0;
            self->line_size = 0;
            obey(self, self->line);
        } else {
            self->line[self->line_size++] = bytes[index];
        }
    }
    return true;
}

static int64_t patience(const member *self) {
    int64_t limit = -1;
    if (conclave_group_deadline(self->group, &limit) != CONCLAVE_OK) limit = 1000;
    int64_t own = self->missing > 0 ? 10 : self->period > 0 ? self->next - now() : 1000;
    if (own < 0) own = 0;
    return limit < 0 || own < limit ? own : limit;
}

static void live(member *self) {
    struct pollfd watched[2] = {{STDIN_FILENO, POLLIN, 0}, {self->descriptor, POLLIN, 0}};
    while (!self->is_over) {
        if (self->lag > 0) doze(self->lag);
        take_all(self);
        send_what_is_due(self);
        fflush(stdout);
        if (self->is_over || poll(watched, 2, (int)patience(self)) < 0) continue;
        if (watched[0].revents != 0 && !read_commands(self)) return;
    }
}

int main(int count, char **arguments) {
    static member self;
    conclave_identity *identity = NULL;
    conclave_trust *trust = NULL;
    if (count != 5) return 64;
    conclave_error *error = NULL;
    conclave_group_options options = CONCLAVE_GROUP_OPTIONS_INIT;
    options.manual_flush = true;
    conclave_status status = conclave_identity_load(arguments[3], NULL, 0, &identity, &error);
    if (status == CONCLAVE_OK) status = conclave_trust_load(arguments[4], &trust, &error);
    if (status == CONCLAVE_OK) {
        status = conclave_group_join(arguments[1], arguments[2], identity, trust, &options, &self.group, &error);
    }
    conclave_identity_free(identity);
    conclave_trust_free(trust);
    if (status == CONCLAVE_OK) status = conclave_group_descriptor(self.group, &self.descriptor);
    if (status != CONCLAVE_OK) {
        report_status("end", status, error == NULL ? "" : conclave_error_message(error));
        conclave_error_free(error);
        return 1;
    }
    report("connected");
    live(&self);
    fflush(stdout);
    conclave_group_free(self.group);
    return 0;
}
