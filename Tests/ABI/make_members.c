/* Writes what members need to meet: for each NAME an identity file DIRECTORY/NAME.pem and a trust file
 * DIRECTORY/NAME.trust that accepts all NAMEs. For the tests of the examples. */
#include <conclave.h>
#include <stdio.h>

static int fail(conclave_status status) {
    fprintf(stderr, "make_members: %s\n", conclave_status_text(status));
    return 1;
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: make_members DIRECTORY NAME...\n");
        return 2;
    }
    char path[1024];
    conclave_trust *trust = NULL;
    conclave_status status = conclave_trust_new(&trust, NULL);
    for (int index = 2; index < count && status == CONCLAVE_OK; index++) {
        conclave_identity *identity = NULL;
        uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE];
        snprintf(path, sizeof path, "%s/%s.pem", arguments[1], arguments[index]);
        status = conclave_identity_new(arguments[index], &identity, NULL);
        if (status == CONCLAVE_OK) status = conclave_identity_save(identity, path, NULL, 0, NULL);
        if (status == CONCLAVE_OK) status = conclave_identity_public_key(identity, key);
        if (status == CONCLAVE_OK) status = conclave_trust_add(trust, key, arguments[index]);
        conclave_identity_free(identity);
    }
    for (int index = 2; index < count && status == CONCLAVE_OK; index++) {
        snprintf(path, sizeof path, "%s/%s.trust", arguments[1], arguments[index]);
        status = conclave_trust_save(trust, path, NULL);
    }
    conclave_trust_free(trust);
    return status == CONCLAVE_OK ? 0 : fail(status);
}
