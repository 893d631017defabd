/* What a C member of an idle group of 20 keeps resident: 20 processes and a hub; the largest of the 20 counts. */
#define _GNU_SOURCE
#include "benchmarks.h"
#include <conclave.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEMBERS = 20, PATIENCE_SECONDS = 60, IDLE_SECONDS = 2 };

static pid_t processes[MEMBERS + 1];
static char folder[] = "/tmp/conclave-idle-XXXXXX";

static char *file(const char *name, int number) {
    static char path[4][128];
    static int next;
    char *result = path[next++ % 4];
    snprintf(result, sizeof path[0], "%s/%s%d", folder, name, number);
    return result;
}

/* In a child: a hub until it is killed. */
static void run_hub(void) {
    conclave_hub *hub = NULL;
    REQUIRE(conclave_hub_new(file("hub", 0), NULL, &hub, NULL) == CONCLAVE_OK);
    conclave_hub_run(hub);
    _exit(1);
}

static void make_files(void) {
    conclave_trust *trust = NULL;
    REQUIRE(conclave_trust_new(&trust, NULL) == CONCLAVE_OK);
    for (int index = 0; index < MEMBERS; index++) {
        conclave_identity *identity = NULL;
        char name[16];
        uint8_t key[CONCLAVE_PUBLIC_KEY_SIZE];
        snprintf(name, sizeof name, "member %d", index);
        REQUIRE(conclave_identity_new(name, &identity, NULL) == CONCLAVE_OK);
        REQUIRE(conclave_identity_save(identity, file("identity", index), NULL, 0, NULL) == CONCLAVE_OK);
        REQUIRE(conclave_identity_public_key(identity, key) == CONCLAVE_OK);
        REQUIRE(conclave_trust_add(trust, key, name) == CONCLAVE_OK);
        conclave_identity_free(identity);
    }
    REQUIRE(conclave_trust_save(trust, file("trust", 0), NULL) == CONCLAVE_OK);
    conclave_trust_free(trust);
}

static void remove_files(void) {
    for (int index = 0; index < MEMBERS; index++) unlink(file("identity", index));
    unlink(file("trust", 0));
    unlink(file("hub", 0));
    rmdir(folder);
}

static void start_member(const char *program, int index, int output) {
    processes[index] = fork();
    REQUIRE(processes[index] >= 0);
    if (processes[index] > 0) return;
    char url[160], count[8];
    snprintf(url, sizeof url, "local:%s", file("hub", 0));
    snprintf(count, sizeof count, "%d", MEMBERS);
    dup2(output, STDOUT_FILENO);
    execl(program, program, url, file("identity", index), file("trust", 0), count, (char *)NULL);
    _exit(127);
}

/* Waits until each member has said "ready" once; false when that takes too long. */
static bool await_members(int input) {
    static const char word[] = "ready\n";
    size_t wanted = MEMBERS * (sizeof word - 1), have = 0;
    char bytes[256];
    time_t end = time(NULL) + PATIENCE_SECONDS;
    while (have < wanted && time(NULL) < end) {
        struct pollfd entry = {.fd = input, .events = POLLIN};
        if (poll(&entry, 1, 1000) != 1) continue;
        ssize_t size = read(input, bytes, sizeof bytes);
        if (size <= 0) return false;
        have += (size_t)size;
    }
    return have >= wanted;
}

static long resident_kibibytes(pid_t process) {
    char path[64], line[256];
    long value = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)process);
    FILE *status = fopen(path, "r");
    REQUIRE(status != NULL);
    while (fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmRSS: %ld kB", &value) == 1) break;
    fclose(status);
    return value;
}

void benchmark_idle_group(const char *member_program) {
    int ends[2];
    REQUIRE(mkdtemp(folder) != NULL && pipe2(ends, O_CLOEXEC) == 0);
    make_files();
    processes[MEMBERS] = fork();
    REQUIRE(processes[MEMBERS] >= 0);
    if (processes[MEMBERS] == 0) run_hub();
    for (int attempt = 0; access(file("hub", 0), F_OK) != 0 && attempt < 500; attempt++) usleep(10000);
    for (int index = 0; index < MEMBERS; index++) start_member(member_program, index, ends[1]);
    bool is_complete = await_members(ends[0]);
    long largest = 0;
    sleep(IDLE_SECONDS);
    for (int index = 0; index < MEMBERS; index++) {
        long size = resident_kibibytes(processes[index]);
        if (size > largest) largest = size;
    }
    for (int index = 0; index <= MEMBERS; index++) kill(processes[index], SIGKILL);
    for (int index = 0; index <= MEMBERS; index++) waitpid(processes[index], NULL, 0);
    remove_files();
    REQUIRE(is_complete);
    print_figure("a C member with one idle group of 20, resident", (double)largest / 1024, "MiB", 16);
}
