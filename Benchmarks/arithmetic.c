/* Exponentiation through the library against a bare loop over mpn_sec_powm with the same base and modulus and an
 * exponent of the same length, on whose value its time does not depend. */
#include "benchmarks.h"
#include <gmp.h>
#include <string.h>

enum { BYTES = 384, LIMBS = BYTES / 8, EXPONENT_BITS = 3071, LOOP = 4 };

void *kernel_exponentiation_new(void);
int32_t kernel_exponentiation_run(void *kernel);
void kernel_exponentiation_base(void *kernel, uint8_t *target);

/* p of ffdhe3072: 2^3072 - 2^3008 + ([2^2942 e] + 2625351) 2^64 - 1 (RFC 7919, appendix A.2). */
static const char modulus_digits[] =
    "FFFFFFFFFFFFFFFFADF85458A2BB4A9AAFDC5620273D3CF1D8B9C583CE2D3695A9E13641146433FBCC939DCE249B3EF9"
    "7D2FE363630C75D8F681B202AEC4617AD3DF1ED5D5FD65612433F51F5F066ED0856365553DED1AF3B557135E7F57C935"
    "984F0C70E0E68B77E2A689DAF3EFE8721DF158A136ADE73530ACCA4F483A797ABC0AB182B324FB61D108A94BB2C8E3FB"
    "B96ADAB760D7F4681D4F42A3DE394DF4AE56EDE76372BB190B07A7C8EE0A6D709E02FCE1CDF7E2ECC03404CD28342F61"
    "9172FE9CE98583FF8E4F1232EEF28183C3FE3B1B4C6FAD733BB5FCBC2EC22005C58EF1837D1683B2C6F34A26C1B2EFFA"
    "886B4238611FCFDCDE355B3B6519035BBC34F4DEF99C023861B46FC9D6E6C9077AD91D2691F7F7EE598CB0FAC186D91C"
    "AEFE130985139270B4130C93BC437944F4FD4452E2D74DD364F2E21E71F54BFF5CAE82AB9C9DF69EE86D2BC522363A0D"
    "ABC521979B0DEADA1DBF9A42D5C4484E0ABCD06BFA53DDEF3C1B20EE3FD59D7C25E41D2B66C62E37FFFFFFFFFFFFFFFF";

static mp_limb_t modulus[LIMBS], base[LIMBS], exponent[LIMBS], result[LIMBS];
static mp_limb_t *scratch;

static void prepare(const uint8_t *base_bytes) {
    mpz_t number;
    mpz_init_set_str(number, modulus_digits, 16);
    REQUIRE(mpz_size(number) == LIMBS);
    for (int limb = 0; limb < LIMBS; limb++) modulus[limb] = mpz_getlimbn(number, limb);
    mpz_import(number, BYTES, 1, 1, 1, 0, base_bytes);
    for (int limb = 0; limb < LIMBS; limb++) base[limb] = mpz_getlimbn(number, limb);
    mpz_clear(number);
    for (int limb = 0; limb < LIMBS; limb++) exponent[limb] = (mp_limb_t)0x9E3779B97F4A7C15u * (mp_limb_t)(limb + 1);
    exponent[LIMBS - 1] >>= 1;
    scratch = malloc(sizeof *scratch * (size_t)mpn_sec_powm_itch(LIMBS, EXPONENT_BITS, LIMBS));
    REQUIRE(scratch != NULL);
}

static double bare_round(void) {
    double start = processor_time();
    for (int index = 0; index < LOOP; index++)
        mpn_sec_powm(result, base, LIMBS, exponent, EXPONENT_BITS, modulus, LIMBS, scratch);
    return (processor_time() - start) / LOOP;
}

static double library_round(void *kernel) {
    double start = processor_time();
    for (int index = 0; index < LOOP; index++) REQUIRE(kernel_exponentiation_run(kernel) >= 0);
    return (processor_time() - start) / LOOP;
}

double bare_exponentiation(int rounds) {
    double best = 1e9;
    for (int round = 0; round < rounds; round++) {
        double time = bare_round();
        if (time < best) best = time;
    }
    return best;
}

void benchmark_exponentiation(void) {
    enum { ROUNDS = 40 };
    uint8_t bytes[BYTES];
    void *kernel = kernel_exponentiation_new();
    REQUIRE(kernel != NULL);
    kernel_exponentiation_base(kernel, bytes);
    prepare(bytes);
    double library = 1e9, bare = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double time = bare_round();
        if (time < bare) bare = time;
        time = library_round(kernel);
        if (time < library) library = time;
    }
    print_figure("exponentiation / bare mpn_sec_powm, ffdhe3072", library / bare, "times", 1.05);
}
