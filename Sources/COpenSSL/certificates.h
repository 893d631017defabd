// Keys of certificates, and certificates: what libcrypto offers as macros or by pointers to pointers.
#ifndef CONCLAVE_COPENSSL_CERTIFICATES_H
#define CONCLAVE_COPENSSL_CERTIFICATES_H

#include "shim.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <time.h>

enum {
    CONCLAVE_KEY_UNFIT = 0,
    CONCLAVE_KEY_RSA = 1,
    CONCLAVE_KEY_P256 = 2,
    CONCLAVE_KEY_ED25519 = 3,
    CONCLAVE_RSA_BITS_MIN = 2048,
    CONCLAVE_RSA_BITS_MAX = 8192
};

/// Which of the keys that are good enough this is.
static inline int conclave_key_algorithm(const EVP_PKEY *key) {
    char group[32];
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        if (EVP_PKEY_get_bits(key) < CONCLAVE_RSA_BITS_MIN || EVP_PKEY_get_bits(key) > CONCLAVE_RSA_BITS_MAX) break;
        return CONCLAVE_KEY_RSA;
    case EVP_PKEY_EC:
        if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1 || strcmp(group, "prime256v1") != 0) break;
        return CONCLAVE_KEY_P256;
    case EVP_PKEY_ED25519:
        return CONCLAVE_KEY_ED25519;
    default:
        break;
    }
    return CONCLAVE_KEY_UNFIT;
}

/// A public key from SubjectPublicKeyInfo in DER, with nothing behind it; null for anything else.
static inline EVP_PKEY *conclave_read_public_key(const unsigned char *bytes, size_t size) {
    const unsigned char *position = bytes;
    EVP_PKEY *key = size > 0x7fffffff ? NULL : d2i_PUBKEY(NULL, &position, (long)size);
    if (key != NULL && position == bytes + size) return key;
    EVP_PKEY_free(key);
    return NULL;
}

/// A certificate from DER, with nothing behind it; null for anything else.
static inline X509 *conclave_read_certificate(const unsigned char *bytes, size_t size) {
    const unsigned char *position = bytes;
    X509 *certificate = size > 0x7fffffff ? NULL : d2i_X509(NULL, &position, (long)size);
    if (certificate != NULL && position == bytes + size) return certificate;
    X509_free(certificate);
    return NULL;
}

/// A certificate revocation list from DER, with nothing behind it; null for anything else.
static inline X509_CRL *conclave_read_revocation_list(const unsigned char *bytes, size_t size) {
    const unsigned char *position = bytes;
    X509_CRL *list = size > 0x7fffffff ? NULL : d2i_X509_CRL(NULL, &position, (long)size);
    if (list != NULL && position == bytes + size) return list;
    X509_CRL_free(list);
    return NULL;
}

/// Prepares a context of signing or verifying: SHA-256, with RSA as PSS with a salt of 32 bytes; Ed25519 has its own.
static inline int conclave_signature_begin(EVP_MD_CTX *context, EVP_PKEY *key, int signing) {
    EVP_PKEY_CTX *parameters = NULL;
    int algorithm = conclave_key_algorithm(key);
    if (algorithm == CONCLAVE_KEY_UNFIT) return 0;
    const EVP_MD *digest = algorithm == CONCLAVE_KEY_ED25519 ? NULL : EVP_sha256();
    int done = signing ? EVP_DigestSignInit(context, &parameters, digest, NULL, key)
                       : EVP_DigestVerifyInit(context, &parameters, digest, NULL, key);
    if (done != 1 || algorithm != CONCLAVE_KEY_RSA) return done == 1;
    return EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/// RSA-OAEP with SHA-256 and a label: `*output_size` is the room and then the size; 1 on success.
static inline int conclave_rsa_oaep(EVP_PKEY *key, int encrypting, const unsigned char *label, size_t label_size,
                                    const unsigned char *input, size_t input_size, unsigned char *output,
                                    size_t *output_size) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    unsigned char *own_label = OPENSSL_memdup(label, label_size);
    int done = context != NULL && own_label != NULL && label_size <= 0x7fffffff &&
               (encrypting ? EVP_PKEY_encrypt_init(context) : EVP_PKEY_decrypt_init(context)) == 1 &&
               EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1;
    if (done && EVP_PKEY_CTX_set0_rsa_oaep_label(context, own_label, (int)label_size) == 1)
        own_label = NULL; // The context's from here on.
    else
        done = 0;
    if (done)
        done = (encrypting ? EVP_PKEY_encrypt(context, output, output_size, input, input_size)
                           : EVP_PKEY_decrypt(context, output, output_size, input, input_size)) == 1;
    OPENSSL_free(own_label);
    EVP_PKEY_CTX_free(context);
    return done;
}

static inline EVP_PKEY *conclave_generate_rsa(unsigned int bits) { return EVP_RSA_gen(bits); }

// MARK: PEM

/// The next certificate, or list, of a PEM text; null at its end. An encrypted one is not asked for a passphrase.
static inline X509 *conclave_next_certificate(BIO *bio) {
    conclave_passphrase none = {NULL, 0, 0};
    return PEM_read_bio_X509(bio, NULL, conclave_passphrase_callback, &none);
}

static inline X509_CRL *conclave_next_revocation_list(BIO *bio) {
    conclave_passphrase none = {NULL, 0, 0};
    return PEM_read_bio_X509_CRL(bio, NULL, conclave_passphrase_callback, &none);
}

/// Whether the last failure was the end of a PEM text, and not something in it that cannot be read.
static inline int conclave_is_end_of_text(void) {
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/// The DER form of a certificate: its size, and the bytes when there is room for them; negative on failure.
static inline int conclave_certificate_bytes(X509 *certificate, unsigned char *output) {
    unsigned char *position = output;
    return i2d_X509(certificate, output == NULL ? NULL : &position);
}

/// The DER form of a public key: its size, and the bytes when there is room for them; negative on failure.
static inline int conclave_public_key_bytes(const EVP_PKEY *key, unsigned char *output) {
    unsigned char *position = output;
    return i2d_PUBKEY(key, output == NULL ? NULL : &position);
}

// MARK: Verification

/// Whether a store vouches for the first certificate of a chain, at a time in seconds since 1970: X509_V_OK, another
/// X509_V_ code, or -1 when libcrypto cannot tell.
static inline int conclave_verify_chain(X509_STORE *store, X509 **chain, size_t count, int64_t time, int depth,
                                        int with_revocation) {
    if (count == 0) return -1;
    int result = -1;
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *others = sk_X509_new_null();
    int ready = context != NULL && others != NULL;
    for (size_t index = 1; ready && index < count; index++) ready = sk_X509_push(others, chain[index]) > 0;
    if (ready && X509_STORE_CTX_init(context, store, chain[0], others) == 1) {
        X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
        unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
        if (with_revocation) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
        X509_VERIFY_PARAM_set_flags(parameters, flags);
        X509_VERIFY_PARAM_set_time(parameters, (time_t)time);
        X509_VERIFY_PARAM_set_depth(parameters, depth);
        X509_VERIFY_PARAM_set_auth_level(parameters, 2);
        int verified = X509_verify_cert(context);
        int code = X509_STORE_CTX_get_error(context);
        result = verified == 1 ? X509_V_OK : code == X509_V_OK ? -1 : code;
    }
    sk_X509_free(others);
    X509_STORE_CTX_free(context);
    return result;
}

/// Whether the certificate's key usage, if it is limited at all, allows signatures.
static inline int conclave_may_sign(X509 *certificate) {
    return (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) != 0;
}

// MARK: Names

enum { CONCLAVE_NAME_OTHER = 0, CONCLAVE_NAME_DNS = 1, CONCLAVE_NAME_URI = 2 };

static inline GENERAL_NAMES *conclave_alternative_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

static inline void conclave_names_free(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }

static inline int conclave_names_count(const GENERAL_NAMES *names) {
    return names == NULL ? 0 : sk_GENERAL_NAME_num(names);
}

/// The kind of a name, its bytes and their number; they live as long as the names.
static inline int conclave_name_at(const GENERAL_NAMES *names, int index, const unsigned char **bytes, int *size) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    const ASN1_IA5STRING *text = NULL;
    int kind = CONCLAVE_NAME_OTHER;
    if (name != NULL && name->type == GEN_DNS) {
        text = name->d.dNSName;
        kind = CONCLAVE_NAME_DNS;
    } else if (name != NULL && name->type == GEN_URI) {
        text = name->d.uniformResourceIdentifier;
        kind = CONCLAVE_NAME_URI;
    }
    *bytes = text == NULL ? NULL : ASN1_STRING_get0_data(text);
    *size = text == NULL ? 0 : ASN1_STRING_length(text);
    return kind;
}

/// The common name as UTF-8, in memory for OPENSSL_free, when the subject has exactly one; its size, or -1.
static inline int conclave_common_name(const X509 *certificate, unsigned char **bytes) {
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int first = X509_NAME_get_index_by_NID((X509_NAME *)subject, NID_commonName, -1);
    if (first < 0 || X509_NAME_get_index_by_NID((X509_NAME *)subject, NID_commonName, first) >= 0) return -1;
    return ASN1_STRING_to_UTF8(bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
}

static inline void conclave_free_bytes(unsigned char *bytes) { OPENSSL_free(bytes); }

#endif
