/* Sealing and opening for a cluster, through the C interface, against AES-256-GCM through OpenSSL with kept contexts
 * and the same associated data: the record's head of 29 bytes. Allocations are counted by standing in for malloc, which
 * is what libconclave and libcrypto call as well. */
#include "benchmarks.h"
#include <conclave.h>
#include <openssl/evp.h>
#include <string.h>

enum { MEMBERS = 5, ROUNDS = 15, ROOM = 70000, HEAD = 29, TAG = 16, QUEUE = 1024 };

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
static size_t allocations;

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}
void *realloc(void *memory, size_t size) {
    allocations++;
    return __libc_realloc(memory, size);
}

static conclave_encrypt *members[MEMBERS];
static uint8_t addresses[MEMBERS];
static uint8_t message[ROOM], record[ROOM], opened[ROOM];
static uint64_t now = 1000;

typedef struct packet {
    int from;
    size_t size;
    uint8_t *bytes;
} packet;

/* Everybody gets everything: what is meant for another is refused. */
static void carry(void) {
    static packet queue[QUEUE];
    size_t first = 0, last = 0;
    do {
        for (int index = 0; index < MEMBERS; index++) {
            conclave_encrypt_output output = CONCLAVE_ENCRYPT_OUTPUT_INIT;
            while (conclave_encrypt_next_output(members[index], &output) == CONCLAVE_OK) {
                REQUIRE(last < QUEUE);
                queue[last] = (packet){index, output.byte_count, malloc(output.byte_count)};
                memcpy(queue[last++].bytes, output.bytes, output.byte_count);
            }
        }
        if (first == last) return;
        for (int to = 0; to < MEMBERS; to++)
            if (to != queue[first].from)
                conclave_encrypt_receive(members[to], queue[first].bytes, queue[first].size, NULL, 0, now);
        free(queue[first++].bytes);
    } while (true);
}

static void make_cluster(void) {
    static const uint8_t secret[32] = {1};
    conclave_bytes view[MEMBERS];
    conclave_admission *admission = NULL;
    /* What sealing costs, without a signature for each record. */
    conclave_encrypt_options options = CONCLAVE_ENCRYPT_OPTIONS_INIT;
    options.authenticity = CONCLAVE_AUTHENTICITY_SENDER_KEYS;
    REQUIRE(conclave_admission_secret(secret, sizeof secret, &admission, NULL) == CONCLAVE_OK);
    for (int index = 0; index < MEMBERS; index++) {
        conclave_identity *identity = NULL;
        conclave_credential *credential = NULL;
        addresses[index] = (uint8_t)('a' + index);
        view[index] = (conclave_bytes){&addresses[index], 1};
        REQUIRE(conclave_identity_new("member", &identity, NULL) == CONCLAVE_OK);
        REQUIRE(conclave_credential_new(identity, CONCLAVE_WRAPPING_X25519, &credential, NULL) == CONCLAVE_OK);
        REQUIRE(conclave_credential_set_secret(credential, secret, sizeof secret) == CONCLAVE_OK);
        REQUIRE(conclave_encrypt_new("kitchen", &addresses[index], 1, credential, admission, NULL, &options, 0, now,
                                     &members[index], NULL) == CONCLAVE_OK);
        conclave_credential_free(credential);
        conclave_identity_free(identity);
    }
    conclave_admission_free(admission);
    for (int index = 0; index < MEMBERS; index++) {
        REQUIRE(conclave_encrypt_start(members[index], now) == CONCLAVE_OK);
        REQUIRE(conclave_encrypt_host_view(members[index], view, MEMBERS, now) == CONCLAVE_OK);
    }
    for (int step = 0; step < 200; step++, now += 10) {
        carry();
        for (int index = 0; index < MEMBERS; index++)
            REQUIRE(conclave_encrypt_tick(members[index], now) == CONCLAVE_OK);
    }
    for (int index = 0; index < MEMBERS; index++) {
        conclave_cluster_view seen = CONCLAVE_CLUSTER_VIEW_INIT;
        REQUIRE(conclave_encrypt_view(members[index], &seen) == CONCLAVE_OK && seen.member_count == MEMBERS);
    }
}

static void open_at(int member, size_t size) {
    conclave_opened result = CONCLAVE_OPENED_INIT;
    REQUIRE(conclave_encrypt_open(members[member], record, size, NULL, 0, now, opened, sizeof opened, &result) ==
            CONCLAVE_OK);
}

/* Seals once and opens at so many members, so often: seconds for one. */
static double library_round(size_t size, int receivers, int loop) {
    double start = processor_time();
    for (int index = 0; index < loop; index++) {
        size_t sealed = sizeof record;
        REQUIRE(conclave_encrypt_seal(members[0], message, size, NULL, 0, record, &sealed) == CONCLAVE_OK);
        for (int to = 1; to <= receivers; to++) open_at(to, sealed);
    }
    return (processor_time() - start) / loop;
}

static double batch_round(size_t size, size_t count, int loop) {
    conclave_bytes messages[CONCLAVE_BATCH_MAX];
    for (size_t index = 0; index < count; index++) messages[index] = (conclave_bytes){message + index * size, size};
    double start = processor_time();
    for (int index = 0; index < loop; index++) {
        size_t sealed = sizeof record;
        REQUIRE(conclave_encrypt_seal_batch(members[0], messages, count, NULL, 0, record, &sealed) == CONCLAVE_OK);
        open_at(1, sealed);
    }
    return (processor_time() - start) / loop / (double)count;
}

/* The same through OpenSSL alone. */
static double bare_round(EVP_CIPHER_CTX *sealing, EVP_CIPHER_CTX *opening, int size, int loop) {
    uint8_t nonce[12] = {0}, head[HEAD] = {0}, tag[TAG];
    int written = 0;
    double start = processor_time();
    for (int index = 0; index < loop; index++) {
        memcpy(nonce, &index, sizeof index);
        REQUIRE(EVP_EncryptInit_ex(sealing, NULL, NULL, NULL, nonce) == 1);
        REQUIRE(EVP_EncryptUpdate(sealing, NULL, &written, head, HEAD) == 1);
        REQUIRE(EVP_EncryptUpdate(sealing, record, &written, message, size) == 1);
        REQUIRE(EVP_EncryptFinal_ex(sealing, record + size, &written) == 1);
        REQUIRE(EVP_CIPHER_CTX_ctrl(sealing, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1);
        REQUIRE(EVP_DecryptInit_ex(opening, NULL, NULL, NULL, nonce) == 1);
        REQUIRE(EVP_DecryptUpdate(opening, NULL, &written, head, HEAD) == 1);
        REQUIRE(EVP_DecryptUpdate(opening, opened, &written, record, size) == 1);
        REQUIRE(EVP_CIPHER_CTX_ctrl(opening, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1);
        REQUIRE(EVP_DecryptFinal_ex(opening, opened + size, &written) == 1);
    }
    return (processor_time() - start) / loop;
}

static double smaller(double first, double second) { return first < second ? first : second; }

static void compare(EVP_CIPHER_CTX *sealing, EVP_CIPHER_CTX *opening, size_t size, int loop, const char *name,
                    double bound) {
    double bare = 1e9, library = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        bare = smaller(bare, bare_round(sealing, opening, (int)size, loop));
        library = smaller(library, library_round(size, 1, loop));
    }
    print_figure(name, library / bare, "times", bound);
    if (size != 1024) return;
    double multicast = 1e9;
    for (int round = 0; round < ROUNDS; round++) multicast = smaller(multicast, library_round(size, 4, loop));
    /* Five passes of the cipher: 5 microseconds where sealing or opening 1 KiB takes 0.5. */
    print_figure("one multicast of 1 KiB, sealed once, opened by four", multicast * 1e6, "us",
                 bare / 2 <= 0.5e-6 ? 5 : 0);
    print_figure("bare AES-256-GCM of 1 KiB, once", bare / 2 * 1e6, "us", 0);
}

void benchmark_encrypt(void) {
    static const uint8_t key[32] = {1};
    EVP_CIPHER_CTX *sealing = EVP_CIPHER_CTX_new(), *opening = EVP_CIPHER_CTX_new();
    REQUIRE(sealing != NULL && opening != NULL);
    REQUIRE(EVP_EncryptInit_ex(sealing, EVP_aes_256_gcm(), NULL, key, NULL) == 1);
    REQUIRE(EVP_DecryptInit_ex(opening, EVP_aes_256_gcm(), NULL, key, NULL) == 1);
    make_cluster();
    compare(sealing, opening, 1024, 10000, "a cluster: sealing and opening 1 KiB / bare AES-256-GCM", 1.3);
    compare(sealing, opening, 65536, 300, "a cluster: sealing and opening 64 KiB / bare AES-256-GCM", 1.05);
    double batch = 1e9, single = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        batch = smaller(batch, batch_round(64, 64, 1000));
        single = smaller(single, batch_round(64, 1, 20000));
    }
    print_figure("a message of 64 bytes in a batch of 64 / by itself", batch / single, "times", 1);
    size_t before = allocations;
    library_round(1024, 4, 1000);
    batch_round(64, 64, 1000);
    print_figure("allocations for a message that is sealed, and opened by four", (double)(allocations - before) / 1000,
                 "", 0.0001);
    for (int index = 0; index < MEMBERS; index++) conclave_encrypt_free(members[index]);
    EVP_CIPHER_CTX_free(sealing);
    EVP_CIPHER_CTX_free(opening);
}
