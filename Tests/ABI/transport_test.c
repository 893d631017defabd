/* Transports as a program sees them: the check that any of them can be run through, over the hub and over an engine of
 * the program's own; engines that break the contract, each in one way, and are found out; and groups over such engines,
 * which end with a reason and never with a crash. */
#define _GNU_SOURCE
#include "../../bindings/c/sequencer.h"
#include "check.h"

#include <pthread.h>

enum fault {
    SOUND,
    WITHOUT_UNICAST,
    LOSES,
    DOUBLES,
    REORDERS,
    CHANGES_BYTES,
    GIVES_ONE_NUMBER_TWICE,
    GIVES_ZERO,
    WELCOMES_WITH_COMPANY,
    FORGETS_WHO_LEFT,
    NUMBERS_CONFIGURATIONS_ALIKE,
    NEVER_ENDS,
    IS_ALWAYS_FULL,
    FAILS_TO_SEND,
    FAILS_TO_TELL,
    TELLS_NONSENSE,
    TELLS_A_SHORT_MESSAGE,
    TELLS_AN_ENDLESS_MESSAGE,
    CLAIMS_TO_CARRY_ANYTHING
};

static enum fault fault;
/* ------------------------------------------------------------------------------------------ what a check reported */

static char failures[4096];
static size_t report_count;

static void note(void *user_data, const char *name, bool held, const char *detail) {
    CHECK(user_data == failures);
    CHECK(held == (detail[0] == 0));
    report_count++;
    if (!held) snprintf(failures + strlen(failures), sizeof failures - strlen(failures), "[%s]", name);
}

static conclave_status check_transport(const char *url, const conclave_transport *transport) {
    conclave_transport_check_options options = CONCLAVE_TRANSPORT_CHECK_OPTIONS_INIT;
    /* What is missing is missing soon; what is there may take long under a sanitizer. */
    options.step_timeout_ms = transport == NULL || fault <= WITHOUT_UNICAST ? 60000 : 250;
    options.message_count = 100;
    failures[0] = 0;
    report_count = 0;
    conclave_error *error = NULL;
    conclave_status status = conclave_transport_check(url, transport, &options, note, failures, &error);
    CHECK((status == CONCLAVE_OK) == (error == NULL));
    conclave_error_free(error);
    return status;
}

/* ------------------------------------------------------------------------------------------ engines with one fault */

static unsigned sends;

static conclave_status faulty_multicast(void *member, const uint8_t *data, size_t size) {
    struct sequencer_member *sender = member;
    sends++;
    switch (fault) {
    case LOSES:
        if (sends % 40 == 0) return CONCLAVE_OK;
        break;
    case DOUBLES:
        if (sends % 40 == 0) sequencer_multicast(member, data, size);
        break;
    case IS_ALWAYS_FULL:
        if (sends > 20) return CONCLAVE_E_QUEUE_FULL;
        break;
    case FAILS_TO_SEND:
        return CONCLAVE_E_TRANSPORT_LOST;
    case REORDERS: {
        /* Of what waits for somebody else, the last two change places. */
        struct sequencer_member *other = sender->engine->members[0];
        if (other != sender && other->last != NULL) {
            conclave_status status = sequencer_multicast(member, data, size);
            struct sequencer_record *last = other->first;
            if (last == NULL || last->next == NULL) return status;
            struct sequencer_record *previous = NULL, *before = NULL;
            while (last->next != NULL) {
                before = previous;
                previous = last;
                last = last->next;
            }
            if (previous->event.kind != CONCLAVE_TRANSPORT_MESSAGE || last->event.kind != CONCLAVE_TRANSPORT_MESSAGE)
                return status;
            if (before != NULL)
                before->next = last;
            else
                other->first = last;
            last->next = previous;
            previous->next = NULL;
            other->last = previous;
            return status;
        }
        break;
    }
    default:
        break;
    }
    return sequencer_multicast(member, data, size);
}

static conclave_status faulty_event(void *member, conclave_transport_event *event) {
    static uint64_t lists[2 * SEQUENCER_MEMBER_LIMIT];
    conclave_status status = sequencer_next_event(member, event);
    if (status != CONCLAVE_OK) return fault == FAILS_TO_TELL && sends > 30 ? CONCLAVE_E_IO : status;
    bool is_configuration = event->kind == CONCLAVE_TRANSPORT_CONFIGURATION;
    if (fault == CHANGES_BYTES && event->data_size > 50 && sends % 40 == 0) ((uint8_t *)event->data)[40] ^= 1;
    if (fault == GIVES_ONE_NUMBER_TWICE && event->kind == CONCLAVE_TRANSPORT_ATTACHED && event->connection == 2)
        event->connection = 1;
    if (fault == GIVES_ZERO && event->kind == CONCLAVE_TRANSPORT_ATTACHED) event->connection = 0;
    if (fault == WELCOMES_WITH_COMPANY && is_configuration && event->transitional_count == 1) {
        event->transitional = event->members;
        event->transitional_count = event->member_count;
    }
    if (fault == FORGETS_WHO_LEFT && is_configuration && event->transitional_count > 2) {
        memcpy(lists, event->transitional, event->transitional_count * 8);
        event->transitional = lists + (lists[0] == ((struct sequencer_member *)member)->connection ? 0 : 1);
        event->transitional_count--;
    }
    if (fault == NUMBERS_CONFIGURATIONS_ALIKE && is_configuration) event->configuration = 7;
    if (fault == TELLS_NONSENSE && event->kind == CONCLAVE_TRANSPORT_MESSAGE) event->kind = 99;
    if (fault == TELLS_A_SHORT_MESSAGE && event->kind == CONCLAVE_TRANSPORT_MESSAGE) event->data_size = 3;
    if (fault == TELLS_AN_ENDLESS_MESSAGE && event->kind == CONCLAVE_TRANSPORT_MESSAGE) event->data_size = SIZE_MAX / 4;
    return status;
}

static conclave_status faulty_leave(void *member) {
    if (fault != NEVER_ENDS) return sequencer_leave(member);
    sequencer_remove(member);
    return CONCLAVE_OK;
}

static conclave_transport faulty_transport(struct sequencer *engine, enum fault chosen) {
    conclave_transport transport = sequencer_transport(engine);
    fault = chosen;
    sends = 0;
    transport.multicast = faulty_multicast;
    transport.next_event = faulty_event;
    transport.leave = faulty_leave;
    if (chosen == WITHOUT_UNICAST) transport.unicast = NULL;
    if (chosen == TELLS_AN_ENDLESS_MESSAGE || chosen == CLAIMS_TO_CARRY_ANYTHING) transport.payload_limit = SIZE_MAX;
    return transport;
}

/* The check fails, and what it says includes this. */
static void find_out(enum fault chosen, const char *expected) {
    struct sequencer engine = {0};
    conclave_transport transport = faulty_transport(&engine, chosen);
    CHECK_STATUS(CONCLAVE_E_TRANSPORT_UNFIT, check_transport(NULL, &transport));
    check_that(strstr(failures, expected) != NULL, __FILE__, __LINE__, "fault %d: \"%s\" is not in %s", (int)chosen,
               expected, failures);
    CHECK(engine.member_count == 0);
}

static void test_own_engines(void) {
    struct sequencer engine = {0};
    conclave_transport transport = faulty_transport(&engine, SOUND);
    CHECK_OK(check_transport(NULL, &transport));
    CHECK(failures[0] == 0 && report_count >= 30);
    CHECK(engine.member_count == 0);
    transport = faulty_transport(&engine, WITHOUT_UNICAST);
    CHECK_OK(check_transport(NULL, &transport));
    CHECK(failures[0] == 0);

    find_out(LOSES, "[nothing is lost when all send]");
    find_out(DOUBLES, "[nothing is told twice]");
    find_out(REORDERS, "[the same order everywhere]");
    find_out(CHANGES_BYTES, "[every configuration is well formed");
    find_out(GIVES_ONE_NUMBER_TWICE, "[connections are distinct and not 0]");
    find_out(GIVES_ZERO, "[every member is attached]");
    find_out(WELCOMES_WITH_COMPANY, "[all come into one configuration]");
    find_out(FORGETS_WHO_LEFT, "[the others stay together]");
    find_out(NUMBERS_CONFIGURATIONS_ALIKE, "[all come into one configuration]");
    find_out(NEVER_ENDS, "[all can leave at once]");
    find_out(IS_ALWAYS_FULL, "[nothing is lost when all send]");
    find_out(FAILS_TO_SEND, "[a message reaches all, its sender too]");
    find_out(FAILS_TO_TELL, "[nothing is lost when all send]");
    find_out(TELLS_NONSENSE, "[a message reaches all, its sender too]");
    find_out(TELLS_A_SHORT_MESSAGE, "[a message reaches all, its sender too]");
    find_out(TELLS_AN_ENDLESS_MESSAGE, "[a message reaches all, its sender too]");
    find_out(CLAIMS_TO_CARRY_ANYTHING, "[a message of the payload limit comes]");
}

/* ---------------------------------------------------------------------------------------------------- the hub */

static void *run_hub(void *hub) {
    CHECK_STATUS(CONCLAVE_E_INTERRUPTED, conclave_hub_run(hub));
    return NULL;
}

static void test_hub(void) {
    char directory[] = "/tmp/conclave-transport-XXXXXX", path[64], url[80];
    REQUIRE(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/hub", directory);
    snprintf(url, sizeof url, "local:%s", path);
    conclave_hub *hub = NULL;
    conclave_hub_options options = CONCLAVE_HUB_OPTIONS_INIT;
    /* Under a sanitizer the moment of who does not read becomes longer than the hub's usual patience. */
    options.stuck_timeout_ms = 60000;
    REQUIRE_OK(conclave_hub_new(path, &options, &hub, NULL));
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, run_hub, hub) == 0);
    CHECK_OK(check_transport(url, NULL));
    check_that(failures[0] == 0, __FILE__, __LINE__, "the hub does not hold %s", failures);
    CHECK(report_count >= 30);
    CHECK_OK(conclave_hub_wake(hub));
    pthread_join(thread, NULL);
    conclave_hub_free(hub);
    CHECK_STATUS(CONCLAVE_E_TRANSPORT_UNREACHABLE, check_transport(url, NULL));
    rmdir(directory);
}

/* ---------------------------------------------------------------------------------------------------- groups */

struct member {
    conclave_identity *identity;
    conclave_trust *trust;
    conclave_group *group;
};

static struct member make_member(const char *name) {
    struct member member = {0};
    REQUIRE_OK(conclave_identity_new(name, &member.identity, NULL));
    REQUIRE_OK(conclave_trust_new(&member.trust, NULL));
    return member;
}

static void free_member(struct member member) {
    conclave_group_free(member.group);
    conclave_trust_free(member.trust);
    conclave_identity_free(member.identity);
}

/* Works until an event of a kind comes; a minute without any event is too long, also under valgrind. */
static conclave_event await(conclave_group *group, uint32_t kind) {
    conclave_event event = CONCLAVE_EVENT_INIT;
    for (;;) {
        conclave_status status = conclave_group_wait_event(group, 60000, &event);
        if (status == CONCLAVE_OK && event.kind == kind) return event;
        if (status == CONCLAVE_OK || status == CONCLAVE_E_INTERRUPTED) continue;
        event.kind = 0;
        return event;
    }
}

static void test_refusals(void) {
    struct sequencer engine = {0};
    struct member member = make_member("anna");
    conclave_transport transport = sequencer_transport(&engine);
    conclave_error *error = NULL;
    conclave_group *group = NULL;
#define JOIN(table) conclave_group_join_over((table), "g", member.identity, NULL, NULL, &group, NULL)
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, JOIN(NULL));
    transport.size--;
    CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, JOIN(&transport));
    transport.size++;
    transport.join = NULL;
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, JOIN(&transport));
    transport = sequencer_transport(&engine);
    transport.release = NULL;
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, JOIN(&transport));
    transport = sequencer_transport(&engine);
    transport.payload_limit = 65543;
    CHECK_STATUS(CONCLAVE_E_TRANSPORT_UNFIT,
                 conclave_group_join_over(&transport, "g", member.identity, NULL, NULL, &group, &error));
    CHECK(strstr(conclave_error_message(error), "payload limit") != NULL);
    conclave_error_free(error);
    transport.payload_limit = SIZE_MAX;
    CHECK_OK(JOIN(&transport));
    conclave_group_free(group);
    engine.member_count = SEQUENCER_MEMBER_LIMIT;
    transport = sequencer_transport(&engine);
    CHECK_STATUS(CONCLAVE_E_TRANSPORT_REFUSED, JOIN(&transport));
#undef JOIN
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_transport_init(NULL, sizeof transport));
    CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_transport_init(&transport, sizeof transport - 1));
    memset(&transport, 0xff, sizeof transport);
    CHECK_OK(conclave_transport_init(&transport, sizeof transport));
    CHECK(transport.size == sizeof transport && transport.join == NULL && transport.payload_limit == 0);

    conclave_transport_check_options options;
    CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_transport_check_options_init(&options, 3));
    CHECK_OK(conclave_transport_check_options_init(&options, sizeof options));
    CHECK(options.member_count == 4 && options.message_count == 200 && options.step_timeout_ms == 10000);
    options.member_count = 1;
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_transport_check("local:/x", NULL, &options, NULL, NULL, NULL));
    /* What all are told has to be remembered. */
    options.member_count = 64;
    options.message_count = 100000;
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_transport_check("local:/x", NULL, &options, NULL, NULL, &error));
    CHECK(strstr(conclave_error_message(error), "2000000") != NULL);
    conclave_error_free(error);
    error = NULL;
    options.message_count = 488;
    CHECK_STATUS(CONCLAVE_E_TRANSPORT_UNREACHABLE,
                 conclave_transport_check("local:/x", NULL, &options, NULL, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_transport_check("local:/x", &transport, NULL, NULL, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_transport_check(NULL, NULL, NULL, NULL, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_BAD_URL, conclave_transport_check("tcp:x", NULL, NULL, NULL, NULL, NULL));
    free_member(member);
}

static struct member talker;
static conclave_status reentered, reentered_wake;

static conclave_status reentering_multicast(void *member, const uint8_t *data, size_t size) {
    reentered = conclave_group_process(talker.group);
    reentered_wake = conclave_group_wake(talker.group);
    return sequencer_multicast(member, data, size);
}

static void test_groups(void) {
    struct sequencer engine = {0};
    conclave_transport transport = sequencer_transport(&engine);
    transport.multicast = reentering_multicast;
    talker = make_member("anna");
    REQUIRE_OK(conclave_group_join_over(&transport, "g", talker.identity, NULL, NULL, &talker.group, NULL));
    CHECK(await(talker.group, CONCLAVE_EVENT_VIEW).kind == CONCLAVE_EVENT_VIEW);
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, reentered);
    CHECK_OK(reentered_wake);
    /* A large message goes in fragments, each of which the engine may refuse for a while. */
    static uint8_t large[3000000];
    CHECK_OK(conclave_group_send(talker.group, CONCLAVE_SERVICE_SAFE, large, sizeof large));
    CHECK(await(talker.group, CONCLAVE_EVENT_MESSAGE).data_size == sizeof large);
    CHECK_OK(conclave_group_leave(talker.group));
    CHECK_STATUS(CONCLAVE_E_LEFT, await(talker.group, CONCLAVE_EVENT_LEFT).status);
    CHECK(engine.member_count == 0);
    free_member(talker);
}

/* A group over an engine with a fault ends, and says why. */
static void end_over(enum fault chosen, conclave_status expected) {
    struct sequencer engine = {0};
    struct member member = make_member("anna");
    conclave_transport transport = faulty_transport(&engine, chosen);
    if (chosen == FAILS_TO_TELL) sends = 100;
    REQUIRE_OK(conclave_group_join_over(&transport, "g", member.identity, NULL, NULL, &member.group, NULL));
    conclave_event event = await(member.group, CONCLAVE_EVENT_LEFT);
    CHECK_STATUS(expected, event.status);
    CHECK(event.message != NULL && strlen(event.message) > 20);
    free_member(member);
    CHECK(engine.member_count == 0);
}

int main(void) {
    test_refusals();
    test_own_engines();
    test_hub();
    test_groups();
    end_over(GIVES_ZERO, CONCLAVE_E_TRANSPORT_UNFIT);
    end_over(TELLS_NONSENSE, CONCLAVE_E_TRANSPORT_UNFIT);
    end_over(FAILS_TO_SEND, CONCLAVE_E_TRANSPORT_LOST);
    end_over(FAILS_TO_TELL, CONCLAVE_E_IO);
    return check_finish();
}
