/* The library as a guest: loaded by name at run time, so that a program can look at itself before, while and after. */
#ifndef CONCLAVE_GUEST_H
#define CONCLAVE_GUEST_H

#include "check.h"
#include <dirent.h>
#include <dlfcn.h>
#include <poll.h>
#include <unistd.h>

#define GUEST_FUNCTIONS(F)                                                                                             \
    F(version)                                                                                                         \
    F(supports_feature)                                                                                                \
    F(status_name)                                                                                                     \
    F(error_message)                                                                                                   \
    F(error_free)                                                                                                      \
    F(identity_new)                                                                                                    \
    F(identity_save)                                                                                                   \
    F(identity_load)                                                                                                   \
    F(identity_public_key)                                                                                             \
    F(identity_name)                                                                                                   \
    F(identity_free)                                                                                                   \
    F(trust_new)                                                                                                       \
    F(trust_add)                                                                                                       \
    F(trust_save)                                                                                                      \
    F(trust_load)                                                                                                      \
    F(trust_count)                                                                                                     \
    F(trust_free)                                                                                                      \
    F(agreement_new)                                                                                                   \
    F(agreement_set_threads)                                                                                           \
    F(agreement_begin)                                                                                                 \
    F(agreement_next_token)                                                                                            \
    F(agreement_receive)                                                                                               \
    F(agreement_is_complete)                                                                                           \
    F(agreement_export)                                                                                                \
    F(agreement_free)                                                                                                  \
    F(hub_new)                                                                                                         \
    F(hub_process)                                                                                                     \
    F(hub_free)                                                                                                        \
    F(group_join)                                                                                                      \
    F(group_process)                                                                                                   \
    F(group_next_event)                                                                                                \
    F(group_view)                                                                                                      \
    F(group_send)                                                                                                      \
    F(group_export)                                                                                                    \
    F(group_set_log)                                                                                                   \
    F(group_metrics_text)                                                                                              \
    F(group_leave)                                                                                                     \
    F(group_free)                                                                                                      \
    F(transport_check)                                                                                                 \
    F(key_ring_new)                                                                                                    \
    F(key_ring_add)                                                                                                    \
    F(key_ring_save)                                                                                                   \
    F(key_ring_load)                                                                                                   \
    F(key_ring_count)                                                                                                  \
    F(key_ring_free)                                                                                                   \
    F(admission_keys)                                                                                                  \
    F(admission_free)                                                                                                  \
    F(credential_new)                                                                                                  \
    F(credential_free)                                                                                                 \
    F(encrypt_new)                                                                                                     \
    F(encrypt_start)                                                                                                   \
    F(encrypt_host_view)                                                                                               \
    F(encrypt_tick)                                                                                                    \
    F(encrypt_next_output)                                                                                             \
    F(encrypt_next_event)                                                                                              \
    F(encrypt_seal)                                                                                                    \
    F(encrypt_leave)                                                                                                   \
    F(encrypt_free)

/* What a copy of the library offers. */
typedef struct library {
    void *handle;
#define GUEST_MEMBER(name) __typeof__(conclave_##name) *name;
    GUEST_FUNCTIONS(GUEST_MEMBER)
#undef GUEST_MEMBER
} library;

/* Finds the functions of a copy that dlopen or dlmopen gave. */
static inline bool find_functions(library *library, void *handle) {
    library->handle = handle;
    if (!check_that(handle != NULL, __FILE__, __LINE__, "%s", handle == NULL ? dlerror() : "")) return false;
    bool found = true;
#define GUEST_FIND(name)                                                                                               \
    *(void **)&library->name = dlsym(handle, "conclave_" #name);                                                       \
    found = CHECK(library->name != NULL) && found;
    GUEST_FUNCTIONS(GUEST_FIND)
#undef GUEST_FIND
    return found;
}

/* Holds when a call of a library that was loaded gives success. */
#define WENT_WELL(library, call)                                                                                       \
    do {                                                                                                               \
        conclave_status found_status = (call);                                                                         \
        check_that(found_status == CONCLAVE_OK, __FILE__, __LINE__, "%s gave %s", #call,                               \
                   (library)->status_name(found_status));                                                              \
    } while (0)

static inline void take_line(void *user_data, uint32_t level, const char *line) {
    (void)level;
    *(size_t *)user_data += strlen(line);
}

/* An agreement of one, which is complete as soon as its own tokens came back. */
static inline void agree_alone(const library *library, conclave_identity *identity) {
    conclave_agreement *agreement = NULL;
    conclave_participant self = {7, {0}};
    conclave_membership membership = CONCLAVE_MEMBERSHIP_INIT;
    WENT_WELL(library, library->identity_public_key(identity, self.public_key));
    WENT_WELL(library,
              library->agreement_new(CONCLAVE_SUITE_GDH_FFDHE2048_ED25519_AES256GCM, identity, 7, &agreement, NULL));
    WENT_WELL(library, library->agreement_set_threads(agreement, 2));
    membership.group = "alone";
    membership.run[0] = 1;
    membership.participants = &self;
    membership.participant_count = 1;
    WENT_WELL(library, library->agreement_begin(agreement, &membership));
    conclave_token token = CONCLAVE_TOKEN_INIT;
    while (library->agreement_next_token(agreement, &token) == CONCLAVE_OK) {
        uint8_t *copy = malloc(token.byte_count);
        REQUIRE(copy != NULL);
        memcpy(copy, token.bytes, token.byte_count);
        WENT_WELL(library, library->agreement_receive(agreement, 7, copy, token.byte_count));
        free(copy);
    }
    CHECK(library->agreement_is_complete(agreement));
    uint8_t secret[32];
    WENT_WELL(library, library->agreement_export(agreement, "label", NULL, 0, secret, sizeof secret));
    library->agreement_free(agreement);
}

/* A ring of keys that goes through a file. */
static inline void keep_keys(const library *library, const char *folder) {
    char path[160];
    uint8_t secret[32] = {1};
    conclave_key_ring *ring = NULL, *loaded = NULL;
    snprintf(path, sizeof path, "%s/keys", folder);
    WENT_WELL(library, library->key_ring_new(&ring, NULL));
    WENT_WELL(library, library->key_ring_add(ring, "first", secret, sizeof secret));
    WENT_WELL(library, library->key_ring_save(ring, path, (const uint8_t *)"passphrase", 10, NULL));
    WENT_WELL(library, library->key_ring_load(path, (const uint8_t *)"passphrase", 10, &loaded, NULL));
    CHECK(library->key_ring_count(loaded) == 1);
    library->key_ring_free(loaded);
    library->key_ring_free(ring);
    unlink(path);
}

/* A cluster of one, which seals a message. */
static inline void encrypt_alone(const library *library, conclave_identity *identity) {
    static const uint8_t address = 'a';
    uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE], record[1024];
    conclave_trust *trust = NULL;
    conclave_admission *admission = NULL;
    conclave_credential *credential = NULL;
    conclave_encrypt *context = NULL;
    WENT_WELL(library, library->identity_public_key(identity, key));
    WENT_WELL(library, library->trust_new(&trust, NULL));
    WENT_WELL(library, library->trust_add(trust, key, "somebody"));
    WENT_WELL(library, library->admission_keys(trust, &admission, NULL));
    WENT_WELL(library, library->credential_new(identity, CONCLAVE_WRAPPING_X25519, &credential, NULL));
    uint64_t now = 1000;
    WENT_WELL(library, library->encrypt_new("kitchen", &address, 1, credential, admission, NULL, NULL, 1800000000, now,
                                            &context, NULL));
    conclave_bytes connected = {&address, 1};
    WENT_WELL(library, library->encrypt_start(context, now));
    WENT_WELL(library, library->encrypt_host_view(context, &connected, 1, now));
    conclave_encrypt_output output = CONCLAVE_ENCRYPT_OUTPUT_INIT;
    conclave_encrypt_event event = CONCLAVE_ENCRYPT_EVENT_INIT;
    for (bool is_in = false; !is_in && now < 10000; now += 10) {
        WENT_WELL(library, library->encrypt_tick(context, now));
        while (library->encrypt_next_output(context, &output) == CONCLAVE_OK) continue;
        while (library->encrypt_next_event(context, &event) == CONCLAVE_OK)
            is_in = is_in || event.kind == CONCLAVE_ENCRYPT_EVENT_VIEW;
    }
    size_t size = sizeof record;
    WENT_WELL(library, library->encrypt_seal(context, key, sizeof key, NULL, 0, record, &size));
    WENT_WELL(library, library->encrypt_leave(context, now));
    library->encrypt_free(context);
    library->credential_free(credential);
    library->admission_free(admission);
    library->trust_free(trust);
}

/* A member, over one copy of the library. */
typedef struct guest {
    const library *library;
    conclave_identity *identity;
    conclave_group *group;
    size_t members, messages, logged;
    uint8_t exported[32];
} guest;

/* Takes what has happened to a member. */
static inline void serve(guest *guest) {
    conclave_event event = CONCLAVE_EVENT_INIT;
    WENT_WELL(guest->library, guest->library->group_process(guest->group));
    while (guest->library->group_next_event(guest->group, &event) == CONCLAVE_OK) {
        if (event.kind == CONCLAVE_EVENT_MESSAGE) guest->messages++;
        if (event.kind != CONCLAVE_EVENT_VIEW) continue;
        conclave_view view = CONCLAVE_VIEW_INIT;
        WENT_WELL(guest->library, guest->library->group_view(guest->group, &view));
        WENT_WELL(guest->library, guest->library->group_export(guest->group, "label", NULL, 0, guest->exported, 32));
        guest->members = view.member_count;
    }
}

/* Two members, over two copies of the library or one, meet at a hub of the first, talk and part. */
static inline void meet(const library *first, const library *second, const char *folder) {
    char path[160], place[176], file[176];
    snprintf(path, sizeof path, "%s/hub", folder);
    snprintf(place, sizeof place, "local:%s", path);
    snprintf(file, sizeof file, "%s/trusted", folder);
    guest guests[2] = {{.library = first}, {.library = second}};
    conclave_hub *hub = NULL;
    conclave_trust *trust = NULL;
    WENT_WELL(first, first->hub_new(path, NULL, &hub, NULL));
    WENT_WELL(first, first->trust_new(&trust, NULL));
    for (int index = 0; index < 2; index++) {
        const library *library = guests[index].library;
        uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE];
        WENT_WELL(library, library->identity_new(index == 0 ? "ada" : "barbara", &guests[index].identity, NULL));
        WENT_WELL(library, library->identity_public_key(guests[index].identity, key));
        WENT_WELL(first, first->trust_add(trust, key, "somebody"));
    }
    WENT_WELL(first, first->trust_save(trust, file, NULL));
    first->trust_free(trust);
    for (int index = 0; index < 2; index++) {
        guest *guest = &guests[index];
        const library *library = guest->library;
        WENT_WELL(library, library->trust_load(file, &trust, NULL));
        WENT_WELL(library, library->group_join(place, "room", guest->identity, trust, NULL, &guest->group, NULL));
        WENT_WELL(library, library->group_set_log(guest->group, CONCLAVE_LOG_DEBUG, take_line, &guest->logged));
        library->trust_free(trust);
    }
    bool have_sent = false;
    for (int round = 0; round < 20000 && guests[0].messages + guests[1].messages < 4; round++) {
        WENT_WELL(first, first->hub_process(hub));
        for (int index = 0; index < 2; index++) serve(&guests[index]);
        if (!have_sent && guests[0].members == 2 && guests[1].members == 2) {
            for (int index = 0; index < 2; index++)
                WENT_WELL(guests[index].library,
                          guests[index].library->group_send(guests[index].group, CONCLAVE_SERVICE_SAFE,
                                                            guests[0].exported, 32));
            have_sent = true;
        }
        if (have_sent || round > 50) poll(NULL, 0, 1);
    }
    CHECK(guests[0].messages == 2 && guests[1].messages == 2);
    CHECK(memcmp(guests[0].exported, guests[1].exported, 32) == 0);
    const char *text = NULL;
    WENT_WELL(first, first->group_metrics_text(guests[0].group, &text, NULL));
    CHECK(text != NULL && guests[0].logged > 0 && guests[1].logged > 0);
    WENT_WELL(first, first->group_leave(guests[0].group));
    for (int round = 0; round < 20; round++) {
        WENT_WELL(first, first->hub_process(hub));
        serve(&guests[0]);
    }
    first->group_free(guests[0].group);
    /* The hub goes first: the other member writes to a socket that nobody reads, which must not raise SIGPIPE. */
    first->hub_free(hub);
    second->group_send(guests[1].group, CONCLAVE_SERVICE_FIFO, guests[0].exported, 32);
    second->group_process(guests[1].group);
    second->group_free(guests[1].group);
    for (int index = 0; index < 2; index++) guests[index].library->identity_free(guests[index].identity);
    unlink(file);
}

/* Everything that the library does, once, and everything given back. */
static inline void use_everything(const library *library, const char *folder) {
    char path[160];
    conclave_identity *identity = NULL, *loaded = NULL;
    conclave_error *error = NULL;
    CHECK_TEXT(CONCLAVE_VERSION_TEXT, library->version());
    CHECK(library->supports_feature("gdh"));
    CHECK(library->identity_new("", &identity, &error) == CONCLAVE_E_BAD_TEXT);
    CHECK(library->error_message(error)[0] != 0);
    library->error_free(error);
    snprintf(path, sizeof path, "%s/somebody.pem", folder);
    WENT_WELL(library, library->identity_new("somebody", &identity, NULL));
    WENT_WELL(library, library->identity_save(identity, path, (const uint8_t *)"passphrase", 10, NULL));
    WENT_WELL(library, library->identity_load(path, (const uint8_t *)"passphrase", 10, &loaded, NULL));
    agree_alone(library, loaded);
    encrypt_alone(library, loaded);
    keep_keys(library, folder);
    library->identity_free(identity);
    library->identity_free(loaded);
    unlink(path);
    meet(library, library, folder);
}

#endif
