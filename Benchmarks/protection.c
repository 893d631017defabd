/* Sealing and opening 1 KiB, in the modules as they ship, against AES-256-GCM through OpenSSL with kept contexts: a new
 * nonce, the message, the tag, and the record's head of 40 bytes as associated data, which every record authenticates.
 * The same without associated data is printed as well, without a bound. */
#include "benchmarks.h"
#include <openssl/evp.h>
#include <string.h>

enum { SIZE = 1024, HEAD = 40, TAG = 16, NONCE = 12, LOOP = 20000, ROUNDS = 15 };

void *kernel_protection_new(intptr_t size);
intptr_t kernel_protection_run(void *kernel);

static uint8_t message[SIZE], sealed[SIZE], opened[SIZE], head[HEAD], tag[TAG], nonce[NONCE];

static void seal(EVP_CIPHER_CTX *context, int head_size) {
    int size = 0;
    REQUIRE(EVP_EncryptInit_ex(context, NULL, NULL, NULL, nonce) == 1);
    if (head_size > 0) REQUIRE(EVP_EncryptUpdate(context, NULL, &size, head, head_size) == 1);
    REQUIRE(EVP_EncryptUpdate(context, sealed, &size, message, SIZE) == 1);
    REQUIRE(EVP_EncryptFinal_ex(context, sealed + size, &size) == 1);
    REQUIRE(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1);
}

static void open_record(EVP_CIPHER_CTX *context, int head_size) {
    int size = 0;
    REQUIRE(EVP_DecryptInit_ex(context, NULL, NULL, NULL, nonce) == 1);
    if (head_size > 0) REQUIRE(EVP_DecryptUpdate(context, NULL, &size, head, head_size) == 1);
    REQUIRE(EVP_DecryptUpdate(context, opened, &size, sealed, SIZE) == 1);
    REQUIRE(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1);
    REQUIRE(EVP_DecryptFinal_ex(context, opened + size, &size) == 1);
}

static double bare_round(EVP_CIPHER_CTX *sealing, EVP_CIPHER_CTX *opening, int head_size) {
    double start = processor_time();
    for (uint32_t index = 0; index < LOOP; index++) {
        memcpy(nonce, &index, sizeof index);
        seal(sealing, head_size);
        open_record(opening, head_size);
    }
    return (processor_time() - start) / LOOP;
}

static double library_round(void *kernel) {
    double start = processor_time();
    for (int index = 0; index < LOOP; index++) REQUIRE(kernel_protection_run(kernel) == SIZE);
    return (processor_time() - start) / LOOP;
}

void benchmark_protection(void) {
    static const uint8_t key[32] = {1};
    void *kernel = kernel_protection_new(SIZE);
    EVP_CIPHER_CTX *sealing = EVP_CIPHER_CTX_new(), *opening = EVP_CIPHER_CTX_new();
    REQUIRE(kernel != NULL && sealing != NULL && opening != NULL);
    REQUIRE(EVP_EncryptInit_ex(sealing, EVP_aes_256_gcm(), NULL, key, NULL) == 1);
    REQUIRE(EVP_DecryptInit_ex(opening, EVP_aes_256_gcm(), NULL, key, NULL) == 1);
    double library = 1e9, bare = 1e9, bare_without_head = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double time = bare_round(sealing, opening, HEAD);
        if (time < bare) bare = time;
        time = library_round(kernel);
        if (time < library) library = time;
        time = bare_round(sealing, opening, 0);
        if (time < bare_without_head) bare_without_head = time;
    }
    EVP_CIPHER_CTX_free(sealing);
    EVP_CIPHER_CTX_free(opening);
    print_figure("sealing and opening 1 KiB / bare AES-256-GCM with the same associated data", library / bare, "times",
                 1.25);
    print_figure("sealing and opening 1 KiB / bare AES-256-GCM without associated data", library / bare_without_head,
                 "times", 0);
}
