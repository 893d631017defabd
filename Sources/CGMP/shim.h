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

/// Reduces a secret {value} of any size modulo {modulus}, whose top limb is not zero, in time that depends on the sizes
/// alone; the remainder is in the lowest limbs.
static inline void conclave_reduce(mp_limb_t *value, mp_size_t value_size, const mp_limb_t *modulus, mp_size_t size,
                                   mp_limb_t *scratch) {
    mpn_sec_div_r(value, value_size, modulus, size, scratch);
}

static inline mp_size_t conclave_reduce_scratch(mp_size_t value_size, mp_size_t size) {
    return mpn_sec_div_r_itch(value_size, size);
}

/// What Montgomery's multiplication needs of an odd modulus: -1 / modulus modulo 2^64.
static inline mp_limb_t conclave_montgomery_inverse(mp_limb_t lowest) {
    mp_limb_t inverse = lowest;
    for (int bits = 3; bits < 64; bits *= 2) inverse *= 2 - lowest * inverse;
    return -inverse;
}

/// {product}, of 2 * size limbs, divided by 2^(64 size) modulo {modulus}, in time that depends on the size alone. The
/// result is below 2^(64 size), and may be one modulus too large.
static inline void conclave_montgomery_reduce(mp_limb_t *result, mp_limb_t *product, const mp_limb_t *modulus,
                                              mp_limb_t inverse, mp_size_t size) {
    for (mp_size_t i = 0; i < size; i++) product[i] = mpn_addmul_1(product + i, modulus, size, product[i] * inverse);
    mp_limb_t carry = mpn_add_n(result, product + size, product, size);
    mpn_cnd_sub_n(carry, result, result, modulus, size);
}

/// Limbs that the functions below need as scratch.
static inline mp_size_t conclave_comb_scratch(mp_size_t size) {
    mp_size_t multiply = mpn_sec_mul_itch(size, size), square = mpn_sec_sqr_itch(size);
    return 3 * size + (multiply > square ? multiply : square);
}

/// The table of a fixed base, {base}, for exponents of `bits` bits, which is public: for each number j of `teeth` bits
/// the product of base^(2^(i * columns)) over the bits i of j, in Montgomery's form. 2^teeth * size limbs.
static inline void conclave_comb_build(mp_limb_t *table, const mp_limb_t *base, mp_size_t columns, int teeth,
                                       const mp_limb_t *modulus, mp_size_t size, mp_limb_t *scratch) {
    mp_limb_t inverse = conclave_montgomery_inverse(modulus[0]);
    mp_limb_t *product = scratch, *rest = scratch + 3 * size;
    mpz_t number, odd;
    mpz_init(number);
    mpz_roinit_n(odd, modulus, size);
    for (int tooth = -1; tooth < teeth; tooth++) {
        mp_limb_t *entry = table + (tooth < 0 ? 0 : (mp_size_t)1 << tooth) * size;
        if (tooth <= 0) {
            /* 1 and the base, times 2^(64 size). */
            mpz_t first;
            if (tooth < 0) mpz_set_ui(number, 1);
            if (tooth == 0) mpz_set(number, mpz_roinit_n(first, base, size));
            mpz_mul_2exp(number, number, (mp_bitcnt_t)size * GMP_NUMB_BITS);
            mpz_mod(number, number, odd);
            for (mp_size_t i = 0; i < size; i++) entry[i] = mpz_getlimbn(number, i);
            continue;
        }
        mpn_copyi(entry, table + ((mp_size_t)1 << (tooth - 1)) * size, size);
        for (mp_size_t column = 0; column < columns; column++) {
            mpn_sec_sqr(product, entry, size, rest);
            conclave_montgomery_reduce(entry, product, modulus, inverse, size);
        }
        for (mp_size_t lower = 1; lower < (mp_size_t)1 << tooth; lower++) {
            mpn_sec_mul(product, entry, size, table + lower * size, size, rest);
            conclave_montgomery_reduce(entry + lower * size, product, modulus, inverse, size);
        }
    }
    mpz_clear(number);
}

/// The base of a table to the power of a secret {exponent} of `exponent_size` limbs, in time that depends on the sizes
/// alone: each step reads the whole table.
static inline void conclave_comb_power(mp_limb_t *result, const mp_limb_t *table, const mp_limb_t *exponent,
                                       mp_size_t exponent_size, mp_size_t columns, int teeth, const mp_limb_t *modulus,
                                       mp_size_t size, mp_limb_t *scratch) {
    mp_limb_t inverse = conclave_montgomery_inverse(modulus[0]);
    mp_limb_t *product = scratch, *factor = scratch + 2 * size, *rest = scratch + 3 * size;
    mpn_copyi(result, table, size);
    for (mp_size_t column = columns - 1; column >= 0; column--) {
        mp_limb_t chosen = 0;
        for (int tooth = 0; tooth < teeth; tooth++) {
            mp_size_t bit = column + tooth * columns;
            if (bit / GMP_NUMB_BITS < exponent_size)
                chosen |= (exponent[bit / GMP_NUMB_BITS] >> (bit % GMP_NUMB_BITS) & 1) << tooth;
        }
        mpn_sec_tabselect(factor, table, size, (mp_size_t)1 << teeth, (mp_size_t)chosen);
        mpn_sec_sqr(product, result, size, rest);
        conclave_montgomery_reduce(result, product, modulus, inverse, size);
        mpn_sec_mul(product, result, size, factor, size, rest);
        conclave_montgomery_reduce(result, product, modulus, inverse, size);
    }
    /* Out of Montgomery's form, and below the modulus. */
    mpn_copyi(product, result, size);
    mpn_zero(product + size, size);
    conclave_montgomery_reduce(result, product, modulus, inverse, size);
    mp_limb_t is_less = mpn_sub_n(product, result, modulus, size);
    mpn_cnd_sub_n(1 - is_less, result, result, modulus, size);
}

/// The smaller of a secret {value} and {modulus} - {value}, in time that depends on the size alone. `scratch` has
/// 2 * size limbs.
static inline void conclave_smaller_of_pair(mp_limb_t *value, const mp_limb_t *modulus, mp_size_t size,
                                            mp_limb_t *scratch) {
    mpn_sub_n(scratch, modulus, value, size);
    mp_limb_t is_less = mpn_sub_n(scratch + size, scratch, value, size);
    mpn_cnd_swap(is_less, value, scratch, size);
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
