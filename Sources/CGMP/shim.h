// The one door to GMP. Function-like macros do not reach Swift, so those needed are wrapped here.
#ifndef CONCLAVE_CGMP_SHIM_H
#define CONCLAVE_CGMP_SHIM_H

#include <gmp.h>
#include <stddef.h>

// glibc hides this one behind _DEFAULT_SOURCE, which Swift's importer does not define.
extern void explicit_bzero(void *bytes, size_t size);

static inline void conclave_wipe_limbs(mp_limb_t *limbs, size_t count) { explicit_bzero(limbs, count * sizeof *limbs); }

static inline void conclave_powm(mp_limb_t *result, const mp_limb_t *base, const mp_limb_t *exponent,
                                 size_t exponent_bits, const mp_limb_t *modulus, mp_size_t size, mp_limb_t *scratch) {
    mpn_sec_powm(result, base, size, exponent, exponent_bits, modulus, size, scratch);
}

static inline mp_size_t conclave_powm_scratch(size_t exponent_bits, mp_size_t size) {
    return mpn_sec_powm_itch(size, exponent_bits, size);
}

/// {first} times {second} modulo {modulus}, whose top limb is not zero, in time that depends on the size alone.
/// `product` has 2 * size limbs and keeps the result in its lower half.
static inline void conclave_multiply(mp_limb_t *product, const mp_limb_t *first, const mp_limb_t *second,
                                     const mp_limb_t *modulus, mp_size_t size, mp_limb_t *scratch) {
    mpn_sec_mul(product, first, size, second, size, scratch);
    mpn_sec_div_r(product, 2 * size, modulus, size, scratch);
}

static inline mp_size_t conclave_multiply_scratch(mp_size_t size) {
    mp_size_t multiply = mpn_sec_mul_itch(size, size);
    mp_size_t divide = mpn_sec_div_r_itch(2 * size, size);
    return multiply > divide ? multiply : divide;
}

/// The inverse of a blinded value: time depends on the value. 1 on success, 0 when there is none.
static inline int conclave_invert(mp_limb_t *result, const mp_limb_t *value, const mp_limb_t *modulus, mp_size_t size) {
    mpz_t number, order, inverse;
    mpz_roinit_n(number, value, size);
    mpz_roinit_n(order, modulus, size);
    mpz_init2(inverse, (mp_bitcnt_t)(size + 1) * GMP_NUMB_BITS);
    int found = mpz_invert(inverse, number, order) != 0;
    mp_size_t used = (mp_size_t)mpz_size(inverse);
    if (used > size) found = 0;
    for (mp_size_t i = 0; i < size; i++) result[i] = found && i < used ? mpz_getlimbn(inverse, i) : 0;
    conclave_wipe_limbs(inverse->_mp_d, (size_t)inverse->_mp_alloc);
    mpz_clear(inverse);
    return found;
}

/// The Jacobi symbol of public numbers, for an odd modulus.
static inline int conclave_jacobi(const mp_limb_t *value, const mp_limb_t *modulus, mp_size_t size) {
    mpz_t number, odd;
    return mpz_jacobi(mpz_roinit_n(number, value, size), mpz_roinit_n(odd, modulus, size));
}

/// -1, 0 or 1 as the first of two public numbers is less than, equal to or greater than the second.
static inline int conclave_compare(const mp_limb_t *first, const mp_limb_t *second, mp_size_t size) {
    int order = mpn_cmp(first, second, size);
    return (order > 0) - (order < 0);
}

/// Whether a number is prime with an error below 4^-rounds.
static inline int conclave_is_prime(const mp_limb_t *value, mp_size_t size, int rounds) {
    mpz_t number;
    return mpz_probab_prime_p(mpz_roinit_n(number, value, size), rounds) != 0;
}

#endif
