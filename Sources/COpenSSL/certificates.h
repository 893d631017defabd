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

/// Defines a reader of one thing from DER, with nothing behind it; it gives null for anything else.
#define CONCLAVE_READER(NAME, TYPE, READ, RELEASE)                                                                     \
    static inline TYPE *NAME(const unsigned char *bytes, size_t size) {                                                \
        const unsigned char *position = bytes;                                                                         \
        TYPE *thing = size > 0x7fffffff ? NULL : READ(NULL, &position, (long)size);                                    \
        if (thing != NULL && position == bytes + size) return thing;                                                   \
        RELEASE(thing);                                                                                                \
        return NULL;                                                                                                   \
    }

/// A public key, as SubjectPublicKeyInfo.
CONCLAVE_READER(conclave_read_public_key, EVP_PKEY, d2i_PUBKEY, EVP_PKEY_free)
CONCLAVE_READER(conclave_read_certificate, X509, d2i_X509, X509_free)
CONCLAVE_READER(conclave_read_revocation_list, X509_CRL, d2i_X509_CRL, X509_CRL_free)

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

/// How chains are verified, here and in a TLS session: at a time in seconds since 1970, with so many intermediate
/// certificates at most, every anchor by itself, and with lists at each certificate's issuer if there are any.
static inline void conclave_set_parameters(X509_VERIFY_PARAM *parameters, int64_t time, int depth,
                                           int with_revocation) {
    unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
    if (with_revocation) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    X509_VERIFY_PARAM_set_flags(parameters, flags);
    X509_VERIFY_PARAM_set_time(parameters, (time_t)time);
    X509_VERIFY_PARAM_set_depth(parameters, depth);
    X509_VERIFY_PARAM_set_auth_level(parameters, 2);
}

/// Whether an error says that there is no list, or none that can be verified. That a list says "revoked" is another.
static inline int conclave_lacks_list(int error) {
    switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
    case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
        return 1;
    default:
        return 0;
    }
}

/// Passes over one failure: that there is no list for the last certificate of a chain, where that one is not
/// self-signed. Lists are looked for when the chain is known to end at an anchor, which is believed by itself; its
/// issuer is not in the chain, so that no list of the issuer's can be verified, even if it is there.
static inline int conclave_judge(int is_good, X509_STORE_CTX *context) {
    if (is_good || !conclave_lacks_list(X509_STORE_CTX_get_error(context))) return is_good;
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
    int last = chain == NULL ? -1 : sk_X509_num(chain) - 1;
    if (last < 0 || X509_STORE_CTX_get_error_depth(context) != last) return 0;
    if (X509_self_signed(sk_X509_value(chain, last), 0) != 0) return 0;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

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
        conclave_set_parameters(X509_STORE_CTX_get0_param(context), time, depth, with_revocation);
        X509_STORE_CTX_set_verify_cb(context, conclave_judge);
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

/// Whether the certificate's extended key usage, if it has any, allows to say who somebody is: as a server, as a client
/// or for anything.
static inline int conclave_may_authenticate(X509 *certificate) {
    return (X509_get_extended_key_usage(certificate) & (XKU_SSL_SERVER | XKU_SSL_CLIENT | XKU_ANYEKU)) != 0;
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
