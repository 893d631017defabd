/* conclave_agreement_* as a program sees it: several members in one process, whose tokens it moves itself. */
#include "check.h"

#define MEMBERS 6
#define QUEUE 64

typedef struct {
    conclave_identity *identity;
    conclave_agreement *agreement;
    conclave_participant participant;
} member;

/* A token on its way, in a buffer of exactly its size, so that valgrind sees a read beyond it. */
typedef struct {
    uint64_t sender, destination;
    uint32_t kind;
    uint8_t *bytes;
    size_t size;
} packet;

static member members[MEMBERS];
static packet queue[QUEUE];
static size_t queue_start, queue_end;
static uint8_t run_number;

static conclave_agreement *of(uint64_t id) { return members[id - 1].agreement; }

static void make_members(conclave_suite suite) {
    for (uint64_t id = 1; id <= MEMBERS; id++) {
        member *made = &members[id - 1];
        REQUIRE_OK(conclave_identity_new("member", &made->identity, NULL));
        REQUIRE_OK(conclave_agreement_new(suite, made->identity, id, &made->agreement, NULL));
        made->participant.id = id;
        REQUIRE_OK(conclave_identity_public_key(made->identity, made->participant.public_key));
        /* The context keeps what it needs. */
        conclave_identity_free(made->identity);
    }
}

static void free_members(void) {
    for (size_t index = 0; index < MEMBERS; index++) conclave_agreement_free(members[index].agreement);
}

static void collect(uint64_t id) {
    conclave_token token = CONCLAVE_TOKEN_INIT;
    conclave_status status;
    while ((status = conclave_agreement_next_token(of(id), &token)) == CONCLAVE_OK) {
        REQUIRE(queue_end < QUEUE && token.byte_count > 0);
        packet *next = &queue[queue_end++];
        *next = (packet){id, token.destination, token.kind, malloc(token.byte_count), token.byte_count};
        REQUIRE(next->bytes != NULL);
        memcpy(next->bytes, token.bytes, token.byte_count);
        CHECK((token.kind == CONCLAVE_TOKEN_UNICAST) == (token.destination != 0));
    }
    CHECK_STATUS(CONCLAVE_E_NO_EVENT, status);
}

static conclave_membership membership_of(const uint64_t *ids, size_t count, size_t continuing,
                                         conclave_participant *participants) {
    conclave_membership membership = CONCLAVE_MEMBERSHIP_INIT;
    for (size_t index = 0; index < count; index++) participants[index] = members[ids[index] - 1].participant;
    membership.group = "the group";
    membership.view[0] = membership.run[0] = ++run_number;
    membership.participants = participants;
    membership.participant_count = count;
    membership.continuing_count = continuing;
    return membership;
}

static void begin(const uint64_t *ids, size_t count, size_t continuing) {
    conclave_participant participants[MEMBERS];
    conclave_membership membership = membership_of(ids, count, continuing, participants);
    queue_start = queue_end = 0;
    for (size_t index = 0; index < count; index++) {
        CHECK_OK(conclave_agreement_begin(of(ids[index]), &membership));
        collect(ids[index]);
    }
}

static void deliver_all(const uint64_t *ids, size_t count) {
    while (queue_start < queue_end) {
        packet next = queue[queue_start++];
        for (size_t index = 0; index < count; index++) {
            if (next.kind == CONCLAVE_TOKEN_UNICAST && next.destination != ids[index]) continue;
            CHECK_OK(conclave_agreement_receive(of(ids[index]), next.sender, next.bytes, next.size));
            collect(ids[index]);
        }
        free(next.bytes);
    }
}

static void check_agreed(const uint64_t *ids, size_t count) {
    uint8_t first[32], other[32], key[40], other_key[40];
    for (size_t index = 0; index < count; index++) {
        CHECK(conclave_agreement_is_complete(of(ids[index])));
        CHECK_OK(conclave_agreement_fingerprint(of(ids[index]), index == 0 ? first : other));
        CHECK_OK(conclave_agreement_export(of(ids[index]), "test", first, 4, index == 0 ? key : other_key, 40));
        if (index == 0) continue;
        CHECK(memcmp(first, other, sizeof first) == 0);
        CHECK(memcmp(key, other_key, sizeof key) == 0);
    }
}

static void agree(const uint64_t *ids, size_t count, size_t continuing) {
    begin(ids, count, continuing);
    deliver_all(ids, count);
    check_agreed(ids, count);
}

static void test_events(void) {
    agree((uint64_t[]){1, 2, 3}, 3, 0);
    uint8_t before[32], after[32];
    CHECK_OK(conclave_agreement_fingerprint(of(1), before));
    agree((uint64_t[]){1, 2, 3, 4}, 4, 3);
    agree((uint64_t[]){1, 2, 3, 4, 5, 6}, 6, 4);
    agree((uint64_t[]){1, 3, 4, 5, 6}, 5, 5);
    agree((uint64_t[]){1, 3}, 2, 2);
    agree((uint64_t[]){1, 3}, 2, 2);
    agree((uint64_t[]){3, 2, 5}, 3, 1);
    agree((uint64_t[]){5}, 1, 1);
    CHECK_OK(conclave_agreement_fingerprint(of(1), after));
    CHECK(memcmp(before, after, sizeof before) != 0);
}

static void test_threads(void) {
    const uint64_t ids[] = {1, 2, 3, 4, 5};
    for (size_t index = 0; index < 5; index++) CHECK_OK(conclave_agreement_set_threads(of(ids[index]), 2));
    agree(ids, 5, 0);
    agree(ids, 5, 5);
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_agreement_set_threads(of(1), 0));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_agreement_set_threads(of(1), 65));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_set_threads(NULL, 2));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_group_set_threads(NULL, 2));
    agree(ids, 4, 4);
}

static void test_counters(void) {
    conclave_counters before = CONCLAVE_COUNTERS_INIT, after = CONCLAVE_COUNTERS_INIT;
    const uint64_t ids[] = {1, 2, 3, 4, 5};
    agree(ids, 4, 0);
    CHECK_OK(conclave_agreement_counters(of(5), &before));
    agree(ids, 5, 4);
    CHECK_OK(conclave_agreement_counters(of(5), &after));
    /* The new controller of a join at n = 4: the key list and its own key. */
    CHECK(after.exponentiations - before.exponentiations == 5);
    CHECK(after.signatures - before.signatures == 2);
    CHECK(after.verifications - before.verifications == 5);
    CHECK(after.multicasts - before.multicasts == 2);
    CHECK(after.unicasts == before.unicasts && after.inversions == before.inversions);
    after.size = 8;
    CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_agreement_counters(of(5), &after));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_counters(of(5), NULL));
}

static void test_refused_tokens(void) {
    const uint64_t ids[] = {1, 2, 3};
    agree(ids, 2, 0);
    begin(ids, 3, 2);
    packet *token = &queue[queue_start];
    CHECK(token->destination == 3);
    CHECK_STATUS(CONCLAVE_E_WRONG_DESTINATION, conclave_agreement_receive(of(1), 2, token->bytes, token->size));
    CHECK(strlen(conclave_agreement_message(of(1))) > 10);
    CHECK_STATUS(CONCLAVE_E_WRONG_SENDER, conclave_agreement_receive(of(3), 1, token->bytes, token->size));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_receive(of(3), 2, NULL, 10));
    CHECK_STATUS(CONCLAVE_E_MALFORMED, conclave_agreement_receive(of(3), 2, NULL, 0));
    CHECK_STATUS(CONCLAVE_E_TOO_LARGE, conclave_agreement_receive(of(3), 2, token->bytes, SIZE_MAX));
    for (size_t cut = 0; cut < token->size; cut += 13) {
        uint8_t *part = malloc(cut + 1);
        memcpy(part, token->bytes, cut);
        CHECK_STATUS(CONCLAVE_E_MALFORMED, conclave_agreement_receive(of(3), 2, part, cut));
        free(part);
    }
    for (size_t index = 0; index < token->size; index += 11) {
        token->bytes[index] ^= 4;
        conclave_status status = conclave_agreement_receive(of(3), 2, token->bytes, token->size);
        CHECK(status <= CONCLAVE_E_MALFORMED && status >= CONCLAVE_E_KEY_CONFIRMATION);
        token->bytes[index] ^= 4;
    }
    CHECK(!conclave_agreement_is_complete(of(3)));
    conclave_token none = CONCLAVE_TOKEN_INIT;
    CHECK_STATUS(CONCLAVE_E_NO_EVENT, conclave_agreement_next_token(of(3), &none));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_next_token(of(3), NULL));
    none.size = 1;
    CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_agreement_next_token(of(3), &none));
    deliver_all(ids, 3);
    check_agreed(ids, 3);
}

static void test_refused_memberships(void) {
    const uint64_t ids[] = {1, 2, 3};
    agree(ids, 2, 0);
    conclave_participant participants[MEMBERS];
    conclave_membership good = membership_of(ids, 3, 2, participants), bad = good;
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_begin(of(1), NULL));
    bad.size = 1;
    CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_agreement_begin(of(1), &bad));
    bad = good, bad.group = NULL;
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_begin(of(1), &bad));
    bad = good, bad.group = "";
    CHECK_STATUS(CONCLAVE_E_BAD_TEXT, conclave_agreement_begin(of(1), &bad));
    bad = good, bad.participants = NULL;
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_begin(of(1), &bad));
    bad = good, bad.participant_count = 0;
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_agreement_begin(of(1), &bad));
    bad = good, bad.participant_count = SIZE_MAX;
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_agreement_begin(of(1), &bad));
    bad = good, bad.continuing_count = 4;
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_agreement_begin(of(1), &bad));
    bad = good, bad.continuing_count = 3;
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, conclave_agreement_begin(of(1), &bad));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_agreement_begin(of(4), &good));
    participants[2].id = 1;
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_agreement_begin(of(1), &good));
    check_agreed(ids, 2);

    conclave_membership zeroed;
    memset(&zeroed, 0xff, sizeof zeroed);
    CHECK_OK(conclave_membership_init(&zeroed, sizeof zeroed));
    CHECK(zeroed.size == sizeof zeroed && zeroed.participants == NULL && zeroed.participant_count == 0);
}

static void test_refused_exports(void) {
    const uint64_t ids[] = {1, 2};
    agree(ids, 2, 0);
    static uint8_t output[8200];
    CHECK_OK(conclave_agreement_export(of(1), "l", NULL, 0, output, 8160));
    CHECK_STATUS(CONCLAVE_E_TOO_LARGE, conclave_agreement_export(of(1), "l", NULL, 0, output, 8161));
    CHECK_STATUS(CONCLAVE_E_TOO_LARGE, conclave_agreement_export(of(1), "l", NULL, 0, output, SIZE_MAX));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_agreement_export(of(1), "l", NULL, 0, output, 0));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_export(of(1), NULL, NULL, 0, output, 1));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_export(of(1), "l", NULL, 1, output, 1));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_export(of(1), "l", NULL, 0, NULL, 1));

    conclave_identity *identity = NULL;
    conclave_agreement *fresh = NULL;
    conclave_error *error = NULL;
    REQUIRE_OK(conclave_identity_new("x", &identity, NULL));
    CHECK_STATUS(CONCLAVE_E_UNKNOWN_SUITE, conclave_agreement_new(0x1e11, identity, 1, &fresh, &error));
    conclave_error_free(error);
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT,
                 conclave_agreement_new(CONCLAVE_SUITE_STANDARD, identity, 0, &fresh, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_new(CONCLAVE_SUITE_STANDARD, NULL, 1, &fresh, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_agreement_new(CONCLAVE_SUITE_STANDARD, identity, 1, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_BAD_HANDLE,
                 conclave_agreement_new(CONCLAVE_SUITE_STANDARD, (conclave_identity *)of(1), 1, &fresh, NULL));
    REQUIRE_OK(conclave_agreement_new(CONCLAVE_SUITE_STANDARD, identity, 1, &fresh, NULL));
    CHECK_TEXT("", conclave_agreement_message(fresh));
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, conclave_agreement_fingerprint(fresh, output));
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, conclave_agreement_export(fresh, "l", NULL, 0, output, 1));
    CHECK(strlen(conclave_agreement_message(fresh)) > 10);
    CHECK_STATUS(CONCLAVE_E_MALFORMED, conclave_agreement_receive(fresh, 1, (const uint8_t *)"\1", 1));
    CHECK(!conclave_agreement_is_complete(fresh));
    conclave_agreement_free(fresh);
    conclave_agreement_free(fresh);
    conclave_agreement_free(NULL);
    CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_agreement_fingerprint(fresh, output));
    CHECK(!conclave_agreement_is_complete(fresh));
    CHECK_TEXT("", conclave_agreement_message(fresh));
    conclave_identity_free(identity);
}

int main(void) {
    CHECK_TEXT("GDH_P256_ED25519_AES256GCM", conclave_suite_name(CONCLAVE_SUITE_STANDARD));
    CHECK(conclave_suite_name(0) == NULL && conclave_suite_name(0xffff) == NULL);
    make_members(CONCLAVE_SUITE_GDH_MODP2048_256_ED25519_AES256GCM);
    test_events();
    test_threads();
    test_counters();
    test_refused_tokens();
    test_refused_memberships();
    test_refused_exports();
    free_members();
    return check_finish();
}
