/* Members of one cluster whose keys are exchanged over TLS, with certificates that the openssl command makes anew in
 * each run. The test is their messaging system: what members send is carried at once. */
#ifndef CONCLAVE_EXCHANGE_H
#define CONCLAVE_EXCHANGE_H

#include "check.h"
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { EXCHANGE_MEMBERS = 3, EXCHANGE_QUEUE = 256 };

typedef struct exchange_member {
    conclave_encrypt *context; /* NULL while it is not there */
    conclave_identity *identity;
    conclave_credential *credential;
    uint8_t address;
    int views, wanted, messages;
    uint64_t wanted_counter;
} exchange_member;

static exchange_member exchange_members[EXCHANGE_MEMBERS];
static const char *const exchange_names[EXCHANGE_MEMBERS] = {"anna", "bert", "cleo"};
static conclave_admission *exchange_policy;       /* the members' keys */
static conclave_admission *exchange_certificates; /* their certificates */
static uint64_t exchange_now = 1000;
static struct exchange_packet {
    int from, to; /* -1: everybody */
    uint8_t *bytes;
    size_t size;
} exchange_queue[EXCHANGE_QUEUE];
static size_t exchange_first, exchange_count;

static inline void exchange_run(const char *folder, const char *command) {
    char line[1024];
    snprintf(line, sizeof line, "cd %s && { %s; } >log 2>&1", folder, command);
    REQUIRE(system(line) == 0);
}

static inline size_t exchange_read(const char *folder, const char *name, const char *ending, uint8_t *buffer,
                                   size_t room) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
    FILE *file = fopen(path, "rb");
    REQUIRE(file != NULL);
    size_t size = fread(buffer, 1, room, file);
    fclose(file);
    REQUIRE(size > 0 && size < room);
    return size;
}

/* An authority, and for each member an identity and a certificate for its name. */
static inline void exchange_prepare(void) {
    char folder[] = "/tmp/conclave-exchange-XXXXXX";
    uint8_t chain[4096], key[4096];
    REQUIRE(mkdtemp(folder) != NULL);
    exchange_run(folder, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key "
                         "-out ca.pem -days 30 -subj /CN=authority -addext keyUsage=critical,keyCertSign,cRLSign");
    exchange_run(folder, "printf 'basicConstraints=CA:FALSE\\nkeyUsage=critical,digitalSignature\\n' >member.ext");
    size_t size = exchange_read(folder, "ca", "pem", chain, sizeof chain);
    REQUIRE_OK(conclave_admission_certificates(chain, size, NULL, 0, 0, &exchange_certificates, NULL));
    REQUIRE_OK(conclave_admission_add_name(exchange_certificates, CONCLAVE_CERTIFICATE_NAME_MEMBER, NULL));
    conclave_trust *trust = NULL;
    REQUIRE_OK(conclave_trust_new(&trust, NULL));
    for (int index = 0; index < EXCHANGE_MEMBERS; index++) {
        exchange_member *member = &exchange_members[index];
        const char *name = exchange_names[index];
        char command[512];
        snprintf(command, sizeof command,
                 "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout %s.key -out %s.csr "
                 "-subj /CN=%s && openssl x509 -req -in %s.csr -CA ca.pem -CAkey ca.key -set_serial %d -days 10 "
                 "-extfile member.ext -out %s.pem",
                 name, name, name, name, index + 2, name);
        exchange_run(folder, command);
        REQUIRE_OK(conclave_identity_new(name, &member->identity, NULL));
        REQUIRE_OK(conclave_credential_new(member->identity, CONCLAVE_WRAPPING_X25519, &member->credential, NULL));
        size = exchange_read(folder, name, "pem", chain, sizeof chain);
        size_t key_size = exchange_read(folder, name, "key", key, sizeof key);
        REQUIRE_OK(conclave_credential_set_certificate(member->credential, chain, size, key, key_size, NULL, 0));
        uint8_t public_key[CONCLAVE_PUBLIC_KEY_SIZE];
        REQUIRE_OK(conclave_identity_public_key(member->identity, public_key));
        REQUIRE_OK(conclave_trust_add(trust, public_key, name));
        member->address = (uint8_t)('a' + index);
    }
    REQUIRE_OK(conclave_admission_keys(trust, &exchange_policy, NULL));
    conclave_trust_free(trust);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    REQUIRE(system(command) == 0);
}

static inline void exchange_drain(int index) {
    exchange_member *member = &exchange_members[index];
    conclave_encrypt_output next = CONCLAVE_ENCRYPT_OUTPUT_INIT;
    while (conclave_encrypt_next_output(member->context, &next) == CONCLAVE_OK) {
        REQUIRE(exchange_count < EXCHANGE_QUEUE);
        struct exchange_packet *packet = &exchange_queue[(exchange_first + exchange_count++) % EXCHANGE_QUEUE];
        packet->from = index;
        packet->to = next.to_everyone ? -1 : next.address[0] - 'a';
        packet->bytes = (uint8_t *)malloc(next.byte_count + 1);
        packet->size = next.byte_count;
        memcpy(packet->bytes, next.bytes, next.byte_count);
    }
    conclave_encrypt_event event = CONCLAVE_ENCRYPT_EVENT_INIT;
    while (conclave_encrypt_next_event(member->context, &event) == CONCLAVE_OK) {
        if (event.kind == CONCLAVE_ENCRYPT_EVENT_VIEW) member->views++;
        if (event.kind == CONCLAVE_ENCRYPT_EVENT_MESSAGE) member->messages++;
        if (event.kind != CONCLAVE_ENCRYPT_EVENT_KEY_WANTED) continue;
        CHECK(event.member != NULL && event.member->address_size == 1);
        member->wanted++;
        member->wanted_counter = event.view_counter;
    }
}

static inline void exchange_carry(void) {
    while (exchange_count > 0) {
        struct exchange_packet packet = exchange_queue[exchange_first];
        exchange_first = (exchange_first + 1) % EXCHANGE_QUEUE;
        exchange_count--;
        for (int to = 0; to < EXCHANGE_MEMBERS; to++) {
            conclave_encrypt *context = exchange_members[to].context;
            if (context == NULL || to == packet.from || (packet.to >= 0 && packet.to != to)) continue;
            (void)conclave_encrypt_receive(context, packet.bytes, packet.size, NULL, 0, exchange_now);
            exchange_drain(to);
        }
        free(packet.bytes);
    }
}

/* Lets time pass, ten milliseconds after ten. */
static inline void exchange_pass(uint64_t milliseconds) {
    for (uint64_t end = exchange_now + milliseconds; exchange_now < end; exchange_now += 10) {
        for (int index = 0; index < EXCHANGE_MEMBERS; index++) {
            uint64_t when = 0;
            if (exchange_members[index].context == NULL) continue;
            REQUIRE_OK(conclave_encrypt_deadline(exchange_members[index].context, &when));
            if (when <= exchange_now) REQUIRE_OK(conclave_encrypt_tick(exchange_members[index].context, exchange_now));
            exchange_drain(index);
        }
        exchange_carry();
    }
}

static inline void exchange_host_view(void) {
    conclave_bytes addresses[EXCHANGE_MEMBERS];
    size_t count = 0;
    for (int index = 0; index < EXCHANGE_MEMBERS; index++) {
        if (exchange_members[index].context == NULL) continue;
        addresses[count].bytes = &exchange_members[index].address;
        addresses[count++].size = 1;
    }
    for (int index = 0; index < EXCHANGE_MEMBERS; index++)
        if (exchange_members[index].context != NULL)
            REQUIRE_OK(conclave_encrypt_host_view(exchange_members[index].context, addresses, count, exchange_now));
}

/* Starts a member and lets the others hear of it. */
static inline void exchange_join(int index) {
    exchange_member *member = &exchange_members[index];
    conclave_encrypt_options options = CONCLAVE_ENCRYPT_OPTIONS_INIT;
    options.keys_from = CONCLAVE_KEYS_BY_EXCHANGE;
    REQUIRE_OK(conclave_encrypt_new("kitchen", &member->address, 1, member->credential, exchange_policy, NULL, &options,
                                    (uint64_t)time(NULL) + 60, exchange_now, &member->context, NULL));
    REQUIRE_OK(conclave_encrypt_start(member->context, exchange_now));
    exchange_host_view();
    exchange_pass(100);
}

static inline void exchange_finish(void) {
    for (int index = 0; index < EXCHANGE_MEMBERS; index++) {
        conclave_encrypt_free(exchange_members[index].context);
        conclave_credential_free(exchange_members[index].credential);
        conclave_identity_free(exchange_members[index].identity);
    }
    conclave_admission_free(exchange_policy);
    conclave_admission_free(exchange_certificates);
}

#endif
