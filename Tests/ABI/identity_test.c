/* conclave_identity_* and conclave_trust_* as a program sees them: what is kept in files, and what is refused how. */
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static const char *in_directory(const char *name) {
    static char path[2][160];
    static int turn;
    turn = 1 - turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", directory, name);
    return path[turn];
}

static size_t files_in_directory(void) {
    DIR *handle = opendir(directory);
    REQUIRE(handle != NULL);
    size_t count = 0;
    while (readdir(handle) != NULL) count++;
    closedir(handle);
    return count - 2;
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    fputs(text, file);
    fclose(file);
}

static conclave_identity *make(const char *name) {
    conclave_identity *identity = NULL;
    conclave_error *error = (conclave_error *)1;
    REQUIRE_OK(conclave_identity_new(name, &identity, &error));
    CHECK(identity != NULL && error == NULL);
    return identity;
}

static void test_new(void) {
    conclave_identity *identity = make("Zo\xc3\xab");
    CHECK_TEXT("Zo\xc3\xab", conclave_identity_name(identity));
    uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE], fingerprint[CONCLAVE_FINGERPRINT_SIZE];
    CHECK_OK(conclave_identity_public_key(identity, key));
    CHECK_OK(conclave_fingerprint(key, fingerprint));
    CHECK(memcmp(key, fingerprint, sizeof key) != 0);
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_public_key(identity, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_fingerprint(NULL, fingerprint));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_fingerprint(key, NULL));
    conclave_identity_free(identity);
    CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_identity_public_key(identity, key));
    CHECK_TEXT("", conclave_identity_name(identity));
    CHECK_TEXT("", conclave_identity_name(NULL));
    conclave_identity_free(identity);
    conclave_identity_free(NULL);

    char long_name[CONCLAVE_NAME_MAX + 2];
    memset(long_name, 'a', sizeof long_name);
    long_name[sizeof long_name - 1] = 0;
    const char *bad[] = {"", "a\nb", "\xff", "\xc2\x85", long_name};
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
        conclave_identity *none = (conclave_identity *)1;
        conclave_error *error = NULL;
        CHECK_STATUS(CONCLAVE_E_BAD_TEXT, conclave_identity_new(bad[index], &none, &error));
        CHECK(none == (conclave_identity *)1);
        CHECK_STATUS(CONCLAVE_E_BAD_TEXT, conclave_error_status(error));
        conclave_error_free(error);
    }
    conclave_identity *none = NULL;
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_new(NULL, &none, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_new("a", NULL, NULL));
}

static void check_same(const conclave_identity *first, const conclave_identity *second) {
    uint8_t one[CONCLAVE_PUBLIC_KEY_SIZE], two[CONCLAVE_PUBLIC_KEY_SIZE];
    CHECK_OK(conclave_identity_public_key(first, one));
    CHECK_OK(conclave_identity_public_key(second, two));
    CHECK(memcmp(one, two, sizeof one) == 0);
    CHECK_TEXT(conclave_identity_name(first), conclave_identity_name(second));
}

static void refuse_load(conclave_status expected, const char *path, const uint8_t *passphrase, size_t size) {
    conclave_identity *identity = (conclave_identity *)1;
    conclave_error *error = NULL;
    CHECK_STATUS(expected, conclave_identity_load(path, passphrase, size, &identity, &error));
    CHECK(identity == (conclave_identity *)1);
    CHECK_STATUS(expected, conclave_error_status(error));
    CHECK(strlen(conclave_error_message(error)) > 10);
    conclave_error_free(error);
}

static void test_files(void) {
    conclave_identity *identity = make("alice"), *again = NULL;
    const uint8_t passphrase[] = "correct horse", other[] = "wrong horse";
    const char *plain = in_directory("plain"), *sealed = in_directory("sealed");
    CHECK_OK(conclave_identity_save(identity, plain, NULL, 0, NULL));
    CHECK_OK(conclave_identity_save(identity, sealed, passphrase, sizeof passphrase - 1, NULL));
    CHECK(files_in_directory() == 2);
    struct stat status;
    CHECK(stat(plain, &status) == 0 && (status.st_mode & 0777) == 0600);

    REQUIRE_OK(conclave_identity_load(plain, NULL, 0, &again, NULL));
    check_same(identity, again);
    conclave_identity_free(again);
    REQUIRE_OK(conclave_identity_load(plain, passphrase, sizeof passphrase - 1, &again, NULL));
    conclave_identity_free(again);
    REQUIRE_OK(conclave_identity_load(sealed, passphrase, sizeof passphrase - 1, &again, NULL));
    check_same(identity, again);
    conclave_identity_free(again);

    refuse_load(CONCLAVE_E_PASSPHRASE_REQUIRED, sealed, NULL, 0);
    refuse_load(CONCLAVE_E_BAD_PASSPHRASE, sealed, other, sizeof other - 1);
    refuse_load(CONCLAVE_E_INVALID_ARGUMENT, sealed, other, 0);
    refuse_load(CONCLAVE_E_NULL_ARGUMENT, sealed, NULL, 3);
    refuse_load(CONCLAVE_E_TOO_LARGE, sealed, other, SIZE_MAX);
    refuse_load(CONCLAVE_E_NULL_ARGUMENT, NULL, NULL, 0);
    refuse_load(CONCLAVE_E_BAD_TEXT, "", NULL, 0);
    CHECK_STATUS(CONCLAVE_E_FILE_EXISTS, conclave_identity_save(identity, plain, NULL, 0, NULL));
    CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_identity_save((conclave_identity *)0x100, sealed, NULL, 0, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_save(NULL, sealed, NULL, 0, NULL));
    unlink(plain);
    unlink(sealed);
    refuse_load(CONCLAVE_E_NOT_FOUND, in_directory("none"), NULL, 0);
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_identity_save(identity, in_directory("none/x"), NULL, 0, NULL));
    write_file(in_directory("text"), "no key at all\n");
    refuse_load(CONCLAVE_E_BAD_KEY_FILE, in_directory("text"), NULL, 0);
    unlink(in_directory("text"));
    refuse_load(CONCLAVE_E_IO, directory, NULL, 0);
    CHECK(files_in_directory() == 0);
    conclave_identity_free(identity);
}

/* The system stops the write in the middle, as it does when the disk is full. */
static void test_interrupted_write(void) {
    conclave_identity *identity = make("alice");
    conclave_trust *trust = NULL;
    REQUIRE_OK(conclave_trust_new(&trust, NULL));
    uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE];
    CHECK_OK(conclave_identity_public_key(identity, key));
    CHECK_OK(conclave_trust_add(trust, key, "alice"));
    write_file(in_directory("trust"), "# old\n");
    struct rlimit before, tight;
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    tight = before;
    tight.rlim_cur = 20;
    signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &tight) == 0);
    conclave_status saved = conclave_identity_save(identity, in_directory("new"), NULL, 0, NULL);
    conclave_status replaced = conclave_trust_save(trust, in_directory("trust"), NULL);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    signal(SIGXFSZ, SIG_DFL);
    CHECK_STATUS(CONCLAVE_E_IO, saved);
    CHECK_STATUS(CONCLAVE_E_IO, replaced);
    CHECK(files_in_directory() == 1);
    conclave_trust *old = NULL;
    CHECK_OK(conclave_trust_load(in_directory("trust"), &old, NULL));
    CHECK(conclave_trust_count(old) == 0);
    conclave_trust_free(old);
    conclave_trust_free(trust);
    conclave_identity_free(identity);
    unlink(in_directory("trust"));
}

static void test_pem(void) {
    conclave_identity *identity = make("bob"), *again = NULL;
    size_t size = 0;
    CHECK_STATUS(CONCLAVE_E_BUFFER_TOO_SMALL, conclave_identity_to_pem(identity, NULL, 0, NULL, &size));
    REQUIRE(size > 100 && size < 1000);
    uint8_t *pem = malloc(size);
    REQUIRE(pem != NULL);
    size_t needed = size;
    size--;
    CHECK_STATUS(CONCLAVE_E_BUFFER_TOO_SMALL, conclave_identity_to_pem(identity, NULL, 0, pem, &size));
    CHECK(size == needed);
    CHECK_OK(conclave_identity_to_pem(identity, NULL, 0, pem, &size));
    CHECK(size == needed && memcmp(pem, "Conclave-Name: bob\n", 19) == 0);
    REQUIRE_OK(conclave_identity_from_pem(pem, size, NULL, 0, &again, NULL));
    check_same(identity, again);
    conclave_identity_free(again);
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_to_pem(identity, NULL, 0, pem, NULL));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_identity_from_pem(NULL, 0, NULL, 0, &again, NULL));
    CHECK_STATUS(CONCLAVE_E_TOO_LARGE, conclave_identity_from_pem(pem, SIZE_MAX, NULL, 0, &again, NULL));
    /* Behind the name line, which is refused on its own account when it is cut short. */
    for (size_t cut = 21; cut < size; cut += 7)
        CHECK_STATUS(CONCLAVE_E_BAD_KEY_FILE, conclave_identity_from_pem(pem, cut, NULL, 0, &again, NULL));
    free(pem);
    conclave_identity_free(identity);
}

static void test_trust(void) {
    conclave_trust *trust = NULL, *again = NULL;
    REQUIRE_OK(conclave_trust_new(&trust, NULL));
    uint8_t one[CONCLAVE_PUBLIC_KEY_SIZE], two[CONCLAVE_PUBLIC_KEY_SIZE], found[CONCLAVE_PUBLIC_KEY_SIZE];
    memset(one, 1, sizeof one);
    memset(two, 2, sizeof two);
    CHECK(conclave_trust_count(trust) == 0);
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_trust_contains(trust, one));
    CHECK_OK(conclave_trust_add(trust, one, "alice"));
    CHECK_OK(conclave_trust_add(trust, two, "bob"));
    CHECK_OK(conclave_trust_add(trust, one, "Alice of the north"));
    CHECK(conclave_trust_count(trust) == 2);
    CHECK_OK(conclave_trust_contains(trust, two));
    const char *first = NULL, *second = NULL;
    CHECK_OK(conclave_trust_get(trust, 0, found, &first));
    CHECK_OK(conclave_trust_get(trust, 1, found, &second));
    CHECK_TEXT("Alice of the north", first);
    CHECK_TEXT("bob", second);
    CHECK(memcmp(found, two, sizeof two) == 0);
    CHECK_OK(conclave_trust_get(trust, 1, found, NULL));
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_trust_get(trust, 2, found, NULL));
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_trust_get(trust, SIZE_MAX, found, NULL));
    CHECK_STATUS(CONCLAVE_E_BAD_TEXT, conclave_trust_add(trust, one, "a\nb"));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_trust_add(trust, NULL, "a"));
    CHECK_STATUS(CONCLAVE_E_NULL_ARGUMENT, conclave_trust_add(trust, one, NULL));

    CHECK_OK(conclave_trust_save(trust, in_directory("trust"), NULL));
    CHECK_OK(conclave_trust_save(trust, in_directory("trust"), NULL));
    CHECK(files_in_directory() == 1);
    REQUIRE_OK(conclave_trust_load(in_directory("trust"), &again, NULL));
    CHECK(conclave_trust_count(again) == 2);
    conclave_trust_free(again);
    CHECK_OK(conclave_trust_remove(trust, one));
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_trust_remove(trust, one));
    CHECK(conclave_trust_count(trust) == 1);

    write_file(in_directory("trust"), "# fine\ned25519 nonsense alice\n");
    conclave_error *error = NULL;
    CHECK_STATUS(CONCLAVE_E_BAD_TRUST_FILE, conclave_trust_load(in_directory("trust"), &again, &error));
    CHECK(strstr(conclave_error_message(error), "line 2") != NULL);
    conclave_error_free(error);
    unlink(in_directory("trust"));
    CHECK_STATUS(CONCLAVE_E_NOT_FOUND, conclave_trust_load(in_directory("trust"), &again, NULL));
    conclave_trust_free(trust);
    CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_trust_add(trust, one, "a"));
    CHECK(conclave_trust_count(trust) == 0);
    conclave_trust_free(trust);
    conclave_trust_free(NULL);
}

static void test_types_apart(void) {
    conclave_identity *identity = make("carol");
    CHECK_STATUS(CONCLAVE_E_BAD_HANDLE, conclave_trust_contains((conclave_trust *)identity, (uint8_t *)directory));
    conclave_trust_free((conclave_trust *)identity);
    CHECK_TEXT("carol", conclave_identity_name(identity));
    conclave_identity_free(identity);
}

int main(void) {
    strcpy(directory, "/tmp/conclave-identity-XXXXXX");
    REQUIRE(mkdtemp(directory) != NULL);
    test_new();
    test_files();
    test_interrupted_write();
    test_pem();
    test_trust();
    test_types_apart();
    CHECK(rmdir(directory) == 0);
    return check_finish();
}
