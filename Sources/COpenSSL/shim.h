// The one door to libcrypto. OSSL_PARAM arrays keep pointers to the caller's values, so they are built here in C,
// where the values outlive the call; Swift would pass temporaries.
#ifndef CONCLAVE_COPENSSL_SHIM_H
#define CONCLAVE_COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stddef.h>
#include <string.h>

/// HKDF of RFC 5869 with the digest named; 1 on success. The caller checks output_size <= 255 * digest size.
static inline int conclave_hkdf(EVP_KDF *kdf, const char *digest_name, const unsigned char *secret, size_t secret_size,
                                const unsigned char *salt, size_t salt_size, const unsigned char *info,
                                size_t info_size, unsigned char *output, size_t output_size) {
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    if (context == NULL) return 0;
    OSSL_PARAM parameters[5];
    size_t count = 0;
    parameters[count++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)digest_name, 0);
    parameters[count++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, secret_size);
    if (salt_size > 0)
        parameters[count++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_size);
    if (info_size > 0)
        parameters[count++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_size);
    parameters[count] = OSSL_PARAM_construct_end();
    int result = EVP_KDF_derive(context, output, output_size, parameters);
    EVP_KDF_CTX_free(context);
    return result;
}

/// A context of HMAC-SHA-256 that has its key and no message yet; null on failure.
static inline EVP_MAC_CTX *conclave_hmac_new(const unsigned char *key, size_t key_size) {
    EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (algorithm == NULL) return NULL;
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(algorithm);
    EVP_MAC_free(algorithm);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    if (context != NULL && EVP_MAC_init(context, key, key_size, parameters) == 1) return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

/// The code, 32 bytes, of a message under the key of a context, which stays as it is; 1 on success. (To begin a context
/// anew with the key that it has is cheaper still, but OpenSSL before 3.0.3 does not.)
static inline int conclave_hmac(const EVP_MAC_CTX *keyed, const unsigned char *bytes, size_t size,
                                unsigned char *code) {
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(keyed);
    if (context == NULL) return 0;
    size_t written = 0;
    int done = EVP_MAC_update(context, bytes, size) == 1 && EVP_MAC_final(context, code, &written, 32) == 1;
    EVP_MAC_CTX_free(context);
    return done && written == 32;
}

/// What OpenSSL asks for a passphrase: a span of bytes, copied into its buffer; -1 when it does not fit.
typedef struct conclave_passphrase {
    const unsigned char *bytes;
    size_t size;
    int asked;
} conclave_passphrase;

static inline int conclave_passphrase_callback(char *buffer, int capacity, int writing, void *user_data) {
    (void)writing;
    conclave_passphrase *passphrase = (conclave_passphrase *)user_data;
    passphrase->asked = 1;
    if (passphrase->bytes == NULL || capacity < 0 || passphrase->size > (size_t)capacity) return -1;
    memcpy(buffer, passphrase->bytes, passphrase->size);
    return (int)passphrase->size;
}

/// Reads a private key from PEM; `asked` tells whether the file was encrypted.
static inline EVP_PKEY *conclave_read_private_key(BIO *bio, conclave_passphrase *passphrase) {
    return PEM_read_bio_PrivateKey(bio, NULL, conclave_passphrase_callback, passphrase);
}

enum {
    /// How often PBKDF2 hashes the passphrase of a file that is written; libcrypto's own default is 2,048.
    CONCLAVE_PASSPHRASE_ROUNDS = 600000,
    CONCLAVE_PASSPHRASE_SALT_SIZE = 16
};

/// Writes a private key as PKCS#8 PEM; with a passphrase encrypted with AES-256-CBC under PBKDF2 with HMAC-SHA-256.
static inline int conclave_write_private_key(BIO *bio, EVP_PKEY *key, const unsigned char *passphrase, size_t size) {
    if (passphrase == NULL) return PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    // Without salt and vector both are drawn.
    X509_ALGOR *algorithm = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), CONCLAVE_PASSPHRASE_ROUNDS, NULL,
                                              CONCLAVE_PASSPHRASE_SALT_SIZE, NULL, NID_hmacWithSHA256);
    PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(key);
    X509_SIG *sealed = NULL;
    if (algorithm != NULL && plain != NULL)
        sealed = PKCS8_set0_pbe((const char *)passphrase, (int)size, plain, algorithm);
    // What was encrypted owns the algorithm.
    if (sealed == NULL) X509_ALGOR_free(algorithm);
    int done = sealed != NULL && PEM_write_bio_PKCS8(bio, sealed) == 1;
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(plain);
    return done;
}

static inline long conclave_bio_memory(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }

/// Sets the nonce of a context that has its key and, for opening, the tag to expect (null for sealing); 1 on success.
/// One call instead of two: every message pays for it.
static inline int conclave_aead_begin(EVP_CIPHER_CTX *context, const unsigned char *nonce, void *tag, size_t tag_size,
                                      int sealing) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, tag_size),
        OSSL_PARAM_construct_end(),
    };
    return EVP_CipherInit_ex2(context, NULL, NULL, nonce, sealing, tag == NULL ? NULL : parameters);
}

/// Reads the tag of what was sealed; 1 on success.
static inline int conclave_aead_tag(EVP_CIPHER_CTX *context, void *tag, size_t tag_size) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, tag_size),
        OSSL_PARAM_construct_end(),
    };
    return EVP_CIPHER_CTX_get_params(context, parameters);
}

#include "pkcs12.h"

#endif
