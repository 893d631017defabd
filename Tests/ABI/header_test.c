/* What the header promises without a network: it compiles as C99, C11, C17 and C++17, its macros say what the library
 * says, its statuses and suites have names, and its two ways of initializing a structure agree. It reads the header
 * itself, so that a number added there is tested here at once. */
#include "check.h"

#ifndef CONCLAVE_HEADER
#error "compile with -DCONCLAVE_HEADER=\"path of conclave.h\""
#endif

/* Calls `visit` with every line of the header. */
static void for_each_line(void (*visit)(const char *line)) {
    FILE *file = fopen(CONCLAVE_HEADER, "r");
    REQUIRE(file != NULL);
    char line[512];
    while (fgets(line, sizeof line, file) != NULL) visit(line);
    fclose(file);
}

static int statuses[256];
static size_t status_count;

static void visit_status(const char *line) {
    char name[64];
    int status = 0;
    if (sscanf(line, " CONCLAVE_E_%63[A-Z_0-9] = %d", name, &status) != 2) return;
    CHECK(status < 0);
    CHECK_TEXT(name, conclave_status_name(status));
    const char *text = conclave_status_text(status);
    check_that(text != NULL && text[0] != 0 && strcmp(text, "unknown status") != 0, __FILE__, __LINE__,
               "%s has no text", name);
    for (size_t index = 0; index < status_count; index++)
        check_that(statuses[index] != status, __FILE__, __LINE__, "%d is given out twice", status);
    if (status_count < sizeof statuses / sizeof statuses[0]) statuses[status_count++] = status;
}

static bool is_known(int status) {
    for (size_t index = 0; index < status_count; index++)
        if (statuses[index] == status) return true;
    return status == 0;
}

static void test_statuses(void) {
    for_each_line(visit_status);
    CHECK(status_count > 50);
    CHECK_TEXT("OK", conclave_status_name(CONCLAVE_OK));
    CHECK_TEXT("success", conclave_status_text(CONCLAVE_OK));
    for (int status = -1100; status <= 1100; status++) {
        if (is_known(status)) continue;
        CHECK_TEXT("UNKNOWN", conclave_status_name(status));
        CHECK_TEXT("unknown status", conclave_status_text(status));
        CHECK(!conclave_status_is_fatal(status));
    }
    CHECK_TEXT("UNKNOWN", conclave_status_name(INT32_MIN));
    CHECK_TEXT("UNKNOWN", conclave_status_name(INT32_MAX));
}

static void test_fatal_statuses(void) {
    static const int fatal[] = {CONCLAVE_E_TRANSPORT_LOST, CONCLAVE_E_TRANSPORT_UNFIT, CONCLAVE_E_LEFT,
                                CONCLAVE_E_REPLACED,       CONCLAVE_E_BAD_HANDLE,      CONCLAVE_E_CRYPTOGRAPHY,
                                CONCLAVE_E_ENTROPY};
    for (size_t index = 0; index < status_count; index++) {
        bool expected = false;
        for (size_t other = 0; other < sizeof fatal / sizeof fatal[0]; other++)
            expected = expected || fatal[other] == statuses[index];
        check_that(conclave_status_is_fatal(statuses[index]) == expected, __FILE__, __LINE__, "%s: fatal should be %d",
                   conclave_status_name(statuses[index]), (int)expected);
    }
    CHECK(!conclave_status_is_fatal(CONCLAVE_OK));
}

static void test_version(void) {
    char text[64];
    snprintf(text, sizeof text, "%d.%d.%d", CONCLAVE_VERSION_MAJOR, CONCLAVE_VERSION_MINOR, CONCLAVE_VERSION_PATCH);
    CHECK_TEXT(text, CONCLAVE_VERSION_TEXT);
    CHECK_TEXT(CONCLAVE_VERSION_TEXT, conclave_version());
    CHECK(conclave_abi_date() == CONCLAVE_ABI_DATE);
    CHECK(CONCLAVE_ABI_DATE >= 20260101 && CONCLAVE_ABI_DATE <= 20991231);
}

static void test_features(void) {
    static const char *const features[] = {
        "gdh",       "ckd",          "tgdh",      "str",         "bd",
        "local",     "hub",          "callbacks", "ffdhe2048",   "ffdhe3072",
        "ffdhe4096", "modp2048-256", "p256",      "aes-256-gcm", "chacha20-poly1305"};
    for (size_t index = 0; index < sizeof features / sizeof features[0]; index++)
        check_that(conclave_supports_feature(features[index]), __FILE__, __LINE__, "no feature %s", features[index]);
    CHECK(!conclave_supports_feature("no such feature"));
    CHECK(!conclave_supports_feature(""));
    CHECK(!conclave_supports_feature("gd"));
    CHECK(!conclave_supports_feature("\xff\xfe"));
    CHECK(!conclave_supports_feature(NULL));
}

static size_t suite_count;

static void visit_suite(const char *line) {
    char name[64];
    unsigned number = 0;
    if (sscanf(line, "#define CONCLAVE_SUITE_%63[A-Z_0-9] ((conclave_suite)0x%x)", name, &number) != 2) return;
    suite_count++;
    CHECK_TEXT(name, conclave_suite_name((conclave_suite)number));
}

static void test_suites(void) {
    for_each_line(visit_suite);
    CHECK(suite_count == 50);
    size_t named = 0;
    for (unsigned number = 0; number <= 0xffff; number++)
        if (conclave_suite_name((conclave_suite)number) != NULL) named++;
    CHECK(named == suite_count);
    CHECK_TEXT("GDH_P256_ED25519_AES256GCM", conclave_suite_name(CONCLAVE_SUITE_STANDARD));
}

/* Padding has no value of its own, so structures are compared member by member. */
static void test_group_options(void) {
    conclave_group_options macro = CONCLAVE_GROUP_OPTIONS_INIT;
    conclave_group_options function;
    memset(&function, 0xa5, sizeof function);
    CHECK_OK(conclave_group_options_init(&function, sizeof function));
    CHECK(function.size == macro.size && macro.size == sizeof(conclave_group_options));
    CHECK(function.suite == macro.suite && macro.suite == CONCLAVE_SUITE_STANDARD);
    CHECK(function.manual_flush == macro.manual_flush && !macro.manual_flush);
    CHECK(function.flush_timeout_ms == macro.flush_timeout_ms && macro.flush_timeout_ms == 30000);
    CHECK(function.agreement_timeout_ms == macro.agreement_timeout_ms && macro.agreement_timeout_ms == 10000);
    CHECK(function.restart_limit == macro.restart_limit && macro.restart_limit == 3);
    CHECK(function.admission_timeout_ms == macro.admission_timeout_ms && macro.admission_timeout_ms == 10000);
    CHECK(function.send_queue_bytes == macro.send_queue_bytes && macro.send_queue_bytes == 4u << 20);
    CHECK(function.event_queue_bytes == macro.event_queue_bytes && macro.event_queue_bytes == 64u << 20);
    CHECK(function.algorithm == macro.algorithm && macro.algorithm == CONCLAVE_ALGORITHM_OPTIMIZED);
    /* 0 is what a caller gets who knows nothing of algorithms. */
    CHECK(CONCLAVE_ALGORITHM_OPTIMIZED == 0 && CONCLAVE_ALGORITHM_BASIC == 1);
}

static void test_hub_options(void) {
    conclave_hub_options macro = CONCLAVE_HUB_OPTIONS_INIT;
    conclave_hub_options function;
    memset(&function, 0xa5, sizeof function);
    CHECK_OK(conclave_hub_options_init(&function, sizeof function));
    CHECK(function.size == macro.size && macro.size == sizeof(conclave_hub_options));
    CHECK(function.client_limit == macro.client_limit && macro.client_limit == 1000);
    CHECK(function.group_limit == macro.group_limit && macro.group_limit == 1000);
    CHECK(function.queue_bytes == macro.queue_bytes && macro.queue_bytes == 8u << 20);
    CHECK(function.stuck_timeout_ms == macro.stuck_timeout_ms && macro.stuck_timeout_ms == 5000);
}

static void test_membership(void) {
    static const uint8_t zeros[32] = {0};
    conclave_membership macro = CONCLAVE_MEMBERSHIP_INIT;
    conclave_membership function;
    memset(&function, 0xa5, sizeof function);
    CHECK_OK(conclave_membership_init(&function, sizeof function));
    CHECK(function.size == macro.size && macro.size == sizeof(conclave_membership));
    CHECK(function.group == NULL && macro.group == NULL);
    CHECK(memcmp(function.view, zeros, 32) == 0 && memcmp(macro.view, zeros, 32) == 0);
    CHECK(memcmp(function.run, zeros, 32) == 0 && memcmp(macro.run, zeros, 32) == 0);
    CHECK(function.participants == NULL && macro.participants == NULL);
    CHECK(function.participant_count == 0 && macro.participant_count == 0);
    CHECK(function.continuing_count == 0 && macro.continuing_count == 0);
}

/* The _init functions, called alike. */
static conclave_status init_group_options(void *place, size_t size) {
    return conclave_group_options_init((conclave_group_options *)place, size);
}

static conclave_status init_hub_options(void *place, size_t size) {
    return conclave_hub_options_init((conclave_hub_options *)place, size);
}

static conclave_status init_membership(void *place, size_t size) {
    return conclave_membership_init((conclave_membership *)place, size);
}

static bool all_are(uint8_t value, const uint8_t *bytes, size_t count) {
    for (size_t index = 0; index < count; index++)
        if (bytes[index] != value) return false;
    return true;
}

/* A program compiled with an older, shorter structure has no memory behind it: guard bytes tell, and where the memory
 * ends with the structure, AddressSanitizer and valgrind do. */
static void check_init(conclave_status (*init)(void *, size_t), const size_t *sizes, size_t size_count) {
    enum { ROOM = 512, GUARD = 0xa5 };
    size_t accepted = 0;
    for (size_t size = 0; size <= ROOM; size++) {
        bool existed = false;
        for (size_t index = 0; index < size_count; index++) existed = existed || sizes[index] == size;
        uint8_t *room = (uint8_t *)malloc(ROOM);
        REQUIRE(room != NULL);
        memset(room, GUARD, ROOM);
        CHECK_STATUS(existed ? CONCLAVE_OK : CONCLAVE_E_BAD_STRUCT_SIZE, init(room, size));
        if (existed) {
            accepted++;
            size_t written = 0;
            memcpy(&written, room, sizeof written);
            CHECK(written == size);
            CHECK(!all_are(GUARD, room + sizeof written, size - sizeof written));
            CHECK(all_are(GUARD, room + size, ROOM - size));
            void *exact = malloc(size);
            REQUIRE(exact != NULL);
            CHECK_OK(init(exact, size));
            free(exact);
        } else {
            CHECK(all_are(GUARD, room, ROOM));
        }
        free(room);
    }
    CHECK(accepted == size_count);
    uint8_t place[ROOM];
    memset(place, GUARD, sizeof place);
    CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, init(place, SIZE_MAX));
    CHECK_STATUS(CONCLAVE_E_BAD_STRUCT_SIZE, init(place, SIZE_MAX / 2 + 1));
    CHECK(all_are(GUARD, place, sizeof place));
    for (size_t index = 0; index < size_count; index++)
        CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, init(NULL, sizes[index]));
}

static void test_sizes_of_initialized_structures(void) {
    const size_t group_options[] = {offsetof(conclave_group_options, algorithm), sizeof(conclave_group_options)};
    const size_t hub_options[] = {sizeof(conclave_hub_options)};
    const size_t membership[] = {sizeof(conclave_membership)};
    check_init(init_group_options, group_options, 2);
    check_init(init_hub_options, hub_options, 1);
    check_init(init_membership, membership, 1);
    /* What an older program has of the options is as in the newest. */
    conclave_group_options macro = CONCLAVE_GROUP_OPTIONS_INIT, older;
    memset(&older, 0xa5, sizeof older);
    CHECK_OK(conclave_group_options_init(&older, group_options[0]));
    CHECK(older.size == group_options[0] && older.suite == macro.suite && older.manual_flush == macro.manual_flush);
    CHECK(older.flush_timeout_ms == macro.flush_timeout_ms && older.restart_limit == macro.restart_limit);
    CHECK(older.agreement_timeout_ms == macro.agreement_timeout_ms);
    CHECK(older.admission_timeout_ms == macro.admission_timeout_ms);
    CHECK(older.send_queue_bytes == macro.send_queue_bytes && older.event_queue_bytes == macro.event_queue_bytes);
    CHECK(older.algorithm == 0xa5a5a5a5);
}

/* Structures that callers allocate: their macros set the size and nothing else. */
static void test_output_structures(void) {
    conclave_token token = CONCLAVE_TOKEN_INIT;
    CHECK(token.size == sizeof token && token.kind == 0 && token.destination == 0 && token.bytes == NULL);
    conclave_counters counters = CONCLAVE_COUNTERS_INIT;
    CHECK(counters.size == sizeof counters && counters.exponentiations == 0 && counters.inversions == 0);
    conclave_event event = CONCLAVE_EVENT_INIT;
    CHECK(event.size == sizeof event && event.kind == 0 && event.data == NULL && event.message == NULL);
    conclave_view view = CONCLAVE_VIEW_INIT;
    CHECK(view.size == sizeof view && view.counter == 0 && view.member_count == 0 && view.self == 0);
    conclave_member member = CONCLAVE_MEMBER_INIT;
    CHECK(member.size == sizeof member && member.id == 0 && member.name == NULL && !member.has_joined);
    conclave_hub_counters hub_counters = CONCLAVE_HUB_COUNTERS_INIT;
    CHECK(hub_counters.size == sizeof hub_counters && hub_counters.clients == 0 && hub_counters.dropped_clients == 0);
}

/* The layouts of 64-bit Linux, on which bindings without a C compiler rely. */
static void test_layouts(void) {
    if (sizeof(void *) != 8) return;
    CHECK(sizeof(conclave_status) == 4 && sizeof(conclave_suite) == 2);
    CHECK(sizeof(conclave_participant) == 40);
    CHECK(sizeof(conclave_membership) == 104);
    CHECK(sizeof(conclave_token) == 40);
    CHECK(sizeof(conclave_counters) == 64);
    CHECK(sizeof(conclave_group_options) == 56 && offsetof(conclave_group_options, algorithm) == 48);
    CHECK(sizeof(conclave_event) == 72);
    CHECK(sizeof(conclave_view) == 104);
    CHECK(sizeof(conclave_member) == 64);
    CHECK(sizeof(conclave_hub_options) == 32);
    CHECK(sizeof(conclave_hub_counters) == 48);
}

static void test_errors(void) {
    conclave_error_free(NULL);
    CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_error_status(NULL));
    CHECK_TEXT("", conclave_error_message(NULL));
    conclave_identity *identity = NULL;
    conclave_error *error = NULL;
    CHECK_STATUS(CONCLAVE_E_BAD_TEXT, conclave_identity_new("", &identity, &error));
    CHECK(identity == NULL && error != NULL);
    CHECK_STATUS(CONCLAVE_E_BAD_TEXT, conclave_error_status(error));
    CHECK(strlen(conclave_error_message(error)) > 0 && strchr(conclave_error_message(error), '\n') == NULL);
    conclave_error_free(error);
    CHECK_STATUS(CONCLAVE_E_BAD_TEXT, conclave_identity_new("", &identity, NULL));
    CHECK_OK(conclave_identity_new("fine", &identity, &error));
    CHECK(error == NULL);
    conclave_identity_free(identity);
}

int main(void) {
    test_statuses();
    test_fatal_statuses();
    test_version();
    test_features();
    test_suites();
    test_group_options();
    test_hub_options();
    test_membership();
    test_sizes_of_initialized_structures();
    test_output_structures();
    test_layouts();
    test_errors();
    return check_finish();
}
