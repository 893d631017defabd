/* An engine of one's own, in a few dozen lines: a sequencer for members that live in one process and one thread. What a
 * real engine does with a network, this one does with queues; the promises are the same (docs/transports.md).
 *
 *   struct sequencer engine = {0};
 *   conclave_transport transport = sequencer_transport(&engine);
 *   conclave_group_join_over(&transport, "room", ...);
 */
#ifndef SEQUENCER_H
#define SEQUENCER_H

#include <conclave.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SEQUENCER_PAYLOAD_LIMIT 262144
#define SEQUENCER_QUEUE_LIMIT 1048576
#define SEQUENCER_MEMBER_LIMIT 128

struct sequencer {
    struct sequencer_member *members[SEQUENCER_MEMBER_LIMIT]; /* in order of connection, which is ascending */
    size_t member_count;
    uint64_t last_connection, last_configuration;
};

/* An event that waits, with its bytes behind it. */
struct sequencer_record {
    struct sequencer_record *next;
    conclave_transport_event event;
    uint64_t content[];
};

struct sequencer_member {
    struct sequencer *engine;
    char group[CONCLAVE_GROUP_NAME_MAX + 1];
    uint64_t connection;
    int descriptor;
    bool is_member;
    size_t queued; /* bytes of messages */
    struct sequencer_record *first, *last, *lent;
};

/* Queues an event with a copy of its content, and makes the descriptor readable. */
static inline void sequencer_tell(struct sequencer_member *member, conclave_transport_event event, const void *content,
                                  size_t size) {
    struct sequencer_record *record = malloc(sizeof *record + size);
    if (record == NULL) abort();
    record->next = NULL;
    record->event = event;
    if (size > 0) memcpy(record->content, content, size);
    if (member->last != NULL)
        member->last->next = record;
    else
        member->first = record;
    member->last = record;
    if (event.kind == CONCLAVE_TRANSPORT_MESSAGE) member->queued += size;
    uint64_t one = 1;
    if (write(member->descriptor, &one, sizeof one) < 0) abort();
}

/* A new configuration for all of a group; `newcomer` may be nobody. */
static inline void sequencer_configure(struct sequencer *engine, const char *group, struct sequencer_member *newcomer) {
    uint64_t lists[2 * SEQUENCER_MEMBER_LIMIT];
    size_t count = 0;
    for (size_t index = 0; index < engine->member_count; index++)
        if (strcmp(engine->members[index]->group, group) == 0) lists[count++] = engine->members[index]->connection;
    conclave_transport_event event = {0};
    event.kind = CONCLAVE_TRANSPORT_CONFIGURATION;
    event.configuration = ++engine->last_configuration;
    event.member_count = count;
    for (size_t index = 0; index < engine->member_count; index++) {
        struct sequencer_member *member = engine->members[index];
        if (strcmp(member->group, group) != 0) continue;
        /* The newcomer comes last. It alone is its transitional set; to the others, everybody else is. */
        event.transitional_count = member == newcomer ? 1 : newcomer == NULL ? count : count - 1;
        memcpy(lists + count, member == newcomer ? &newcomer->connection : lists, event.transitional_count * 8);
        sequencer_tell(member, event, lists, (count + event.transitional_count) * 8);
    }
}

static inline conclave_status sequencer_join(void *user_data, const char *group, void **member) {
    struct sequencer *engine = user_data;
    struct sequencer_member *newcomer = calloc(1, sizeof *newcomer);
    if (newcomer == NULL || engine->member_count == SEQUENCER_MEMBER_LIMIT) {
        free(newcomer);
        return CONCLAVE_E_TRANSPORT_REFUSED;
    }
    newcomer->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    newcomer->engine = engine;
    newcomer->is_member = true;
    newcomer->connection = ++engine->last_connection;
    memcpy(newcomer->group, group, strlen(group) + 1);
    engine->members[engine->member_count++] = newcomer;
    conclave_transport_event event = {0};
    event.kind = CONCLAVE_TRANSPORT_ATTACHED;
    event.connection = newcomer->connection;
    sequencer_tell(newcomer, event, NULL, 0);
    sequencer_configure(engine, newcomer->group, newcomer);
    *member = newcomer;
    return CONCLAVE_OK;
}

/* Sends to the members of a group that have this connection, or to all of them for 0. */
static inline conclave_status sequencer_send(struct sequencer_member *sender, uint64_t connection, const uint8_t *data,
                                             size_t size) {
    struct sequencer *engine = sender->engine;
    if (size > SEQUENCER_PAYLOAD_LIMIT) return CONCLAVE_E_TOO_LARGE;
    /* Who does not read holds back all who send to its group: nothing is dropped, and nothing grows without end. */
    for (size_t index = 0; index < engine->member_count; index++)
        if (strcmp(engine->members[index]->group, sender->group) == 0 &&
            engine->members[index]->queued > SEQUENCER_QUEUE_LIMIT)
            return CONCLAVE_E_QUEUE_FULL;
    conclave_transport_event event = {0};
    event.kind = CONCLAVE_TRANSPORT_MESSAGE;
    event.connection = sender->connection;
    event.data_size = size;
    for (size_t index = 0; index < engine->member_count; index++) {
        struct sequencer_member *member = engine->members[index];
        if (strcmp(member->group, sender->group) == 0 && (connection == 0 || connection == member->connection))
            sequencer_tell(member, event, data, size);
    }
    return CONCLAVE_OK;
}

static inline conclave_status sequencer_multicast(void *member, const uint8_t *data, size_t size) {
    return sequencer_send(member, 0, data, size);
}

static inline conclave_status sequencer_unicast(void *member, uint64_t connection, const uint8_t *data, size_t size) {
    return sequencer_send(member, connection, data, size);
}

static inline conclave_status sequencer_next_event(void *token, conclave_transport_event *event) {
    struct sequencer_member *member = token;
    free(member->lent);
    member->lent = member->first;
    if (member->lent == NULL) {
        uint64_t count;
        if (read(member->descriptor, &count, sizeof count) < 0) { /* It is not readable any more, as it should be. */
        }
        return CONCLAVE_E_NO_EVENT;
    }
    member->first = member->lent->next;
    if (member->first == NULL) member->last = NULL;
    size_t size = event->size;
    *event = member->lent->event;
    event->size = size;
    event->members = member->lent->content;
    event->transitional = member->lent->content + event->member_count;
    event->data = (const uint8_t *)member->lent->content;
    if (event->kind == CONCLAVE_TRANSPORT_MESSAGE) member->queued -= event->data_size;
    return CONCLAVE_OK;
}

static inline conclave_status sequencer_descriptor(void *member, int *descriptor) {
    *descriptor = ((struct sequencer_member *)member)->descriptor;
    return CONCLAVE_OK;
}

static inline void sequencer_remove(struct sequencer_member *member) {
    struct sequencer *engine = member->engine;
    size_t index = 0;
    while (engine->members[index] != member) index++;
    engine->member_count--;
    memmove(engine->members + index, engine->members + index + 1, (engine->member_count - index) * sizeof(void *));
    member->is_member = false;
    sequencer_configure(engine, member->group, NULL);
}

/* All that this member sent is ordered already: its end comes behind it. */
static inline conclave_status sequencer_leave(void *member) {
    conclave_transport_event event = {0};
    event.kind = CONCLAVE_TRANSPORT_ENDED;
    event.status = CONCLAVE_E_LEFT;
    sequencer_remove(member);
    sequencer_tell(member, event, NULL, 0);
    return CONCLAVE_OK;
}

static inline void sequencer_release(void *token) {
    struct sequencer_member *member = token;
    if (member->is_member) sequencer_remove(member);
    for (struct sequencer_record *record = member->first, *next; record != NULL; record = next) {
        next = record->next;
        free(record);
    }
    free(member->lent);
    close(member->descriptor);
    free(member);
}

static inline conclave_transport sequencer_transport(struct sequencer *engine) {
    conclave_transport transport = CONCLAVE_TRANSPORT_INIT;
    transport.user_data = engine;
    transport.payload_limit = SEQUENCER_PAYLOAD_LIMIT;
    transport.join = sequencer_join;
    transport.multicast = sequencer_multicast;
    transport.unicast = sequencer_unicast;
    transport.next_event = sequencer_next_event;
    transport.descriptor = sequencer_descriptor;
    transport.leave = sequencer_leave;
    transport.release = sequencer_release;
    return transport;
}

#endif
