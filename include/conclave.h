/* Conclave: secure group communication.
 *
 * Programs form groups, agree on a key to which every member contributes, agree again whenever the membership changes,
 * and exchange ordered, encrypted, authenticated messages with virtual-synchrony guarantees.
 *
 * This header is the contract: the library exports exactly the functions declared here. docs/conventions.md says once
 * what holds for all of them:
 *  - A fallible function returns a conclave_status: 0 or a negative number that never changes its meaning.
 *  - Outputs come last and are written on success only, unless the function says otherwise.
 *  - A handle is not a pointer to memory: a wrong, stale, freed or fork-inherited one is answered with
 *    CONCLAVE_E_BAD_HANDLE, at no risk. Every _free takes NULL and does nothing.
 *  - Different handles may be used from different threads at once; one handle by one thread at a time. The exceptions
 *    are the functions whose names end in _wake: any thread may call them, as long as nobody frees the handle at that
 *    time.
 *  - "Borrowed until X" means: the memory belongs to the library and stays as it is until X is called on that handle.
 *  - Text is UTF-8 and ends in a zero byte. Byte strings have a size in bytes. Times are milliseconds.
 *  - The library starts no thread, installs no signal handler, reads no environment and prints nothing.
 */
#ifndef CONCLAVE_H
#define CONCLAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define CONCLAVE_API __attribute__((visibility("default")))
#else
#define CONCLAVE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ----------------------------------------------------------------------------------------------- version and status */

#define CONCLAVE_VERSION_MAJOR 0
#define CONCLAVE_VERSION_MINOR 1
#define CONCLAVE_VERSION_PATCH 0
#define CONCLAVE_VERSION_TEXT "0.1.0"
/** The day on which the ABI last grew, as yyyymmdd. */
#define CONCLAVE_ABI_DATE 20261122

/** What a fallible function answers: 0, or one of the negative numbers below, grouped by cause. */
typedef int32_t conclave_status;

enum {
    CONCLAVE_OK = 0,

    /* The call itself is wrong: mend the program. */
    CONCLAVE_E_INVALID_ARGUMENT = -101, /**< a value outside what the function documents */
    CONCLAVE_E_NULL_ARGUMENT = -102,    /**< a pointer that must not be NULL is NULL */
    CONCLAVE_E_BAD_HANDLE = -103,       /**< no such handle: of another type, freed, or inherited by fork */
    CONCLAVE_E_BAD_TEXT = -104,         /**< text that is not UTF-8, is too long or holds a control character */
    CONCLAVE_E_TOO_LARGE = -105,        /**< larger than the documented bound */
    CONCLAVE_E_BUFFER_TOO_SMALL = -106, /**< the needed size was written to the size argument */
    CONCLAVE_E_BAD_STRUCT_SIZE = -107,  /**< the size of a structure is none that it ever had */
    CONCLAVE_E_WRONG_STATE = -108,      /**< not possible now; the message says what is awaited */
    CONCLAVE_E_UNSUPPORTED = -109,      /**< known, but not part of this build */
    CONCLAVE_E_BAD_URL = -110,          /**< a transport URL that cannot be understood */

    /* Not now: wait, then call again. */
    CONCLAVE_E_NO_EVENT = -201,      /**< nothing has happened */
    CONCLAVE_E_QUEUE_FULL = -202,    /**< the send queue is full; call again after the descriptor was processed */
    CONCLAVE_E_FLUSH_PENDING = -203, /**< a view change is under way: sending is over until the next view */
    CONCLAVE_E_TIMED_OUT = -204,     /**< the time given has passed */
    CONCLAVE_E_INTERRUPTED = -205,   /**< a _wake call ended the wait */
    CONCLAVE_E_NO_KEY = -206,        /**< there is no key to seal with yet, or a view change is under way */
    CONCLAVE_E_EXHAUSTED = -207,     /**< all record numbers of this key were used: change the key */

    /* Identities and trust. */
    CONCLAVE_E_PASSPHRASE_REQUIRED = -301, /**< the private key is encrypted and no passphrase was given */
    CONCLAVE_E_BAD_PASSPHRASE = -302,      /**< the passphrase does not open the private key */
    CONCLAVE_E_BAD_KEY_FILE = -303,        /**< not an Ed25519 private key in PKCS#8 PEM */
    CONCLAVE_E_BAD_TRUST_FILE = -304,      /**< a line of the trust store cannot be read; the message names it */
    CONCLAVE_E_NOT_FOUND = -305,           /**< no such entry, member or file */
    CONCLAVE_E_NOT_ADMITTED = -306,        /**< the members do not accept this identity's key (yet) */
    CONCLAVE_E_NAME_TAKEN = -307,          /**< the name is held by a member with another key */

    /* Bytes from the network that were refused. Nothing changed. */
    CONCLAVE_E_MALFORMED = -401,           /**< not a message of this protocol */
    CONCLAVE_E_UNSUPPORTED_VERSION = -402, /**< a protocol version that this build does not speak */
    CONCLAVE_E_UNKNOWN_SUITE = -403,       /**< a suite number that this build does not have, or another than ours */
    CONCLAVE_E_BAD_SIGNATURE = -404,       /**< the signature or authentication code is wrong */
    CONCLAVE_E_WRONG_GROUP = -405,         /**< made for another group */
    CONCLAVE_E_WRONG_VIEW = -406,          /**< made for another view */
    CONCLAVE_E_WRONG_RUN = -407,           /**< made for another run of the agreement */
    CONCLAVE_E_WRONG_SENDER = -408,        /**< not the member who may send this */
    CONCLAVE_E_WRONG_DESTINATION = -409,   /**< meant for another member */
    CONCLAVE_E_REPLAYED = -410,            /**< seen before */
    CONCLAVE_E_OUT_OF_ORDER = -411,        /**< messages of this sender are missing or were reordered */
    CONCLAVE_E_WRONG_PHASE = -412,         /**< not a message that is awaited now */
    CONCLAVE_E_BAD_ELEMENT = -413,         /**< a value outside the prime-order subgroup, or an identity element */
    CONCLAVE_E_MEMBER_LIST = -414,         /**< the message's member list is not the view's */
    CONCLAVE_E_KEY_CONFIRMATION = -415,    /**< the sender holds another key */
    CONCLAVE_E_BAD_SEAL = -416,            /**< an encrypted message was altered */
    CONCLAVE_E_WRONG_ALGORITHM = -417,     /**< somebody runs the other robust algorithm: all must choose the same */
    CONCLAVE_E_UNKNOWN_EPOCH = -418,       /**< sealed under keys that are not here yet, or no longer */
    CONCLAVE_E_UNKNOWN_SENDER = -419,      /**< of a member that is in no view here, or in the current one no more */
    CONCLAVE_E_STALE = -420,               /**< older than what is known: a view, or an answer to another request */

    /* The world outside. */
    CONCLAVE_E_TRANSPORT_UNREACHABLE = -501, /**< nobody answers at the transport's address */
    CONCLAVE_E_TRANSPORT_LOST = -502,        /**< the connection to the transport is gone; join again */
    CONCLAVE_E_TRANSPORT_REFUSED = -503,     /**< the transport does not take this member; the message says why */
    CONCLAVE_E_IO = -504,                    /**< the system refused; the message names errno */
    CONCLAVE_E_NO_SPACE = -505,              /**< the disk is full; nothing was changed */
    CONCLAVE_E_PERMISSION = -506,            /**< the system denies access */
    CONCLAVE_E_FILE_EXISTS = -507,           /**< there is a file already, and it is not overwritten */
    CONCLAVE_E_ADDRESS_IN_USE = -508,        /**< another hub listens there */
    CONCLAVE_E_TRANSPORT_UNFIT = -509,       /**< a transport breaks its contract; the message says how */
    CONCLAVE_E_LIBRARY_MISSING = -510,       /**< a library that the transport needs is not installed; which, is said */

    /* The end of a membership. */
    CONCLAVE_E_LEFT = -601,             /**< this member has left the group */
    CONCLAVE_E_EXCLUDED = -602,         /**< the others went on without this silent member; it joins again by itself */
    CONCLAVE_E_REPLACED = -603,         /**< the same identity joined again elsewhere */
    CONCLAVE_E_AGREEMENT_FAILED = -604, /**< no key within the allowed restarts; this member joins again by itself */

    /* Faults inside. */
    CONCLAVE_E_CRYPTOGRAPHY = -901, /**< libcrypto failed without a reason that input explains */
    CONCLAVE_E_ENTROPY = -902,      /**< the system gave no random bytes */
    CONCLAVE_E_OUT_OF_MEMORY = -903 /**< a large buffer could not be allocated */
};

/** The library's version, "major.minor.patch". Static. */
CONCLAVE_API const char *conclave_version(void);
/** CONCLAVE_ABI_DATE of the library that is loaded. */
CONCLAVE_API uint32_t conclave_abi_date(void);
/** Whether this build has a feature: "gdh", "ckd", "tgdh", "str", "bd", "local", "hub", "corosync", "callbacks",
 *  "ffdhe2048", "ffdhe3072", "ffdhe4096", "modp2048-256", "p256", "aes-256-gcm", "chacha20-poly1305". An unknown name
 *  or NULL is false. */
CONCLAVE_API bool conclave_supports_feature(const char *name);
/** One English sentence for a status, static; for a number that is none, "unknown status". */
CONCLAVE_API const char *conclave_status_text(conclave_status status);
/** The status's name without prefix, such as "BAD_HANDLE", static; for a number that is none, "UNKNOWN". */
CONCLAVE_API const char *conclave_status_name(conclave_status status);
/** Whether the handle whose call gave this status can do nothing more but be freed (bad handle, left, transport lost or
 *  unfit, replaced, libcrypto or the random source failed). It is about what calls answer. After an ERROR event the
 *  membership goes on, whatever its status; after a LEFT event it is over, whatever its status. */
CONCLAVE_API bool conclave_status_is_fatal(conclave_status status);

/** Why a _new, _open, _load or _join failed: an owned object, because there is no handle yet that could tell. */
typedef struct conclave_error conclave_error;
/** The status again; CONCLAVE_E_BAD_HANDLE for a handle that is none. */
CONCLAVE_API conclave_status conclave_error_status(const conclave_error *error);
/** What happened and what to do about it, one line. Borrowed until conclave_error_free; "" for a bad handle. */
CONCLAVE_API const char *conclave_error_message(const conclave_error *error);
/** Frees an error; NULL is allowed. */
CONCLAVE_API void conclave_error_free(conclave_error *error);

/* --------------------------------------------------------------------------------------------- identities and trust */

/** Bytes of a public key (Ed25519, RFC 8032). */
#define CONCLAVE_PUBLIC_KEY_SIZE 32
/** Bytes of a fingerprint: SHA-256 of a public key, or the public name of a group key. */
#define CONCLAVE_FINGERPRINT_SIZE 32
/** Bytes of a member's name or a trust store's label at most, without the final zero. */
#define CONCLAVE_NAME_MAX 64
/** Bytes of a group's name at most, without the final zero. */
#define CONCLAVE_GROUP_NAME_MAX 128

/** A name and an Ed25519 key pair. Immutable once made; a group or agreement keeps what it needs of it. */
typedef struct conclave_identity conclave_identity;

/** Makes a fresh identity. `name`: 1 to CONCLAVE_NAME_MAX bytes without control characters. `error` may be NULL; on
 *  failure it receives an owned error, on success NULL. */
CONCLAVE_API conclave_status conclave_identity_new(const char *name, conclave_identity **identity,
                                                   conclave_error **error);
/** Reads an identity from a PKCS#8 PEM file. `passphrase` is NULL when the file is not encrypted, else
 *  `passphrase_size` bytes (1 to 1,024). Errors: NOT_FOUND, PERMISSION, IO, BAD_KEY_FILE, PASSPHRASE_REQUIRED,
 *  BAD_PASSPHRASE. */
CONCLAVE_API conclave_status conclave_identity_load(const char *path, const uint8_t *passphrase, size_t passphrase_size,
                                                    conclave_identity **identity, conclave_error **error);
/** Reads an identity from PEM in memory; otherwise as conclave_identity_load. */
CONCLAVE_API conclave_status conclave_identity_from_pem(const uint8_t *pem, size_t pem_size, const uint8_t *passphrase,
                                                        size_t passphrase_size, conclave_identity **identity,
                                                        conclave_error **error);
/** Writes the identity to a new file of mode 0600, whole or not at all; with a passphrase encrypted (PBES2:
 *  AES-256-CBC, PBKDF2 with HMAC-SHA-256 and 600,000 rounds; some tenths of a second here and at loading).
 *  Errors: FILE_EXISTS, PERMISSION, NO_SPACE, IO; nothing is left behind. `error` may be NULL. */
CONCLAVE_API conclave_status conclave_identity_save(const conclave_identity *identity, const char *path,
                                                    const uint8_t *passphrase, size_t passphrase_size,
                                                    conclave_error **error);
/** Writes the PEM into the caller's buffer; `*size` is its capacity before and the text's size after (no final zero).
 *  BUFFER_TOO_SMALL writes the needed size; a NULL buffer of capacity 0 asks for it. */
CONCLAVE_API conclave_status conclave_identity_to_pem(const conclave_identity *identity, const uint8_t *passphrase,
                                                      size_t passphrase_size, uint8_t *buffer, size_t *size);
/** The identity's name. Borrowed until conclave_identity_free; "" for a bad handle. */
CONCLAVE_API const char *conclave_identity_name(const conclave_identity *identity);
/** Copies the public key. */
CONCLAVE_API conclave_status conclave_identity_public_key(const conclave_identity *identity,
                                                          uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE]);
/** Frees an identity and wipes its private key; NULL is allowed. */
CONCLAVE_API void conclave_identity_free(conclave_identity *identity);

/** SHA-256 of a public key: what people compare. */
CONCLAVE_API conclave_status conclave_fingerprint(const uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE],
                                                  uint8_t fingerprint[CONCLAVE_FINGERPRINT_SIZE]);

/** A list of accepted public keys, each with a label. A group takes a copy when it joins: after a change, hand it to
 *  conclave_group_set_trust. */
typedef struct conclave_trust conclave_trust;

/** An empty list: accepts nobody but oneself. */
CONCLAVE_API conclave_status conclave_trust_new(conclave_trust **trust, conclave_error **error);
/** Reads a list: one line `ed25519 BASE64 LABEL` for each key; empty lines and lines that begin with # are passed over.
 *  Errors: NOT_FOUND, PERMISSION, IO, BAD_TRUST_FILE (the message names the line). */
CONCLAVE_API conclave_status conclave_trust_load(const char *path, conclave_trust **trust, conclave_error **error);
/** Replaces the file with this list, whole or not at all. */
CONCLAVE_API conclave_status conclave_trust_save(const conclave_trust *trust, const char *path, conclave_error **error);
/** Accepts a key. `label` as a name; a key that is there already gets the new label. */
CONCLAVE_API conclave_status conclave_trust_add(conclave_trust *trust,
                                                const uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE], const char *label);
/** Accepts a key no longer; NOT_FOUND when it was not there. */
CONCLAVE_API conclave_status conclave_trust_remove(conclave_trust *trust,
                                                   const uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE]);
/** CONCLAVE_OK when the key is accepted, else NOT_FOUND. */
CONCLAVE_API conclave_status conclave_trust_contains(const conclave_trust *trust,
                                                     const uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE]);
/** How many keys; 0 for a bad handle. */
CONCLAVE_API size_t conclave_trust_count(const conclave_trust *trust);
/** The key and label at an index, in order of insertion. `label` (may be NULL) is borrowed until the list changes. */
CONCLAVE_API conclave_status conclave_trust_get(const conclave_trust *trust, size_t index,
                                                uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE], const char **label);
/** Frees a list; NULL is allowed. */
CONCLAVE_API void conclave_trust_free(conclave_trust *trust);

/* ------------------------------------------------------------------------------------------------ suites */

/** A suite names everything two members must have in common: key agreement, group of numbers, signature, cipher, hash.
 *  Its number travels on the wire. Four hexadecimal digits: agreement, group, signature, cipher with hash. */
typedef uint16_t conclave_suite;

#define CONCLAVE_SUITE_GDH_FFDHE2048_ED25519_AES256GCM ((conclave_suite)0x1111)
#define CONCLAVE_SUITE_GDH_FFDHE3072_ED25519_AES256GCM ((conclave_suite)0x1211)
#define CONCLAVE_SUITE_GDH_FFDHE4096_ED25519_AES256GCM ((conclave_suite)0x1311)
#define CONCLAVE_SUITE_GDH_MODP2048_256_ED25519_AES256GCM ((conclave_suite)0x1411)
#define CONCLAVE_SUITE_GDH_P256_ED25519_AES256GCM ((conclave_suite)0x1511)
#define CONCLAVE_SUITE_GDH_FFDHE2048_ED25519_CHACHA20POLY1305 ((conclave_suite)0x1112)
#define CONCLAVE_SUITE_GDH_FFDHE3072_ED25519_CHACHA20POLY1305 ((conclave_suite)0x1212)
#define CONCLAVE_SUITE_GDH_FFDHE4096_ED25519_CHACHA20POLY1305 ((conclave_suite)0x1312)
#define CONCLAVE_SUITE_GDH_MODP2048_256_ED25519_CHACHA20POLY1305 ((conclave_suite)0x1412)
#define CONCLAVE_SUITE_GDH_P256_ED25519_CHACHA20POLY1305 ((conclave_suite)0x1512)
#define CONCLAVE_SUITE_CKD_FFDHE2048_ED25519_AES256GCM ((conclave_suite)0x2111)
#define CONCLAVE_SUITE_CKD_FFDHE3072_ED25519_AES256GCM ((conclave_suite)0x2211)
#define CONCLAVE_SUITE_CKD_FFDHE4096_ED25519_AES256GCM ((conclave_suite)0x2311)
#define CONCLAVE_SUITE_CKD_MODP2048_256_ED25519_AES256GCM ((conclave_suite)0x2411)
#define CONCLAVE_SUITE_CKD_P256_ED25519_AES256GCM ((conclave_suite)0x2511)
#define CONCLAVE_SUITE_CKD_FFDHE2048_ED25519_CHACHA20POLY1305 ((conclave_suite)0x2112)
#define CONCLAVE_SUITE_CKD_FFDHE3072_ED25519_CHACHA20POLY1305 ((conclave_suite)0x2212)
#define CONCLAVE_SUITE_CKD_FFDHE4096_ED25519_CHACHA20POLY1305 ((conclave_suite)0x2312)
#define CONCLAVE_SUITE_CKD_MODP2048_256_ED25519_CHACHA20POLY1305 ((conclave_suite)0x2412)
#define CONCLAVE_SUITE_CKD_P256_ED25519_CHACHA20POLY1305 ((conclave_suite)0x2512)
#define CONCLAVE_SUITE_TGDH_FFDHE2048_ED25519_AES256GCM ((conclave_suite)0x3111)
#define CONCLAVE_SUITE_TGDH_FFDHE3072_ED25519_AES256GCM ((conclave_suite)0x3211)
#define CONCLAVE_SUITE_TGDH_FFDHE4096_ED25519_AES256GCM ((conclave_suite)0x3311)
#define CONCLAVE_SUITE_TGDH_MODP2048_256_ED25519_AES256GCM ((conclave_suite)0x3411)
#define CONCLAVE_SUITE_TGDH_P256_ED25519_AES256GCM ((conclave_suite)0x3511)
#define CONCLAVE_SUITE_TGDH_FFDHE2048_ED25519_CHACHA20POLY1305 ((conclave_suite)0x3112)
#define CONCLAVE_SUITE_TGDH_FFDHE3072_ED25519_CHACHA20POLY1305 ((conclave_suite)0x3212)
#define CONCLAVE_SUITE_TGDH_FFDHE4096_ED25519_CHACHA20POLY1305 ((conclave_suite)0x3312)
#define CONCLAVE_SUITE_TGDH_MODP2048_256_ED25519_CHACHA20POLY1305 ((conclave_suite)0x3412)
#define CONCLAVE_SUITE_TGDH_P256_ED25519_CHACHA20POLY1305 ((conclave_suite)0x3512)
#define CONCLAVE_SUITE_STR_FFDHE2048_ED25519_AES256GCM ((conclave_suite)0x4111)
#define CONCLAVE_SUITE_STR_FFDHE3072_ED25519_AES256GCM ((conclave_suite)0x4211)
#define CONCLAVE_SUITE_STR_FFDHE4096_ED25519_AES256GCM ((conclave_suite)0x4311)
#define CONCLAVE_SUITE_STR_MODP2048_256_ED25519_AES256GCM ((conclave_suite)0x4411)
#define CONCLAVE_SUITE_STR_P256_ED25519_AES256GCM ((conclave_suite)0x4511)
#define CONCLAVE_SUITE_STR_FFDHE2048_ED25519_CHACHA20POLY1305 ((conclave_suite)0x4112)
#define CONCLAVE_SUITE_STR_FFDHE3072_ED25519_CHACHA20POLY1305 ((conclave_suite)0x4212)
#define CONCLAVE_SUITE_STR_FFDHE4096_ED25519_CHACHA20POLY1305 ((conclave_suite)0x4312)
#define CONCLAVE_SUITE_STR_MODP2048_256_ED25519_CHACHA20POLY1305 ((conclave_suite)0x4412)
#define CONCLAVE_SUITE_STR_P256_ED25519_CHACHA20POLY1305 ((conclave_suite)0x4512)
#define CONCLAVE_SUITE_BD_FFDHE2048_ED25519_AES256GCM ((conclave_suite)0x5111)
#define CONCLAVE_SUITE_BD_FFDHE3072_ED25519_AES256GCM ((conclave_suite)0x5211)
#define CONCLAVE_SUITE_BD_FFDHE4096_ED25519_AES256GCM ((conclave_suite)0x5311)
#define CONCLAVE_SUITE_BD_MODP2048_256_ED25519_AES256GCM ((conclave_suite)0x5411)
#define CONCLAVE_SUITE_BD_P256_ED25519_AES256GCM ((conclave_suite)0x5511)
#define CONCLAVE_SUITE_BD_FFDHE2048_ED25519_CHACHA20POLY1305 ((conclave_suite)0x5112)
#define CONCLAVE_SUITE_BD_FFDHE3072_ED25519_CHACHA20POLY1305 ((conclave_suite)0x5212)
#define CONCLAVE_SUITE_BD_FFDHE4096_ED25519_CHACHA20POLY1305 ((conclave_suite)0x5312)
#define CONCLAVE_SUITE_BD_MODP2048_256_ED25519_CHACHA20POLY1305 ((conclave_suite)0x5412)
#define CONCLAVE_SUITE_BD_P256_ED25519_CHACHA20POLY1305 ((conclave_suite)0x5512)
/** What an options structure names until it is told otherwise. */
#define CONCLAVE_SUITE_STANDARD CONCLAVE_SUITE_GDH_P256_ED25519_AES256GCM

/** The suite's name, such as "GDH_FFDHE3072_ED25519_AES256GCM", static; NULL for a number that is none. */
CONCLAVE_API const char *conclave_suite_name(conclave_suite suite);

/* ------------------------------------------------------------------------------------------------ key agreement */

/** A key agreement context: membership changes and tokens in, tokens and a key out. The caller moves the bytes, in
 *  order, and delivers every multicast to the sender as well. Which messages there are is the suite's affair: GDH IKA.2
 *  (paper §3.2), CKD (§6.4), BD (Burmester and Desmedt). */
typedef struct conclave_agreement conclave_agreement;

/** One participant of a run. */
typedef struct conclave_participant {
    uint64_t id;                                  /**< unique in the run, not zero; the caller's choice */
    uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE]; /**< verifies its tokens */
} conclave_participant;

/** A membership to agree on. Zero it, set `size`, fill in the rest. */
typedef struct conclave_membership {
    size_t size;                              /**< sizeof(conclave_membership) */
    const char *group;                        /**< the group's name */
    uint8_t view[32];                         /**< unique to this view; the same at all participants */
    uint8_t run[32];                          /**< fresh for every run (a hash over nonces of all participants) */
    const conclave_participant *participants; /**< the same order at all: those who continue first, oldest first */
    size_t participant_count;                 /**< 1 to 1,000 */
    size_t continuing_count; /**< how many at the front completed the previous run together; 0 agrees from scratch */
} conclave_membership;

#define CONCLAVE_MEMBERSHIP_INIT                                                                                       \
    { sizeof(conclave_membership), NULL, {0}, {0}, NULL, 0, 0 }
/** The same as CONCLAVE_MEMBERSHIP_INIT, for callers without a C preprocessor. `size` is sizeof(conclave_membership) as
 *  the caller was compiled: so many bytes are written and no more. Errors: NULL_ARGUMENT, BAD_STRUCT_SIZE (a size that
 *  the structure never had); nothing is written. */
CONCLAVE_API conclave_status conclave_membership_init(conclave_membership *membership, size_t size);

/** How a token is to be sent. */
enum {
    CONCLAVE_TOKEN_UNICAST = 1,         /**< to `destination`, in first-in-first-out order */
    CONCLAVE_TOKEN_MULTICAST = 2,       /**< to all participants, in first-in-first-out order */
    CONCLAVE_TOKEN_MULTICAST_AGREED = 3 /**< to all participants and oneself, in the same total order at all */
};

/** A token to send. */
typedef struct conclave_token {
    size_t size;          /**< set by the caller: sizeof(conclave_token) */
    uint32_t kind;        /**< CONCLAVE_TOKEN_… */
    uint64_t destination; /**< a participant's id for a unicast, else 0 */
    const uint8_t *bytes; /**< borrowed until the next call on this agreement */
    size_t byte_count;
} conclave_token;

#define CONCLAVE_TOKEN_INIT                                                                                            \
    { sizeof(conclave_token), 0, 0, NULL, 0 }

/** What an agreement has done since it was made. */
typedef struct conclave_counters {
    size_t size; /**< set by the caller: sizeof(conclave_counters) */
    uint64_t exponentiations;
    uint64_t signatures;
    uint64_t verifications;
    uint64_t unicasts;
    uint64_t multicasts;
    uint64_t membership_checks; /**< of received values in the prime-order subgroup */
    uint64_t inversions;        /**< of shares, modulo the group's order */
} conclave_counters;

#define CONCLAVE_COUNTERS_INIT                                                                                         \
    { sizeof(conclave_counters), 0, 0, 0, 0, 0, 0, 0 }

/** Makes a context for the participant `id`, which signs with `identity`. Any number of contexts may live in a
 *  process. */
CONCLAVE_API conclave_status conclave_agreement_new(conclave_suite suite, const conclave_identity *identity,
                                                    uint64_t id, conclave_agreement **agreement,
                                                    conclave_error **error);
/** Begins a run: initial agreement, join, merge, leave, partition, several of them at once, or with an unchanged
 *  membership a refresh. A run under way is abandoned; the last agreed key stays usable until the next is installed. */
CONCLAVE_API conclave_status conclave_agreement_begin(conclave_agreement *agreement,
                                                      const conclave_membership *membership);
/** Takes a token that `sender` sent. A token that is refused (statuses -401 to -415) changes nothing. */
CONCLAVE_API conclave_status conclave_agreement_receive(conclave_agreement *agreement, uint64_t sender,
                                                        const uint8_t *token, size_t token_size);
/** The next token to send; CONCLAVE_E_NO_EVENT when there is none. */
CONCLAVE_API conclave_status conclave_agreement_next_token(conclave_agreement *agreement, conclave_token *token);
/** Whether the run that began last has ended in a confirmed key; false for a bad handle. */
CONCLAVE_API bool conclave_agreement_is_complete(const conclave_agreement *agreement);
/** Derives `output_size` bytes (at most 8,160) from the last agreed key (HKDF-SHA-256); a label of 1 to
 *  255 bytes and a context of at most 65,536 are bound in.
 *  WRONG_STATE before the first key. */
CONCLAVE_API conclave_status conclave_agreement_export(const conclave_agreement *agreement, const char *label,
                                                       const uint8_t *context, size_t context_size, uint8_t *output,
                                                       size_t output_size);
/** A public name of the last agreed key: equal at two participants only if their keys are. */
CONCLAVE_API conclave_status conclave_agreement_fingerprint(const conclave_agreement *agreement,
                                                            uint8_t fingerprint[CONCLAVE_FINGERPRINT_SIZE]);
/** Counts since the context was made. */
CONCLAVE_API conclave_status conclave_agreement_counters(const conclave_agreement *agreement,
                                                         conclave_counters *counters);
/** On how many threads, 1 to 64, the calling one included, this context may compute many powers at once (the key
 *  lists of GDH and CKD, the paths of TGDH and STR): 1 until this is called. Further threads are begun where that pays,
 *  inside a call, and have ended when it returns. */
CONCLAVE_API conclave_status conclave_agreement_set_threads(conclave_agreement *agreement, uint32_t count);
/** Details of the last failure on this handle, one line; "" when there was none. Borrowed until the next call. */
CONCLAVE_API const char *conclave_agreement_message(const conclave_agreement *agreement);
/** Frees a context and wipes its secrets; NULL is allowed. */
CONCLAVE_API void conclave_agreement_free(conclave_agreement *agreement);

/* ------------------------------------------------------------------------------------------------ secure groups */

/** A membership in one secure group. */
typedef struct conclave_group conclave_group;

/** Which robust algorithm carries the key from view to view. Both give the same guarantees; all members of a group
 *  choose the same: somebody with the other one stays outside, and both sides get ERROR events with WRONG_ALGORITHM. */
enum {
    CONCLAVE_ALGORITHM_OPTIMIZED = 0, /**< continues from the last key where it can: a leave costs one message */
    CONCLAVE_ALGORITHM_BASIC = 1      /**< simpler: every change costs a whole agreement, 2n messages for n members */
};

/** How a group behaves. Begin with CONCLAVE_GROUP_OPTIONS_INIT or conclave_group_options_init. */
typedef struct conclave_group_options {
    size_t size;                   /**< sizeof(conclave_group_options) */
    conclave_suite suite;          /**< CONCLAVE_SUITE_STANDARD */
    bool manual_flush;             /**< false: flush requests are acknowledged by the library */
    uint32_t flush_timeout_ms;     /**< 30,000; who has not acknowledged by then is excluded; 0 = never */
    uint32_t agreement_timeout_ms; /**< 10,000; an agreement that takes longer is restarted; 0 = never */
    uint32_t restart_limit;        /**< 3; restarts of an agreement within one view */
    uint32_t admission_timeout_ms; /**< 10,000; then an ERROR event tells why we still wait (NOT_ADMITTED) */
    size_t send_queue_bytes;       /**< 4 MiB; what may wait to be sent */
    size_t event_queue_bytes;      /**< 64 MiB; what may wait to be fetched before the transport is no longer read */
    uint32_t algorithm;            /**< CONCLAVE_ALGORITHM_OPTIMIZED, also for callers whose structure ends before it */
} conclave_group_options;

#define CONCLAVE_GROUP_OPTIONS_INIT                                                                                    \
    {                                                                                                                  \
        sizeof(conclave_group_options), CONCLAVE_SUITE_STANDARD, false, 30000, 10000, 3, 10000, 4194304, 67108864,     \
            CONCLAVE_ALGORITHM_OPTIMIZED                                                                               \
    }
/** The same as CONCLAVE_GROUP_OPTIONS_INIT, for callers without a C preprocessor. `size` is
 *  sizeof(conclave_group_options) as the caller was compiled: so many bytes are written and no more, and the member
 *  `size` receives it, so that a program keeps working with a library whose structure has grown. Errors: NULL_ARGUMENT,
 *  BAD_STRUCT_SIZE (a size that the structure never had); nothing is written. */
CONCLAVE_API conclave_status conclave_group_options_init(conclave_group_options *options, size_t size);

/** Bytes of an application message at most. */
#define CONCLAVE_MESSAGE_MAX 16777216

/** In which order a message is delivered (properties 9 to 12 of the paper); each includes those before it. */
enum {
    CONCLAVE_SERVICE_FIFO = 1,   /**< after what its sender sent before */
    CONCLAVE_SERVICE_CAUSAL = 2, /**< after everything its sender had delivered before it sent */
    CONCLAVE_SERVICE_AGREED = 3, /**< in the same order at all members */
    CONCLAVE_SERVICE_SAFE = 4    /**< agreed, and not before every member of the view has received it */
};

/** What happened. */
enum {
    CONCLAVE_EVENT_FLUSH_REQUEST = 1,       /**< the view is about to change; with manual_flush: conclave_group_flush */
    CONCLAVE_EVENT_TRANSITIONAL_SIGNAL = 2, /**< from here to the next view guarantees hold for the transitional set */
    CONCLAVE_EVENT_VIEW = 3,                /**< a new secure view with a new key; see conclave_group_view */
    CONCLAVE_EVENT_MESSAGE = 4,             /**< a message of a member, decrypted and verified */
    CONCLAVE_EVENT_LEFT = 5,                /**< the membership is over; status says why; nothing follows */
    CONCLAVE_EVENT_ERROR = 6                /**< something was refused or is amiss, and the membership goes on */
};

/** An event. Borrowed members stay as they are until the next event is fetched from this group or it is freed. */
typedef struct conclave_event {
    size_t size;             /**< set by the caller: sizeof(conclave_event) */
    uint32_t kind;           /**< CONCLAVE_EVENT_… */
    uint32_t service;        /**< of a message: CONCLAVE_SERVICE_… */
    uint64_t sender;         /**< of a message, or whom an error is about: a member's id, 0 for nobody */
    const char *sender_name; /**< borrowed; "" when nobody */
    const uint8_t *data;     /**< of a message: borrowed */
    size_t data_size;
    uint64_t view_counter;  /**< of the view in which the event happened */
    bool is_private;        /**< a message that was sent to this member alone */
    conclave_status status; /**< of LEFT and ERROR: why */
    const char *message;    /**< of LEFT and ERROR: one line, borrowed; else "" */
} conclave_event;

#define CONCLAVE_EVENT_INIT                                                                                            \
    { sizeof(conclave_event), 0, 0, 0, NULL, NULL, 0, 0, false, 0, NULL }

/** A secure view. */
typedef struct conclave_view {
    size_t size;                                        /**< set by the caller: sizeof(conclave_view) */
    uint64_t counter;                                   /**< grows with every view that a member installs */
    uint8_t id[32];                                     /**< unique; the same at all members of the view */
    uint8_t key_fingerprint[CONCLAVE_FINGERPRINT_SIZE]; /**< public name of the view's key; the same at all members */
    size_t member_count;                                /**< members, oldest first */
    size_t left_count;                                  /**< members of the previous view that are no longer here */
    uint64_t self;                                      /**< this member's own id */
} conclave_view;

#define CONCLAVE_VIEW_INIT                                                                                             \
    { sizeof(conclave_view), 0, {0}, {0}, 0, 0, 0 }

/** A member of a view. */
typedef struct conclave_member {
    size_t size;      /**< set by the caller: sizeof(conclave_member) */
    uint64_t id;      /**< unique to this membership: who leaves and joins again has another */
    const char *name; /**< borrowed until the next event is fetched */
    uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE];
    bool is_self;
    bool is_transitional; /**< came along from this member's previous view */
    bool has_joined;      /**< was not in this member's previous view */
} conclave_member;

#define CONCLAVE_MEMBER_INIT                                                                                           \
    { sizeof(conclave_member), 0, NULL, {0}, false, false, false }

/** Connects to a transport and asks to join a group: `local:PATH` names a hub's socket, `corosync:` is the Corosync
 *  cluster that this machine belongs to. Returns when the connection stands; the first VIEW event tells that the group
 *  is joined. `trust` may be NULL: only the own key is accepted. Both it and `identity` may be freed afterwards.
 *  `options` may be NULL. Errors: BAD_URL, BAD_TEXT, TRANSPORT_UNREACHABLE, PERMISSION, LIBRARY_MISSING (libcpg),
 *  UNKNOWN_SUITE, INVALID_ARGUMENT (an option out of range), IO. A hub that does not take this member says so later, by
 *  a LEFT event with TRANSPORT_REFUSED. When a hub goes away, a LEFT event with TRANSPORT_LOST follows; when the
 *  Corosync daemon does, an ERROR event with that status, and the member joins again by itself when it is back. */
CONCLAVE_API conclave_status conclave_group_join(const char *transport_url, const char *group_name,
                                                 const conclave_identity *identity, const conclave_trust *trust,
                                                 const conclave_group_options *options, conclave_group **group,
                                                 conclave_error **error);
/** A descriptor that is readable whenever conclave_group_process has something to do, for any event loop. It belongs to
 *  the group: watch it, never read, write or close it. */
CONCLAVE_API conclave_status conclave_group_descriptor(const conclave_group *group, int *descriptor);
/** Milliseconds until conclave_group_process must be called even if the descriptor is quiet; -1: no such time. */
CONCLAVE_API conclave_status conclave_group_deadline(const conclave_group *group, int64_t *milliseconds);
/** Does what is to be done, without blocking: reads, writes, agrees on keys, queues events. */
CONCLAVE_API conclave_status conclave_group_process(conclave_group *group);
/** Fetches the next event without blocking; CONCLAVE_E_NO_EVENT when there is none. */
CONCLAVE_API conclave_status conclave_group_next_event(conclave_group *group, conclave_event *event);
/** For simple programs: processes and waits until there is an event, at most `timeout_ms` (negative: without end).
 *  TIMED_OUT, INTERRUPTED after conclave_group_wake, or LEFT when the LEFT event was fetched before; what ended the
 *  membership is in conclave_group_message then, as for every call that answers LEFT. */
CONCLAVE_API conclave_status conclave_group_wait_event(conclave_group *group, int64_t timeout_ms,
                                                       conclave_event *event);
/** Makes a wait on this group return, now or when it next begins. Any thread may call it while the group exists. */
CONCLAVE_API conclave_status conclave_group_wake(const conclave_group *group);
/** Sends to all members of the current secure view, the sender included. At most CONCLAVE_MESSAGE_MAX bytes; copied.
 *  WRONG_STATE before the first view and while joining again, FLUSH_PENDING between acknowledgement and view,
 *  QUEUE_FULL, TOO_LARGE, LEFT. */
CONCLAVE_API conclave_status conclave_group_send(conclave_group *group, uint32_t service, const uint8_t *data,
                                                 size_t data_size);
/** Sends to one member of the current secure view, in FIFO order with this sender's other messages. NOT_FOUND when it
 *  is not there. Every member can decrypt what another can: private means delivered to one, not secret from the
 *  rest. */
CONCLAVE_API conclave_status conclave_group_send_to(conclave_group *group, uint64_t member, const uint8_t *data,
                                                    size_t data_size);
/** Acknowledges a flush request (manual_flush): nothing more will be sent in this view. WRONG_STATE without a
 *  request. */
CONCLAVE_API conclave_status conclave_group_flush(conclave_group *group);
/** Asks for a new view with the same members and a new key. */
CONCLAVE_API conclave_status conclave_group_refresh(conclave_group *group);
/** Replaces the accepted keys by a copy of `trust`. A member whose key is gone is expelled at the next view, which is
 *  asked for at once. */
CONCLAVE_API conclave_status conclave_group_set_trust(conclave_group *group, const conclave_trust *trust);
/** Leaves the group: what was accepted is sent, then a LEFT event follows. */
CONCLAVE_API conclave_status conclave_group_leave(conclave_group *group);
/** The secure view of the VIEW event that was fetched last; WRONG_STATE before the first. */
CONCLAVE_API conclave_status conclave_group_view(const conclave_group *group, conclave_view *view);
/** A member of that view by index, oldest first. */
CONCLAVE_API conclave_status conclave_group_member(const conclave_group *group, size_t index, conclave_member *member);
/** A member of the view before it that is not in it any more, by index. */
CONCLAVE_API conclave_status conclave_group_left_member(const conclave_group *group, size_t index,
                                                        conclave_member *member);
/** Whom the group is waiting for just now, by index (flush, admission or agreement); NOT_FOUND past the last. */
CONCLAVE_API conclave_status conclave_group_waiting_for(const conclave_group *group, size_t index,
                                                        conclave_member *member);
/** Derives `output_size` bytes (at most 8,160) from the key of the current secure view, for the application's own use:
 *  the same at all members for the same label (1 to 255 bytes), context (at most 65,536) and size. The view is that of
 *  the VIEW event that was fetched last. WRONG_STATE before the first. */
CONCLAVE_API conclave_status conclave_group_export(const conclave_group *group, const char *label,
                                                   const uint8_t *context, size_t context_size, uint8_t *output,
                                                   size_t output_size);
/** On how many threads, 1 to 64, the calling one included, this membership may compute many powers at once: see
 *  `conclave_agreement_set_threads`. It holds when the membership joins again by itself, too. */
CONCLAVE_API conclave_status conclave_group_set_threads(conclave_group *group, uint32_t count);
/** What the agreements of this group have cost so far. */
CONCLAVE_API conclave_status conclave_group_counters(const conclave_group *group, conclave_counters *counters);

/** What a metric's value counts. */
enum {
    CONCLAVE_UNIT_COUNT = 1,
    CONCLAVE_UNIT_BYTES = 2,
    CONCLAVE_UNIT_MILLISECONDS = 3 /**< although the name says seconds: the text has them, with three decimals */
};

/** One number that a group keeps about itself. docs/metrics.md lists all of them. */
typedef struct conclave_metric {
    size_t size;        /**< set by the caller: sizeof(conclave_metric) */
    const char *name;   /**< such as "conclave_secure_views_total"; static, and the same in every version */
    const char *labels; /**< such as "direction=\"sent\"", "" for none; borrowed until the next metric is asked for */
    const char *help;   /**< a few words; static */
    bool is_counter;    /**< it only grows, over rejoins too; otherwise it is as of now */
    uint32_t unit;      /**< CONCLAVE_UNIT_… */
    uint64_t value;
} conclave_metric;

#define CONCLAVE_METRIC_INIT                                                                                           \
    { sizeof(conclave_metric), NULL, NULL, NULL, false, 0, 0 }

/** A number of this group by index. Index 0 takes a reading, the others go on in it; NOT_FOUND past the last. */
CONCLAVE_API conclave_status conclave_group_metric(conclave_group *group, size_t index, conclave_metric *metric);
/** All numbers of this group in Prometheus' text format, labelled with the group's and the member's name. The text ends
 *  with a zero byte that `text_size` does not count (it may be NULL), and is borrowed until the next call of this
 *  function on this group. */
CONCLAVE_API conclave_status conclave_group_metrics_text(conclave_group *group, const char **text, size_t *text_size);

/** How much a log tells; each level includes those before it. */
enum {
    CONCLAVE_LOG_NONE = 0,
    CONCLAVE_LOG_WARNING = 1, /**< what was refused or went amiss */
    CONCLAVE_LOG_INFO = 2,    /**< views, and what leads to them */
    CONCLAVE_LOG_DEBUG = 3    /**< every step of flush and agreement */
};

/** Receives a line of a log: UTF-8 without a line end, valid during the call. It holds names, numbers and public
 *  fingerprints, never a key, a share or a payload. */
typedef void (*conclave_log_callback)(void *user_data, uint32_t level, const char *line);

/** Has the group tell what it does, from now on; a group is silent until then. The callback runs on the thread that
 *  calls a function of this group, at the end of that call, after everything has been done; it may call
 *  conclave_group_wake and no other function of this group. CONCLAVE_LOG_NONE or NULL ends it. Errors:
 *  INVALID_ARGUMENT (no such level). */
CONCLAVE_API conclave_status conclave_group_set_log(conclave_group *group, uint32_t level,
                                                    conclave_log_callback callback, void *user_data);

/** Details of the last failure on this handle, one line; "" when there was none. Borrowed until the next call. */
CONCLAVE_API const char *conclave_group_message(const conclave_group *group);
/** Disconnects at once (others see a crash unless conclave_group_leave went before) and wipes the keys; NULL is
 *  allowed. */
CONCLAVE_API void conclave_group_free(conclave_group *group);

/* ------------------------------------------------------------------------------------------------ own transports */

/* A program can bring the engine that carries its groups: any group communication system that orders messages, as a
 * table of functions. What it must promise (extended virtual synchrony, in short) is docs/transports.md, each promise
 * with its number; conclave_transport_check tries them out. The engine is trusted for order and progress alone: what it
 * carries is encrypted and signed, and who is in a secure view is decided above it.
 *
 * The functions are called inside conclave_group_process, _wait_event, _send, _send_to, _flush, _refresh, _set_trust,
 * _leave and _free of the groups that use the engine, in the thread that makes that call, and never while the library
 * is in the middle of a change of its own state. They must not block. They must not call the group that called them
 * (that is refused with WRONG_STATE); other handles are free to be used. */

/** What a transport tells of one membership. */
enum {
    CONCLAVE_TRANSPORT_ATTACHED = 1,      /**< the member has this connection; once, before all else */
    CONCLAVE_TRANSPORT_CONFIGURATION = 2, /**< who is connected from this point of the order on */
    CONCLAVE_TRANSPORT_MESSAGE = 3,       /**< a message at its place in the order, own ones included */
    CONCLAVE_TRANSPORT_ENDED = 4          /**< the last event, with why */
};

/** One such event. The engine fills it; what it points to has to stay until the engine is next called for this
 *  member. */
typedef struct conclave_transport_event {
    size_t size;             /**< set by the library: sizeof(conclave_transport_event), at least so much is there */
    uint32_t kind;           /**< CONCLAVE_TRANSPORT_… */
    conclave_status status;  /**< ENDED: LEFT after leave, else a status of −501 … −599: why */
    uint64_t connection;     /**< ATTACHED: this member's own, not 0, never used again. MESSAGE: its sender's */
    uint64_t configuration;  /**< CONFIGURATION: its number, the same at all its members, another for each */
    const uint64_t *members; /**< CONFIGURATION: ascending */
    size_t member_count;     /**< 1 to 16,382 */
    const uint64_t *transitional; /**< CONFIGURATION: who came along from this member's previous one, ascending */
    size_t transitional_count;    /**< of a newcomer: 1, itself */
    const uint8_t *data;          /**< MESSAGE: as it was given to multicast or unicast */
    size_t data_size;             /**< at most the payload limit */
} conclave_transport_event;

/** Asks for a membership in the group of this name (borrowed during the call), writes what the other functions are to
 *  be called with to `member`, and returns without waiting: ATTACHED comes as an event. Groups of different names have
 *  nothing to do with each other; one process may be several members of one group. On failure nothing is written, and
 *  the status is what conclave_group_join gives (one of −501 … −599, else TRANSPORT_LOST). */
typedef conclave_status (*conclave_transport_join_fn)(void *user_data, const char *group_name, void **member);
/** Sends to all members of the group, this one included. The bytes are borrowed during the call. QUEUE_FULL when there
 *  is no room: nothing was taken, and the library asks again after some milliseconds. Any other status ends the
 *  membership. */
typedef conclave_status (*conclave_transport_multicast_fn)(void *member, const uint8_t *data, size_t data_size);
/** The same to one member, at a place in the order of the whole group; to a connection that is gone, nothing. */
typedef conclave_status (*conclave_transport_unicast_fn)(void *member, uint64_t connection, const uint8_t *data,
                                                         size_t data_size);
/** Fills in the next event, or gives NO_EVENT. While the library has as much as it can hold it does not ask: the engine
 *  has to keep what comes, and better hold the group's senders back than grow without bound. Any other status ends the
 *  membership. */
typedef conclave_status (*conclave_transport_event_fn)(void *member, conclave_transport_event *event);
/** A descriptor that is readable whenever next_event may have something; asked for once, right after join. It belongs
 *  to the engine, and stays until release. */
typedef conclave_status (*conclave_transport_descriptor_fn)(void *member, int *descriptor);
/** Leaves the group after all that was sent: when that has been ordered, ENDED with LEFT follows. */
typedef conclave_status (*conclave_transport_leave_fn)(void *member);
/** Called once for each successful join, last: disconnects at once if that was not done, and frees. */
typedef void (*conclave_transport_release_fn)(void *member);

/** An engine. The structure is copied; `user_data` and the functions must stay as long as there are groups that use
 *  it. A function that is NULL is refused with NULL_ARGUMENT, except `unicast`. */
typedef struct conclave_transport {
    size_t size;          /**< sizeof(conclave_transport) */
    void *user_data;      /**< the engine's own, passed to join */
    size_t payload_limit; /**< bytes of the largest message that it carries: 65,544 at least, 4 MiB + 8 are used */
    conclave_transport_join_fn join;
    conclave_transport_multicast_fn multicast;
    conclave_transport_unicast_fn unicast; /**< or NULL: a multicast that the others drop stands in for it */
    conclave_transport_event_fn next_event;
    conclave_transport_descriptor_fn descriptor;
    conclave_transport_leave_fn leave;
    conclave_transport_release_fn release;
} conclave_transport;

#define CONCLAVE_TRANSPORT_INIT                                                                                        \
    { sizeof(conclave_transport), NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL }
/** The same as CONCLAVE_TRANSPORT_INIT, for callers without a C preprocessor. `size` is sizeof(conclave_transport) as
 *  the caller was compiled: so many bytes are written and no more. Errors: NULL_ARGUMENT, BAD_STRUCT_SIZE (a size that
 *  the structure never had); nothing is written. */
CONCLAVE_API conclave_status conclave_transport_init(conclave_transport *transport, size_t size);

/** As conclave_group_join, over the program's own engine. Errors besides its: NULL_ARGUMENT (a function is missing),
 *  BAD_STRUCT_SIZE, TRANSPORT_UNFIT (the payload limit is too small), and what the engine's join gives. An engine that
 *  breaks its contract later ends the membership: LEFT with TRANSPORT_UNFIT. */
CONCLAVE_API conclave_status conclave_group_join_over(const conclave_transport *transport, const char *group_name,
                                                      const conclave_identity *identity, const conclave_trust *trust,
                                                      const conclave_group_options *options, conclave_group **group,
                                                      conclave_error **error);

/** How a transport is tried out. Begin with CONCLAVE_TRANSPORT_CHECK_OPTIONS_INIT or the _init function. All that all
 *  members are told is recorded: member_count * member_count * message_count may be 2,000,000. */
typedef struct conclave_transport_check_options {
    size_t size;              /**< sizeof(conclave_transport_check_options) */
    uint32_t member_count;    /**< 4; members that take part, 2 to 64, besides those who come and go */
    uint32_t message_count;   /**< 200; messages that each of them sends where order is checked, 1 to 100,000 */
    uint32_t step_timeout_ms; /**< 10,000; what has not come by then is missing; 1 to one day */
} conclave_transport_check_options;

#define CONCLAVE_TRANSPORT_CHECK_OPTIONS_INIT                                                                          \
    { sizeof(conclave_transport_check_options), 4, 200, 10000 }
/** The same as CONCLAVE_TRANSPORT_CHECK_OPTIONS_INIT, as conclave_group_options_init is. */
CONCLAVE_API conclave_status conclave_transport_check_options_init(conclave_transport_check_options *options,
                                                                   size_t size);
/** Told of each check as it ends: its name (such as "the same order everywhere"), whether it held, and if not, what was
 *  seen. The texts are borrowed during the call. */
typedef void (*conclave_transport_report_fn)(void *user_data, const char *name, bool held, const char *detail);
/** Tries a transport out: the one of `transport_url`, or the program's own engine `transport`; the other one is NULL.
 *  Opens several members of groups of random names in this thread, lets them talk, come, go and fall silent, and checks
 *  what they are told against docs/transports.md; takes some seconds and does not return before. `report` may be NULL,
 *  `options` too. OK when every check held; TRANSPORT_UNFIT when one did not, and the error says how many; and what
 *  conclave_group_join gives for the URL. What needs a network to part cannot be tried by one process. */
CONCLAVE_API conclave_status conclave_transport_check(const char *transport_url, const conclave_transport *transport,
                                                      const conclave_transport_check_options *options,
                                                      conclave_transport_report_fn report, void *user_data,
                                                      conclave_error **error);

/* ------------------------------------------------------------------------------------------------ local hub */

/** A hub: orders the messages of groups whose members are on this machine. It sees ciphertext and signed tokens
 *  only. */
typedef struct conclave_hub conclave_hub;

/** A hub's bounds. Begin with CONCLAVE_HUB_OPTIONS_INIT or conclave_hub_options_init. */
typedef struct conclave_hub_options {
    size_t size;               /**< sizeof(conclave_hub_options) */
    uint32_t client_limit;     /**< 1,000 connections; 1 to 16,382 */
    uint32_t group_limit;      /**< 1,000 groups; 1 to 16,382 */
    size_t queue_bytes;        /**< 8 MiB may wait for one client before its group's senders are held back; to 1 GiB */
    uint32_t stuck_timeout_ms; /**< 5,000; a client that takes nothing from a full queue for so long is dropped */
} conclave_hub_options;

#define CONCLAVE_HUB_OPTIONS_INIT                                                                                      \
    { sizeof(conclave_hub_options), 1000, 1000, 8388608, 5000 }
/** The same as CONCLAVE_HUB_OPTIONS_INIT, for callers without a C preprocessor. `size` is sizeof(conclave_hub_options)
 *  as the caller was compiled: so many bytes are written and no more. Errors: NULL_ARGUMENT, BAD_STRUCT_SIZE (a size
 *  that the structure never had); nothing is written. */
CONCLAVE_API conclave_status conclave_hub_options_init(conclave_hub_options *options, size_t size);

/** What a hub has seen. */
typedef struct conclave_hub_counters {
    size_t size;              /**< set by the caller: sizeof(conclave_hub_counters) */
    uint64_t clients;         /**< connected now */
    uint64_t groups;          /**< with a member now */
    uint64_t messages;        /**< ordered so far */
    uint64_t message_bytes;   /**< of those */
    uint64_t dropped_clients; /**< closed for being stuck or malformed */
} conclave_hub_counters;

#define CONCLAVE_HUB_COUNTERS_INIT                                                                                     \
    { sizeof(conclave_hub_counters), 0, 0, 0, 0, 0 }

/** Listens on a Unix socket of mode 0600 at `path` (107 bytes at most). A socket file that nobody listens on is
 *  replaced.
 *  `options` may be NULL. Errors: ADDRESS_IN_USE, FILE_EXISTS (a file that is no socket), PERMISSION, NO_SPACE,
 *  BAD_TEXT, INVALID_ARGUMENT (an option out of range), IO (no such directory, and all else). */
CONCLAVE_API conclave_status conclave_hub_new(const char *path, const conclave_hub_options *options, conclave_hub **hub,
                                              conclave_error **error);
/** Serves on a Unix stream socket that listens already: a service manager, or whoever starts the program, has made it
 *  and decides about its path, owner and mode; the hub leaves the socket's file alone. `descriptor` stays the caller's,
 *  who may close it at once: the hub has one of its own, of the same socket, which becomes non-blocking.
 *  `options` may be NULL. Errors: INVALID_ARGUMENT (no such socket, an option out of range), NULL_ARGUMENT,
 *  BAD_STRUCT_SIZE, ENTROPY, IO. */
CONCLAVE_API conclave_status conclave_hub_adopt(int descriptor, const conclave_hub_options *options, conclave_hub **hub,
                                                conclave_error **error);
/** A descriptor that is readable whenever conclave_hub_process has something to do. It belongs to the hub. */
CONCLAVE_API conclave_status conclave_hub_descriptor(const conclave_hub *hub, int *descriptor);
/** Milliseconds until conclave_hub_process must be called even if the descriptor is quiet; -1: no such time. */
CONCLAVE_API conclave_status conclave_hub_deadline(const conclave_hub *hub, int64_t *milliseconds);
/** Does what is to be done, without blocking. */
CONCLAVE_API conclave_status conclave_hub_process(conclave_hub *hub);
/** Serves until conclave_hub_wake is called, then returns CONCLAVE_E_INTERRUPTED. */
CONCLAVE_API conclave_status conclave_hub_run(conclave_hub *hub);
/** Makes conclave_hub_run return, now or when it next begins. Any thread (and a signal handler) may call it. */
CONCLAVE_API conclave_status conclave_hub_wake(const conclave_hub *hub);
/** What the hub has seen so far. */
CONCLAVE_API conclave_status conclave_hub_counters_read(const conclave_hub *hub, conclave_hub_counters *counters);
/** Closes all connections and removes the socket that conclave_hub_new has made; NULL is allowed. */
CONCLAVE_API void conclave_hub_free(conclave_hub *hub);

/* ------------------------------------------------------------------------------------------ encryption of a cluster */

/* For clusters that have a messaging system of their own and want its messages encrypted. The program moves the bytes
 * and tells who is connected (the host view); the library says what to send, and seals and opens messages. Who the
 * members are is decided by admission policies, never by the messaging system. docs/encrypting-a-cluster.md says which
 * protocol is for whom, and what each protects against.
 *
 * Times are milliseconds of any clock that does not go back, the same for all calls on one handle. */

/** Bytes that stay the caller's, or are borrowed as the function says. */
typedef struct conclave_bytes {
    const uint8_t *bytes;
    size_t size;
} conclave_bytes;

/** Bytes of a cluster's name at most, without the final zero. */
#define CONCLAVE_CLUSTER_NAME_MAX 255
/** Bytes of an address at most: what the messaging system calls a member. */
#define CONCLAVE_ADDRESS_MAX 64
/** Messages of one sealed record at most. */
#define CONCLAVE_BATCH_MAX 64

/** Keys that all members share, by identifier: at most one is active for new views, older ones serve until their time
 *  is over. To change the key, add the new one at every member, then make it active, then retire the old one. */
typedef struct conclave_key_ring conclave_key_ring;

/** An empty ring. */
CONCLAVE_API conclave_status conclave_key_ring_new(conclave_key_ring **ring, conclave_error **error);
/** Reads a ring that conclave_key_ring_save wrote. Errors: NOT_FOUND, PERMISSION, IO, BAD_KEY_FILE (also when
 *  reading it would cost more than 256 MiB of memory), BAD_PASSPHRASE. */
CONCLAVE_API conclave_status conclave_key_ring_load(const char *path, const uint8_t *passphrase, size_t passphrase_size,
                                                    conclave_key_ring **ring, conclave_error **error);
/** Reads the keys of a PKCS#12 file, such as a Java key store: secret keys as they are, of private keys a hash. One
 *  key alone is active. Errors: as conclave_key_ring_load. */
CONCLAVE_API conclave_status conclave_key_ring_load_pkcs12(const char *path, const uint8_t *passphrase,
                                                           size_t passphrase_size, conclave_key_ring **ring,
                                                           conclave_error **error);
/** Writes the ring to a new file of mode 0600, whole or not at all, under a passphrase of 1 to 1,024 bytes (scrypt,
 *  AES-256-GCM). Errors: FILE_EXISTS, PERMISSION, NO_SPACE, IO. */
CONCLAVE_API conclave_status conclave_key_ring_save(const conclave_key_ring *ring, const char *path,
                                                    const uint8_t *passphrase, size_t passphrase_size,
                                                    conclave_error **error);
/** Adds a key of 16 to 64 random bytes; `identifier` has 1 to 64 bytes and is the same at all members. Errors:
 *  INVALID_ARGUMENT (also for an identifier that is there), TOO_LARGE (64 keys are there). */
CONCLAVE_API conclave_status conclave_key_ring_add(conclave_key_ring *ring, const char *identifier, const uint8_t *key,
                                                   size_t key_size);
/** Makes a key the active one; NOT_FOUND. */
CONCLAVE_API conclave_status conclave_key_ring_activate(conclave_key_ring *ring, const char *identifier);
/** Says until when a key still serves, in seconds since 1970. Errors: NOT_FOUND, INVALID_ARGUMENT (the active one). */
CONCLAVE_API conclave_status conclave_key_ring_retire(conclave_key_ring *ring, const char *identifier,
                                                      uint64_t unix_seconds);
/** How many keys; 0 for a bad handle. */
CONCLAVE_API size_t conclave_key_ring_count(const conclave_key_ring *ring);
/** The key at an index, in the order of identifiers: its identifier (borrowed until the next call on this ring),
 *  whether it is active, and when it retires (seconds since 1970, UINT64_MAX for never). Each place may be NULL.
 *  NOT_FOUND. */
CONCLAVE_API conclave_status conclave_key_ring_get(conclave_key_ring *ring, size_t index, const char **identifier,
                                                   bool *is_active, uint64_t *retires);
/** Frees a ring and wipes its keys; NULL is allowed. */
CONCLAVE_API void conclave_key_ring_free(conclave_key_ring *ring);

/** Whom a member lets in, and with whom it shares a view: something that each other member has to prove. Whoever uses a
 *  policy takes a copy. */
typedef struct conclave_admission conclave_admission;

/** For which name a certificate has to be. Patterns know `*` and `?`, which stand for no dot of a DNS name and no slash
 *  of a URI. */
enum {
    CONCLAVE_CERTIFICATE_NAME_DNS = 1,    /**< a DNS name fits the pattern */
    CONCLAVE_CERTIFICATE_NAME_URI = 2,    /**< a URI fits */
    CONCLAVE_CERTIFICATE_NAME_COMMON = 3, /**< the subject's common name fits */
    CONCLAVE_CERTIFICATE_NAME_MEMBER = 4, /**< the name by which the member introduces itself is one of them */
    CONCLAVE_CERTIFICATE_NAME_ANY = 5     /**< any: the authority vouches for members of this cluster only */
};

/** Why somebody is not admitted. */
enum {
    CONCLAVE_ADMISSION_UNKNOWN_KEY = 1,            /**< the public key is not in the trust store */
    CONCLAVE_ADMISSION_CERTIFICATE_UNTRUSTED = 2,  /**< no certificate, or none that an anchor vouches for */
    CONCLAVE_ADMISSION_CERTIFICATE_EXPIRED = 3,    /**< the certificate is not valid now */
    CONCLAVE_ADMISSION_CERTIFICATE_REVOKED = 4,    /**< the certificate was revoked */
    CONCLAVE_ADMISSION_CERTIFICATE_WRONG_NAME = 5, /**< the certificate is for another name */
    CONCLAVE_ADMISSION_CERTIFICATE_UNFIT = 6,      /**< unreadable, too weak, or not for the member's key */
    CONCLAVE_ADMISSION_WRONG_SECRET = 7,           /**< the member does not hold the pre-shared secret */
    CONCLAVE_ADMISSION_PATTERN_MISMATCH = 8,       /**< name or address fit no pattern */
    CONCLAVE_ADMISSION_HAS_LEFT = 9,               /**< the member has left; it may come again as a new one */
    CONCLAVE_ADMISSION_OTHER = 255                 /**< a reason that this build does not know */
};

/** Admits whose public key is in the list. */
CONCLAVE_API conclave_status conclave_admission_keys(const conclave_trust *trust, conclave_admission **admission,
                                                     conclave_error **error);
/** Admits who has a certificate under one of `anchors` (PEM of several or one in DER). `revocations`, of the same
 *  forms, may be empty; if there is any list, each authority of a chain needs a valid one (but not the issuer of an
 *  anchor, where that is an intermediate authority or a member's own certificate). `depth` intermediate certificates
 *  are allowed, 0 to 8. A member's certificate that is limited to purposes has to be for clients, servers or anything.
 *  A name has to be added before use. Errors: BAD_KEY_FILE. */
CONCLAVE_API conclave_status conclave_admission_certificates(const uint8_t *anchors, size_t anchors_size,
                                                             const uint8_t *revocations, size_t revocations_size,
                                                             uint32_t depth, conclave_admission **admission,
                                                             conclave_error **error);
/** Adds a name that a certificate may be for: a CONCLAVE_CERTIFICATE_NAME_… and a pattern of 1 to 255 bytes, NULL for
 *  MEMBER and ANY. Errors: WRONG_STATE for another kind of policy, INVALID_ARGUMENT. */
CONCLAVE_API conclave_status conclave_admission_add_name(conclave_admission *admission, uint32_t kind,
                                                         const char *pattern);
/** Admits who proves, by challenge and response, to hold a secret of 16 to 1,024 random bytes. */
CONCLAVE_API conclave_status conclave_admission_secret(const uint8_t *secret, size_t secret_size,
                                                       conclave_admission **admission, conclave_error **error);
/** Admits whose name and address fit patterns; NULL for one of them asks nothing of it. A member chooses both itself:
 *  put it together with something that is proved. */
CONCLAVE_API conclave_status conclave_admission_names(const char *name_pattern, const char *address_pattern,
                                                      conclave_admission **admission, conclave_error **error);
/** Admits whom every policy that is added admits; one has to be added before use. */
CONCLAVE_API conclave_status conclave_admission_all(conclave_admission **admission, conclave_error **error);
/** Admits whom one of the policies that are added admits; one has to be added before use. */
CONCLAVE_API conclave_status conclave_admission_any(conclave_admission **admission, conclave_error **error);
/** Adds a copy of a policy to one of conclave_admission_all or _any. Errors: WRONG_STATE for another kind,
 *  INVALID_ARGUMENT (`part` is not complete, or there are more than 64, or 8 of them in one another). */
CONCLAVE_API conclave_status conclave_admission_add(conclave_admission *admission, const conclave_admission *part);
/** Frees a policy; NULL is allowed. */
CONCLAVE_API void conclave_admission_free(conclave_admission *admission);

/** To what kind of key secrets are wrapped for a member. */
enum {
    CONCLAVE_WRAPPING_X25519 = 1, /**< X25519, a new key at each start */
    CONCLAVE_WRAPPING_P256 = 2,   /**< P-256, a new key at each start */
    CONCLAVE_WRAPPING_RSA = 3     /**< RSA-OAEP: the certificate's key if it is one, else a new key at each start */
};

/** What a member proves itself with. */
typedef struct conclave_credential conclave_credential;

/** An identity alone; `wrapping` is a CONCLAVE_WRAPPING_…. */
CONCLAVE_API conclave_status conclave_credential_new(const conclave_identity *identity, uint32_t wrapping,
                                                     conclave_credential **credential, conclave_error **error);
/** Adds a certificate: its chain, the member's own first (PEM, or one in DER), and its private key as PEM (RSA from
 *  2,048 bits, P-256, Ed25519) with the passphrase or NULL. Replaces one that was there. Errors: BAD_KEY_FILE (also
 *  when the key is not the certificate's), PASSPHRASE_REQUIRED, BAD_PASSPHRASE. */
CONCLAVE_API conclave_status conclave_credential_set_certificate(conclave_credential *credential, const uint8_t *chain,
                                                                 size_t chain_size, const uint8_t *key, size_t key_size,
                                                                 const uint8_t *passphrase, size_t passphrase_size);
/** Adds the pre-shared secret, 16 to 1,024 bytes. */
CONCLAVE_API conclave_status conclave_credential_set_secret(conclave_credential *credential, const uint8_t *secret,
                                                            size_t secret_size);
/** Frees a credential; NULL is allowed. */
CONCLAVE_API void conclave_credential_free(conclave_credential *credential);

/** One member's encryption of one cluster, for one start. */
typedef struct conclave_encrypt conclave_encrypt;

/** Where the keys of a cluster come from; the same at all its members. */
enum {
    CONCLAVE_KEYS_FROM_COORDINATOR = 0, /**< the first member of the host view makes them and wraps them for each */
    CONCLAVE_KEYS_FROM_STORE = 1,       /**< every member has them in its key ring */
    CONCLAVE_KEYS_BY_EXCHANGE = 2       /**< as FROM_COORDINATOR, but each member fetches them over TLS: KEY_WANTED */
};

/** How receivers know who has sealed a message; the same at all members. */
enum {
    CONCLAVE_AUTHENTICITY_SIGNATURES = 1, /**< each record is signed: nobody but its sender can have made it */
    CONCLAVE_AUTHENTICITY_SENDER_KEYS = 2 /**< a key a sender: nobody outside the view; a member that betrays could */
};

/** What seals the messages; the same at all members. */
enum {
    CONCLAVE_CIPHER_AES_256_GCM = 1,      /**< the fastest where the processor helps */
    CONCLAVE_CIPHER_CHACHA20_POLY1305 = 2 /**< the fastest where it does not */
};

/** Which changes get a fresh secret from the coordinator; a sum of these. */
enum {
    CONCLAVE_REKEY_JOIN = 1,               /**< without: who joins can open what it recorded before */
    CONCLAVE_REKEY_LEAVE = 2,              /**< without: who has left can open what it records afterwards */
    CONCLAVE_REKEY_COORDINATOR_CHANGE = 4, /**< without: a former coordinator's secret stays in use */
    CONCLAVE_REKEY_MERGE = 8               /**< without: the secret of one component is given to the others */
};

/** How a cluster is encrypted. Begin with CONCLAVE_ENCRYPT_OPTIONS_INIT or the _init function. */
typedef struct conclave_encrypt_options {
    size_t size;                    /**< sizeof(conclave_encrypt_options) */
    uint32_t keys_from;             /**< CONCLAVE_KEYS_FROM_COORDINATOR */
    uint32_t authenticity;          /**< CONCLAVE_AUTHENTICITY_SIGNATURES */
    uint32_t cipher;                /**< CONCLAVE_CIPHER_AES_256_GCM */
    uint32_t rekey;                 /**< all of CONCLAVE_REKEY_… */
    uint32_t replay_window;         /**< 1,024; how many of a sender's records may overtake one another; to 65,536 */
    uint32_t epochs_kept;           /**< 4; earlier views whose records are still opened; to 64 */
    uint32_t epoch_lifetime_ms;     /**< 60,000; for how long they are; to one day */
    uint32_t gather_ms;             /**< 20; changes that come within are one new view; to one minute */
    uint32_t ask_after_ms;          /**< 500; who lacks a key asks for it after so long; 1 to one minute */
    uint32_t repeat_after_ms;       /**< 200; a request to be let in is repeated after so long; 1 to one minute */
    size_t part_size;               /**< 60,000; bytes of the largest control message; 1,000 to 16 MiB */
    bool whole_message;             /**< false: headers stay in clear, authenticated; true: they are encrypted too */
    bool seals_while_members_leave; /**< false: sealing waits for the view without a member that has left */
} conclave_encrypt_options;

#define CONCLAVE_ENCRYPT_OPTIONS_INIT                                                                                  \
    { sizeof(conclave_encrypt_options), 0, 1, 1, 15, 1024, 4, 60000, 20, 500, 200, 60000, false, false }
/** The same as CONCLAVE_ENCRYPT_OPTIONS_INIT, as conclave_group_options_init is. */
CONCLAVE_API conclave_status conclave_encrypt_options_init(conclave_encrypt_options *options, size_t size);

/** A member of an encrypted view. */
typedef struct conclave_cluster_member {
    size_t size;            /**< set by the caller: sizeof(conclave_cluster_member) */
    const uint8_t *address; /**< what the messaging system calls it */
    size_t address_size;
    const char *name; /**< its identity's name */
    uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE];
    uint8_t introduction[32]; /**< another one at each start of the member */
    bool is_self;
    bool is_coordinator;
} conclave_cluster_member;

#define CONCLAVE_CLUSTER_MEMBER_INIT                                                                                   \
    { sizeof(conclave_cluster_member), NULL, 0, NULL, {0}, {0}, false, false }

/** An encrypted view: who shares the keys. */
typedef struct conclave_cluster_view {
    size_t size;         /**< set by the caller: sizeof(conclave_cluster_view) */
    uint64_t counter;    /**< grows with every view that a member installs */
    uint8_t epoch[16];   /**< the public name of its keys; equal at two members only if the keys are */
    size_t member_count; /**< in the order of the host view */
    size_t coordinator;  /**< the place of the member that composed it */
    size_t self;         /**< this member's place */
} conclave_cluster_view;

#define CONCLAVE_CLUSTER_VIEW_INIT                                                                                     \
    { sizeof(conclave_cluster_view), 0, {0}, 0, 0, 0 }

/** What the program is to send; it may be lost, doubled, delayed and overtaken on its way. */
typedef struct conclave_encrypt_output {
    size_t size;            /**< set by the caller: sizeof(conclave_encrypt_output) */
    bool to_everyone;       /**< to all that the messaging system connects; the sender need not get it */
    const uint8_t *address; /**< else to this member */
    size_t address_size;
    const uint8_t *bytes; /**< borrowed until the next call on this context, as the address is */
    size_t byte_count;
} conclave_encrypt_output;

#define CONCLAVE_ENCRYPT_OUTPUT_INIT                                                                                   \
    { sizeof(conclave_encrypt_output), false, NULL, 0, NULL, 0 }

/** What has happened in an encrypted cluster. */
enum {
    CONCLAVE_ENCRYPT_EVENT_VIEW = 1,          /**< a view was installed; see conclave_encrypt_view */
    CONCLAVE_ENCRYPT_EVENT_MESSAGE = 2,       /**< a message was opened, at once or when its keys had come */
    CONCLAVE_ENCRYPT_EVENT_MEMBER_LEAVES = 3, /**< a member says, authenticated, that it leaves */
    CONCLAVE_ENCRYPT_EVENT_REFUSED = 4,       /**< the coordinator does not let this member in; cause says why */
    CONCLAVE_ENCRYPT_EVENT_NOT_ADMITTED = 5,  /**< this member does not admit another; cause says why */
    CONCLAVE_ENCRYPT_EVENT_DROPPED = 6,       /**< records whose keys did not come in time were dropped */
    CONCLAVE_ENCRYPT_EVENT_ERROR = 7,         /**< a record that had waited was refused; status says why */
    CONCLAVE_ENCRYPT_EVENT_KEY_WANTED = 8 /**< a view's key is to be fetched from `member`; conclave_key_fetch_new */
};

/** Such an event. Everything it points to is borrowed until the next call on this context. */
typedef struct conclave_encrypt_event {
    size_t size;                           /**< set by the caller: sizeof(conclave_encrypt_event) */
    uint32_t kind;                         /**< CONCLAVE_ENCRYPT_EVENT_… */
    conclave_status status;                /**< of ERROR */
    uint32_t cause;                        /**< of REFUSED and NOT_ADMITTED: CONCLAVE_ADMISSION_… */
    const conclave_cluster_member *member; /**< the sender, or whom it is about; else NULL */
    const uint8_t *data;                   /**< of MESSAGE */
    size_t data_size;
    const uint8_t *headers; /**< of MESSAGE: the host's headers if they were encrypted */
    size_t headers_size;
    uint64_t view_counter; /**< of VIEW, MESSAGE and KEY_WANTED */
    uint64_t count;        /**< of DROPPED */
} conclave_encrypt_event;

#define CONCLAVE_ENCRYPT_EVENT_INIT                                                                                    \
    { sizeof(conclave_encrypt_event), 0, 0, 0, NULL, NULL, 0, NULL, 0, 0, 0 }

/** A record that conclave_encrypt_open opened. */
typedef struct conclave_opened {
    size_t size;                           /**< set by the caller: sizeof(conclave_opened) */
    const conclave_cluster_member *sender; /**< borrowed until the next call on this context */
    uint64_t view_counter;                 /**< of the view in which it was sealed */
    uint64_t number;                       /**< of the sender's records in that view, from 1 */
    bool is_current;                       /**< whether that is the current view */
    const uint8_t *headers;                /**< in the caller's buffer: the host's headers if they were encrypted */
    size_t headers_size;
    const conclave_bytes *messages; /**< 1 to CONCLAVE_BATCH_MAX, in the caller's buffer; the list as `sender` */
    size_t message_count;
} conclave_opened;

#define CONCLAVE_OPENED_INIT                                                                                           \
    { sizeof(conclave_opened), NULL, 0, 0, false, NULL, 0, NULL, 0 }

/** What a context has done so far. */
typedef struct conclave_encrypt_counters {
    size_t size; /**< set by the caller: sizeof(conclave_encrypt_counters) */
    uint64_t sealed_records;
    uint64_t sealed_messages;
    uint64_t opened_records;
    uint64_t opened_messages;
    uint64_t opened_earlier; /**< records of earlier views, among the opened */
    uint64_t refused_malformed;
    uint64_t refused_unknown_epoch;
    uint64_t refused_unknown_sender;
    uint64_t refused_bad_seal;
    uint64_t refused_bad_signature;
    uint64_t refused_replayed;
    uint64_t forgotten_epochs;
    uint64_t refused; /**< everything that was received and refused, control messages included */
} conclave_encrypt_counters;

#define CONCLAVE_ENCRYPT_COUNTERS_INIT                                                                                 \
    { sizeof(conclave_encrypt_counters), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/** Makes a context for one start of a member, which sends nothing before conclave_encrypt_start.
 *
 *  `cluster` has 1 to CONCLAVE_CLUSTER_NAME_MAX bytes, `address` 1 to CONCLAVE_ADDRESS_MAX. `ring` is needed when the
 *  keys come from a store, else NULL. `options` may be NULL. `unix_seconds` is the time of day, for certificates and
 *  retired keys. What is passed is copied. Errors: BAD_TEXT, INVALID_ARGUMENT (an option out of range, a ring too many
 *  or missing, a policy without parts). */
CONCLAVE_API conclave_status conclave_encrypt_new(const char *cluster, const uint8_t *address, size_t address_size,
                                                  const conclave_credential *credential,
                                                  const conclave_admission *admission, const conclave_key_ring *ring,
                                                  const conclave_encrypt_options *options, uint64_t unix_seconds,
                                                  uint64_t now, conclave_encrypt **context, conclave_error **error);
/** The member wants to be in the cluster. */
CONCLAVE_API conclave_status conclave_encrypt_start(conclave_encrypt *context, uint64_t now);
/** The messaging system's view: the addresses of all who are connected, this member's among them, the coordinator's
 *  first. INVALID_ARGUMENT for anything else. NO_KEY, EXHAUSTED, TOO_LARGE at the coordinator: it can make no view of
 *  them now; the list counts all the same, and conclave_encrypt_tick tries again. */
CONCLAVE_API conclave_status conclave_encrypt_host_view(conclave_encrypt *context, const conclave_bytes *addresses,
                                                        size_t address_count, uint64_t now);
/** Takes bytes from the messaging system, a record or a control message, with the headers that came beside it. Messages
 *  come as events. What is refused (statuses -401 to -499, NOT_ADMITTED) changes nothing. */
CONCLAVE_API conclave_status conclave_encrypt_receive(conclave_encrypt *context, const uint8_t *bytes, size_t size,
                                                      const uint8_t *headers, size_t headers_size, uint64_t now);
/** The next thing to send; CONCLAVE_E_NO_EVENT when there is none. Ask after every call that takes the time. */
CONCLAVE_API conclave_status conclave_encrypt_next_output(conclave_encrypt *context, conclave_encrypt_output *output);
/** The next event; CONCLAVE_E_NO_EVENT when there is none. Ask after every call that takes the time. */
CONCLAVE_API conclave_status conclave_encrypt_next_event(conclave_encrypt *context, conclave_encrypt_event *event);
/** Seals a message of any size up to 16 MiB, from 0, with the headers that the program sends beside it (or inside, with
 *  `whole_message`), into the caller's buffer: `*record_size` is its capacity before and the record's size after. With
 *  BUFFER_TOO_SMALL it is the size needed, and a NULL buffer of capacity 0 asks for it. Buffer, message and headers do
 *  not overlap. Errors: NO_KEY (before the first view, or while a member that left could open it), TOO_LARGE, LEFT,
 *  EXHAUSTED (rotate the key). */
CONCLAVE_API conclave_status conclave_encrypt_seal(conclave_encrypt *context, const uint8_t *message,
                                                   size_t message_size, const uint8_t *headers, size_t headers_size,
                                                   uint8_t *record, size_t *record_size);
/** Seals 1 to CONCLAVE_BATCH_MAX messages in one record, with one tag and one signature for all. */
CONCLAVE_API conclave_status conclave_encrypt_seal_batch(conclave_encrypt *context, const conclave_bytes *messages,
                                                         size_t message_count, const uint8_t *headers,
                                                         size_t headers_size, uint8_t *record, size_t *record_size);
/** Whether bytes look like a sealed record, which conclave_encrypt_open takes; everything else is for _receive. */
CONCLAVE_API bool conclave_encrypt_is_record(const uint8_t *bytes, size_t size);
/** Opens a record into the caller's buffer, at least as large as the record and elsewhere: the short way for a program
 *  that fetches no events for it. UNKNOWN_EPOCH says that the record was kept: its messages come as events when its
 *  keys have come. Errors: those of _receive, BUFFER_TOO_SMALL. */
CONCLAVE_API conclave_status conclave_encrypt_open(conclave_encrypt *context, const uint8_t *record, size_t record_size,
                                                   const uint8_t *headers, size_t headers_size, uint64_t now,
                                                   uint8_t *buffer, size_t buffer_size, conclave_opened *opened);
/** The installed view; WRONG_STATE without one. */
CONCLAVE_API conclave_status conclave_encrypt_view(const conclave_encrypt *context, conclave_cluster_view *view);
/** A member of the installed view by its place; what it points to is borrowed until the next call on this context. */
CONCLAVE_API conclave_status conclave_encrypt_member(const conclave_encrypt *context, size_t place,
                                                     conclave_cluster_member *member);
/** Whether conclave_encrypt_seal is possible now; false for a bad handle. */
CONCLAVE_API bool conclave_encrypt_can_seal(const conclave_encrypt *context);
/** Milliseconds by the caller's clock at which conclave_encrypt_tick must be called at the latest; UINT64_MAX: never.
 *  Ask again after each call that takes the time. */
CONCLAVE_API conclave_status conclave_encrypt_deadline(const conclave_encrypt *context, uint64_t *when);
/** Time has come. NO_KEY, EXHAUSTED, TOO_LARGE at the coordinator: it still can make no view, and tries again at a
 *  later deadline. */
CONCLAVE_API conclave_status conclave_encrypt_tick(conclave_encrypt *context, uint64_t now);
/** The coordinator makes a new view of the same members with a new key (from a store: the active one). WRONG_STATE at
 *  the others. */
CONCLAVE_API conclave_status conclave_encrypt_rotate(conclave_encrypt *context, uint64_t now);
/** The member leaves: it tells the others, wipes its keys, and seals and opens nothing any more. No recorded view of
 *  this start gives its key away then, unless keys were wrapped to an RSA certificate, which stays. Send what there is
 *  to send, tick until there is no deadline if the way may lose messages, then free. */
CONCLAVE_API conclave_status conclave_encrypt_leave(conclave_encrypt *context, uint64_t now);
/** Replaces the policy by a copy. The coordinator puts out who is not admitted any more; another member is told by
 *  events, and installs no further view with it. */
CONCLAVE_API conclave_status conclave_encrypt_set_admission(conclave_encrypt *context,
                                                            const conclave_admission *admission, uint64_t now);
/** Replaces the key ring by a copy; WRONG_STATE unless the keys come from a store, LEFT. */
CONCLAVE_API conclave_status conclave_encrypt_set_key_ring(conclave_encrypt *context, const conclave_key_ring *ring,
                                                           uint64_t now);
/** Sets the time of day, in seconds since 1970. It goes on by itself with the time of the calls. */
CONCLAVE_API conclave_status conclave_encrypt_set_clock(conclave_encrypt *context, uint64_t unix_seconds, uint64_t now);
/** What the context has done so far. */
CONCLAVE_API conclave_status conclave_encrypt_counters_read(const conclave_encrypt *context,
                                                            conclave_encrypt_counters *counters);
/** Details of the last failure on this handle, one line; "" when there was none. Borrowed until the next call. */
CONCLAVE_API const char *conclave_encrypt_message(const conclave_encrypt *context);
/** Frees a context and wipes its keys; NULL is allowed. */
CONCLAVE_API void conclave_encrypt_free(conclave_encrypt *context);

/** The coordinator's listener for members that fetch the key of a view over TLS 1.3 (CONCLAVE_KEYS_BY_EXCHANGE). Every
 *  member that may come to coordinate has one; while another member coordinates, it refuses. Wait until the descriptor
 *  is readable or the deadline has come, then call conclave_key_server_process. It never blocks. */
typedef struct conclave_key_server conclave_key_server;

/** Listens for one start of a member, at an address in numbers ("127.0.0.1", "::") and a port, 0 for any.
 *
 *  Both sides of a connection prove themselves with certificates: this one with that of `credential`, which is of the
 *  context's identity; the other one has to satisfy `certificates`, a policy of conclave_admission_certificates. TLS
 *  asks for the purpose as well: a certificate that is limited to purposes has to be for servers here and for clients
 *  where a key is fetched, for both at a member that may come to coordinate. What is passed is copied. Errors:
 *  INVALID_ARGUMENT, ADDRESS_IN_USE, PERMISSION, IO. */
CONCLAVE_API conclave_status conclave_key_server_open(const conclave_encrypt *context, const char *address,
                                                      uint16_t port, const conclave_credential *credential,
                                                      const conclave_admission *certificates,
                                                      conclave_key_server **server, conclave_error **error);
/** The port that it listens at. */
CONCLAVE_API conclave_status conclave_key_server_port(const conclave_key_server *server, uint16_t *port);
/** Readable whenever there is something to process; it belongs to the server and stays the same. */
CONCLAVE_API conclave_status conclave_key_server_descriptor(const conclave_key_server *server, int *descriptor);
/** Milliseconds by the caller's clock at which it must be processed at the latest; UINT64_MAX: no such time. */
CONCLAVE_API conclave_status conclave_key_server_deadline(const conclave_key_server *server, uint64_t *when);
/** Does what is to be done, and gives the key of the present view to those of its members that ask for it. `context` is
 *  the one it was opened for, else INVALID_ARGUMENT. */
CONCLAVE_API conclave_status conclave_key_server_process(conclave_key_server *server, conclave_encrypt *context,
                                                         uint64_t now);
/** Replaces certificate and policy: connections that come from now on see them. Errors: INVALID_ARGUMENT. */
CONCLAVE_API conclave_status conclave_key_server_renew(conclave_key_server *server, const conclave_encrypt *context,
                                                       const conclave_credential *credential,
                                                       const conclave_admission *certificates);
/** Stops listening and closes all connections; NULL is allowed. */
CONCLAVE_API void conclave_key_server_free(conclave_key_server *server);

/** A member's fetch of the key of one view, over TLS 1.3, with up to five attempts of five seconds. Wait until the
 *  descriptor is readable or the deadline has come, then call conclave_key_fetch_process. It never blocks. */
typedef struct conclave_key_fetch conclave_key_fetch;

/** Begins to fetch the key that the event KEY_WANTED named, from the key server of the coordinator at an address in
 *  numbers and a port, which the program knows. Credential and certificates are as with conclave_key_server_open.
 *  Errors: WRONG_STATE (the key of this view is not wanted, or no longer), INVALID_ARGUMENT, IO. */
CONCLAVE_API conclave_status conclave_key_fetch_new(const conclave_encrypt *context, uint64_t view_counter,
                                                    const char *address, uint16_t port,
                                                    const conclave_credential *credential,
                                                    const conclave_admission *certificates, uint64_t now,
                                                    conclave_key_fetch **fetch, conclave_error **error);
/** Readable whenever there is something to process; it belongs to the fetch and stays the same. */
CONCLAVE_API conclave_status conclave_key_fetch_descriptor(const conclave_key_fetch *fetch, int *descriptor);
/** Milliseconds by the caller's clock at which it must be processed at the latest; UINT64_MAX: no such time. */
CONCLAVE_API conclave_status conclave_key_fetch_deadline(const conclave_key_fetch *fetch, uint64_t *when);
/** Does what is to be done. When the key has come it is given to `context`, the one that the fetch was made for (else
 *  INVALID_ARGUMENT), which checks and installs the view: ask it for outputs and events then. */
CONCLAVE_API conclave_status conclave_key_fetch_process(conclave_key_fetch *fetch, conclave_encrypt *context,
                                                        uint64_t now);
/** How it went: NO_EVENT while it goes on, OK when the context has the key. Otherwise nothing has changed: NOT_ADMITTED
 *  (by one side or the other: not or no longer a member, or the certificate), TRANSPORT_UNREACHABLE, TRANSPORT_LOST,
 *  TIMED_OUT, WRONG_DESTINATION (it does not coordinate), WRONG_VIEW, WRONG_GROUP, MALFORMED, BAD_SIGNATURE, BAD_SEAL
 *  (a wrong key), STALE and WRONG_PHASE (the view has changed meanwhile). As long as a key is lacking, KEY_WANTED comes
 *  again: begin another fetch then. */
CONCLAVE_API conclave_status conclave_key_fetch_outcome(const conclave_key_fetch *fetch);
/** Ends and frees a fetch; NULL is allowed. */
CONCLAVE_API void conclave_key_fetch_free(conclave_key_fetch *fetch);

#ifdef __cplusplus
}
#endif

#endif
