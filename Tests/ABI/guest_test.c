/* The library as a guest in a program that is not its own: what it leaves as it was, what a fork, a second copy and a
 * lack of memory do to it. The program is not linked with the library, but loads it. */
#define _GNU_SOURCE
#include "guest.h"
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

static char folder[64];

/* Tools that take the place of malloc, or of the program's memory, know more of it than these tests could see. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

static bool is_watched(void) {
    const char *preloaded = getenv("LD_PRELOAD");
    return IS_SANITIZED || (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL);
}

static library load(void) {
    library library;
    REQUIRE(find_functions(&library, dlopen("libconclave.so.0", RTLD_NOW | RTLD_LOCAL)));
    return library;
}

/* ------------------------------------------------------------------------------------------- what stays as it was */

/* What a program would notice of itself. */
typedef struct state {
    struct sigaction actions[65];
    sigset_t mask;
    stack_t signal_stack;
    mode_t creation_mask;
    int rounding;
    fenv_t arithmetic;
    size_t thread_count, descriptor_count, environment_size;
    uint64_t environment;
    char descriptors[4096], locale[256], directory[1024];
} state;

static size_t count_entries(const char *path, char *names, size_t room) {
    DIR *directory = opendir(path);
    REQUIRE(directory != NULL);
    size_t count = 0, used = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory)) continue;
        count++;
        if (names != NULL && used < room) used += (size_t)snprintf(names + used, room - used, "%s ", entry->d_name);
    }
    closedir(directory);
    return count;
}

static state look(void) {
    state state;
    memset(&state, 0, sizeof state);
    for (int number = 1; number < 65; number++) sigaction(number, NULL, &state.actions[number]);
    sigprocmask(SIG_BLOCK, NULL, &state.mask);
    sigaltstack(NULL, &state.signal_stack);
    state.creation_mask = umask(0);
    umask(state.creation_mask);
    state.rounding = fegetround();
    fegetenv(&state.arithmetic);
    state.thread_count = count_entries("/proc/self/task", NULL, 0);
    state.descriptor_count = count_entries("/proc/self/fd", state.descriptors, sizeof state.descriptors);
    for (char **entry = environ; *entry != NULL; entry++) {
        state.environment_size++;
        for (const char *at = *entry; *at != 0; at++) state.environment = state.environment * 31 + (unsigned char)*at;
    }
    snprintf(state.locale, sizeof state.locale, "%s", setlocale(LC_ALL, NULL));
    CHECK(getcwd(state.directory, sizeof state.directory) != NULL);
    return state;
}

static void compare(const state *before, const state *after, const char *when) {
#define SAME(condition, what) check_that((condition), __FILE__, __LINE__, "%s: %s", when, what)
    for (int number = 1; number < 65; number++)
        check_that(before->actions[number].sa_handler == after->actions[number].sa_handler &&
                       before->actions[number].sa_flags == after->actions[number].sa_flags,
                   __FILE__, __LINE__, "%s: the disposition of signal %d changed", when, number);
    for (int number = 1; number < 65; number++)
        SAME(sigismember(&before->mask, number) == sigismember(&after->mask, number), "the signal mask changed");
    SAME(before->signal_stack.ss_sp == after->signal_stack.ss_sp, "the signal stack changed");
    SAME(before->creation_mask == after->creation_mask, "the mask of new files changed");
    SAME(before->rounding == after->rounding, "floating-point rounding changed");
#ifdef __x86_64__
    /* The low six bits say what has happened (inexact, …), the others what is to be done. */
    SAME((before->arithmetic.__mxcsr & ~63u) == (after->arithmetic.__mxcsr & ~63u), "floating-point control changed");
    SAME(before->arithmetic.__control_word == after->arithmetic.__control_word, "the x87 control word changed");
#endif
    SAME(before->thread_count == after->thread_count, "there are threads that were not there");
    check_that(strcmp(before->descriptors, after->descriptors) == 0, __FILE__, __LINE__,
               "%s: open descriptors were %s, are %s", when, before->descriptors, after->descriptors);
    SAME(before->environment == after->environment && before->environment_size == after->environment_size,
         "the environment changed");
    SAME(strcmp(before->locale, after->locale) == 0, "the locale changed");
    SAME(strcmp(before->directory, after->directory) == 0, "the working directory changed");
#undef SAME
}

static void test_nothing_of_the_host_changes(void) {
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGUSR1, SIG_IGN);
    fesetround(FE_UPWARD);
    umask(027);
    state before = look();
    library library = load();
    state loaded = look();
    compare(&before, &loaded, "after loading");
    use_everything(&library, folder);
    state used = look();
    compare(&before, &used, "after using and freeing everything");
    CHECK(dlclose(library.handle) == 0);
    state closed = look();
    compare(&before, &closed, "after closing");
    fesetround(FE_TONEAREST);
}

/* ---------------------------------------------------------------------------------------------- loading and copies */

static size_t count_mappings(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    REQUIRE(maps != NULL);
    size_t count = 0;
    for (char line[1024]; fgets(line, sizeof line, maps) != NULL;) count += strstr(line, "libconclave") != NULL;
    fclose(maps);
    return count;
}

/* The library stays in the process once it is there (-z nodelete): its handles are good whoever else closes it. */
static void test_opening_and_closing(void) {
    library library = load();
    conclave_trust *trust = NULL;
    WENT_WELL(&library, library.trust_new(&trust, NULL));
    size_t mappings = count_mappings();
    CHECK(mappings > 0);
    for (int round = 0; round < 100; round++) {
        void *again = dlopen("libconclave.so.0", RTLD_NOW);
        CHECK(again == library.handle);
        CHECK(dlclose(again) == 0);
    }
    CHECK(dlclose(library.handle) == 0);
    CHECK(library.trust_count(trust) == 0);
    library = load();
    uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE] = {1};
    WENT_WELL(&library, library.trust_add(trust, key, "label"));
    CHECK(library.trust_count(trust) == 1);
    library.trust_free(trust);
    CHECK(count_mappings() == mappings);
    CHECK(dlclose(library.handle) == 0);
}

/* Copies the loaded library under another name, since the loader knows a file that it has opened. */
static void copy_library(const library *library, char *path, size_t room) {
    Dl_info place;
    void *function = NULL;
    memcpy(&function, &library->version, sizeof function);
    REQUIRE(dladdr(function, &place) != 0);
    snprintf(path, room, "%s/another.so", folder);
    int from = open(place.dli_fname, O_RDONLY), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    REQUIRE(from >= 0 && to >= 0);
    char bytes[65536];
    for (ssize_t count; (count = read(from, bytes, sizeof bytes)) > 0;)
        REQUIRE(write(to, bytes, (size_t)count) == count);
    close(from);
    close(to);
}

/* Not by dlmopen: Debian 12's libcrypto does not survive a second copy of itself in another namespace. */
static void test_two_copies_in_one_process(void) {
    char path[128];
    library first = load(), second;
    copy_library(&first, path, sizeof path);
    REQUIRE(find_functions(&second, dlopen(path, RTLD_NOW | RTLD_LOCAL)));
    CHECK(first.version != second.version);
    use_everything(&first, folder);
    use_everything(&second, folder);
    /* Each has a table of handles of its own, whose numbers begin at random. */
    conclave_identity *identity = NULL;
    uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE];
    WENT_WELL(&first, first.identity_new("somebody", &identity, NULL));
    CHECK(second.identity_public_key(identity, key) == CONCLAVE_E_BAD_HANDLE);
    second.identity_free(identity);
    WENT_WELL(&first, first.identity_public_key(identity, key));
    first.identity_free(identity);
    meet(&first, &second, folder);
    meet(&second, &first, folder);
    CHECK(dlclose(second.handle) == 0);
    CHECK(dlclose(first.handle) == 0);
    unlink(path);
}

/* -------------------------------------------------------------------------------------------------------- processes */

/* Runs in a child and takes over what it counted. */
static void in_child(void (*run)(void)) {
    int ends[2], counts[2] = {0, 1}, status = 0;
    REQUIRE(pipe(ends) == 0);
    fflush(NULL);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        check_passed = check_failed = 0;
        run();
        counts[0] = check_passed, counts[1] = check_failed;
        ssize_t written = write(ends[1], counts, sizeof counts);
        _exit(written == (ssize_t)sizeof counts ? 0 : 1);
    }
    close(ends[1]);
    CHECK(read(ends[0], counts, sizeof counts) == (ssize_t)sizeof counts);
    close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child);
    check_that(WIFEXITED(status), __FILE__, __LINE__, "the child ended by signal %d", WTERMSIG(status));
    check_passed += counts[0];
    check_failed += counts[1];
    CHECK(counts[0] > 0);
}

static library shared;
static conclave_identity *inherited;
static uint8_t (*keys)[CONCLAVE_PUBLIC_KEY_SIZE];

static void make_key(int index) {
    conclave_identity *identity = NULL;
    WENT_WELL(&shared, shared.identity_new("somebody", &identity, NULL));
    WENT_WELL(&shared, shared.identity_public_key(identity, keys[index]));
    shared.identity_free(identity);
}

static void use_in_child(void) {
    uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE];
    CHECK(shared.identity_public_key(inherited, key) == CONCLAVE_E_BAD_HANDLE);
    CHECK_TEXT("", shared.identity_name(inherited));
    shared.identity_free(inherited);
    make_key(1);
    snprintf(folder + strlen(folder), 8, "/child");
    CHECK(mkdir(folder, 0700) == 0);
    use_everything(&shared, folder);
    rmdir(folder);
}

/* What was inherited is refused, as two processes with one key would use a nonce twice; what is made anew works, and
 * draws other random numbers than the parent. */
static void test_a_child_process(void) {
    keys = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(keys != MAP_FAILED);
    shared = load();
    make_key(3);
    WENT_WELL(&shared, shared.identity_new("somebody", &inherited, NULL));
    in_child(use_in_child);
    make_key(2);
    CHECK(memcmp(keys[1], keys[2], sizeof *keys) != 0 && memcmp(keys[1], keys[3], sizeof *keys) != 0);
    WENT_WELL(&shared, shared.identity_public_key(inherited, keys[0]));
    shared.identity_free(inherited);
    CHECK(dlclose(shared.handle) == 0);
    munmap(keys, 4096);
}

/* ----------------------------------------------------------------------------------------------------------- memory */

/* What the process has of addresses, in bytes. */
static rlim_t address_space(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    REQUIRE(file != NULL && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void forbid_more_memory(void) {
    struct rlimit none = {1 << 20, 1 << 20};
    REQUIRE(setrlimit(RLIMIT_AS, &none) == 0);
}

/* The table of handles is made with the first handle. */
static void make_the_first_handle(void) {
    conclave_trust *trust = NULL;
    conclave_error *error = NULL;
    forbid_more_memory();
    CHECK(shared.trust_new(&trust, &error) == CONCLAVE_E_OUT_OF_MEMORY);
    CHECK(trust == NULL && error == NULL);
}

/* Bytes that the process may have besides what it has. */
static rlim_t slack;

static uint8_t payload[CONCLAVE_MESSAGE_MAX];

/* A hub with one member, which is in its view. */
static conclave_hub *be_alone(guest *guest) {
    char path[160], place[176];
    snprintf(path, sizeof path, "%s/hub", folder);
    snprintf(place, sizeof place, "local:%s", path);
    conclave_hub *hub = NULL;
    WENT_WELL(&shared, shared.hub_new(path, NULL, &hub, NULL));
    WENT_WELL(&shared, shared.identity_new("ada", &guest->identity, NULL));
    conclave_group_options options = CONCLAVE_GROUP_OPTIONS_INIT;
    options.send_queue_bytes = 4 * sizeof payload;
    WENT_WELL(&shared, shared.group_join(place, "room", guest->identity, NULL, &options, &guest->group, NULL));
    for (int round = 0; round < 1000 && guest->members == 0; round++) {
        WENT_WELL(&shared, shared.hub_process(hub));
        serve(guest);
    }
    CHECK(guest->members == 1);
    return hub;
}

static void part(guest *guest, conclave_hub *hub) {
    shared.group_free(guest->group);
    shared.identity_free(guest->identity);
    shared.hub_free(hub);
}

/* Allows so many bytes besides what there is; returns what was allowed before. */
static struct rlimit tighten(rlim_t more) {
    struct rlimit before;
    REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
    struct rlimit tight = {address_space() + more, before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_AS, &tight) == 0);
    return before;
}

static void send_a_large_message(void) {
    guest guest = {.library = &shared};
    conclave_hub *hub = be_alone(&guest);
    struct rlimit before = tighten(slack);
    conclave_status status = shared.group_send(guest.group, CONCLAVE_SERVICE_AGREED, payload, sizeof payload);
    REQUIRE(setrlimit(RLIMIT_AS, &before) == 0);
    conclave_status expected = slack < sizeof payload ? CONCLAVE_E_OUT_OF_MEMORY : status;
    check_that(status == expected && (status == CONCLAVE_OK || status == CONCLAVE_E_OUT_OF_MEMORY), __FILE__, __LINE__,
               "a large message gave %s with %zu bytes left", shared.status_name(status), (size_t)slack);
    /* Nothing of it is sent: the next message is the first. */
    WENT_WELL(&shared, shared.group_send(guest.group, CONCLAVE_SERVICE_AGREED, payload, 32));
    size_t messages = status == CONCLAVE_OK ? 2 : 1;
    for (int round = 0; round < 100000 && guest.messages < messages; round++) {
        WENT_WELL(&shared, shared.hub_process(hub));
        serve(&guest);
    }
    CHECK(guest.messages == messages);
    part(&guest, hub);
}

/* Whether the large message is there as a whole before memory becomes scarce. */
static bool is_there;

/* What comes is lost when there is no memory for it, and the member told of whom; nothing else is lost, nor what was
 * there as a whole. */
static void receive_a_large_message(void) {
    guest guest = {.library = &shared};
    conclave_hub *hub = be_alone(&guest);
    WENT_WELL(&shared, shared.group_send(guest.group, CONCLAVE_SERVICE_AGREED, payload, sizeof payload));
    const char *text = "";
    const char *received = "conclave_messages_total{group=\"room\",member=\"ada\",direction=\"received\"} 1\n";
    for (int round = 0; round < 100000 && is_there && strstr(text, received) == NULL; round++) {
        WENT_WELL(&shared, shared.hub_process(hub));
        WENT_WELL(&shared, shared.group_process(guest.group));
        WENT_WELL(&shared, shared.group_metrics_text(guest.group, &text, NULL));
    }
    struct rlimit before = tighten((rlim_t)8 << 20);
    conclave_event event = CONCLAVE_EVENT_INIT;
    for (int round = 0; round < 100000 && event.kind == 0; round++) {
        WENT_WELL(&shared, shared.hub_process(hub));
        WENT_WELL(&shared, shared.group_process(guest.group));
        shared.group_next_event(guest.group, &event);
    }
    REQUIRE(setrlimit(RLIMIT_AS, &before) == 0);
    CHECK(strcmp(event.sender_name, "ada") == 0);
    if (is_there) {
        /* It is lent as it is, and takes no memory any more. */
        CHECK(event.kind == CONCLAVE_EVENT_MESSAGE && event.data_size == sizeof payload);
        CHECK(event.data_size == sizeof payload && memcmp(event.data, payload, sizeof payload) == 0);
    } else {
        CHECK(event.kind == CONCLAVE_EVENT_ERROR && event.status == CONCLAVE_E_OUT_OF_MEMORY && event.data_size == 0);
    }
    WENT_WELL(&shared, shared.group_send(guest.group, CONCLAVE_SERVICE_AGREED, payload, 32));
    for (int round = 0; round < 100000 && guest.messages == 0; round++) {
        WENT_WELL(&shared, shared.hub_process(hub));
        WENT_WELL(&shared, shared.group_process(guest.group));
        if (shared.group_next_event(guest.group, &event) != CONCLAVE_OK) continue;
        CHECK(event.kind == CONCLAVE_EVENT_MESSAGE && event.data_size == 32);
        guest.messages++;
    }
    CHECK(guest.messages == 1);
    part(&guest, hub);
}

/* The copy under another name has never been used, so it has no table yet. */
static void test_large_allocations_that_fail(void) {
    if (is_watched()) return;
    char path[128];
    library first = load();
    copy_library(&first, path, sizeof path);
    REQUIRE(find_functions(&shared, dlopen(path, RTLD_NOW | RTLD_LOCAL)));
    in_child(make_the_first_handle);
    for (slack = 0; slack <= (rlim_t)160 << 20; slack += (rlim_t)8 << 20) in_child(send_a_large_message);
    for (int late = 0; late < 2; late++) {
        is_there = late == 1;
        in_child(receive_a_large_message);
    }
    CHECK(dlclose(shared.handle) == 0);
    CHECK(dlclose(first.handle) == 0);
    unlink(path);
}

static void make_and_free(const library *library, size_t count) {
    static const uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE] = {1};
    for (size_t index = 0; index < count; index++) {
        conclave_identity *identity = NULL;
        conclave_trust *trust = NULL;
        conclave_agreement *agreement = NULL;
        conclave_error *error = NULL;
        WENT_WELL(library, library->identity_new("somebody", &identity, NULL));
        WENT_WELL(library, library->trust_new(&trust, NULL));
        WENT_WELL(library, library->trust_add(trust, key, "label"));
        WENT_WELL(library, library->agreement_new(CONCLAVE_SUITE_STANDARD, identity, 1, &agreement, NULL));
        CHECK(library->identity_load("/nonexistent", NULL, 0, &identity, &error) == CONCLAVE_E_NOT_FOUND);
        library->agreement_free(agreement);
        library->trust_free(trust);
        library->identity_free(identity);
        library->error_free(error);
    }
}

static void make_and_free_groups(const library *library, size_t count) {
    char path[160], place[176];
    snprintf(path, sizeof path, "%s/hub", folder);
    snprintf(place, sizeof place, "local:%s", path);
    conclave_identity *identity = NULL;
    WENT_WELL(library, library->identity_new("ada", &identity, NULL));
    for (size_t index = 0; index < count; index++) {
        conclave_hub *hub = NULL;
        guest guest = {.library = library};
        WENT_WELL(library, library->hub_new(path, NULL, &hub, NULL));
        WENT_WELL(library, library->group_join(place, "room", identity, NULL, NULL, &guest.group, NULL));
        for (int round = 0; round < 1000 && guest.members == 0; round++) {
            WENT_WELL(library, library->hub_process(hub));
            serve(&guest);
        }
        CHECK(guest.members == 1);
        library->group_free(guest.group);
        library->hub_free(hub);
    }
    library->identity_free(identity);
}

static size_t used_bytes(void) {
    struct mallinfo2 information = mallinfo2();
    return information.uordblks + information.hblkhd;
}

/* 10,000 handles of each small kind; groups and hubs, which take more, a tenth of that. */
static void test_many_handles_leave_nothing(void) {
    size_t count = is_watched() ? 100 : 10000;
    library library = load();
    make_and_free(&library, 100);
    make_and_free_groups(&library, 10);
    char before[4096], after[4096];
    size_t descriptors = count_entries("/proc/self/fd", before, sizeof before), used = used_bytes();
    make_and_free(&library, count);
    make_and_free_groups(&library, count / 10);
    CHECK(count_entries("/proc/self/fd", after, sizeof after) == descriptors);
    CHECK_TEXT(before, after);
    if (!is_watched())
        check_that(used_bytes() <= used + 4096, __FILE__, __LINE__, "%zu handles left %zu bytes behind", 4 * count,
                   used_bytes() - used);
    CHECK(dlclose(library.handle) == 0);
}

int main(void) {
    snprintf(folder, sizeof folder, "/tmp/conclave-guest-%ld", (long)getpid());
    REQUIRE(mkdir(folder, 0700) == 0);
    test_nothing_of_the_host_changes();
    test_opening_and_closing();
    test_large_allocations_that_fail();
    test_two_copies_in_one_process();
    test_a_child_process();
    test_many_handles_leave_nothing();
    CHECK(rmdir(folder) == 0);
    return check_finish();
}
