/* Five participants in one process agree on a key, then one leaves and the key changes. No network is involved: the
 * program carries every token itself, as any messaging system could. */
#include <conclave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PARTICIPANTS 5

static conclave_identity *identities[PARTICIPANTS];
static conclave_agreement *agreements[PARTICIPANTS];
static conclave_participant participants[PARTICIPANTS];

static void check(conclave_status status, const char *what, const char *message) {
    if (status == CONCLAVE_OK) return;
    fprintf(stderr, "agreement: %s: %s (%s)\n", what, conclave_status_text(status), message);
    exit(1);
}

static void make_participants(void) {
    for (size_t index = 0; index < PARTICIPANTS; index++) {
        char name[] = "participant A";
        name[sizeof name - 2] = (char)('A' + index);
        conclave_error *error = NULL;
        conclave_status status = conclave_identity_new(name, &identities[index], &error);
        check(status, "making an identity", conclave_error_message(error));
        participants[index].id = index + 1;
        status = conclave_identity_public_key(identities[index], participants[index].public_key);
        check(status, "reading a public key", "");
        status =
            conclave_agreement_new(CONCLAVE_SUITE_STANDARD, identities[index], index + 1, &agreements[index], &error);
        check(status, "making an agreement", conclave_error_message(error));
    }
}

/* Hands one token to whom it is for; a multicast comes back to its sender too. */
static void deliver(size_t sender, const conclave_token *token, const uint8_t *bytes) {
    for (size_t index = 0; index < PARTICIPANTS; index++) {
        bool is_for_all = token->kind != CONCLAVE_TOKEN_UNICAST;
        if (agreements[index] == NULL || !(is_for_all || participants[index].id == token->destination)) continue;
        conclave_status status =
            conclave_agreement_receive(agreements[index], participants[sender].id, bytes, token->byte_count);
        check(status, "receiving a token", conclave_agreement_message(agreements[index]));
    }
}

/* Carries tokens until nobody has one. One loop carries them all, so every participant sees them in the same order. */
static void carry_tokens(void) {
    for (bool is_quiet = false; !is_quiet;) {
        is_quiet = true;
        for (size_t sender = 0; sender < PARTICIPANTS; sender++) {
            conclave_token token = CONCLAVE_TOKEN_INIT;
            if (agreements[sender] == NULL || conclave_agreement_next_token(agreements[sender], &token) != CONCLAVE_OK)
                continue;
            is_quiet = false;
            /* The bytes are lent until the next call on this agreement, and the sender may receive its own token. */
            uint8_t *copy = malloc(token.byte_count);
            if (copy == NULL) abort();
            memcpy(copy, token.bytes, token.byte_count);
            deliver(sender, &token, copy);
            free(copy);
        }
    }
}

/* Agrees among the first `count` participants, of whom `continuing` hold the previous key. */
static void agree(size_t count, size_t continuing) {
    conclave_membership membership = CONCLAVE_MEMBERSHIP_INIT;
    membership.group = "example";
    membership.participants = participants;
    membership.participant_count = count;
    membership.continuing_count = continuing;
    if (getrandom(membership.view, sizeof membership.view, 0) != sizeof membership.view ||
        getrandom(membership.run, sizeof membership.run, 0) != sizeof membership.run)
        abort();
    for (size_t index = 0; index < count; index++)
        check(conclave_agreement_begin(agreements[index], &membership), "beginning a run",
              conclave_agreement_message(agreements[index]));
    carry_tokens();
}

static void print_fingerprints(const char *title) {
    printf("%s\n", title);
    for (size_t index = 0; index < PARTICIPANTS; index++) {
        uint8_t fingerprint[CONCLAVE_FINGERPRINT_SIZE];
        if (agreements[index] == NULL) continue;
        if (!conclave_agreement_is_complete(agreements[index])) {
            fprintf(stderr, "agreement: %s has no key\n", conclave_identity_name(identities[index]));
            exit(1);
        }
        check(conclave_agreement_fingerprint(agreements[index], fingerprint), "reading a fingerprint", "");
        printf("  %s: ", conclave_identity_name(identities[index]));
        for (size_t byte = 0; byte < 8; byte++) printf("%02x", fingerprint[byte]);
        printf("\n");
    }
}

int main(void) {
    make_participants();
    agree(PARTICIPANTS, 0);
    print_fingerprints("five participants agreed:");

    conclave_agreement_free(agreements[PARTICIPANTS - 1]);
    agreements[PARTICIPANTS - 1] = NULL;
    agree(PARTICIPANTS - 1, PARTICIPANTS - 1);
    print_fingerprints("one left, the others agreed anew:");

    for (size_t index = 0; index < PARTICIPANTS; index++) {
        conclave_agreement_free(agreements[index]);
        conclave_identity_free(identities[index]);
    }
    return 0;
}
