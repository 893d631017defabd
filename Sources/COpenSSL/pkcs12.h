// Keys out of a PKCS#12 file. Its bags hang in stacks and unions that only C's macros reach.
#ifndef CONCLAVE_COPENSSL_PKCS12_H
#define CONCLAVE_COPENSSL_PKCS12_H

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

/// A key and its name; both stay inside.
typedef struct conclave_store_key {
    unsigned char bytes[64];
    size_t size;
    unsigned char name[64];
    size_t name_size;
} conclave_store_key;

/// What a file is read into.
typedef struct conclave_store {
    const char *passphrase;
    int passphrase_size;
    conclave_store_key *keys;
    size_t capacity;
    size_t count;
} conclave_store;

enum {
    CONCLAVE_STORE_READ = 1,
    CONCLAVE_STORE_BAD_FILE = 0,
    CONCLAVE_STORE_BAD_PASSPHRASE = -1,
    /// How often a file may have the passphrase hashed before it has proved that it knows it.
    CONCLAVE_STORE_ITERATION_LIMIT = 5000000
};

static inline int conclave_store_is_asymmetric(int algorithm) {
    switch (algorithm) {
    case NID_rsaEncryption:
    case NID_rsassaPss:
    case NID_X9_62_id_ecPublicKey:
    case NID_ED25519:
    case NID_ED448:
    case NID_X25519:
    case NID_X448:
    case NID_dsa:
    case NID_dhKeyAgreement:
        return 1;
    default:
        return 0;
    }
}

/// Takes the key out of a PKCS#8 structure: a symmetric one as it is, of a private key its SHA-256.
static inline int conclave_store_take(conclave_store *store, PKCS8_PRIV_KEY_INFO *info, PKCS12_SAFEBAG *bag) {
    const ASN1_OBJECT *algorithm = NULL;
    const unsigned char *bytes = NULL;
    int size = 0;
    if (info == NULL || PKCS8_pkey_get0(&algorithm, &bytes, &size, NULL, info) != 1 || size < 0) return 0;
    if (store->count == store->capacity) return 0;
    conclave_store_key *key = &store->keys[store->count];
    if (conclave_store_is_asymmetric(OBJ_obj2nid(algorithm))) {
        unsigned int written = 0;
        if (EVP_Digest(bytes, (size_t)size, key->bytes, &written, EVP_sha256(), NULL) != 1) return 0;
        key->size = written;
    } else {
        if ((size_t)size > sizeof key->bytes) return 0;
        memcpy(key->bytes, bytes, (size_t)size);
        key->size = (size_t)size;
    }
    char *name = PKCS12_get_friendlyname(bag);
    size_t name_size = name == NULL ? 0 : strlen(name);
    int fits = name_size <= sizeof key->name;
    if (name != NULL && fits) memcpy(key->name, name, name_size);
    key->name_size = name_size;
    OPENSSL_free(name);
    if (fits) store->count++;
    return fits;
}

/// A secret as Java's key stores keep it: an encrypted PKCS#8 structure in a secret bag.
static inline int conclave_store_secret(conclave_store *store, PKCS12_SAFEBAG *bag) {
    // Of other types the value may be no ASN1_TYPE at all: those are passed over before it is looked at.
    if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_pkcs8ShroudedKeyBag) return 1;
    const ASN1_TYPE *value = PKCS12_SAFEBAG_get0_bag_obj(bag);
    if (value == NULL || ASN1_TYPE_get(value) != V_ASN1_OCTET_STRING) return 0;
    const unsigned char *bytes = ASN1_STRING_get0_data(value->value.octet_string);
    X509_SIG *sealed = d2i_X509_SIG(NULL, &bytes, ASN1_STRING_length(value->value.octet_string));
    if (sealed == NULL) return 0;
    PKCS8_PRIV_KEY_INFO *info = PKCS8_decrypt(sealed, store->passphrase, store->passphrase_size);
    X509_SIG_free(sealed);
    int done = conclave_store_take(store, info, bag);
    PKCS8_PRIV_KEY_INFO_free(info);
    return done;
}

static inline int conclave_store_bag(conclave_store *store, PKCS12_SAFEBAG *bag) {
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_keyBag:
        return conclave_store_take(store, (PKCS8_PRIV_KEY_INFO *)PKCS12_SAFEBAG_get0_p8inf(bag), bag);
    case NID_pkcs8ShroudedKeyBag: {
        PKCS8_PRIV_KEY_INFO *info = PKCS12_decrypt_skey(bag, store->passphrase, store->passphrase_size);
        int done = conclave_store_take(store, info, bag);
        PKCS8_PRIV_KEY_INFO_free(info);
        return done;
    }
    case NID_secretBag:
        return conclave_store_secret(store, bag);
    default:
        return 1;
    }
}

static inline int conclave_store_safe(conclave_store *store, PKCS7 *safe) {
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    switch (OBJ_obj2nid(safe->type)) {
    case NID_pkcs7_data:
        bags = PKCS12_unpack_p7data(safe);
        break;
    case NID_pkcs7_encrypted:
        bags = PKCS12_unpack_p7encdata(safe, store->passphrase, store->passphrase_size);
        break;
    default:
        return 1;
    }
    int done = bags != NULL;
    for (int index = 0; done && index < sk_PKCS12_SAFEBAG_num(bags); index++)
        done = conclave_store_bag(store, sk_PKCS12_SAFEBAG_value(bags, index));
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return done;
}

/// Whether the file's own authentication code is there, costs no more than it may, and is right.
static inline int conclave_store_verify(conclave_store *store, PKCS12 *file) {
    const ASN1_INTEGER *iterations = NULL;
    if (PKCS12_mac_present(file) != 1) return CONCLAVE_STORE_BAD_FILE;
    PKCS12_get0_mac(NULL, NULL, NULL, &iterations, file);
    long count = iterations == NULL ? 1 : ASN1_INTEGER_get(iterations);
    if (count < 1 || count > CONCLAVE_STORE_ITERATION_LIMIT) return CONCLAVE_STORE_BAD_FILE;
    return PKCS12_verify_mac(file, store->passphrase, store->passphrase_size) == 1 ? CONCLAVE_STORE_READ
                                                                                   : CONCLAVE_STORE_BAD_PASSPHRASE;
}

/// Reads all keys of a file; certificates are passed over. CONCLAVE_STORE_READ, or why not.
static inline int conclave_store_read(conclave_store *store, const unsigned char *bytes, size_t size) {
    const unsigned char *position = bytes;
    PKCS12 *file = d2i_PKCS12(NULL, &position, (long)size);
    if (file == NULL || position != bytes + size) {
        PKCS12_free(file);
        return CONCLAVE_STORE_BAD_FILE;
    }
    int result = conclave_store_verify(store, file);
    if (result == CONCLAVE_STORE_READ) {
        STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(file);
        if (safes == NULL) result = CONCLAVE_STORE_BAD_FILE;
        for (int index = 0; result == CONCLAVE_STORE_READ && index < sk_PKCS7_num(safes); index++)
            if (!conclave_store_safe(store, sk_PKCS7_value(safes, index))) result = CONCLAVE_STORE_BAD_FILE;
        sk_PKCS7_pop_free(safes, PKCS7_free);
    }
    PKCS12_free(file);
    return result;
}

#endif
