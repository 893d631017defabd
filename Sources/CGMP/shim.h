// The one door to GMP. Function-like macros do not reach Swift, so those needed are wrapped here.
#ifndef CONCLAVE_CGMP_SHIM_H
#define CONCLAVE_CGMP_SHIM_H

#include <gmp.h>

#endif
