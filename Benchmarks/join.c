/* A member joins a group of 19 by GDH, all members in this process, through the library's C interface: the processor
   time
 * of the whole run against its bare cost, which is what the members' counters say, each operation timed in the same
 * run. */
#include "benchmarks.h"
#include <conclave.h>
#include <openssl/evp.h>
#include <string.h>

enum { MEMBERS = 20, JOINS = 3, SIGNED_BYTES = 700 };

static conclave_agreement *agreements[MEMBERS];
static conclave_identity *identities[MEMBERS];
static conclave_participant participants[MEMBERS];

static void carry_tokens(size_t count) {
    for (bool is_quiet = false; !is_quiet;) {
        is_quiet = true;
        for (size_t sender = 0; sender < count; sender++) {
            conclave_token token = CONCLAVE_TOKEN_INIT;
            if (conclave_agreement_next_token(agreements[sender], &token) != CONCLAVE_OK) continue;
            is_quiet = false;
            uint8_t *copy = malloc(token.byte_count);
            REQUIRE(copy != NULL);
            memcpy(copy, token.bytes, token.byte_count);
            for (size_t index = 0; index < count; index++)
                if (token.kind != CONCLAVE_TOKEN_UNICAST || participants[index].id == token.destination)
                    REQUIRE(conclave_agreement_receive(agreements[index], participants[sender].id, copy,
                                                       token.byte_count) == CONCLAVE_OK);
            free(copy);
        }
    }
}

static void agree(size_t count, size_t continuing) {
    static uint8_t number;
    conclave_membership membership = CONCLAVE_MEMBERSHIP_INIT;
    membership.group = "benchmark";
    membership.view[0] = membership.run[0] = ++number;
    membership.participants = participants;
    membership.participant_count = count;
    membership.continuing_count = continuing;
    for (size_t index = 0; index < count; index++)
        REQUIRE(conclave_agreement_begin(agreements[index], &membership) == CONCLAVE_OK);
    carry_tokens(count);
    for (size_t index = 0; index < count; index++) REQUIRE(conclave_agreement_is_complete(agreements[index]));
}

static void make_member(size_t index) {
    participants[index].id = index + 1;
    REQUIRE(conclave_identity_new("member", &identities[index], NULL) == CONCLAVE_OK);
    REQUIRE(conclave_identity_public_key(identities[index], participants[index].public_key) == CONCLAVE_OK);
    REQUIRE(conclave_agreement_new(CONCLAVE_SUITE_GDH_FFDHE3072_ED25519_AES256GCM, identities[index], index + 1,
                                   &agreements[index], NULL) == CONCLAVE_OK);
}

static conclave_counters counted(void) {
    conclave_counters sum = CONCLAVE_COUNTERS_INIT;
    for (size_t index = 0; index < MEMBERS; index++) {
        conclave_counters counters = CONCLAVE_COUNTERS_INIT;
        REQUIRE(conclave_agreement_counters(agreements[index], &counters) == CONCLAVE_OK);
        sum.exponentiations += counters.exponentiations;
        sum.signatures += counters.signatures;
        sum.verifications += counters.verifications;
    }
    return sum;
}

/* One Ed25519 signature over as many bytes as a token has, and one verification, with kept keys. */
static void bare_signatures(double *signing, double *verifying) {
    enum { LOOP = 50, ROUNDS = 10 };
    static const uint8_t seed[32] = {1};
    uint8_t message[SIGNED_BYTES] = {0}, signature[64];
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
    REQUIRE(key != NULL);
    *signing = *verifying = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = processor_time();
        for (int index = 0; index < LOOP; index++) {
            size_t size = sizeof signature;
            EVP_MD_CTX *context = EVP_MD_CTX_new();
            REQUIRE(EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1);
            REQUIRE(EVP_DigestSign(context, signature, &size, message, sizeof message) == 1);
            EVP_MD_CTX_free(context);
        }
        double middle = processor_time();
        for (int index = 0; index < LOOP; index++) {
            EVP_MD_CTX *context = EVP_MD_CTX_new();
            REQUIRE(EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1);
            REQUIRE(EVP_DigestVerify(context, signature, sizeof signature, message, sizeof message) == 1);
            EVP_MD_CTX_free(context);
        }
        double end = processor_time();
        if ((middle - start) / LOOP < *signing) *signing = (middle - start) / LOOP;
        if ((end - middle) / LOOP < *verifying) *verifying = (end - middle) / LOOP;
    }
    EVP_PKEY_free(key);
}

void benchmark_join(void) {
    double signing, verifying, best = 1e9;
    bare_signatures(&signing, &verifying);
    for (size_t index = 0; index < MEMBERS; index++) make_member(index);
    agree(MEMBERS - 1, 0);
    for (int join = 0; join < JOINS; join++) {
        if (join > 0) {
            /* The last member leaves and comes back as another. */
            conclave_agreement_free(agreements[MEMBERS - 1]);
            conclave_identity_free(identities[MEMBERS - 1]);
            make_member(MEMBERS - 1);
            agree(MEMBERS - 1, MEMBERS - 1);
        }
        conclave_counters before = counted();
        double exponentiation = bare_exponentiation(5);
        double start = processor_time();
        agree(MEMBERS, MEMBERS - 1);
        double time = processor_time() - start;
        double after = bare_exponentiation(5);
        if (after < exponentiation) exponentiation = after;
        conclave_counters counters = counted();
        double bare = (double)(counters.exponentiations - before.exponentiations) * exponentiation +
                      (double)(counters.signatures - before.signatures) * signing +
                      (double)(counters.verifications - before.verifications) * verifying;
        if (time / bare < best) best = time / bare;
    }
    for (size_t index = 0; index < MEMBERS; index++) {
        conclave_agreement_free(agreements[index]);
        conclave_identity_free(identities[index]);
    }
    print_figure("a GDH join at 20 members / its bare cost", best, "times", 1.15);
}
