/* Layouts of the header's structures that the Swift side cannot ask for itself: Embedded Swift has no key paths. */
#ifndef CONCLAVE_CCONCLAVE_SHIM_H
#define CONCLAVE_CCONCLAVE_SHIM_H

#include "../../include/conclave.h"

/* The size of conclave_group_options before it had `algorithm`. */
static inline size_t conclave_group_options_first_size(void) { return offsetof(conclave_group_options, algorithm); }

#endif
