/* What programs out there were compiled with: every function, type and constant of conclave.h as it was when it was
 * last accepted. Written by scripts/check-abi --accept; a line that no longer compiles is a promise broken.
 * Sizes and offsets are those of 64-bit Linux. */
/* clang-format off */
#include <conclave.h>

#define HOLDS(name, condition) typedef char name[(condition) ? 1 : -1]
#define MEMBER(structure, member, offset, size) \
    HOLDS(structure##_##member, offsetof(structure, member) == (offset) && sizeof(((structure *)0)->member) == (size))

/* Constants. */
HOLDS(value_of_CONCLAVE_OK, CONCLAVE_OK == 0);
HOLDS(value_of_CONCLAVE_E_INVALID_ARGUMENT, CONCLAVE_E_INVALID_ARGUMENT == -101);
HOLDS(value_of_CONCLAVE_E_NULL_ARGUMENT, CONCLAVE_E_NULL_ARGUMENT == -102);
HOLDS(value_of_CONCLAVE_E_BAD_HANDLE, CONCLAVE_E_BAD_HANDLE == -103);
HOLDS(value_of_CONCLAVE_E_BAD_TEXT, CONCLAVE_E_BAD_TEXT == -104);
HOLDS(value_of_CONCLAVE_E_TOO_LARGE, CONCLAVE_E_TOO_LARGE == -105);
HOLDS(value_of_CONCLAVE_E_BUFFER_TOO_SMALL, CONCLAVE_E_BUFFER_TOO_SMALL == -106);
HOLDS(value_of_CONCLAVE_E_BAD_STRUCT_SIZE, CONCLAVE_E_BAD_STRUCT_SIZE == -107);
HOLDS(value_of_CONCLAVE_E_WRONG_STATE, CONCLAVE_E_WRONG_STATE == -108);
HOLDS(value_of_CONCLAVE_E_UNSUPPORTED, CONCLAVE_E_UNSUPPORTED == -109);
HOLDS(value_of_CONCLAVE_E_BAD_URL, CONCLAVE_E_BAD_URL == -110);
HOLDS(value_of_CONCLAVE_E_NO_EVENT, CONCLAVE_E_NO_EVENT == -201);
HOLDS(value_of_CONCLAVE_E_QUEUE_FULL, CONCLAVE_E_QUEUE_FULL == -202);
HOLDS(value_of_CONCLAVE_E_FLUSH_PENDING, CONCLAVE_E_FLUSH_PENDING == -203);
HOLDS(value_of_CONCLAVE_E_TIMED_OUT, CONCLAVE_E_TIMED_OUT == -204);
HOLDS(value_of_CONCLAVE_E_INTERRUPTED, CONCLAVE_E_INTERRUPTED == -205);
HOLDS(value_of_CONCLAVE_E_NO_KEY, CONCLAVE_E_NO_KEY == -206);
HOLDS(value_of_CONCLAVE_E_EXHAUSTED, CONCLAVE_E_EXHAUSTED == -207);
HOLDS(value_of_CONCLAVE_E_PASSPHRASE_REQUIRED, CONCLAVE_E_PASSPHRASE_REQUIRED == -301);
HOLDS(value_of_CONCLAVE_E_BAD_PASSPHRASE, CONCLAVE_E_BAD_PASSPHRASE == -302);
HOLDS(value_of_CONCLAVE_E_BAD_KEY_FILE, CONCLAVE_E_BAD_KEY_FILE == -303);
HOLDS(value_of_CONCLAVE_E_BAD_TRUST_FILE, CONCLAVE_E_BAD_TRUST_FILE == -304);
HOLDS(value_of_CONCLAVE_E_NOT_FOUND, CONCLAVE_E_NOT_FOUND == -305);
HOLDS(value_of_CONCLAVE_E_NOT_ADMITTED, CONCLAVE_E_NOT_ADMITTED == -306);
HOLDS(value_of_CONCLAVE_E_NAME_TAKEN, CONCLAVE_E_NAME_TAKEN == -307);
HOLDS(value_of_CONCLAVE_E_MALFORMED, CONCLAVE_E_MALFORMED == -401);
HOLDS(value_of_CONCLAVE_E_UNSUPPORTED_VERSION, CONCLAVE_E_UNSUPPORTED_VERSION == -402);
HOLDS(value_of_CONCLAVE_E_UNKNOWN_SUITE, CONCLAVE_E_UNKNOWN_SUITE == -403);
HOLDS(value_of_CONCLAVE_E_BAD_SIGNATURE, CONCLAVE_E_BAD_SIGNATURE == -404);
HOLDS(value_of_CONCLAVE_E_WRONG_GROUP, CONCLAVE_E_WRONG_GROUP == -405);
HOLDS(value_of_CONCLAVE_E_WRONG_VIEW, CONCLAVE_E_WRONG_VIEW == -406);
HOLDS(value_of_CONCLAVE_E_WRONG_RUN, CONCLAVE_E_WRONG_RUN == -407);
HOLDS(value_of_CONCLAVE_E_WRONG_SENDER, CONCLAVE_E_WRONG_SENDER == -408);
HOLDS(value_of_CONCLAVE_E_WRONG_DESTINATION, CONCLAVE_E_WRONG_DESTINATION == -409);
HOLDS(value_of_CONCLAVE_E_REPLAYED, CONCLAVE_E_REPLAYED == -410);
HOLDS(value_of_CONCLAVE_E_OUT_OF_ORDER, CONCLAVE_E_OUT_OF_ORDER == -411);
HOLDS(value_of_CONCLAVE_E_WRONG_PHASE, CONCLAVE_E_WRONG_PHASE == -412);
HOLDS(value_of_CONCLAVE_E_BAD_ELEMENT, CONCLAVE_E_BAD_ELEMENT == -413);
HOLDS(value_of_CONCLAVE_E_MEMBER_LIST, CONCLAVE_E_MEMBER_LIST == -414);
HOLDS(value_of_CONCLAVE_E_KEY_CONFIRMATION, CONCLAVE_E_KEY_CONFIRMATION == -415);
HOLDS(value_of_CONCLAVE_E_BAD_SEAL, CONCLAVE_E_BAD_SEAL == -416);
HOLDS(value_of_CONCLAVE_E_WRONG_ALGORITHM, CONCLAVE_E_WRONG_ALGORITHM == -417);
HOLDS(value_of_CONCLAVE_E_UNKNOWN_EPOCH, CONCLAVE_E_UNKNOWN_EPOCH == -418);
HOLDS(value_of_CONCLAVE_E_UNKNOWN_SENDER, CONCLAVE_E_UNKNOWN_SENDER == -419);
HOLDS(value_of_CONCLAVE_E_STALE, CONCLAVE_E_STALE == -420);
HOLDS(value_of_CONCLAVE_E_TRANSPORT_UNREACHABLE, CONCLAVE_E_TRANSPORT_UNREACHABLE == -501);
HOLDS(value_of_CONCLAVE_E_TRANSPORT_LOST, CONCLAVE_E_TRANSPORT_LOST == -502);
HOLDS(value_of_CONCLAVE_E_TRANSPORT_REFUSED, CONCLAVE_E_TRANSPORT_REFUSED == -503);
HOLDS(value_of_CONCLAVE_E_IO, CONCLAVE_E_IO == -504);
HOLDS(value_of_CONCLAVE_E_NO_SPACE, CONCLAVE_E_NO_SPACE == -505);
HOLDS(value_of_CONCLAVE_E_PERMISSION, CONCLAVE_E_PERMISSION == -506);
HOLDS(value_of_CONCLAVE_E_FILE_EXISTS, CONCLAVE_E_FILE_EXISTS == -507);
HOLDS(value_of_CONCLAVE_E_ADDRESS_IN_USE, CONCLAVE_E_ADDRESS_IN_USE == -508);
HOLDS(value_of_CONCLAVE_E_TRANSPORT_UNFIT, CONCLAVE_E_TRANSPORT_UNFIT == -509);
HOLDS(value_of_CONCLAVE_E_LIBRARY_MISSING, CONCLAVE_E_LIBRARY_MISSING == -510);
HOLDS(value_of_CONCLAVE_E_LEFT, CONCLAVE_E_LEFT == -601);
HOLDS(value_of_CONCLAVE_E_EXCLUDED, CONCLAVE_E_EXCLUDED == -602);
HOLDS(value_of_CONCLAVE_E_REPLACED, CONCLAVE_E_REPLACED == -603);
HOLDS(value_of_CONCLAVE_E_AGREEMENT_FAILED, CONCLAVE_E_AGREEMENT_FAILED == -604);
HOLDS(value_of_CONCLAVE_E_CRYPTOGRAPHY, CONCLAVE_E_CRYPTOGRAPHY == -901);
HOLDS(value_of_CONCLAVE_E_ENTROPY, CONCLAVE_E_ENTROPY == -902);
HOLDS(value_of_CONCLAVE_E_OUT_OF_MEMORY, CONCLAVE_E_OUT_OF_MEMORY == -903);
HOLDS(value_of_CONCLAVE_TOKEN_UNICAST, CONCLAVE_TOKEN_UNICAST == 1);
HOLDS(value_of_CONCLAVE_TOKEN_MULTICAST, CONCLAVE_TOKEN_MULTICAST == 2);
HOLDS(value_of_CONCLAVE_TOKEN_MULTICAST_AGREED, CONCLAVE_TOKEN_MULTICAST_AGREED == 3);
HOLDS(value_of_CONCLAVE_ALGORITHM_OPTIMIZED, CONCLAVE_ALGORITHM_OPTIMIZED == 0);
HOLDS(value_of_CONCLAVE_ALGORITHM_BASIC, CONCLAVE_ALGORITHM_BASIC == 1);
HOLDS(value_of_CONCLAVE_SERVICE_FIFO, CONCLAVE_SERVICE_FIFO == 1);
HOLDS(value_of_CONCLAVE_SERVICE_CAUSAL, CONCLAVE_SERVICE_CAUSAL == 2);
HOLDS(value_of_CONCLAVE_SERVICE_AGREED, CONCLAVE_SERVICE_AGREED == 3);
HOLDS(value_of_CONCLAVE_SERVICE_SAFE, CONCLAVE_SERVICE_SAFE == 4);
HOLDS(value_of_CONCLAVE_EVENT_FLUSH_REQUEST, CONCLAVE_EVENT_FLUSH_REQUEST == 1);
HOLDS(value_of_CONCLAVE_EVENT_TRANSITIONAL_SIGNAL, CONCLAVE_EVENT_TRANSITIONAL_SIGNAL == 2);
HOLDS(value_of_CONCLAVE_EVENT_VIEW, CONCLAVE_EVENT_VIEW == 3);
HOLDS(value_of_CONCLAVE_EVENT_MESSAGE, CONCLAVE_EVENT_MESSAGE == 4);
HOLDS(value_of_CONCLAVE_EVENT_LEFT, CONCLAVE_EVENT_LEFT == 5);
HOLDS(value_of_CONCLAVE_EVENT_ERROR, CONCLAVE_EVENT_ERROR == 6);
HOLDS(value_of_CONCLAVE_UNIT_COUNT, CONCLAVE_UNIT_COUNT == 1);
HOLDS(value_of_CONCLAVE_UNIT_BYTES, CONCLAVE_UNIT_BYTES == 2);
HOLDS(value_of_CONCLAVE_UNIT_MILLISECONDS, CONCLAVE_UNIT_MILLISECONDS == 3);
HOLDS(value_of_CONCLAVE_LOG_NONE, CONCLAVE_LOG_NONE == 0);
HOLDS(value_of_CONCLAVE_LOG_WARNING, CONCLAVE_LOG_WARNING == 1);
HOLDS(value_of_CONCLAVE_LOG_INFO, CONCLAVE_LOG_INFO == 2);
HOLDS(value_of_CONCLAVE_LOG_DEBUG, CONCLAVE_LOG_DEBUG == 3);
HOLDS(value_of_CONCLAVE_TRANSPORT_ATTACHED, CONCLAVE_TRANSPORT_ATTACHED == 1);
HOLDS(value_of_CONCLAVE_TRANSPORT_CONFIGURATION, CONCLAVE_TRANSPORT_CONFIGURATION == 2);
HOLDS(value_of_CONCLAVE_TRANSPORT_MESSAGE, CONCLAVE_TRANSPORT_MESSAGE == 3);
HOLDS(value_of_CONCLAVE_TRANSPORT_ENDED, CONCLAVE_TRANSPORT_ENDED == 4);
HOLDS(value_of_CONCLAVE_CERTIFICATE_NAME_DNS, CONCLAVE_CERTIFICATE_NAME_DNS == 1);
HOLDS(value_of_CONCLAVE_CERTIFICATE_NAME_URI, CONCLAVE_CERTIFICATE_NAME_URI == 2);
HOLDS(value_of_CONCLAVE_CERTIFICATE_NAME_COMMON, CONCLAVE_CERTIFICATE_NAME_COMMON == 3);
HOLDS(value_of_CONCLAVE_CERTIFICATE_NAME_MEMBER, CONCLAVE_CERTIFICATE_NAME_MEMBER == 4);
HOLDS(value_of_CONCLAVE_CERTIFICATE_NAME_ANY, CONCLAVE_CERTIFICATE_NAME_ANY == 5);
HOLDS(value_of_CONCLAVE_ADMISSION_UNKNOWN_KEY, CONCLAVE_ADMISSION_UNKNOWN_KEY == 1);
HOLDS(value_of_CONCLAVE_ADMISSION_CERTIFICATE_UNTRUSTED, CONCLAVE_ADMISSION_CERTIFICATE_UNTRUSTED == 2);
HOLDS(value_of_CONCLAVE_ADMISSION_CERTIFICATE_EXPIRED, CONCLAVE_ADMISSION_CERTIFICATE_EXPIRED == 3);
HOLDS(value_of_CONCLAVE_ADMISSION_CERTIFICATE_REVOKED, CONCLAVE_ADMISSION_CERTIFICATE_REVOKED == 4);
HOLDS(value_of_CONCLAVE_ADMISSION_CERTIFICATE_WRONG_NAME, CONCLAVE_ADMISSION_CERTIFICATE_WRONG_NAME == 5);
HOLDS(value_of_CONCLAVE_ADMISSION_CERTIFICATE_UNFIT, CONCLAVE_ADMISSION_CERTIFICATE_UNFIT == 6);
HOLDS(value_of_CONCLAVE_ADMISSION_WRONG_SECRET, CONCLAVE_ADMISSION_WRONG_SECRET == 7);
HOLDS(value_of_CONCLAVE_ADMISSION_PATTERN_MISMATCH, CONCLAVE_ADMISSION_PATTERN_MISMATCH == 8);
HOLDS(value_of_CONCLAVE_ADMISSION_HAS_LEFT, CONCLAVE_ADMISSION_HAS_LEFT == 9);
HOLDS(value_of_CONCLAVE_ADMISSION_OTHER, CONCLAVE_ADMISSION_OTHER == 255);
HOLDS(value_of_CONCLAVE_WRAPPING_X25519, CONCLAVE_WRAPPING_X25519 == 1);
HOLDS(value_of_CONCLAVE_WRAPPING_P256, CONCLAVE_WRAPPING_P256 == 2);
HOLDS(value_of_CONCLAVE_WRAPPING_RSA, CONCLAVE_WRAPPING_RSA == 3);
HOLDS(value_of_CONCLAVE_KEYS_FROM_COORDINATOR, CONCLAVE_KEYS_FROM_COORDINATOR == 0);
HOLDS(value_of_CONCLAVE_KEYS_FROM_STORE, CONCLAVE_KEYS_FROM_STORE == 1);
HOLDS(value_of_CONCLAVE_KEYS_BY_EXCHANGE, CONCLAVE_KEYS_BY_EXCHANGE == 2);
HOLDS(value_of_CONCLAVE_AUTHENTICITY_SIGNATURES, CONCLAVE_AUTHENTICITY_SIGNATURES == 1);
HOLDS(value_of_CONCLAVE_AUTHENTICITY_SENDER_KEYS, CONCLAVE_AUTHENTICITY_SENDER_KEYS == 2);
HOLDS(value_of_CONCLAVE_CIPHER_AES_256_GCM, CONCLAVE_CIPHER_AES_256_GCM == 1);
HOLDS(value_of_CONCLAVE_CIPHER_CHACHA20_POLY1305, CONCLAVE_CIPHER_CHACHA20_POLY1305 == 2);
HOLDS(value_of_CONCLAVE_REKEY_JOIN, CONCLAVE_REKEY_JOIN == 1);
HOLDS(value_of_CONCLAVE_REKEY_LEAVE, CONCLAVE_REKEY_LEAVE == 2);
HOLDS(value_of_CONCLAVE_REKEY_COORDINATOR_CHANGE, CONCLAVE_REKEY_COORDINATOR_CHANGE == 4);
HOLDS(value_of_CONCLAVE_REKEY_MERGE, CONCLAVE_REKEY_MERGE == 8);
HOLDS(value_of_CONCLAVE_ENCRYPT_EVENT_VIEW, CONCLAVE_ENCRYPT_EVENT_VIEW == 1);
HOLDS(value_of_CONCLAVE_ENCRYPT_EVENT_MESSAGE, CONCLAVE_ENCRYPT_EVENT_MESSAGE == 2);
HOLDS(value_of_CONCLAVE_ENCRYPT_EVENT_MEMBER_LEAVES, CONCLAVE_ENCRYPT_EVENT_MEMBER_LEAVES == 3);
HOLDS(value_of_CONCLAVE_ENCRYPT_EVENT_REFUSED, CONCLAVE_ENCRYPT_EVENT_REFUSED == 4);
HOLDS(value_of_CONCLAVE_ENCRYPT_EVENT_NOT_ADMITTED, CONCLAVE_ENCRYPT_EVENT_NOT_ADMITTED == 5);
HOLDS(value_of_CONCLAVE_ENCRYPT_EVENT_DROPPED, CONCLAVE_ENCRYPT_EVENT_DROPPED == 6);
HOLDS(value_of_CONCLAVE_ENCRYPT_EVENT_ERROR, CONCLAVE_ENCRYPT_EVENT_ERROR == 7);
HOLDS(value_of_CONCLAVE_ENCRYPT_EVENT_KEY_WANTED, CONCLAVE_ENCRYPT_EVENT_KEY_WANTED == 8);
HOLDS(value_of_CONCLAVE_PUBLIC_KEY_SIZE, CONCLAVE_PUBLIC_KEY_SIZE == 32);
HOLDS(value_of_CONCLAVE_FINGERPRINT_SIZE, CONCLAVE_FINGERPRINT_SIZE == 32);
HOLDS(value_of_CONCLAVE_NAME_MAX, CONCLAVE_NAME_MAX == 64);
HOLDS(value_of_CONCLAVE_GROUP_NAME_MAX, CONCLAVE_GROUP_NAME_MAX == 128);
HOLDS(value_of_CONCLAVE_SUITE_GDH_FFDHE2048_ED25519_AES256GCM,
    CONCLAVE_SUITE_GDH_FFDHE2048_ED25519_AES256GCM == ((conclave_suite)0x1111));
HOLDS(value_of_CONCLAVE_SUITE_GDH_FFDHE3072_ED25519_AES256GCM,
    CONCLAVE_SUITE_GDH_FFDHE3072_ED25519_AES256GCM == ((conclave_suite)0x1211));
HOLDS(value_of_CONCLAVE_SUITE_GDH_FFDHE4096_ED25519_AES256GCM,
    CONCLAVE_SUITE_GDH_FFDHE4096_ED25519_AES256GCM == ((conclave_suite)0x1311));
HOLDS(value_of_CONCLAVE_SUITE_GDH_MODP2048_256_ED25519_AES256GCM,
    CONCLAVE_SUITE_GDH_MODP2048_256_ED25519_AES256GCM == ((conclave_suite)0x1411));
HOLDS(value_of_CONCLAVE_SUITE_GDH_P256_ED25519_AES256GCM,
    CONCLAVE_SUITE_GDH_P256_ED25519_AES256GCM == ((conclave_suite)0x1511));
HOLDS(value_of_CONCLAVE_SUITE_GDH_FFDHE2048_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_GDH_FFDHE2048_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x1112));
HOLDS(value_of_CONCLAVE_SUITE_GDH_FFDHE3072_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_GDH_FFDHE3072_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x1212));
HOLDS(value_of_CONCLAVE_SUITE_GDH_FFDHE4096_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_GDH_FFDHE4096_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x1312));
HOLDS(value_of_CONCLAVE_SUITE_GDH_MODP2048_256_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_GDH_MODP2048_256_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x1412));
HOLDS(value_of_CONCLAVE_SUITE_GDH_P256_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_GDH_P256_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x1512));
HOLDS(value_of_CONCLAVE_SUITE_CKD_FFDHE2048_ED25519_AES256GCM,
    CONCLAVE_SUITE_CKD_FFDHE2048_ED25519_AES256GCM == ((conclave_suite)0x2111));
HOLDS(value_of_CONCLAVE_SUITE_CKD_FFDHE3072_ED25519_AES256GCM,
    CONCLAVE_SUITE_CKD_FFDHE3072_ED25519_AES256GCM == ((conclave_suite)0x2211));
HOLDS(value_of_CONCLAVE_SUITE_CKD_FFDHE4096_ED25519_AES256GCM,
    CONCLAVE_SUITE_CKD_FFDHE4096_ED25519_AES256GCM == ((conclave_suite)0x2311));
HOLDS(value_of_CONCLAVE_SUITE_CKD_MODP2048_256_ED25519_AES256GCM,
    CONCLAVE_SUITE_CKD_MODP2048_256_ED25519_AES256GCM == ((conclave_suite)0x2411));
HOLDS(value_of_CONCLAVE_SUITE_CKD_P256_ED25519_AES256GCM,
    CONCLAVE_SUITE_CKD_P256_ED25519_AES256GCM == ((conclave_suite)0x2511));
HOLDS(value_of_CONCLAVE_SUITE_CKD_FFDHE2048_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_CKD_FFDHE2048_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x2112));
HOLDS(value_of_CONCLAVE_SUITE_CKD_FFDHE3072_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_CKD_FFDHE3072_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x2212));
HOLDS(value_of_CONCLAVE_SUITE_CKD_FFDHE4096_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_CKD_FFDHE4096_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x2312));
HOLDS(value_of_CONCLAVE_SUITE_CKD_MODP2048_256_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_CKD_MODP2048_256_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x2412));
HOLDS(value_of_CONCLAVE_SUITE_CKD_P256_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_CKD_P256_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x2512));
HOLDS(value_of_CONCLAVE_SUITE_TGDH_FFDHE2048_ED25519_AES256GCM,
    CONCLAVE_SUITE_TGDH_FFDHE2048_ED25519_AES256GCM == ((conclave_suite)0x3111));
HOLDS(value_of_CONCLAVE_SUITE_TGDH_FFDHE3072_ED25519_AES256GCM,
    CONCLAVE_SUITE_TGDH_FFDHE3072_ED25519_AES256GCM == ((conclave_suite)0x3211));
HOLDS(value_of_CONCLAVE_SUITE_TGDH_FFDHE4096_ED25519_AES256GCM,
    CONCLAVE_SUITE_TGDH_FFDHE4096_ED25519_AES256GCM == ((conclave_suite)0x3311));
HOLDS(value_of_CONCLAVE_SUITE_TGDH_MODP2048_256_ED25519_AES256GCM,
    CONCLAVE_SUITE_TGDH_MODP2048_256_ED25519_AES256GCM == ((conclave_suite)0x3411));
HOLDS(value_of_CONCLAVE_SUITE_TGDH_P256_ED25519_AES256GCM,
    CONCLAVE_SUITE_TGDH_P256_ED25519_AES256GCM == ((conclave_suite)0x3511));
HOLDS(value_of_CONCLAVE_SUITE_TGDH_FFDHE2048_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_TGDH_FFDHE2048_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x3112));
HOLDS(value_of_CONCLAVE_SUITE_TGDH_FFDHE3072_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_TGDH_FFDHE3072_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x3212));
HOLDS(value_of_CONCLAVE_SUITE_TGDH_FFDHE4096_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_TGDH_FFDHE4096_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x3312));
HOLDS(value_of_CONCLAVE_SUITE_TGDH_MODP2048_256_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_TGDH_MODP2048_256_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x3412));
HOLDS(value_of_CONCLAVE_SUITE_TGDH_P256_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_TGDH_P256_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x3512));
HOLDS(value_of_CONCLAVE_SUITE_STR_FFDHE2048_ED25519_AES256GCM,
    CONCLAVE_SUITE_STR_FFDHE2048_ED25519_AES256GCM == ((conclave_suite)0x4111));
HOLDS(value_of_CONCLAVE_SUITE_STR_FFDHE3072_ED25519_AES256GCM,
    CONCLAVE_SUITE_STR_FFDHE3072_ED25519_AES256GCM == ((conclave_suite)0x4211));
HOLDS(value_of_CONCLAVE_SUITE_STR_FFDHE4096_ED25519_AES256GCM,
    CONCLAVE_SUITE_STR_FFDHE4096_ED25519_AES256GCM == ((conclave_suite)0x4311));
HOLDS(value_of_CONCLAVE_SUITE_STR_MODP2048_256_ED25519_AES256GCM,
    CONCLAVE_SUITE_STR_MODP2048_256_ED25519_AES256GCM == ((conclave_suite)0x4411));
HOLDS(value_of_CONCLAVE_SUITE_STR_P256_ED25519_AES256GCM,
    CONCLAVE_SUITE_STR_P256_ED25519_AES256GCM == ((conclave_suite)0x4511));
HOLDS(value_of_CONCLAVE_SUITE_STR_FFDHE2048_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_STR_FFDHE2048_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x4112));
HOLDS(value_of_CONCLAVE_SUITE_STR_FFDHE3072_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_STR_FFDHE3072_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x4212));
HOLDS(value_of_CONCLAVE_SUITE_STR_FFDHE4096_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_STR_FFDHE4096_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x4312));
HOLDS(value_of_CONCLAVE_SUITE_STR_MODP2048_256_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_STR_MODP2048_256_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x4412));
HOLDS(value_of_CONCLAVE_SUITE_STR_P256_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_STR_P256_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x4512));
HOLDS(value_of_CONCLAVE_SUITE_BD_FFDHE2048_ED25519_AES256GCM,
    CONCLAVE_SUITE_BD_FFDHE2048_ED25519_AES256GCM == ((conclave_suite)0x5111));
HOLDS(value_of_CONCLAVE_SUITE_BD_FFDHE3072_ED25519_AES256GCM,
    CONCLAVE_SUITE_BD_FFDHE3072_ED25519_AES256GCM == ((conclave_suite)0x5211));
HOLDS(value_of_CONCLAVE_SUITE_BD_FFDHE4096_ED25519_AES256GCM,
    CONCLAVE_SUITE_BD_FFDHE4096_ED25519_AES256GCM == ((conclave_suite)0x5311));
HOLDS(value_of_CONCLAVE_SUITE_BD_MODP2048_256_ED25519_AES256GCM,
    CONCLAVE_SUITE_BD_MODP2048_256_ED25519_AES256GCM == ((conclave_suite)0x5411));
HOLDS(value_of_CONCLAVE_SUITE_BD_P256_ED25519_AES256GCM,
    CONCLAVE_SUITE_BD_P256_ED25519_AES256GCM == ((conclave_suite)0x5511));
HOLDS(value_of_CONCLAVE_SUITE_BD_FFDHE2048_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_BD_FFDHE2048_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x5112));
HOLDS(value_of_CONCLAVE_SUITE_BD_FFDHE3072_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_BD_FFDHE3072_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x5212));
HOLDS(value_of_CONCLAVE_SUITE_BD_FFDHE4096_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_BD_FFDHE4096_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x5312));
HOLDS(value_of_CONCLAVE_SUITE_BD_MODP2048_256_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_BD_MODP2048_256_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x5412));
HOLDS(value_of_CONCLAVE_SUITE_BD_P256_ED25519_CHACHA20POLY1305,
    CONCLAVE_SUITE_BD_P256_ED25519_CHACHA20POLY1305 == ((conclave_suite)0x5512));
HOLDS(value_of_CONCLAVE_SUITE_STANDARD, CONCLAVE_SUITE_STANDARD == CONCLAVE_SUITE_GDH_P256_ED25519_AES256GCM);
HOLDS(value_of_CONCLAVE_MESSAGE_MAX, CONCLAVE_MESSAGE_MAX == 16777216);
HOLDS(value_of_CONCLAVE_CLUSTER_NAME_MAX, CONCLAVE_CLUSTER_NAME_MAX == 255);
HOLDS(value_of_CONCLAVE_ADDRESS_MAX, CONCLAVE_ADDRESS_MAX == 64);
HOLDS(value_of_CONCLAVE_BATCH_MAX, CONCLAVE_BATCH_MAX == 64);

/* Structures: those that begin with their size may have grown since. */
HOLDS(size_of_conclave_participant, sizeof(conclave_participant) == 40 && sizeof(conclave_participant) % 8 == 0);
MEMBER(conclave_participant, id, 0, 8);
MEMBER(conclave_participant, public_key, 8, 32);
void types_of_conclave_participant(conclave_participant *it) {
    uint64_t *id = &it->id;
    uint8_t (*public_key)[CONCLAVE_PUBLIC_KEY_SIZE] = &it->public_key;
    (void)id;
    (void)public_key;
}
HOLDS(size_of_conclave_membership, sizeof(conclave_membership) >= 104 && sizeof(conclave_membership) % 8 == 0);
MEMBER(conclave_membership, size, 0, 8);
MEMBER(conclave_membership, group, 8, 8);
MEMBER(conclave_membership, view, 16, 32);
MEMBER(conclave_membership, run, 48, 32);
MEMBER(conclave_membership, participants, 80, 8);
MEMBER(conclave_membership, participant_count, 88, 8);
MEMBER(conclave_membership, continuing_count, 96, 8);
void types_of_conclave_membership(conclave_membership *it) {
    size_t *size = &it->size;
    const char **group = &it->group;
    uint8_t (*view)[32] = &it->view;
    uint8_t (*run)[32] = &it->run;
    const conclave_participant **participants = &it->participants;
    size_t *participant_count = &it->participant_count;
    size_t *continuing_count = &it->continuing_count;
    (void)size;
    (void)group;
    (void)view;
    (void)run;
    (void)participants;
    (void)participant_count;
    (void)continuing_count;
}
HOLDS(size_of_conclave_token, sizeof(conclave_token) >= 40 && sizeof(conclave_token) % 8 == 0);
MEMBER(conclave_token, size, 0, 8);
MEMBER(conclave_token, kind, 8, 4);
MEMBER(conclave_token, destination, 16, 8);
MEMBER(conclave_token, bytes, 24, 8);
MEMBER(conclave_token, byte_count, 32, 8);
void types_of_conclave_token(conclave_token *it) {
    size_t *size = &it->size;
    uint32_t *kind = &it->kind;
    uint64_t *destination = &it->destination;
    const uint8_t **bytes = &it->bytes;
    size_t *byte_count = &it->byte_count;
    (void)size;
    (void)kind;
    (void)destination;
    (void)bytes;
    (void)byte_count;
}
HOLDS(size_of_conclave_counters, sizeof(conclave_counters) >= 64 && sizeof(conclave_counters) % 8 == 0);
MEMBER(conclave_counters, size, 0, 8);
MEMBER(conclave_counters, exponentiations, 8, 8);
MEMBER(conclave_counters, signatures, 16, 8);
MEMBER(conclave_counters, verifications, 24, 8);
MEMBER(conclave_counters, unicasts, 32, 8);
MEMBER(conclave_counters, multicasts, 40, 8);
MEMBER(conclave_counters, membership_checks, 48, 8);
MEMBER(conclave_counters, inversions, 56, 8);
void types_of_conclave_counters(conclave_counters *it) {
    size_t *size = &it->size;
    uint64_t *exponentiations = &it->exponentiations;
    uint64_t *signatures = &it->signatures;
    uint64_t *verifications = &it->verifications;
    uint64_t *unicasts = &it->unicasts;
    uint64_t *multicasts = &it->multicasts;
    uint64_t *membership_checks = &it->membership_checks;
    uint64_t *inversions = &it->inversions;
    (void)size;
    (void)exponentiations;
    (void)signatures;
    (void)verifications;
    (void)unicasts;
    (void)multicasts;
    (void)membership_checks;
    (void)inversions;
}
HOLDS(size_of_conclave_group_options, sizeof(conclave_group_options) >= 56 && sizeof(conclave_group_options) % 8 == 0);
MEMBER(conclave_group_options, size, 0, 8);
MEMBER(conclave_group_options, suite, 8, 2);
MEMBER(conclave_group_options, manual_flush, 10, 1);
MEMBER(conclave_group_options, flush_timeout_ms, 12, 4);
MEMBER(conclave_group_options, agreement_timeout_ms, 16, 4);
MEMBER(conclave_group_options, restart_limit, 20, 4);
MEMBER(conclave_group_options, admission_timeout_ms, 24, 4);
MEMBER(conclave_group_options, send_queue_bytes, 32, 8);
MEMBER(conclave_group_options, event_queue_bytes, 40, 8);
MEMBER(conclave_group_options, algorithm, 48, 4);
void types_of_conclave_group_options(conclave_group_options *it) {
    size_t *size = &it->size;
    conclave_suite *suite = &it->suite;
    bool *manual_flush = &it->manual_flush;
    uint32_t *flush_timeout_ms = &it->flush_timeout_ms;
    uint32_t *agreement_timeout_ms = &it->agreement_timeout_ms;
    uint32_t *restart_limit = &it->restart_limit;
    uint32_t *admission_timeout_ms = &it->admission_timeout_ms;
    size_t *send_queue_bytes = &it->send_queue_bytes;
    size_t *event_queue_bytes = &it->event_queue_bytes;
    uint32_t *algorithm = &it->algorithm;
    (void)size;
    (void)suite;
    (void)manual_flush;
    (void)flush_timeout_ms;
    (void)agreement_timeout_ms;
    (void)restart_limit;
    (void)admission_timeout_ms;
    (void)send_queue_bytes;
    (void)event_queue_bytes;
    (void)algorithm;
}
HOLDS(size_of_conclave_event, sizeof(conclave_event) >= 72 && sizeof(conclave_event) % 8 == 0);
MEMBER(conclave_event, size, 0, 8);
MEMBER(conclave_event, kind, 8, 4);
MEMBER(conclave_event, service, 12, 4);
MEMBER(conclave_event, sender, 16, 8);
MEMBER(conclave_event, sender_name, 24, 8);
MEMBER(conclave_event, data, 32, 8);
MEMBER(conclave_event, data_size, 40, 8);
MEMBER(conclave_event, view_counter, 48, 8);
MEMBER(conclave_event, is_private, 56, 1);
MEMBER(conclave_event, status, 60, 4);
MEMBER(conclave_event, message, 64, 8);
void types_of_conclave_event(conclave_event *it) {
    size_t *size = &it->size;
    uint32_t *kind = &it->kind;
    uint32_t *service = &it->service;
    uint64_t *sender = &it->sender;
    const char **sender_name = &it->sender_name;
    const uint8_t **data = &it->data;
    size_t *data_size = &it->data_size;
    uint64_t *view_counter = &it->view_counter;
    bool *is_private = &it->is_private;
    conclave_status *status = &it->status;
    const char **message = &it->message;
    (void)size;
    (void)kind;
    (void)service;
    (void)sender;
    (void)sender_name;
    (void)data;
    (void)data_size;
    (void)view_counter;
    (void)is_private;
    (void)status;
    (void)message;
}
HOLDS(size_of_conclave_view, sizeof(conclave_view) >= 104 && sizeof(conclave_view) % 8 == 0);
MEMBER(conclave_view, size, 0, 8);
MEMBER(conclave_view, counter, 8, 8);
MEMBER(conclave_view, id, 16, 32);
MEMBER(conclave_view, key_fingerprint, 48, 32);
MEMBER(conclave_view, member_count, 80, 8);
MEMBER(conclave_view, left_count, 88, 8);
MEMBER(conclave_view, self, 96, 8);
void types_of_conclave_view(conclave_view *it) {
    size_t *size = &it->size;
    uint64_t *counter = &it->counter;
    uint8_t (*id)[32] = &it->id;
    uint8_t (*key_fingerprint)[CONCLAVE_FINGERPRINT_SIZE] = &it->key_fingerprint;
    size_t *member_count = &it->member_count;
    size_t *left_count = &it->left_count;
    uint64_t *self = &it->self;
    (void)size;
    (void)counter;
    (void)id;
    (void)key_fingerprint;
    (void)member_count;
    (void)left_count;
    (void)self;
}
HOLDS(size_of_conclave_member, sizeof(conclave_member) >= 64 && sizeof(conclave_member) % 8 == 0);
MEMBER(conclave_member, size, 0, 8);
MEMBER(conclave_member, id, 8, 8);
MEMBER(conclave_member, name, 16, 8);
MEMBER(conclave_member, public_key, 24, 32);
MEMBER(conclave_member, is_self, 56, 1);
MEMBER(conclave_member, is_transitional, 57, 1);
MEMBER(conclave_member, has_joined, 58, 1);
void types_of_conclave_member(conclave_member *it) {
    size_t *size = &it->size;
    uint64_t *id = &it->id;
    const char **name = &it->name;
    uint8_t (*public_key)[CONCLAVE_PUBLIC_KEY_SIZE] = &it->public_key;
    bool *is_self = &it->is_self;
    bool *is_transitional = &it->is_transitional;
    bool *has_joined = &it->has_joined;
    (void)size;
    (void)id;
    (void)name;
    (void)public_key;
    (void)is_self;
    (void)is_transitional;
    (void)has_joined;
}
HOLDS(size_of_conclave_metric, sizeof(conclave_metric) >= 48 && sizeof(conclave_metric) % 8 == 0);
MEMBER(conclave_metric, size, 0, 8);
MEMBER(conclave_metric, name, 8, 8);
MEMBER(conclave_metric, labels, 16, 8);
MEMBER(conclave_metric, help, 24, 8);
MEMBER(conclave_metric, is_counter, 32, 1);
MEMBER(conclave_metric, unit, 36, 4);
MEMBER(conclave_metric, value, 40, 8);
void types_of_conclave_metric(conclave_metric *it) {
    size_t *size = &it->size;
    const char **name = &it->name;
    const char **labels = &it->labels;
    const char **help = &it->help;
    bool *is_counter = &it->is_counter;
    uint32_t *unit = &it->unit;
    uint64_t *value = &it->value;
    (void)size;
    (void)name;
    (void)labels;
    (void)help;
    (void)is_counter;
    (void)unit;
    (void)value;
}
HOLDS(size_of_conclave_transport_event,
    sizeof(conclave_transport_event) >= 80 && sizeof(conclave_transport_event) % 8 == 0);
MEMBER(conclave_transport_event, size, 0, 8);
MEMBER(conclave_transport_event, kind, 8, 4);
MEMBER(conclave_transport_event, status, 12, 4);
MEMBER(conclave_transport_event, connection, 16, 8);
MEMBER(conclave_transport_event, configuration, 24, 8);
MEMBER(conclave_transport_event, members, 32, 8);
MEMBER(conclave_transport_event, member_count, 40, 8);
MEMBER(conclave_transport_event, transitional, 48, 8);
MEMBER(conclave_transport_event, transitional_count, 56, 8);
MEMBER(conclave_transport_event, data, 64, 8);
MEMBER(conclave_transport_event, data_size, 72, 8);
void types_of_conclave_transport_event(conclave_transport_event *it) {
    size_t *size = &it->size;
    uint32_t *kind = &it->kind;
    conclave_status *status = &it->status;
    uint64_t *connection = &it->connection;
    uint64_t *configuration = &it->configuration;
    const uint64_t **members = &it->members;
    size_t *member_count = &it->member_count;
    const uint64_t **transitional = &it->transitional;
    size_t *transitional_count = &it->transitional_count;
    const uint8_t **data = &it->data;
    size_t *data_size = &it->data_size;
    (void)size;
    (void)kind;
    (void)status;
    (void)connection;
    (void)configuration;
    (void)members;
    (void)member_count;
    (void)transitional;
    (void)transitional_count;
    (void)data;
    (void)data_size;
}
HOLDS(size_of_conclave_transport, sizeof(conclave_transport) >= 80 && sizeof(conclave_transport) % 8 == 0);
MEMBER(conclave_transport, size, 0, 8);
MEMBER(conclave_transport, user_data, 8, 8);
MEMBER(conclave_transport, payload_limit, 16, 8);
MEMBER(conclave_transport, join, 24, 8);
MEMBER(conclave_transport, multicast, 32, 8);
MEMBER(conclave_transport, unicast, 40, 8);
MEMBER(conclave_transport, next_event, 48, 8);
MEMBER(conclave_transport, descriptor, 56, 8);
MEMBER(conclave_transport, leave, 64, 8);
MEMBER(conclave_transport, release, 72, 8);
void types_of_conclave_transport(conclave_transport *it) {
    size_t *size = &it->size;
    void **user_data = &it->user_data;
    size_t *payload_limit = &it->payload_limit;
    conclave_transport_join_fn *join = &it->join;
    conclave_transport_multicast_fn *multicast = &it->multicast;
    conclave_transport_unicast_fn *unicast = &it->unicast;
    conclave_transport_event_fn *next_event = &it->next_event;
    conclave_transport_descriptor_fn *descriptor = &it->descriptor;
    conclave_transport_leave_fn *leave = &it->leave;
    conclave_transport_release_fn *release = &it->release;
    (void)size;
    (void)user_data;
    (void)payload_limit;
    (void)join;
    (void)multicast;
    (void)unicast;
    (void)next_event;
    (void)descriptor;
    (void)leave;
    (void)release;
}
HOLDS(size_of_conclave_transport_check_options,
    sizeof(conclave_transport_check_options) >= 24 && sizeof(conclave_transport_check_options) % 8 == 0);
MEMBER(conclave_transport_check_options, size, 0, 8);
MEMBER(conclave_transport_check_options, member_count, 8, 4);
MEMBER(conclave_transport_check_options, message_count, 12, 4);
MEMBER(conclave_transport_check_options, step_timeout_ms, 16, 4);
void types_of_conclave_transport_check_options(conclave_transport_check_options *it) {
    size_t *size = &it->size;
    uint32_t *member_count = &it->member_count;
    uint32_t *message_count = &it->message_count;
    uint32_t *step_timeout_ms = &it->step_timeout_ms;
    (void)size;
    (void)member_count;
    (void)message_count;
    (void)step_timeout_ms;
}
HOLDS(size_of_conclave_hub_options, sizeof(conclave_hub_options) >= 32 && sizeof(conclave_hub_options) % 8 == 0);
MEMBER(conclave_hub_options, size, 0, 8);
MEMBER(conclave_hub_options, client_limit, 8, 4);
MEMBER(conclave_hub_options, group_limit, 12, 4);
MEMBER(conclave_hub_options, queue_bytes, 16, 8);
MEMBER(conclave_hub_options, stuck_timeout_ms, 24, 4);
void types_of_conclave_hub_options(conclave_hub_options *it) {
    size_t *size = &it->size;
    uint32_t *client_limit = &it->client_limit;
    uint32_t *group_limit = &it->group_limit;
    size_t *queue_bytes = &it->queue_bytes;
    uint32_t *stuck_timeout_ms = &it->stuck_timeout_ms;
    (void)size;
    (void)client_limit;
    (void)group_limit;
    (void)queue_bytes;
    (void)stuck_timeout_ms;
}
HOLDS(size_of_conclave_hub_counters, sizeof(conclave_hub_counters) >= 48 && sizeof(conclave_hub_counters) % 8 == 0);
MEMBER(conclave_hub_counters, size, 0, 8);
MEMBER(conclave_hub_counters, clients, 8, 8);
MEMBER(conclave_hub_counters, groups, 16, 8);
MEMBER(conclave_hub_counters, messages, 24, 8);
MEMBER(conclave_hub_counters, message_bytes, 32, 8);
MEMBER(conclave_hub_counters, dropped_clients, 40, 8);
void types_of_conclave_hub_counters(conclave_hub_counters *it) {
    size_t *size = &it->size;
    uint64_t *clients = &it->clients;
    uint64_t *groups = &it->groups;
    uint64_t *messages = &it->messages;
    uint64_t *message_bytes = &it->message_bytes;
    uint64_t *dropped_clients = &it->dropped_clients;
    (void)size;
    (void)clients;
    (void)groups;
    (void)messages;
    (void)message_bytes;
    (void)dropped_clients;
}
HOLDS(size_of_conclave_bytes, sizeof(conclave_bytes) == 16 && sizeof(conclave_bytes) % 8 == 0);
MEMBER(conclave_bytes, bytes, 0, 8);
MEMBER(conclave_bytes, size, 8, 8);
void types_of_conclave_bytes(conclave_bytes *it) {
    const uint8_t **bytes = &it->bytes;
    size_t *size = &it->size;
    (void)bytes;
    (void)size;
}
HOLDS(size_of_conclave_encrypt_options,
    sizeof(conclave_encrypt_options) >= 64 && sizeof(conclave_encrypt_options) % 8 == 0);
MEMBER(conclave_encrypt_options, size, 0, 8);
MEMBER(conclave_encrypt_options, keys_from, 8, 4);
MEMBER(conclave_encrypt_options, authenticity, 12, 4);
MEMBER(conclave_encrypt_options, cipher, 16, 4);
MEMBER(conclave_encrypt_options, rekey, 20, 4);
MEMBER(conclave_encrypt_options, replay_window, 24, 4);
MEMBER(conclave_encrypt_options, epochs_kept, 28, 4);
MEMBER(conclave_encrypt_options, epoch_lifetime_ms, 32, 4);
MEMBER(conclave_encrypt_options, gather_ms, 36, 4);
MEMBER(conclave_encrypt_options, ask_after_ms, 40, 4);
MEMBER(conclave_encrypt_options, repeat_after_ms, 44, 4);
MEMBER(conclave_encrypt_options, part_size, 48, 8);
MEMBER(conclave_encrypt_options, whole_message, 56, 1);
MEMBER(conclave_encrypt_options, seals_while_members_leave, 57, 1);
void types_of_conclave_encrypt_options(conclave_encrypt_options *it) {
    size_t *size = &it->size;
    uint32_t *keys_from = &it->keys_from;
    uint32_t *authenticity = &it->authenticity;
    uint32_t *cipher = &it->cipher;
    uint32_t *rekey = &it->rekey;
    uint32_t *replay_window = &it->replay_window;
    uint32_t *epochs_kept = &it->epochs_kept;
    uint32_t *epoch_lifetime_ms = &it->epoch_lifetime_ms;
    uint32_t *gather_ms = &it->gather_ms;
    uint32_t *ask_after_ms = &it->ask_after_ms;
    uint32_t *repeat_after_ms = &it->repeat_after_ms;
    size_t *part_size = &it->part_size;
    bool *whole_message = &it->whole_message;
    bool *seals_while_members_leave = &it->seals_while_members_leave;
    (void)size;
    (void)keys_from;
    (void)authenticity;
    (void)cipher;
    (void)rekey;
    (void)replay_window;
    (void)epochs_kept;
    (void)epoch_lifetime_ms;
    (void)gather_ms;
    (void)ask_after_ms;
    (void)repeat_after_ms;
    (void)part_size;
    (void)whole_message;
    (void)seals_while_members_leave;
}
HOLDS(size_of_conclave_cluster_member,
    sizeof(conclave_cluster_member) >= 104 && sizeof(conclave_cluster_member) % 8 == 0);
MEMBER(conclave_cluster_member, size, 0, 8);
MEMBER(conclave_cluster_member, address, 8, 8);
MEMBER(conclave_cluster_member, address_size, 16, 8);
MEMBER(conclave_cluster_member, name, 24, 8);
MEMBER(conclave_cluster_member, public_key, 32, 32);
MEMBER(conclave_cluster_member, introduction, 64, 32);
MEMBER(conclave_cluster_member, is_self, 96, 1);
MEMBER(conclave_cluster_member, is_coordinator, 97, 1);
void types_of_conclave_cluster_member(conclave_cluster_member *it) {
    size_t *size = &it->size;
    const uint8_t **address = &it->address;
    size_t *address_size = &it->address_size;
    const char **name = &it->name;
    uint8_t (*public_key)[CONCLAVE_PUBLIC_KEY_SIZE] = &it->public_key;
    uint8_t (*introduction)[32] = &it->introduction;
    bool *is_self = &it->is_self;
    bool *is_coordinator = &it->is_coordinator;
    (void)size;
    (void)address;
    (void)address_size;
    (void)name;
    (void)public_key;
    (void)introduction;
    (void)is_self;
    (void)is_coordinator;
}
HOLDS(size_of_conclave_cluster_view, sizeof(conclave_cluster_view) >= 56 && sizeof(conclave_cluster_view) % 8 == 0);
MEMBER(conclave_cluster_view, size, 0, 8);
MEMBER(conclave_cluster_view, counter, 8, 8);
MEMBER(conclave_cluster_view, epoch, 16, 16);
MEMBER(conclave_cluster_view, member_count, 32, 8);
MEMBER(conclave_cluster_view, coordinator, 40, 8);
MEMBER(conclave_cluster_view, self, 48, 8);
void types_of_conclave_cluster_view(conclave_cluster_view *it) {
    size_t *size = &it->size;
    uint64_t *counter = &it->counter;
    uint8_t (*epoch)[16] = &it->epoch;
    size_t *member_count = &it->member_count;
    size_t *coordinator = &it->coordinator;
    size_t *self = &it->self;
    (void)size;
    (void)counter;
    (void)epoch;
    (void)member_count;
    (void)coordinator;
    (void)self;
}
HOLDS(size_of_conclave_encrypt_output,
    sizeof(conclave_encrypt_output) >= 48 && sizeof(conclave_encrypt_output) % 8 == 0);
MEMBER(conclave_encrypt_output, size, 0, 8);
MEMBER(conclave_encrypt_output, to_everyone, 8, 1);
MEMBER(conclave_encrypt_output, address, 16, 8);
MEMBER(conclave_encrypt_output, address_size, 24, 8);
MEMBER(conclave_encrypt_output, bytes, 32, 8);
MEMBER(conclave_encrypt_output, byte_count, 40, 8);
void types_of_conclave_encrypt_output(conclave_encrypt_output *it) {
    size_t *size = &it->size;
    bool *to_everyone = &it->to_everyone;
    const uint8_t **address = &it->address;
    size_t *address_size = &it->address_size;
    const uint8_t **bytes = &it->bytes;
    size_t *byte_count = &it->byte_count;
    (void)size;
    (void)to_everyone;
    (void)address;
    (void)address_size;
    (void)bytes;
    (void)byte_count;
}
HOLDS(size_of_conclave_encrypt_event, sizeof(conclave_encrypt_event) >= 80 && sizeof(conclave_encrypt_event) % 8 == 0);
MEMBER(conclave_encrypt_event, size, 0, 8);
MEMBER(conclave_encrypt_event, kind, 8, 4);
MEMBER(conclave_encrypt_event, status, 12, 4);
MEMBER(conclave_encrypt_event, cause, 16, 4);
MEMBER(conclave_encrypt_event, member, 24, 8);
MEMBER(conclave_encrypt_event, data, 32, 8);
MEMBER(conclave_encrypt_event, data_size, 40, 8);
MEMBER(conclave_encrypt_event, headers, 48, 8);
MEMBER(conclave_encrypt_event, headers_size, 56, 8);
MEMBER(conclave_encrypt_event, view_counter, 64, 8);
MEMBER(conclave_encrypt_event, count, 72, 8);
void types_of_conclave_encrypt_event(conclave_encrypt_event *it) {
    size_t *size = &it->size;
    uint32_t *kind = &it->kind;
    conclave_status *status = &it->status;
    uint32_t *cause = &it->cause;
    const conclave_cluster_member **member = &it->member;
    const uint8_t **data = &it->data;
    size_t *data_size = &it->data_size;
    const uint8_t **headers = &it->headers;
    size_t *headers_size = &it->headers_size;
    uint64_t *view_counter = &it->view_counter;
    uint64_t *count = &it->count;
    (void)size;
    (void)kind;
    (void)status;
    (void)cause;
    (void)member;
    (void)data;
    (void)data_size;
    (void)headers;
    (void)headers_size;
    (void)view_counter;
    (void)count;
}
HOLDS(size_of_conclave_opened, sizeof(conclave_opened) >= 72 && sizeof(conclave_opened) % 8 == 0);
MEMBER(conclave_opened, size, 0, 8);
MEMBER(conclave_opened, sender, 8, 8);
MEMBER(conclave_opened, view_counter, 16, 8);
MEMBER(conclave_opened, number, 24, 8);
MEMBER(conclave_opened, is_current, 32, 1);
MEMBER(conclave_opened, headers, 40, 8);
MEMBER(conclave_opened, headers_size, 48, 8);
MEMBER(conclave_opened, messages, 56, 8);
MEMBER(conclave_opened, message_count, 64, 8);
void types_of_conclave_opened(conclave_opened *it) {
    size_t *size = &it->size;
    const conclave_cluster_member **sender = &it->sender;
    uint64_t *view_counter = &it->view_counter;
    uint64_t *number = &it->number;
    bool *is_current = &it->is_current;
    const uint8_t **headers = &it->headers;
    size_t *headers_size = &it->headers_size;
    const conclave_bytes **messages = &it->messages;
    size_t *message_count = &it->message_count;
    (void)size;
    (void)sender;
    (void)view_counter;
    (void)number;
    (void)is_current;
    (void)headers;
    (void)headers_size;
    (void)messages;
    (void)message_count;
}
HOLDS(size_of_conclave_encrypt_counters,
    sizeof(conclave_encrypt_counters) >= 112 && sizeof(conclave_encrypt_counters) % 8 == 0);
MEMBER(conclave_encrypt_counters, size, 0, 8);
MEMBER(conclave_encrypt_counters, sealed_records, 8, 8);
MEMBER(conclave_encrypt_counters, sealed_messages, 16, 8);
MEMBER(conclave_encrypt_counters, opened_records, 24, 8);
MEMBER(conclave_encrypt_counters, opened_messages, 32, 8);
MEMBER(conclave_encrypt_counters, opened_earlier, 40, 8);
MEMBER(conclave_encrypt_counters, refused_malformed, 48, 8);
MEMBER(conclave_encrypt_counters, refused_unknown_epoch, 56, 8);
MEMBER(conclave_encrypt_counters, refused_unknown_sender, 64, 8);
MEMBER(conclave_encrypt_counters, refused_bad_seal, 72, 8);
MEMBER(conclave_encrypt_counters, refused_bad_signature, 80, 8);
MEMBER(conclave_encrypt_counters, refused_replayed, 88, 8);
MEMBER(conclave_encrypt_counters, forgotten_epochs, 96, 8);
MEMBER(conclave_encrypt_counters, refused, 104, 8);
void types_of_conclave_encrypt_counters(conclave_encrypt_counters *it) {
    size_t *size = &it->size;
    uint64_t *sealed_records = &it->sealed_records;
    uint64_t *sealed_messages = &it->sealed_messages;
    uint64_t *opened_records = &it->opened_records;
    uint64_t *opened_messages = &it->opened_messages;
    uint64_t *opened_earlier = &it->opened_earlier;
    uint64_t *refused_malformed = &it->refused_malformed;
    uint64_t *refused_unknown_epoch = &it->refused_unknown_epoch;
    uint64_t *refused_unknown_sender = &it->refused_unknown_sender;
    uint64_t *refused_bad_seal = &it->refused_bad_seal;
    uint64_t *refused_bad_signature = &it->refused_bad_signature;
    uint64_t *refused_replayed = &it->refused_replayed;
    uint64_t *forgotten_epochs = &it->forgotten_epochs;
    uint64_t *refused = &it->refused;
    (void)size;
    (void)sealed_records;
    (void)sealed_messages;
    (void)opened_records;
    (void)opened_messages;
    (void)opened_earlier;
    (void)refused_malformed;
    (void)refused_unknown_epoch;
    (void)refused_unknown_sender;
    (void)refused_bad_seal;
    (void)refused_bad_signature;
    (void)refused_replayed;
    (void)forgotten_epochs;
    (void)refused;
}

/* Types, and the initializers of structures. */
conclave_error *some_conclave_error;
conclave_identity *some_conclave_identity;
conclave_trust *some_conclave_trust;
conclave_agreement *some_conclave_agreement;
conclave_group *some_conclave_group;
conclave_hub *some_conclave_hub;
conclave_key_ring *some_conclave_key_ring;
conclave_admission *some_conclave_admission;
conclave_credential *some_conclave_credential;
conclave_encrypt *some_conclave_encrypt;
conclave_key_server *some_conclave_key_server;
conclave_key_fetch *some_conclave_key_fetch;
HOLDS(size_of_conclave_status, sizeof(conclave_status) == sizeof(int32_t));
HOLDS(size_of_conclave_suite, sizeof(conclave_suite) == sizeof(uint16_t));
conclave_membership conclave_membership_initialized = CONCLAVE_MEMBERSHIP_INIT;
conclave_token conclave_token_initialized = CONCLAVE_TOKEN_INIT;
conclave_counters conclave_counters_initialized = CONCLAVE_COUNTERS_INIT;
conclave_group_options conclave_group_options_initialized = CONCLAVE_GROUP_OPTIONS_INIT;
conclave_event conclave_event_initialized = CONCLAVE_EVENT_INIT;
conclave_view conclave_view_initialized = CONCLAVE_VIEW_INIT;
conclave_member conclave_member_initialized = CONCLAVE_MEMBER_INIT;
conclave_metric conclave_metric_initialized = CONCLAVE_METRIC_INIT;
conclave_transport conclave_transport_initialized = CONCLAVE_TRANSPORT_INIT;
conclave_transport_check_options conclave_transport_check_options_initialized = CONCLAVE_TRANSPORT_CHECK_OPTIONS_INIT;
conclave_hub_options conclave_hub_options_initialized = CONCLAVE_HUB_OPTIONS_INIT;
conclave_hub_counters conclave_hub_counters_initialized = CONCLAVE_HUB_COUNTERS_INIT;
conclave_encrypt_options conclave_encrypt_options_initialized = CONCLAVE_ENCRYPT_OPTIONS_INIT;
conclave_cluster_member conclave_cluster_member_initialized = CONCLAVE_CLUSTER_MEMBER_INIT;
conclave_cluster_view conclave_cluster_view_initialized = CONCLAVE_CLUSTER_VIEW_INIT;
conclave_encrypt_output conclave_encrypt_output_initialized = CONCLAVE_ENCRYPT_OUTPUT_INIT;
conclave_encrypt_event conclave_encrypt_event_initialized = CONCLAVE_ENCRYPT_EVENT_INIT;
conclave_opened conclave_opened_initialized = CONCLAVE_OPENED_INIT;
conclave_encrypt_counters conclave_encrypt_counters_initialized = CONCLAVE_ENCRYPT_COUNTERS_INIT;
extern void (*some_conclave_log_callback)(void *user_data, uint32_t level, const char *line);
extern conclave_log_callback some_conclave_log_callback;
extern conclave_status (*some_conclave_transport_join_fn)(void *user_data, const char *group_name, void **member);
extern conclave_transport_join_fn some_conclave_transport_join_fn;
extern conclave_status (*some_conclave_transport_multicast_fn)(void *member, const uint8_t *data, size_t data_size);
extern conclave_transport_multicast_fn some_conclave_transport_multicast_fn;
extern conclave_status (*some_conclave_transport_unicast_fn)(void *member, uint64_t connection, const uint8_t *data,
    size_t data_size);
extern conclave_transport_unicast_fn some_conclave_transport_unicast_fn;
extern conclave_status (*some_conclave_transport_event_fn)(void *member, conclave_transport_event *event);
extern conclave_transport_event_fn some_conclave_transport_event_fn;
extern conclave_status (*some_conclave_transport_descriptor_fn)(void *member, int *descriptor);
extern conclave_transport_descriptor_fn some_conclave_transport_descriptor_fn;
extern conclave_status (*some_conclave_transport_leave_fn)(void *member);
extern conclave_transport_leave_fn some_conclave_transport_leave_fn;
extern void (*some_conclave_transport_release_fn)(void *member);
extern conclave_transport_release_fn some_conclave_transport_release_fn;
extern void (*some_conclave_transport_report_fn)(void *user_data, const char *name, bool held, const char *detail);
extern conclave_transport_report_fn some_conclave_transport_report_fn;

/* Functions. */
const char *(*use_conclave_version)(void) = conclave_version;
uint32_t (*use_conclave_abi_date)(void) = conclave_abi_date;
bool (*use_conclave_supports_feature)(const char *name) = conclave_supports_feature;
const char *(*use_conclave_status_text)(conclave_status status) = conclave_status_text;
const char *(*use_conclave_status_name)(conclave_status status) = conclave_status_name;
bool (*use_conclave_status_is_fatal)(conclave_status status) = conclave_status_is_fatal;
conclave_status (*use_conclave_error_status)(const conclave_error *error) = conclave_error_status;
const char *(*use_conclave_error_message)(const conclave_error *error) = conclave_error_message;
void (*use_conclave_error_free)(conclave_error *error) = conclave_error_free;
conclave_status (*use_conclave_identity_new)(const char *name, conclave_identity **identity,
    conclave_error **error) = conclave_identity_new;
conclave_status (*use_conclave_identity_load)(const char *path, const uint8_t *passphrase, size_t passphrase_size,
    conclave_identity **identity, conclave_error **error) = conclave_identity_load;
conclave_status (*use_conclave_identity_from_pem)(const uint8_t *pem, size_t pem_size, const uint8_t *passphrase,
    size_t passphrase_size, conclave_identity **identity, conclave_error **error) = conclave_identity_from_pem;
conclave_status (*use_conclave_identity_save)(const conclave_identity *identity, const char *path,
    const uint8_t *passphrase, size_t passphrase_size, conclave_error **error) = conclave_identity_save;
conclave_status (*use_conclave_identity_to_pem)(const conclave_identity *identity, const uint8_t *passphrase,
    size_t passphrase_size, uint8_t *buffer, size_t *size) = conclave_identity_to_pem;
const char *(*use_conclave_identity_name)(const conclave_identity *identity) = conclave_identity_name;
conclave_status (*use_conclave_identity_public_key)(const conclave_identity *identity,
    uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE]) = conclave_identity_public_key;
void (*use_conclave_identity_free)(conclave_identity *identity) = conclave_identity_free;
conclave_status (*use_conclave_fingerprint)(const uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE],
    uint8_t fingerprint[CONCLAVE_FINGERPRINT_SIZE]) = conclave_fingerprint;
conclave_status (*use_conclave_trust_new)(conclave_trust **trust, conclave_error **error) = conclave_trust_new;
conclave_status (*use_conclave_trust_load)(const char *path, conclave_trust **trust,
    conclave_error **error) = conclave_trust_load;
conclave_status (*use_conclave_trust_save)(const conclave_trust *trust, const char *path,
    conclave_error **error) = conclave_trust_save;
conclave_status (*use_conclave_trust_add)(conclave_trust *trust, const uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE],
    const char *label) = conclave_trust_add;
conclave_status (*use_conclave_trust_remove)(conclave_trust *trust,
    const uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE]) = conclave_trust_remove;
conclave_status (*use_conclave_trust_contains)(const conclave_trust *trust,
    const uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE]) = conclave_trust_contains;
size_t (*use_conclave_trust_count)(const conclave_trust *trust) = conclave_trust_count;
conclave_status (*use_conclave_trust_get)(const conclave_trust *trust, size_t index,
    uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE], const char **label) = conclave_trust_get;
void (*use_conclave_trust_free)(conclave_trust *trust) = conclave_trust_free;
const char *(*use_conclave_suite_name)(conclave_suite suite) = conclave_suite_name;
conclave_status (*use_conclave_membership_init)(conclave_membership *membership,
    size_t size) = conclave_membership_init;
conclave_status (*use_conclave_agreement_new)(conclave_suite suite, const conclave_identity *identity, uint64_t id,
    conclave_agreement **agreement, conclave_error **error) = conclave_agreement_new;
conclave_status (*use_conclave_agreement_begin)(conclave_agreement *agreement,
    const conclave_membership *membership) = conclave_agreement_begin;
conclave_status (*use_conclave_agreement_receive)(conclave_agreement *agreement, uint64_t sender,
    const uint8_t *token, size_t token_size) = conclave_agreement_receive;
conclave_status (*use_conclave_agreement_next_token)(conclave_agreement *agreement,
    conclave_token *token) = conclave_agreement_next_token;
bool (*use_conclave_agreement_is_complete)(const conclave_agreement *agreement) = conclave_agreement_is_complete;
conclave_status (*use_conclave_agreement_export)(const conclave_agreement *agreement, const char *label,
    const uint8_t *context, size_t context_size, uint8_t *output, size_t output_size) = conclave_agreement_export;
conclave_status (*use_conclave_agreement_fingerprint)(const conclave_agreement *agreement,
    uint8_t fingerprint[CONCLAVE_FINGERPRINT_SIZE]) = conclave_agreement_fingerprint;
conclave_status (*use_conclave_agreement_counters)(const conclave_agreement *agreement,
    conclave_counters *counters) = conclave_agreement_counters;
conclave_status (*use_conclave_agreement_set_threads)(conclave_agreement *agreement,
    uint32_t count) = conclave_agreement_set_threads;
const char *(*use_conclave_agreement_message)(const conclave_agreement *agreement) = conclave_agreement_message;
void (*use_conclave_agreement_free)(conclave_agreement *agreement) = conclave_agreement_free;
conclave_status (*use_conclave_group_options_init)(conclave_group_options *options,
    size_t size) = conclave_group_options_init;
conclave_status (*use_conclave_group_join)(const char *transport_url, const char *group_name,
    const conclave_identity *identity, const conclave_trust *trust, const conclave_group_options *options,
    conclave_group **group, conclave_error **error) = conclave_group_join;
conclave_status (*use_conclave_group_descriptor)(const conclave_group *group,
    int *descriptor) = conclave_group_descriptor;
conclave_status (*use_conclave_group_deadline)(const conclave_group *group,
    int64_t *milliseconds) = conclave_group_deadline;
conclave_status (*use_conclave_group_process)(conclave_group *group) = conclave_group_process;
conclave_status (*use_conclave_group_next_event)(conclave_group *group,
    conclave_event *event) = conclave_group_next_event;
conclave_status (*use_conclave_group_wait_event)(conclave_group *group, int64_t timeout_ms,
    conclave_event *event) = conclave_group_wait_event;
conclave_status (*use_conclave_group_wake)(const conclave_group *group) = conclave_group_wake;
conclave_status (*use_conclave_group_send)(conclave_group *group, uint32_t service, const uint8_t *data,
    size_t data_size) = conclave_group_send;
conclave_status (*use_conclave_group_send_to)(conclave_group *group, uint64_t member, const uint8_t *data,
    size_t data_size) = conclave_group_send_to;
conclave_status (*use_conclave_group_flush)(conclave_group *group) = conclave_group_flush;
conclave_status (*use_conclave_group_refresh)(conclave_group *group) = conclave_group_refresh;
conclave_status (*use_conclave_group_set_trust)(conclave_group *group,
    const conclave_trust *trust) = conclave_group_set_trust;
conclave_status (*use_conclave_group_leave)(conclave_group *group) = conclave_group_leave;
conclave_status (*use_conclave_group_view)(const conclave_group *group, conclave_view *view) = conclave_group_view;
conclave_status (*use_conclave_group_member)(const conclave_group *group, size_t index,
    conclave_member *member) = conclave_group_member;
conclave_status (*use_conclave_group_left_member)(const conclave_group *group, size_t index,
    conclave_member *member) = conclave_group_left_member;
conclave_status (*use_conclave_group_waiting_for)(const conclave_group *group, size_t index,
    conclave_member *member) = conclave_group_waiting_for;
conclave_status (*use_conclave_group_export)(const conclave_group *group, const char *label, const uint8_t *context,
    size_t context_size, uint8_t *output, size_t output_size) = conclave_group_export;
conclave_status (*use_conclave_group_set_threads)(conclave_group *group, uint32_t count) = conclave_group_set_threads;
conclave_status (*use_conclave_group_counters)(const conclave_group *group,
    conclave_counters *counters) = conclave_group_counters;
conclave_status (*use_conclave_group_metric)(conclave_group *group, size_t index,
    conclave_metric *metric) = conclave_group_metric;
conclave_status (*use_conclave_group_metrics_text)(conclave_group *group, const char **text,
    size_t *text_size) = conclave_group_metrics_text;
conclave_status (*use_conclave_group_set_log)(conclave_group *group, uint32_t level, conclave_log_callback callback,
    void *user_data) = conclave_group_set_log;
const char *(*use_conclave_group_message)(const conclave_group *group) = conclave_group_message;
void (*use_conclave_group_free)(conclave_group *group) = conclave_group_free;
conclave_status (*use_conclave_transport_init)(conclave_transport *transport, size_t size) = conclave_transport_init;
conclave_status (*use_conclave_group_join_over)(const conclave_transport *transport, const char *group_name,
    const conclave_identity *identity, const conclave_trust *trust, const conclave_group_options *options,
    conclave_group **group, conclave_error **error) = conclave_group_join_over;
conclave_status (*use_conclave_transport_check_options_init)(conclave_transport_check_options *options,
    size_t size) = conclave_transport_check_options_init;
conclave_status (*use_conclave_transport_check)(const char *transport_url, const conclave_transport *transport,
    const conclave_transport_check_options *options, conclave_transport_report_fn report, void *user_data,
    conclave_error **error) = conclave_transport_check;
conclave_status (*use_conclave_hub_options_init)(conclave_hub_options *options,
    size_t size) = conclave_hub_options_init;
conclave_status (*use_conclave_hub_new)(const char *path, const conclave_hub_options *options, conclave_hub **hub,
    conclave_error **error) = conclave_hub_new;
conclave_status (*use_conclave_hub_adopt)(int descriptor, const conclave_hub_options *options, conclave_hub **hub,
    conclave_error **error) = conclave_hub_adopt;
conclave_status (*use_conclave_hub_descriptor)(const conclave_hub *hub, int *descriptor) = conclave_hub_descriptor;
conclave_status (*use_conclave_hub_deadline)(const conclave_hub *hub, int64_t *milliseconds) = conclave_hub_deadline;
conclave_status (*use_conclave_hub_process)(conclave_hub *hub) = conclave_hub_process;
conclave_status (*use_conclave_hub_run)(conclave_hub *hub) = conclave_hub_run;
conclave_status (*use_conclave_hub_wake)(const conclave_hub *hub) = conclave_hub_wake;
conclave_status (*use_conclave_hub_counters_read)(const conclave_hub *hub,
    conclave_hub_counters *counters) = conclave_hub_counters_read;
void (*use_conclave_hub_free)(conclave_hub *hub) = conclave_hub_free;
conclave_status (*use_conclave_key_ring_new)(conclave_key_ring **ring, conclave_error **error) = conclave_key_ring_new;
conclave_status (*use_conclave_key_ring_load)(const char *path, const uint8_t *passphrase, size_t passphrase_size,
    conclave_key_ring **ring, conclave_error **error) = conclave_key_ring_load;
conclave_status (*use_conclave_key_ring_load_pkcs12)(const char *path, const uint8_t *passphrase,
    size_t passphrase_size, conclave_key_ring **ring, conclave_error **error) = conclave_key_ring_load_pkcs12;
conclave_status (*use_conclave_key_ring_save)(const conclave_key_ring *ring, const char *path,
    const uint8_t *passphrase, size_t passphrase_size, conclave_error **error) = conclave_key_ring_save;
conclave_status (*use_conclave_key_ring_add)(conclave_key_ring *ring, const char *identifier, const uint8_t *key,
    size_t key_size) = conclave_key_ring_add;
conclave_status (*use_conclave_key_ring_activate)(conclave_key_ring *ring,
    const char *identifier) = conclave_key_ring_activate;
conclave_status (*use_conclave_key_ring_retire)(conclave_key_ring *ring, const char *identifier,
    uint64_t unix_seconds) = conclave_key_ring_retire;
size_t (*use_conclave_key_ring_count)(const conclave_key_ring *ring) = conclave_key_ring_count;
conclave_status (*use_conclave_key_ring_get)(conclave_key_ring *ring, size_t index, const char **identifier,
    bool *is_active, uint64_t *retires) = conclave_key_ring_get;
void (*use_conclave_key_ring_free)(conclave_key_ring *ring) = conclave_key_ring_free;
conclave_status (*use_conclave_admission_keys)(const conclave_trust *trust, conclave_admission **admission,
    conclave_error **error) = conclave_admission_keys;
conclave_status (*use_conclave_admission_certificates)(const uint8_t *anchors, size_t anchors_size,
    const uint8_t *revocations, size_t revocations_size, uint32_t depth, conclave_admission **admission,
    conclave_error **error) = conclave_admission_certificates;
conclave_status (*use_conclave_admission_add_name)(conclave_admission *admission, uint32_t kind,
    const char *pattern) = conclave_admission_add_name;
conclave_status (*use_conclave_admission_secret)(const uint8_t *secret, size_t secret_size,
    conclave_admission **admission, conclave_error **error) = conclave_admission_secret;
conclave_status (*use_conclave_admission_names)(const char *name_pattern, const char *address_pattern,
    conclave_admission **admission, conclave_error **error) = conclave_admission_names;
conclave_status (*use_conclave_admission_all)(conclave_admission **admission,
    conclave_error **error) = conclave_admission_all;
conclave_status (*use_conclave_admission_any)(conclave_admission **admission,
    conclave_error **error) = conclave_admission_any;
conclave_status (*use_conclave_admission_add)(conclave_admission *admission,
    const conclave_admission *part) = conclave_admission_add;
void (*use_conclave_admission_free)(conclave_admission *admission) = conclave_admission_free;
conclave_status (*use_conclave_credential_new)(const conclave_identity *identity, uint32_t wrapping,
    conclave_credential **credential, conclave_error **error) = conclave_credential_new;
conclave_status (*use_conclave_credential_set_certificate)(conclave_credential *credential, const uint8_t *chain,
    size_t chain_size, const uint8_t *key, size_t key_size, const uint8_t *passphrase,
    size_t passphrase_size) = conclave_credential_set_certificate;
conclave_status (*use_conclave_credential_set_secret)(conclave_credential *credential, const uint8_t *secret,
    size_t secret_size) = conclave_credential_set_secret;
void (*use_conclave_credential_free)(conclave_credential *credential) = conclave_credential_free;
conclave_status (*use_conclave_encrypt_options_init)(conclave_encrypt_options *options,
    size_t size) = conclave_encrypt_options_init;
conclave_status (*use_conclave_encrypt_new)(const char *cluster, const uint8_t *address, size_t address_size,
    const conclave_credential *credential, const conclave_admission *admission, const conclave_key_ring *ring,
    const conclave_encrypt_options *options, uint64_t unix_seconds, uint64_t now, conclave_encrypt **context,
    conclave_error **error) = conclave_encrypt_new;
conclave_status (*use_conclave_encrypt_start)(conclave_encrypt *context, uint64_t now) = conclave_encrypt_start;
conclave_status (*use_conclave_encrypt_host_view)(conclave_encrypt *context, const conclave_bytes *addresses,
    size_t address_count, uint64_t now) = conclave_encrypt_host_view;
conclave_status (*use_conclave_encrypt_receive)(conclave_encrypt *context, const uint8_t *bytes, size_t size,
    const uint8_t *headers, size_t headers_size, uint64_t now) = conclave_encrypt_receive;
conclave_status (*use_conclave_encrypt_next_output)(conclave_encrypt *context,
    conclave_encrypt_output *output) = conclave_encrypt_next_output;
conclave_status (*use_conclave_encrypt_next_event)(conclave_encrypt *context,
    conclave_encrypt_event *event) = conclave_encrypt_next_event;
conclave_status (*use_conclave_encrypt_seal)(conclave_encrypt *context, const uint8_t *message, size_t message_size,
    const uint8_t *headers, size_t headers_size, uint8_t *record, size_t *record_size) = conclave_encrypt_seal;
conclave_status (*use_conclave_encrypt_seal_batch)(conclave_encrypt *context, const conclave_bytes *messages,
    size_t message_count, const uint8_t *headers, size_t headers_size, uint8_t *record,
    size_t *record_size) = conclave_encrypt_seal_batch;
bool (*use_conclave_encrypt_is_record)(const uint8_t *bytes, size_t size) = conclave_encrypt_is_record;
conclave_status (*use_conclave_encrypt_open)(conclave_encrypt *context, const uint8_t *record, size_t record_size,
    const uint8_t *headers, size_t headers_size, uint64_t now, uint8_t *buffer, size_t buffer_size,
    conclave_opened *opened) = conclave_encrypt_open;
conclave_status (*use_conclave_encrypt_view)(const conclave_encrypt *context,
    conclave_cluster_view *view) = conclave_encrypt_view;
conclave_status (*use_conclave_encrypt_member)(const conclave_encrypt *context, size_t place,
    conclave_cluster_member *member) = conclave_encrypt_member;
bool (*use_conclave_encrypt_can_seal)(const conclave_encrypt *context) = conclave_encrypt_can_seal;
conclave_status (*use_conclave_encrypt_deadline)(const conclave_encrypt *context,
    uint64_t *when) = conclave_encrypt_deadline;
conclave_status (*use_conclave_encrypt_tick)(conclave_encrypt *context, uint64_t now) = conclave_encrypt_tick;
conclave_status (*use_conclave_encrypt_rotate)(conclave_encrypt *context, uint64_t now) = conclave_encrypt_rotate;
conclave_status (*use_conclave_encrypt_leave)(conclave_encrypt *context, uint64_t now) = conclave_encrypt_leave;
conclave_status (*use_conclave_encrypt_set_admission)(conclave_encrypt *context, const conclave_admission *admission,
    uint64_t now) = conclave_encrypt_set_admission;
conclave_status (*use_conclave_encrypt_set_key_ring)(conclave_encrypt *context, const conclave_key_ring *ring,
    uint64_t now) = conclave_encrypt_set_key_ring;
conclave_status (*use_conclave_encrypt_set_clock)(conclave_encrypt *context, uint64_t unix_seconds,
    uint64_t now) = conclave_encrypt_set_clock;
conclave_status (*use_conclave_encrypt_counters_read)(const conclave_encrypt *context,
    conclave_encrypt_counters *counters) = conclave_encrypt_counters_read;
const char *(*use_conclave_encrypt_message)(const conclave_encrypt *context) = conclave_encrypt_message;
void (*use_conclave_encrypt_free)(conclave_encrypt *context) = conclave_encrypt_free;
conclave_status (*use_conclave_key_server_open)(const conclave_encrypt *context, const char *address, uint16_t port,
    const conclave_credential *credential, const conclave_admission *certificates, conclave_key_server **server,
    conclave_error **error) = conclave_key_server_open;
conclave_status (*use_conclave_key_server_port)(const conclave_key_server *server,
    uint16_t *port) = conclave_key_server_port;
conclave_status (*use_conclave_key_server_descriptor)(const conclave_key_server *server,
    int *descriptor) = conclave_key_server_descriptor;
conclave_status (*use_conclave_key_server_deadline)(const conclave_key_server *server,
    uint64_t *when) = conclave_key_server_deadline;
conclave_status (*use_conclave_key_server_process)(conclave_key_server *server, conclave_encrypt *context,
    uint64_t now) = conclave_key_server_process;
conclave_status (*use_conclave_key_server_renew)(conclave_key_server *server, const conclave_encrypt *context,
    const conclave_credential *credential, const conclave_admission *certificates) = conclave_key_server_renew;
void (*use_conclave_key_server_free)(conclave_key_server *server) = conclave_key_server_free;
conclave_status (*use_conclave_key_fetch_new)(const conclave_encrypt *context, uint64_t view_counter,
    const char *address, uint16_t port, const conclave_credential *credential,
    const conclave_admission *certificates, uint64_t now, conclave_key_fetch **fetch,
    conclave_error **error) = conclave_key_fetch_new;
conclave_status (*use_conclave_key_fetch_descriptor)(const conclave_key_fetch *fetch,
    int *descriptor) = conclave_key_fetch_descriptor;
conclave_status (*use_conclave_key_fetch_deadline)(const conclave_key_fetch *fetch,
    uint64_t *when) = conclave_key_fetch_deadline;
conclave_status (*use_conclave_key_fetch_process)(conclave_key_fetch *fetch, conclave_encrypt *context,
    uint64_t now) = conclave_key_fetch_process;
conclave_status (*use_conclave_key_fetch_outcome)(const conclave_key_fetch *fetch) = conclave_key_fetch_outcome;
void (*use_conclave_key_fetch_free)(conclave_key_fetch *fetch) = conclave_key_fetch_free;

int main(void) { return 0; }
