/* conclave_encrypt_* as a program sees it: members of one process, whose messages this program carries itself. */
#include "check.h"

enum { MEMBERS = 4, QUEUE = 4096, ROOM = 70000 };

typedef struct packet {
    int from, to; /* -1: everybody */
    uint8_t *bytes;
    size_t size;
} packet;

typedef struct member {
    conclave_encrypt *context;
    conclave_identity *identity;
    uint8_t address;
    bool is_connected;
    int views, messages, leaves, refusals, rejected, errors;
    uint8_t last[64];
    size_t last_size;
} member;

static member members[MEMBERS];
static packet queue[QUEUE];
static size_t first, count;
static uint64_t now = 1000;
static conclave_trust *trust;
static conclave_admission *policy;

static conclave_admission *admission_of_keys(const conclave_trust *keys) {
    conclave_admission *admission = NULL;
    REQUIRE_OK(conclave_admission_keys(keys, &admission, NULL));
    return admission;
}

static void make_identities(void) {
    static const char *const names[MEMBERS] = {"anna", "bert", "cleo", "dora"};
    REQUIRE_OK(conclave_trust_new(&trust, NULL));
    for (int index = 0; index < MEMBERS; index++) {
        uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE];
        REQUIRE_OK(conclave_identity_new(names[index], &members[index].identity, NULL));
        REQUIRE_OK(conclave_identity_public_key(members[index].identity, key));
        if (index < 3) REQUIRE_OK(conclave_trust_add(trust, key, names[index]));
    }
    policy = admission_of_keys(trust);
}

static conclave_encrypt *make(int index, const conclave_encrypt_options *options, const conclave_key_ring *ring) {
    conclave_credential *credential = NULL;
    conclave_encrypt *context = NULL;
    REQUIRE_OK(conclave_credential_new(members[index].identity, CONCLAVE_WRAPPING_X25519, &credential, NULL));
    members[index].address = (uint8_t)('a' + index);
    conclave_error *error = NULL;
    conclave_status status = conclave_encrypt_new("kitchen", &members[index].address, 1, credential, policy, ring,
                                                  options, 1800000000, now, &context, &error);
    if (!check_status(CONCLAVE_OK, status, __FILE__, __LINE__, conclave_error_message(error))) exit(check_finish());
    conclave_credential_free(credential);
    return context;
}

/* Takes out what a member wants to send and what it tells. */
static void drain(int index) {
    member *from = &members[index];
    conclave_encrypt_output output = CONCLAVE_ENCRYPT_OUTPUT_INIT;
    while (conclave_encrypt_next_output(from->context, &output) == CONCLAVE_OK) {
        REQUIRE(count < QUEUE);
        packet *next = &queue[(first + count++) % QUEUE];
        *next = (packet){index, output.to_everyone ? -1 : output.address[0] - 'a', malloc(output.byte_count + 1),
                         output.byte_count};
        memcpy(next->bytes, output.bytes, output.byte_count);
    }
    conclave_encrypt_event event = CONCLAVE_ENCRYPT_EVENT_INIT;
    while (conclave_encrypt_next_event(from->context, &event) == CONCLAVE_OK) {
        switch (event.kind) {
        case CONCLAVE_ENCRYPT_EVENT_VIEW:
            from->views++;
            break;
        case CONCLAVE_ENCRYPT_EVENT_MESSAGE:
            from->messages++;
            REQUIRE(event.data_size <= sizeof from->last);
            if (event.data_size > 0) memcpy(from->last, event.data, event.data_size);
            from->last_size = event.data_size;
            CHECK(event.member != NULL && event.member->address_size == 1);
            break;
        case CONCLAVE_ENCRYPT_EVENT_MEMBER_LEAVES:
            from->leaves++;
            break;
        case CONCLAVE_ENCRYPT_EVENT_REFUSED:
        case CONCLAVE_ENCRYPT_EVENT_NOT_ADMITTED:
            from->rejected++;
            CHECK(event.cause == CONCLAVE_ADMISSION_UNKNOWN_KEY && event.member != NULL);
            break;
        default:
            from->errors++;
        }
    }
}

static void carry(void) {
    while (count > 0) {
        packet next = queue[first];
        first = (first + 1) % QUEUE;
        count--;
        for (int to = 0; to < MEMBERS; to++) {
            if (!members[to].is_connected || to == next.from || (next.to >= 0 && next.to != to)) continue;
            if (conclave_encrypt_receive(members[to].context, next.bytes, next.size, NULL, 0, now) != CONCLAVE_OK)
                members[to].refusals++;
            drain(to);
        }
        free(next.bytes);
    }
}

/* Lets time pass and carries everything. */
static void pass(uint64_t milliseconds) {
    for (uint64_t end = now + milliseconds; now < end; now += 10) {
        for (int index = 0; index < MEMBERS; index++) {
            uint64_t when = 0;
            if (members[index].context == NULL) continue;
            REQUIRE_OK(conclave_encrypt_deadline(members[index].context, &when));
            if (when <= now) REQUIRE_OK(conclave_encrypt_tick(members[index].context, now));
            drain(index);
        }
        carry();
    }
}

static void tell_host_view(void) {
    conclave_bytes addresses[MEMBERS];
    size_t connected = 0;
    for (int index = 0; index < MEMBERS; index++)
        if (members[index].is_connected) addresses[connected++] = (conclave_bytes){&members[index].address, 1};
    for (int index = 0; index < MEMBERS; index++)
        if (members[index].is_connected)
            CHECK_OK(conclave_encrypt_host_view(members[index].context, addresses, connected, now));
}

static void connect_member(int index, const conclave_encrypt_options *options, const conclave_key_ring *ring) {
    members[index].context = make(index, options, ring);
    members[index].is_connected = true;
    CHECK_OK(conclave_encrypt_start(members[index].context, now));
    tell_host_view();
    pass(400);
}

static void disconnect(int index) {
    members[index].is_connected = false;
    conclave_encrypt_free(members[index].context);
    members[index].context = NULL;
    members[index].views = members[index].messages = members[index].leaves = members[index].rejected = 0;
}

static conclave_cluster_view view_of(int index) {
    conclave_cluster_view view = CONCLAVE_CLUSTER_VIEW_INIT;
    CHECK_OK(conclave_encrypt_view(members[index].context, &view));
    return view;
}

static void check_one_view(size_t size) {
    conclave_cluster_view expected = view_of(0);
    CHECK(expected.member_count == size && expected.coordinator == 0 && expected.self == 0);
    for (size_t index = 1; index < size; index++) {
        conclave_cluster_view found = view_of((int)index);
        CHECK(found.counter == expected.counter && memcmp(found.epoch, expected.epoch, 16) == 0);
        CHECK(found.self == index && found.coordinator == 0 && found.member_count == size);
    }
}

/* One seals, all others open: by the short way and, the same record again, not at all. */
static void talk(int from, size_t size, const char *headers) {
    static uint8_t record[ROOM], buffer[ROOM];
    const uint8_t *beside = (const uint8_t *)headers;
    size_t sealed = sizeof record;
    REQUIRE_OK(conclave_encrypt_seal(members[from].context, (const uint8_t *)"bread", 5, beside, strlen(headers),
                                     record, &sealed));
    CHECK(conclave_encrypt_is_record(record, sealed));
    for (size_t index = 0; index < size; index++) {
        conclave_opened opened = CONCLAVE_OPENED_INIT;
        conclave_encrypt *context = members[index].context;
        record[sealed - 1] ^= 1;
        CHECK(conclave_encrypt_open(context, record, sealed, beside, strlen(headers), now, buffer, sizeof buffer,
                                    &opened) <= CONCLAVE_E_MALFORMED);
        record[sealed - 1] ^= 1;
        CHECK_STATUS(CONCLAVE_E_BUFFER_TOO_SMALL,
                     conclave_encrypt_open(context, record, sealed, beside, strlen(headers), now, buffer, 4, &opened));
        REQUIRE_OK(conclave_encrypt_open(context, record, sealed, beside, strlen(headers), now, buffer, sizeof buffer,
                                         &opened));
        CHECK(opened.message_count == 1 && opened.messages[0].size == 5 &&
              memcmp(opened.messages[0].bytes, "bread", 5) == 0);
        CHECK(opened.is_current && opened.sender != NULL && opened.sender->address[0] == 'a' + from);
        CHECK(opened.sender->is_self == ((int)index == from) && opened.sender->is_coordinator == (from == 0));
        CHECK_STATUS(CONCLAVE_E_REPLAYED, conclave_encrypt_open(context, record, sealed, beside, strlen(headers), now,
                                                                buffer, sizeof buffer, &opened));
    }
}

static void test_life(const conclave_encrypt_options *options) {
    uint8_t record[64];
    size_t size = sizeof record;
    connect_member(0, options, NULL);
    check_one_view(1);
    connect_member(1, options, NULL);
    connect_member(2, options, NULL);
    check_one_view(3);
    for (int from = 0; from < 3; from++) talk(from, 3, "oven 3");
    conclave_cluster_member bert = CONCLAVE_CLUSTER_MEMBER_INIT;
    CHECK_OK(conclave_encrypt_member(members[0].context, 1, &bert));
    CHECK_TEXT("bert", bert.name);
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_encrypt_member(members[0].context, 3, &bert));

    uint64_t before = view_of(0).counter;
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, conclave_encrypt_rotate(members[1].context, now));
    CHECK_OK(conclave_encrypt_rotate(members[0].context, now));
    pass(100);
    check_one_view(3);
    CHECK(view_of(2).counter > before);
    talk(2, 3, "");

    /* A stranger is not let in, and learns why. */
    connect_member(3, options, NULL);
    CHECK(members[3].rejected > 0 && members[3].views == 0);
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE,
                 conclave_encrypt_view(members[3].context, &(conclave_cluster_view)CONCLAVE_CLUSTER_VIEW_INIT));
    CHECK_STATUS(CONCLAVE_E_NO_KEY, conclave_encrypt_seal(members[3].context, NULL, 0, NULL, 0, record, &size));
    CHECK(!conclave_encrypt_can_seal(members[3].context));
    disconnect(3);
    tell_host_view();
    pass(100);
    check_one_view(3);

    CHECK_OK(conclave_encrypt_leave(members[2].context, now));
    drain(2);
    carry();
    CHECK(members[0].leaves == 1 && members[1].leaves == 1);
    CHECK_STATUS(CONCLAVE_E_LEFT, conclave_encrypt_seal(members[2].context, NULL, 0, NULL, 0, record, &size));
    CHECK_STATUS(CONCLAVE_E_LEFT, conclave_encrypt_leave(members[2].context, now));
    disconnect(2);
    tell_host_view();
    pass(200);
    check_one_view(2);
    talk(1, 2, "oven 3");
    /* The coordinator is gone without a word. */
    disconnect(0);
    tell_host_view();
    pass(400);
    CHECK(view_of(1).member_count == 1 && view_of(1).coordinator == 0);
    disconnect(1);
}

static void test_batch_and_sizes(void) {
    connect_member(0, NULL, NULL);
    connect_member(1, NULL, NULL);
    conclave_bytes messages[CONCLAVE_BATCH_MAX + 1];
    for (size_t index = 0; index <= CONCLAVE_BATCH_MAX; index++)
        messages[index] = (conclave_bytes){(const uint8_t *)"breadbreadbread", index % 16};
    uint8_t record[4096], buffer[4096];
    size_t size = 0;
    conclave_encrypt *anna = members[0].context, *bert = members[1].context;
    CHECK_STATUS(CONCLAVE_E_BUFFER_TOO_SMALL, conclave_encrypt_seal_batch(anna, messages, 64, NULL, 0, NULL, &size));
    size_t needed = size;
    size--;
    CHECK_STATUS(CONCLAVE_E_BUFFER_TOO_SMALL, conclave_encrypt_seal_batch(anna, messages, 64, NULL, 0, record, &size));
    CHECK(size == needed && needed < sizeof record);
    CHECK_OK(conclave_encrypt_seal_batch(anna, messages, 64, NULL, 0, record, &size));
    CHECK(size == needed);
    conclave_opened opened = CONCLAVE_OPENED_INIT;
    CHECK_OK(conclave_encrypt_open(bert, record, size, NULL, 0, now, buffer, sizeof buffer, &opened));
    CHECK(opened.message_count == 64 && opened.number == 1);
    for (size_t index = 0; index < 64; index++)
        CHECK(opened.messages[index].size == index % 16 &&
              memcmp(opened.messages[index].bytes, "breadbreadbread", index % 16) == 0);
    size = sizeof record;
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_encrypt_seal_batch(anna, messages, 0, NULL, 0, record, &size));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_encrypt_seal_batch(anna, messages, 65, NULL, 0, record, &size));
    messages[0] = (conclave_bytes){NULL, 1};
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_encrypt_seal_batch(anna, messages, 1, NULL, 0, record, &size));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_encrypt_seal_batch(anna, NULL, 1, NULL, 0, record, &size));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_encrypt_seal(anna, NULL, 1, NULL, 0, record, &size));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_encrypt_seal(anna, NULL, 0, NULL, 0, record, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_encrypt_seal(anna, NULL, 0, NULL, 0, NULL, &size));
    CHECK_STATUS(CONCLAVE_E_TOO_LARGE, conclave_encrypt_seal(anna, record, SIZE_MAX, NULL, 0, record, &size));
    CHECK_STATUS(CONCLAVE_E_TOO_LARGE, conclave_encrypt_seal(anna, record, SIZE_MAX / 2, NULL, 0, record, &size));
    /* By the long way, as events. */
    CHECK_OK(conclave_encrypt_seal(anna, (const uint8_t *)"salt", 4, NULL, 0, record, &size));
    CHECK_OK(conclave_encrypt_receive(bert, record, size, NULL, 0, now));
    int messages_before = members[1].messages;
    drain(1);
    CHECK(members[1].messages == messages_before + 1 && members[1].last_size == 4 &&
          memcmp(members[1].last, "salt", 4) == 0);
    CHECK_STATUS(CONCLAVE_E_REPLAYED, conclave_encrypt_receive(bert, record, size, NULL, 0, now));
    CHECK(strlen(conclave_encrypt_message(bert)) > 0);
    conclave_encrypt_counters counters = CONCLAVE_ENCRYPT_COUNTERS_INIT;
    CHECK_OK(conclave_encrypt_counters_read(bert, &counters));
    CHECK(counters.opened_records == 2 && counters.opened_messages == 65 && counters.refused_replayed == 1);
    CHECK(counters.refused >= 1);
    disconnect(1);
    disconnect(0);
}

static void test_key_store(void) {
    conclave_encrypt_options options = CONCLAVE_ENCRYPT_OPTIONS_INIT;
    options.keys_from = CONCLAVE_KEYS_FROM_STORE;
    options.authenticity = CONCLAVE_AUTHENTICITY_SIGNATURES;
    options.cipher = CONCLAVE_CIPHER_CHACHA20_POLY1305;
    options.whole_message = true;
    static const uint8_t key[32] = {1}, other[32] = {2};
    conclave_key_ring *ring = NULL;
    REQUIRE_OK(conclave_key_ring_new(&ring, NULL));
    REQUIRE_OK(conclave_key_ring_add(ring, "oven", key, sizeof key));
    REQUIRE_OK(conclave_key_ring_activate(ring, "oven"));
    for (int index = 0; index < 3; index++) connect_member(index, &options, ring);
    check_one_view(3);
    talk(1, 3, "oven 3");
    REQUIRE_OK(conclave_key_ring_add(ring, "cellar", other, sizeof other));
    REQUIRE_OK(conclave_key_ring_activate(ring, "cellar"));
    for (int index = 2; index >= 0; index--) CHECK_OK(conclave_encrypt_set_key_ring(members[index].context, ring, now));
    CHECK_OK(conclave_encrypt_rotate(members[0].context, now));
    pass(200);
    check_one_view(3);
    talk(2, 3, "oven 3");
    for (int index = 2; index >= 0; index--) disconnect(index);
    conclave_key_ring_free(ring);
}

static void expect_new(conclave_status expected, const char *cluster, size_t address_size, const conclave_admission *by,
                       const conclave_encrypt_options *options) {
    conclave_credential *credential = NULL;
    conclave_encrypt *context = NULL;
    REQUIRE_OK(conclave_credential_new(members[0].identity, CONCLAVE_WRAPPING_P256, &credential, NULL));
    static const uint8_t address[65] = {1};
    CHECK_STATUS(expected, conclave_encrypt_new(cluster, address, address_size, credential, by, NULL, options, 0, 0,
                                                &context, NULL));
    CHECK((context != NULL) == (expected == CONCLAVE_OK));
    conclave_encrypt_free(context);
    conclave_credential_free(credential);
}

static void test_arguments(void) {
    expect_new(CONCLAVE_OK, "kitchen", 1, policy, NULL);
    expect_new(CONCLAVE_E_INVALID_ARGUMENT, "kitchen", 0, policy, NULL);
    expect_new(CONCLAVE_E_TOO_LARGE, "kitchen", 65, policy, NULL);
    expect_new(CONCLAVE_E_BAD_TEXT, "", 1, policy, NULL);
    expect_new(CONCLAVE_E_NULL_ARGUMENT, NULL, 1, policy, NULL);
    expect_new(CONCLAVE_E_NULL_ARGUMENT, "kitchen", 1, NULL, NULL);
    const struct {
        size_t offset;
        uint32_t value;
    } wrong[] = {
        {offsetof(conclave_encrypt_options, keys_from), 3},
        {offsetof(conclave_encrypt_options, authenticity), 3},
        {offsetof(conclave_encrypt_options, authenticity), 0},
        {offsetof(conclave_encrypt_options, cipher), 3},
        {offsetof(conclave_encrypt_options, rekey), 16},
        {offsetof(conclave_encrypt_options, replay_window), 0},
        {offsetof(conclave_encrypt_options, replay_window), 65537},
        {offsetof(conclave_encrypt_options, epochs_kept), 65},
        {offsetof(conclave_encrypt_options, epoch_lifetime_ms), 0},
        {offsetof(conclave_encrypt_options, gather_ms), 60001},
        {offsetof(conclave_encrypt_options, ask_after_ms), 0},
        {offsetof(conclave_encrypt_options, repeat_after_ms), 0},
        {offsetof(conclave_encrypt_options, keys_from), CONCLAVE_KEYS_FROM_STORE},
    };
    conclave_encrypt_options options;
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        REQUIRE_OK(conclave_encrypt_options_init(&options, sizeof options));
        memcpy((uint8_t *)&options + wrong[index].offset, &wrong[index].value, sizeof(uint32_t));
        expect_new(CONCLAVE_E_INVALID_ARGUMENT, "kitchen", 1, policy, &options);
    }
    CHECK_OK(conclave_encrypt_options_init(&options, sizeof options));
    conclave_encrypt_options same = CONCLAVE_ENCRYPT_OPTIONS_INIT;
    CHECK(same.rekey == options.rekey && same.part_size == options.part_size && same.cipher == options.cipher &&
          same.authenticity == options.authenticity && same.epoch_lifetime_ms == options.epoch_lifetime_ms);
    options.size--;
    expect_new(CONCLAVE_E_BAD_STRUCT_SIZE, "kitchen", 1, policy, &options);
    CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, conclave_encrypt_options_init(&options, 8));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_encrypt_start(NULL, 0));
    CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_encrypt_start((conclave_encrypt *)trust, 0));
    CHECK(!conclave_encrypt_is_record(NULL, 0) && !conclave_encrypt_can_seal(NULL));
    CHECK_TEXT("", conclave_encrypt_message(NULL));
    conclave_encrypt_free(NULL);
    conclave_credential_free(NULL);
    conclave_admission_free(NULL);
}

static void test_policies(void) {
    conclave_admission *all = NULL, *any = NULL, *names = NULL, *secret = NULL;
    static const uint8_t bytes[16] = {7};
    CHECK_OK(conclave_admission_all(&all, NULL));
    CHECK_OK(conclave_admission_any(&any, NULL));
    expect_new(CONCLAVE_E_INVALID_ARGUMENT, "kitchen", 1, all, NULL);
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_admission_add(all, any));
    CHECK_OK(conclave_admission_names("*n*", NULL, &names, NULL));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_admission_names(NULL, NULL, &secret, NULL));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_admission_secret(bytes, 15, &secret, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_admission_secret(NULL, 0, &secret, NULL));
    CHECK_OK(conclave_admission_secret(bytes, 16, &secret, NULL));
    CHECK_OK(conclave_admission_add(any, names));
    CHECK_OK(conclave_admission_add(any, secret));
    CHECK_OK(conclave_admission_add(all, any));
    CHECK_OK(conclave_admission_add(all, policy));
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, conclave_admission_add(names, all));
    CHECK_STATUS(CONCLAVE_E_WRONG_STATE, conclave_admission_add_name(all, CONCLAVE_CERTIFICATE_NAME_ANY, NULL));
    expect_new(CONCLAVE_OK, "kitchen", 1, all, NULL);
    conclave_admission *certificates = NULL;
    CHECK_STATUS(CONCLAVE_E_BAD_KEY_FILE,
                 conclave_admission_certificates((const uint8_t *)"no", 2, NULL, 0, 4, &certificates, NULL));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT,
                 conclave_admission_certificates(NULL, 0, NULL, 0, 9, &certificates, NULL));
    conclave_admission_free(all);
    conclave_admission_free(any);
    conclave_admission_free(names);
    conclave_admission_free(secret);
    conclave_credential *credential = NULL;
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_credential_new(members[0].identity, 4, &credential, NULL));
    CHECK_OK(conclave_credential_new(members[0].identity, CONCLAVE_WRAPPING_X25519, &credential, NULL));
    CHECK_OK(conclave_credential_set_secret(credential, bytes, 16));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_credential_set_secret(credential, bytes, 1));
    CHECK_STATUS(CONCLAVE_E_BAD_KEY_FILE,
                 conclave_credential_set_certificate(credential, bytes, 16, bytes, 16, NULL, 0));
    conclave_credential_free(credential);
}

int main(void) {
    make_identities();
    test_arguments();
    test_policies();
    test_life(NULL);
    conclave_encrypt_options keyed = CONCLAVE_ENCRYPT_OPTIONS_INIT;
    keyed.authenticity = CONCLAVE_AUTHENTICITY_SENDER_KEYS;
    keyed.whole_message = true;
    test_life(&keyed);
    test_batch_and_sizes();
    test_key_store();
    for (int index = 0; index < MEMBERS; index++) conclave_identity_free(members[index].identity);
    conclave_admission_free(policy);
    conclave_trust_free(trust);
    return check_finish();
}
