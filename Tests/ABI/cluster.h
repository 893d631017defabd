/* A hub and some members in one thread, driven by poll as an event loop would, each with a record of what it was
   told. */
#ifndef CONCLAVE_CLUSTER_H
#define CONCLAVE_CLUSTER_H

#include "check.h"
#include <poll.h>
#include <time.h>
#include <unistd.h>

#define PEERS_MAX 6
#define RECORDS_MAX 4096

/* One delivered message: who sent it, in which order, and a digest of its bytes. */
typedef struct record {
    uint64_t sender;
    uint32_t service;
    uint64_t digest;
    size_t size;
    bool is_private;
    char text[24]; /* its first bytes */
} record;

typedef struct peer {
    const char *name;
    conclave_identity *identity;
    conclave_trust *trust;
    uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE];
    conclave_group *group; /* NULL while it is no member */
    bool is_idle;          /* is not processed: a member that does not answer */
    conclave_view view;
    size_t views;
    size_t flush_requests;
    size_t transitional_signals;
    bool has_left;
    conclave_status left_status;
    size_t errors;
    conclave_status last_error;
    char last_error_message[256];
    record records[RECORDS_MAX];
    size_t record_count;
} peer;

typedef struct cluster {
    char path[96];
    char url[104];
    conclave_hub *hub;
    peer peers[PEERS_MAX];
    conclave_group_options options;
} cluster;

static inline int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* FNV-1a: enough to tell messages apart. */
static inline uint64_t digest_of(const uint8_t *data, size_t size) {
    uint64_t digest = 0xcbf29ce484222325u;
    for (size_t index = 0; index < size; index++) digest = (digest ^ data[index]) * 0x100000001b3u;
    return digest;
}

static inline void open_cluster_hub(cluster *c) {
    conclave_error *error = NULL;
    conclave_status status = conclave_hub_new(c->path, NULL, &c->hub, &error);
    check_that(status == CONCLAVE_OK, __FILE__, __LINE__, "hub: %s", conclave_error_message(error));
    REQUIRE(c->hub != NULL);
}

static inline void make_peer(peer *p, const char *name) {
    p->name = name;
    REQUIRE_OK(conclave_identity_new(name, &p->identity, NULL));
    REQUIRE_OK(conclave_identity_public_key(p->identity, p->public_key));
    REQUIRE_OK(conclave_trust_new(&p->trust, NULL));
}

static inline void accept_peer(peer *p, const peer *other) {
    CHECK_OK(conclave_trust_add(p->trust, other->public_key, other->name));
}

/* A hub, and `count` identities that all accept each other. */
static inline cluster *make_cluster(size_t count) {
    static const char *const names[PEERS_MAX] = {"ada", "barbara", "clara", "dorothy", "emmy", "frances"};
    cluster *c = (cluster *)calloc(1, sizeof *c);
    REQUIRE(c != NULL);
    snprintf(c->path, sizeof c->path, "/tmp/conclave-group-%ld", (long)getpid());
    snprintf(c->url, sizeof c->url, "local:%s", c->path);
    CHECK_OK(conclave_group_options_init(&c->options, sizeof c->options));
    c->options.suite = CONCLAVE_SUITE_GDH_FFDHE2048_ED25519_AES256GCM;
    open_cluster_hub(c);
    for (size_t index = 0; index < count; index++) make_peer(&c->peers[index], names[index]);
    for (size_t index = 0; index < count; index++)
        for (size_t other = 0; other < count; other++) accept_peer(&c->peers[index], &c->peers[other]);
    return c;
}

static inline void free_cluster(cluster *c) {
    for (size_t index = 0; index < PEERS_MAX; index++) {
        conclave_group_free(c->peers[index].group);
        conclave_trust_free(c->peers[index].trust);
        conclave_identity_free(c->peers[index].identity);
    }
    conclave_hub_free(c->hub);
    free(c);
}

/* Joins, forgetting what an earlier membership was told. */
static inline void join_with(cluster *c, peer *p, const conclave_group_options *options) {
    conclave_group_free(p->group);
    p->group = NULL;
    p->views = p->flush_requests = p->transitional_signals = p->errors = p->record_count = 0;
    p->has_left = false;
    memset(&p->view, 0, sizeof p->view);
    conclave_error *error = NULL;
    conclave_status status = conclave_group_join(c->url, "group", p->identity, p->trust, options, &p->group, &error);
    check_that(status == CONCLAVE_OK, __FILE__, __LINE__, "%s cannot join: %s", p->name, conclave_error_message(error));
    conclave_error_free(error);
    REQUIRE(p->group != NULL);
}

static inline void join(cluster *c, size_t index) { join_with(c, &c->peers[index], &c->options); }

static inline void record_message(peer *p, const conclave_event *event) {
    if (!CHECK(p->record_count < RECORDS_MAX)) return;
    record *r = &p->records[p->record_count++];
    memset(r, 0, sizeof *r);
    r->sender = event->sender;
    r->service = event->service;
    r->size = event->data_size;
    r->is_private = event->is_private;
    r->digest = digest_of(event->data, event->data_size);
    if (event->data_size > 0)
        memcpy(r->text, event->data, event->data_size < sizeof r->text ? event->data_size : sizeof r->text - 1);
}

static inline void record_event(peer *p, const conclave_event *event) {
    CHECK(event->sender_name != NULL && event->message != NULL);
    CHECK(!p->has_left);
    switch (event->kind) {
    case CONCLAVE_EVENT_FLUSH_REQUEST:
        p->flush_requests++;
        break;
    case CONCLAVE_EVENT_TRANSITIONAL_SIGNAL:
        p->transitional_signals++;
        break;
    case CONCLAVE_EVENT_VIEW:
        p->view.size = sizeof p->view;
        CHECK_OK(conclave_group_view(p->group, &p->view));
        p->views++;
        break;
    case CONCLAVE_EVENT_MESSAGE:
        record_message(p, event);
        break;
    case CONCLAVE_EVENT_LEFT:
        p->has_left = true;
        p->left_status = event->status;
        break;
    case CONCLAVE_EVENT_ERROR:
        p->errors++;
        p->last_error = event->status;
        snprintf(p->last_error_message, sizeof p->last_error_message, "%s", event->message);
        break;
    default:
        check_that(false, __FILE__, __LINE__, "an event of kind %u", (unsigned)event->kind);
    }
}

static inline void sooner(int64_t *wait, int64_t deadline) {
    if (deadline >= 0 && deadline < *wait) *wait = deadline;
}

/* One turn of the loop: waits at most `wait` milliseconds for anything to do, and does it. */
static inline void turn(cluster *c, int64_t wait) {
    struct pollfd watched[PEERS_MAX + 1];
    nfds_t count = 0;
    int64_t deadline = -1;
    int descriptor = -1;
    if (c->hub != NULL && conclave_hub_descriptor(c->hub, &descriptor) == CONCLAVE_OK) {
        watched[count++] = (struct pollfd){descriptor, POLLIN, 0};
        if (conclave_hub_deadline(c->hub, &deadline) == CONCLAVE_OK) sooner(&wait, deadline);
    }
    for (size_t index = 0; index < PEERS_MAX; index++) {
        peer *p = &c->peers[index];
        if (p->group == NULL || p->is_idle || p->has_left) continue;
        if (conclave_group_descriptor(p->group, &descriptor) != CONCLAVE_OK) continue;
        watched[count++] = (struct pollfd){descriptor, POLLIN, 0};
        if (conclave_group_deadline(p->group, &deadline) == CONCLAVE_OK) sooner(&wait, deadline);
    }
    poll(watched, count, (int)wait);
    if (c->hub != NULL) CHECK_OK(conclave_hub_process(c->hub));
    for (size_t index = 0; index < PEERS_MAX; index++) {
        peer *p = &c->peers[index];
        if (p->group == NULL || p->is_idle || p->has_left) continue;
        conclave_group_process(p->group);
        conclave_event event = CONCLAVE_EVENT_INIT;
        while (conclave_group_next_event(p->group, &event) == CONCLAVE_OK) record_event(p, &event);
    }
}

/* Turns until the condition holds. A minute is far more than needed, even under valgrind. */
#define UNTIL(c, condition)                                                                                            \
    do {                                                                                                               \
        int64_t until_ = now_ms() + 60000;                                                                             \
        while (!(condition) && now_ms() < until_) turn((c), 50);                                                       \
        check_that((condition), __FILE__, __LINE__, "waited in vain until %s", #condition);                            \
    } while (0)

/* Turns for a while. */
static inline void linger(cluster *c, int64_t milliseconds) {
    int64_t end = now_ms() + milliseconds;
    for (int64_t now = now_ms(); now < end; now = now_ms()) turn(c, end - now);
}

/* Whether the peers of the bit set are in one view of exactly themselves, with one key. */
static inline bool are_together(const cluster *c, unsigned set) {
    const peer *first = NULL;
    size_t count = 0;
    for (size_t index = 0; index < PEERS_MAX; index++) count += set >> index & 1;
    for (size_t index = 0; index < PEERS_MAX; index++) {
        const peer *p = &c->peers[index];
        if ((set >> index & 1) == 0) continue;
        if (p->group == NULL || p->has_left || p->views == 0 || p->view.member_count != count) return false;
        if (first == NULL) first = p;
        if (memcmp(p->view.id, first->view.id, sizeof p->view.id) != 0) return false;
        if (memcmp(p->view.key_fingerprint, first->view.key_fingerprint, CONCLAVE_FINGERPRINT_SIZE) != 0) return false;
    }
    return true;
}

/* A cluster whose first `count` members are in one view. */
static inline cluster *make_group(size_t count, size_t identities) {
    cluster *c = make_cluster(identities);
    for (size_t index = 0; index < count; index++) {
        join(c, index);
        UNTIL(c, are_together(c, (2u << index) - 1));
    }
    return c;
}

static inline conclave_status send_text(peer *p, uint32_t service, const char *text) {
    return conclave_group_send(p->group, service, (const uint8_t *)text, strlen(text));
}

#endif
