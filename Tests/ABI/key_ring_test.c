/* conclave_key_ring_* as a program sees them: rotation, files under a passphrase, key stores of other programs. */
#define _GNU_SOURCE
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

/* Made by openssl pkcs12 -export -nocerts -name larder, with the passphrase "kitchen". */
static const uint8_t store[] = {
    0x30, 0x82, 0x01, 0x44, 0x02, 0x01, 0x03, 0x30, 0x81, 0xfb, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
    0x07, 0x01, 0xa0, 0x81, 0xed, 0x04, 0x81, 0xea, 0x30, 0x81, 0xe7, 0x30, 0x81, 0xe4, 0x06, 0x09, 0x2a, 0x86, 0x48,
    0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0xa0, 0x81, 0xd6, 0x04, 0x81, 0xd3, 0x30, 0x81, 0xd0, 0x30, 0x81, 0xcd, 0x06,
    0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02, 0xa0, 0x81, 0x9e, 0x30, 0x81, 0x9b, 0x30,
    0x57, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d, 0x30, 0x4a, 0x30, 0x29, 0x06, 0x09, 0x2a,
    0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c, 0x30, 0x1c, 0x04, 0x08, 0x58, 0x80, 0x52, 0x86, 0xbb, 0xa8, 0xbf,
    0x87, 0x02, 0x02, 0x08, 0x00, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09, 0x05, 0x00,
    0x30, 0x1d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a, 0x04, 0x10, 0x23, 0x03, 0x93, 0x97,
    0xf5, 0x70, 0xe7, 0xb2, 0xaf, 0x9c, 0xf1, 0x9a, 0xa9, 0xb7, 0xf0, 0xc0, 0x04, 0x40, 0x80, 0x06, 0x34, 0x09, 0x00,
    0xb4, 0xa7, 0xe3, 0x68, 0x18, 0x9e, 0x1c, 0xc4, 0x98, 0x56, 0x73, 0x43, 0x96, 0x84, 0xf6, 0xbe, 0xd4, 0x09, 0x98,
    0x6e, 0xc4, 0x94, 0x74, 0x63, 0x92, 0xc7, 0x5e, 0x00, 0x74, 0x3d, 0xb7, 0x07, 0xc1, 0x4c, 0xe1, 0xab, 0x03, 0xfe,
    0x64, 0x4b, 0x82, 0x61, 0xad, 0x40, 0x09, 0xc1, 0xe1, 0xc4, 0xb3, 0xc1, 0x0f, 0xde, 0x20, 0x20, 0xb7, 0x87, 0x8e,
    0xdc, 0x84, 0x31, 0x1d, 0x30, 0x1b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x14, 0x31, 0x0e,
    0x1e, 0x0c, 0x00, 0x6c, 0x00, 0x61, 0x00, 0x72, 0x00, 0x64, 0x00, 0x65, 0x00, 0x72, 0x30, 0x41, 0x30, 0x31, 0x30,
    0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20, 0x19, 0xcb, 0x5d,
    0x07, 0x8b, 0x31, 0x74, 0x62, 0x16, 0x26, 0xd8, 0xdb, 0xd5, 0xc2, 0xc7, 0xd7, 0xeb, 0x24, 0xb6, 0xaa, 0xe4, 0xe6,
    0x63, 0x46, 0xf1, 0x2b, 0x02, 0xf7, 0x26, 0x63, 0xb2, 0xd6, 0x04, 0x08, 0xac, 0xbc, 0xc9, 0x59, 0x4c, 0xd3, 0x3b,
    0x21, 0x02, 0x02, 0x08, 0x00,
};

static const uint8_t passphrase[] = "three loaves";
enum { PASSPHRASE_SIZE = sizeof passphrase - 1 };
static char directory[64];

static const char *in_directory(const char *name) {
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, const uint8_t *bytes, size_t size) {
    FILE *file = fopen(in_directory(name), "wb");
    REQUIRE(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static conclave_key_ring *make(void) {
    static const uint8_t key[32] = {1}, other[16] = {2};
    conclave_key_ring *ring = NULL;
    REQUIRE_OK(conclave_key_ring_new(&ring, NULL));
    CHECK_OK(conclave_key_ring_add(ring, "oven", key, sizeof key));
    CHECK_OK(conclave_key_ring_add(ring, "cellar", other, sizeof other));
    return ring;
}

static void check_key(conclave_key_ring *ring, size_t index, const char *name, bool active, uint64_t end) {
    const char *identifier = NULL;
    bool is_active = !active;
    uint64_t retires = end + 1;
    CHECK_OK(conclave_key_ring_get(ring, index, &identifier, &is_active, &retires));
    CHECK_TEXT(name, identifier);
    CHECK(is_active == active && retires == end);
}

static void test_rotation(void) {
    conclave_key_ring *ring = make();
    CHECK(conclave_key_ring_count(ring) == 2);
    check_key(ring, 0, "cellar", false, UINT64_MAX);
    CHECK_OK(conclave_key_ring_activate(ring, "oven"));
    CHECK_OK(conclave_key_ring_retire(ring, "cellar", 1800000000));
    check_key(ring, 0, "cellar", false, 1800000000);
    check_key(ring, 1, "oven", true, UINT64_MAX);
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_key_ring_retire(ring, "oven", 1));
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_key_ring_retire(ring, "attic", 1));
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_key_ring_activate(ring, "attic"));
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_key_ring_get(ring, 2, NULL, NULL, NULL));
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_key_ring_get(ring, SIZE_MAX, NULL, NULL, NULL));
    CHECK_OK(conclave_key_ring_get(ring, 1, NULL, NULL, NULL));
    conclave_key_ring_free(ring);
}

static void test_arguments(void) {
    conclave_key_ring *ring = make();
    uint8_t key[65] = {0};
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_key_ring_add(ring, "oven", key, 32));
    CHECK_STATUS(CONCLAVE_E_INVALID_ARGUMENT, conclave_key_ring_add(ring, "short", key, 15));
    CHECK_STATUS(CONCLAVE_E_TOO_LARGE, conclave_key_ring_add(ring, "long", key, 65));
    CHECK_STATUS(CONCLAVE_E_TOO_LARGE, conclave_key_ring_add(ring, "long", key, SIZE_MAX));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_key_ring_add(ring, "none", NULL, 0));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_key_ring_add(ring, NULL, key, 32));
    CHECK_STATUS(CONCLAVE_E_BAD_TEXT, conclave_key_ring_add(ring, "", key, 32));
    char name[16];
    for (int index = 2; index < 64; index++) {
        snprintf(name, sizeof name, "key %d", index);
        CHECK_OK(conclave_key_ring_add(ring, name, key, 32));
    }
    CHECK_STATUS(CONCLAVE_E_TOO_LARGE, conclave_key_ring_add(ring, "one more", key, 32));
    conclave_key_ring_free(ring);
    CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_key_ring_activate(ring, "oven"));
    CHECK(conclave_key_ring_count(ring) == 0);
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_key_ring_activate(NULL, "oven"));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_key_ring_new(NULL, NULL));
    conclave_key_ring_free(ring);
    conclave_key_ring_free(NULL);
}

static void test_files(void) {
    conclave_key_ring *ring = make(), *again = NULL;
    CHECK_OK(conclave_key_ring_activate(ring, "cellar"));
    CHECK_OK(conclave_key_ring_save(ring, in_directory("ring"), passphrase, PASSPHRASE_SIZE, NULL));
    struct stat status;
    CHECK(stat(in_directory("ring"), &status) == 0 && (status.st_mode & 0777) == 0600);
    CHECK_STATUS(CONCLAVE_E_FILE_EXISTS,
                 conclave_key_ring_save(ring, in_directory("ring"), passphrase, PASSPHRASE_SIZE, NULL));
    CHECK_STATUS(CONCLAVE_E_PASSPHRASE_REQUIRED, conclave_key_ring_save(ring, in_directory("bare"), NULL, 0, NULL));
    conclave_key_ring_free(ring);
    REQUIRE_OK(conclave_key_ring_load(in_directory("ring"), passphrase, PASSPHRASE_SIZE, &again, NULL));
    CHECK(conclave_key_ring_count(again) == 2);
    check_key(again, 0, "cellar", true, UINT64_MAX);
    conclave_key_ring_free(again);
    conclave_error *error = NULL;
    CHECK_STATUS(CONCLAVE_E_BAD_PASSPHRASE,
                 conclave_key_ring_load(in_directory("ring"), passphrase, PASSPHRASE_SIZE - 1, &again, &error));
    CHECK_STATUS(CONCLAVE_E_BAD_PASSPHRASE, conclave_error_status(error));
    conclave_error_free(error);
    CHECK_STATUS(CONCLAVE_E_PASSPHRASE_REQUIRED, conclave_key_ring_load(in_directory("ring"), NULL, 0, &again, NULL));
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND,
                 conclave_key_ring_load(in_directory("nothing"), passphrase, PASSPHRASE_SIZE, &again, NULL));
    CHECK_STATUS(CONCLAVE_E_BAD_KEY_FILE,
                 conclave_key_ring_load_pkcs12(in_directory("ring"), passphrase, PASSPHRASE_SIZE, &again, NULL));
    write_file("large", (const uint8_t[20000]){0}, 20000);
    CHECK_STATUS(CONCLAVE_E_BAD_KEY_FILE,
                 conclave_key_ring_load(in_directory("large"), passphrase, PASSPHRASE_SIZE, &again, NULL));
    unlink(in_directory("large"));
    unlink(in_directory("ring"));
}

static void test_key_store(void) {
    conclave_key_ring *ring = NULL;
    write_file("store", store, sizeof store);
    REQUIRE_OK(conclave_key_ring_load_pkcs12(in_directory("store"), (const uint8_t *)"kitchen", 7, &ring, NULL));
    CHECK(conclave_key_ring_count(ring) == 1);
    check_key(ring, 0, "larder", true, UINT64_MAX);
    conclave_key_ring_free(ring);
    CHECK_STATUS(CONCLAVE_E_BAD_PASSPHRASE,
                 conclave_key_ring_load_pkcs12(in_directory("store"), (const uint8_t *)"kitchem", 7, &ring, NULL));
    CHECK_STATUS(CONCLAVE_E_BAD_KEY_FILE,
                 conclave_key_ring_load(in_directory("store"), (const uint8_t *)"kitchen", 7, &ring, NULL));
    unlink(in_directory("store"));
}

int main(void) {
    strcpy(directory, "/tmp/conclave-key-ring-XXXXXX");
    REQUIRE(mkdtemp(directory) != NULL);
    test_rotation();
    test_arguments();
    test_files();
    test_key_store();
    CHECK(rmdir(directory) == 0);
    return check_finish();
}
