/* A member that measures, of Conclave or of bare CPG: which, the engine decides that it is linked with.
 *
 * Commands on standard input, one a line:
 *   latency COUNT SIZE    sends one message after another, each 2 ms after its own delivery of the one before
 *   flood COUNT SIZE      sends as fast as the engine takes them
 *   expect COUNT          reports when so many more messages have come
 *   refresh               asks for a new key
 *   leave                 leaves; the end of the input ends the process at once
 *
 * A line of the report: microseconds of the machine's clock, then
 *   joining   leaving   left
 *   begins PROCESSOR-TIME              a change of membership is under way
 *   members COUNT PROCESSOR-TIME       it has come; processor time of this process in microseconds
 *   began   received                   the first message of a flood is sent; all that were expected have come
 *   latency MEDIAN LOWEST NINTH-DECILE (microseconds, with fractions) */
#define _POSIX_C_SOURCE 200809L
#include "engine.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TURN = 8, SAMPLES = 10000, LARGEST = 1 << 20 };
static const int64_t GAP = 2000000;

static uint8_t message[LARGEST];
static size_t message_size, flooding;
static bool has_begun, can_go_on, is_over;
static size_t expected;
static size_t pinging, sample_count;
static bool is_ping_under_way;
static int64_t ping_time, samples[SAMPLES];

static int64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void begin(const char *what) { printf("%" PRId64 " %s", nanoseconds(CLOCK_MONOTONIC) / 1000, what); }

static void report(const char *what) {
    begin(what);
    printf("\n");
}

static void report_processor_time(void) { printf(" %" PRId64 "\n", nanoseconds(CLOCK_PROCESS_CPUTIME_ID) / 1000); }

void on_change_begins(void) {
    begin("begins");
    report_processor_time();
}

void on_members(size_t count) {
    begin("members");
    printf(" %zu", count);
    report_processor_time();
}

void on_end(void) {
    report("left");
    is_over = true;
}

static int compare(const void *first, const void *second) {
    int64_t one = *(const int64_t *)first, other = *(const int64_t *)second;
    return (one > other) - (one < other);
}

static void report_latency(void) {
    qsort(samples, sample_count, sizeof samples[0], compare);
    begin("latency");
    printf(" %.1f %.1f %.1f\n", (double)samples[sample_count / 2] / 1000, (double)samples[0] / 1000,
           (double)samples[sample_count * 9 / 10] / 1000);
}

void on_message(const uint8_t *data, size_t size, bool is_own) {
    (void)data, (void)size;
    if (expected > 0 && --expected == 0) report("received");
    if (!is_own || !is_ping_under_way) return;
    is_ping_under_way = false;
    int64_t now = nanoseconds(CLOCK_MONOTONIC);
    if (sample_count < SAMPLES) samples[sample_count++] = now - ping_time;
    ping_time = now + GAP;
    if (--pinging == 0) report_latency();
}

/* A few at a time: who only sends leaves what comes back to its daemon, which keeps it, and hands it out slowly. */
static void send_what_is_due(void) {
    can_go_on = false;
    for (int count = 0; count < TURN && flooding > 0; count++) {
        can_go_on = engine_send(message, message_size);
        if (!can_go_on) break;
        if (!has_begun) report("began");
        has_begun = true;
        flooding--;
    }
    if (pinging == 0 || is_ping_under_way || nanoseconds(CLOCK_MONOTONIC) < ping_time) return;
    int64_t now = nanoseconds(CLOCK_MONOTONIC);
    if (!engine_send(message, message_size)) return;
    is_ping_under_way = true;
    ping_time = now;
}

static void obey(const char *line) {
    size_t count, size;
    if (sscanf(line, "latency %zu %zu", &count, &size) == 2 && size <= LARGEST && count > 0) {
        pinging = count;
        message_size = size;
        sample_count = 0;
        ping_time = 0;
    } else if (sscanf(line, "flood %zu %zu", &count, &size) == 2 && size <= LARGEST) {
        flooding = count;
        message_size = size;
        has_begun = false;
    } else if (sscanf(line, "expect %zu", &count) == 1) {
        expected = count;
    } else if (strcmp(line, "refresh") == 0) {
        engine_refresh();
    } else if (strcmp(line, "leave") == 0) {
        report("leaving");
        engine_leave();
    }
}

/* Whether there may be more input. */
static bool read_commands(void) {
    static char line[256];
    static size_t line_size;
    char bytes[256];
    ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0) return count < 0 && errno == EINTR;
    for (ssize_t index = 0; index < count; index++) {
        if (bytes[index] == '\n' || line_size + 1 == sizeof line) {
            line[line_size] = 0;
            line_size = 0;
            obey(line);
        } else {
            line[line_size++] = bytes[index];
        }
    }
    return true;
}

/* A full queue opens again with what is delivered, or by itself after a moment. */
static int patience(void) {
    int limit = engine_patience();
    if (flooding > 0) limit = can_go_on ? 0 : 1;
    if (pinging > 0 && !is_ping_under_way) {
        int64_t wait = (ping_time - nanoseconds(CLOCK_MONOTONIC) + 999999) / 1000000;
        limit = wait < 0 ? 0 : wait < limit ? (int)wait : limit;
    }
    return limit;
}

int main(int count, char **arguments) {
    report("joining");
    engine_join(count, arguments);
    struct pollfd watched[2] = {{STDIN_FILENO, POLLIN, 0}, {engine_descriptor(), POLLIN, 0}};
    while (!is_over) {
        fflush(stdout);
        if (poll(watched, 2, patience()) < 0) continue;
        if (watched[0].revents != 0 && !read_commands()) return 0;
        send_what_is_due();
        engine_process();
        if (!is_over) send_what_is_due();
    }
    return 0;
}
