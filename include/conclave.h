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
 *    are the functions whose names end in _wake: any thread may call them at any time.
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
#define CONCLAVE_ABI_DATE 20261121

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

    /* The world outside. */
    CONCLAVE_E_TRANSPORT_UNREACHABLE = -501, /**< nobody answers at the transport's address */
    CONCLAVE_E_TRANSPORT_LOST = -502,        /**< the connection to the transport is gone; join again */
    CONCLAVE_E_TRANSPORT_REFUSED = -503,     /**< the transport does not take this member; the message says why */
    CONCLAVE_E_IO = -504,                    /**< the system refused; the message names errno */
    CONCLAVE_E_NO_SPACE = -505,              /**< the disk is full; nothing was changed */
    CONCLAVE_E_PERMISSION = -506,            /**< the system denies access */
    CONCLAVE_E_FILE_EXISTS = -507,           /**< there is a file already, and it is not overwritten */
    CONCLAVE_E_ADDRESS_IN_USE = -508,        /**< another hub listens there */

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
/** Whether this build has a feature: "gdh", "local", "hub", "ffdhe2048", "ffdhe3072", "ffdhe4096", "modp2048-256",
 *  "aes-256-gcm", "chacha20-poly1305". An unknown name or NULL is false. */
CONCLAVE_API bool conclave_supports_feature(const char *name);
/** One English sentence for a status, static; for a number that is none, "unknown status". */
CONCLAVE_API const char *conclave_status_text(conclave_status status);
/** The status's name without prefix, such as "BAD_HANDLE", static; for a number that is none, "UNKNOWN". */
CONCLAVE_API const char *conclave_status_name(conclave_status status);
/** Whether the handle that gave this status can do nothing more but be freed (bad handle, transport lost, left,
 *  replaced, faults inside). */
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
/** Writes the identity to a new file of mode 0600, whole or not at all; with a passphrase encrypted (PBES2,
 *  AES-256-CBC).
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
#define CONCLAVE_SUITE_GDH_FFDHE2048_ED25519_CHACHA20POLY1305 ((conclave_suite)0x1112)
#define CONCLAVE_SUITE_GDH_FFDHE3072_ED25519_CHACHA20POLY1305 ((conclave_suite)0x1212)
#define CONCLAVE_SUITE_GDH_FFDHE4096_ED25519_CHACHA20POLY1305 ((conclave_suite)0x1312)
#define CONCLAVE_SUITE_GDH_MODP2048_256_ED25519_CHACHA20POLY1305 ((conclave_suite)0x1412)
/** What an options structure names until it is told otherwise. */
#define CONCLAVE_SUITE_STANDARD CONCLAVE_SUITE_GDH_FFDHE3072_ED25519_AES256GCM

/** The suite's name, such as "GDH_FFDHE3072_ED25519_AES256GCM", static; NULL for a number that is none. */
CONCLAVE_API const char *conclave_suite_name(conclave_suite suite);

/* ------------------------------------------------------------------------------------------------ key agreement */

/** A key agreement context: membership changes and tokens in, tokens and a key out. The caller moves the bytes, in
 *  order, and delivers every multicast to the sender as well. Section 3.2 of the paper (GDH IKA.2). */
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

/** Connects to a transport (`local:PATH` names a hub's socket) and asks to join a group. Returns when the connection
 *  stands; the first VIEW event tells that the group is joined. `trust` may be NULL: only the own key is accepted. Both
 *  it and `identity` may be freed afterwards. `options` may be NULL. Errors: BAD_URL, BAD_TEXT, TRANSPORT_UNREACHABLE,
 *  PERMISSION, UNKNOWN_SUITE, INVALID_ARGUMENT (an option out of range), IO. A hub that does not take this member says
 *  so later, by a LEFT event with TRANSPORT_REFUSED. */
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
 *  TIMED_OUT, INTERRUPTED after conclave_group_wake, or LEFT when the LEFT event was fetched before. */
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
/** What the agreements of this group have cost so far. */
CONCLAVE_API conclave_status conclave_group_counters(const conclave_group *group, conclave_counters *counters);
/** Details of the last failure on this handle, one line; "" when there was none. Borrowed until the next call. */
CONCLAVE_API const char *conclave_group_message(const conclave_group *group);
/** Disconnects at once (others see a crash unless conclave_group_leave went before) and wipes the keys; NULL is
 *  allowed. */
CONCLAVE_API void conclave_group_free(conclave_group *group);

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
/** Closes all connections and removes the socket; NULL is allowed. */
CONCLAVE_API void conclave_hub_free(conclave_hub *hub);

#ifdef __cplusplus
}
#endif

#endif
