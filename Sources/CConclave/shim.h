/* What the Swift side cannot say itself: layouts of the header's structures (Embedded Swift has no key paths), and
 * static texts put together from pieces. */
#ifndef CONCLAVE_CCONCLAVE_SHIM_H
#define CONCLAVE_CCONCLAVE_SHIM_H

#include "../../include/conclave.h"

/* The size of conclave_group_options before it had `algorithm`. */
static inline size_t conclave_group_options_first_size(void) { return offsetof(conclave_group_options, algorithm); }

/* The names of suites, by the digits of their numbers: agreement, group of numbers, signature (all Ed25519), cipher.
 * A new agreement is one line of the table, a new group of numbers one of the macro. */
#define CONCLAVE_SUITES_IN(agreement, group)                                                                           \
    { agreement "_" group "_ED25519_AES256GCM", agreement "_" group "_ED25519_CHACHA20POLY1305" }
#define CONCLAVE_SUITES_OF(agreement)                                                                                  \
    {                                                                                                                  \
        CONCLAVE_SUITES_IN(agreement, "FFDHE2048"), CONCLAVE_SUITES_IN(agreement, "FFDHE3072"),                        \
            CONCLAVE_SUITES_IN(agreement, "FFDHE4096"), CONCLAVE_SUITES_IN(agreement, "MODP2048_256"),                 \
            CONCLAVE_SUITES_IN(agreement, "P256"),                                                                     \
    }

static const char *const conclave_suite_names[][5][2] = {
    CONCLAVE_SUITES_OF("GDH"), CONCLAVE_SUITES_OF("CKD"), CONCLAVE_SUITES_OF("TGDH"),
    CONCLAVE_SUITES_OF("STR"), CONCLAVE_SUITES_OF("BD"),
};

/* NULL for a number without a name. */
static inline const char *conclave_find_suite_name(conclave_suite suite) {
    size_t agreement = (size_t)(suite >> 12) - 1, group = (size_t)(suite >> 8 & 15) - 1;
    size_t cipher = (size_t)(suite & 15) - 1;
    if ((suite >> 4 & 15) != 1 || agreement >= sizeof conclave_suite_names / sizeof *conclave_suite_names ||
        group >= sizeof *conclave_suite_names / sizeof **conclave_suite_names || cipher >= 2)
        return NULL;
    return conclave_suite_names[agreement][group][cipher];
}

#endif
