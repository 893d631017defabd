/* A member of an encrypted cluster over UDP multicast on the loopback interface. The messaging system is as small as it
 * can be: everybody says every 100 ms that it is there, and who was heard lately is in the host view, oldest first.
 *
 *   encrypted_cluster PORT SECRET-FILE NAME
 *
 * Each member that has the secret is let in, gets the key from the oldest one, and greets the others in every view. A
 * SIGTERM makes it leave; the others go on under a new key. */
#define _DEFAULT_SOURCE /* struct ip_mreq */
#include <arpa/inet.h>
#include <conclave.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { NAME_SIZE = 32, PEERS = 16, PACKET = 65000, BEACON_MS = 100, SILENCE_MS = 1500 };
static const char group_address[] = "239.255.71.1";

typedef struct peer {
    char name[NAME_SIZE];
    uint64_t started; /* who is older coordinates */
    uint64_t heard;
} peer;

/* What travels: 'b' for a beacon or 'e' for bytes of the encryption, sender and destination (NAME_SIZE bytes each; no
 * destination is everybody), the sender's start (8 bytes, big-endian), the bytes. Everybody hears everything, and
 * passes over what is for another. The examples in Python and Go speak the same. */
enum { FROM = 1, TO = FROM + NAME_SIZE, STARTED = TO + NAME_SIZE, HEAD = STARTED + 8 };

static volatile sig_atomic_t must_leave;
static peer peers[PEERS];
static size_t peer_count;
static int descriptor;
static struct sockaddr_in everybody;
static char own_name[NAME_SIZE];
static uint64_t own_start;

static void ask_to_leave(int number) {
    (void)number;
    must_leave = 1;
}

static uint64_t milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void check(conclave_status status, const char *what, const char *message) {
    if (status == CONCLAVE_OK) return;
    fprintf(stderr, "%s: %s (%s)\n", what, conclave_status_text(status), message);
    exit(1);
}

static void open_socket(const char *port) {
    int yes = 1;
    unsigned char loop = 1;
    struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
    struct ip_mreq membership = {{inet_addr(group_address)}, loopback};
    everybody.sin_family = AF_INET;
    everybody.sin_port = htons((uint16_t)atoi(port));
    everybody.sin_addr.s_addr = inet_addr(group_address);
    descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (descriptor < 0 || setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(descriptor, (struct sockaddr *)&everybody, sizeof everybody) != 0 ||
        setsockopt(descriptor, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback) != 0 ||
        setsockopt(descriptor, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, sizeof loop) != 0 ||
        setsockopt(descriptor, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) {
        perror("multicast on the loopback interface");
        exit(1);
    }
}

static void send_packet(char kind, const char *to, const uint8_t *bytes, size_t size) {
    static uint8_t packet[PACKET];
    if (size > PACKET - HEAD) return;
    memset(packet, 0, HEAD);
    packet[0] = (uint8_t)kind;
    memcpy(packet + FROM, own_name, strlen(own_name));
    memcpy(packet + TO, to, strlen(to));
    for (int index = 0; index < 8; index++) packet[STARTED + index] = (uint8_t)(own_start >> (56 - 8 * index));
    if (size > 0) memcpy(packet + HEAD, bytes, size);
    sendto(descriptor, packet, HEAD + size, 0, (struct sockaddr *)&everybody, sizeof everybody);
}

/* Notes that somebody is there; whether that is news. */
static bool hear(const char *name, uint64_t started, uint64_t now) {
    for (size_t index = 0; index < peer_count; index++) {
        if (strcmp(peers[index].name, name) != 0) continue;
        peers[index].heard = now;
        return false;
    }
    if (peer_count == PEERS) return false;
    size_t place = 0;
    while (place < peer_count && peers[place].started <= started) place++;
    memmove(&peers[place + 1], &peers[place], (peer_count - place) * sizeof(peer));
    peers[place] = (peer){"", started, now};
    strcpy(peers[place].name, name);
    peer_count++;
    return true;
}

static bool forget_the_silent(uint64_t now) {
    size_t kept = 0, before = peer_count;
    for (size_t index = 0; index < peer_count; index++)
        if (peers[index].heard + SILENCE_MS > now) peers[kept++] = peers[index];
    peer_count = kept;
    return kept != before;
}

static void tell_host_view(conclave_encrypt *context, uint64_t now) {
    conclave_bytes addresses[PEERS];
    for (size_t index = 0; index < peer_count; index++)
        addresses[index] = (conclave_bytes){(const uint8_t *)peers[index].name, strlen(peers[index].name)};
    check(conclave_encrypt_host_view(context, addresses, peer_count, now), "host view",
          conclave_encrypt_message(context));
}

/* Seals a greeting once; everybody opens the same bytes. */
static void greet(conclave_encrypt *context) {
    char text[64 + NAME_SIZE];
    uint8_t record[1024];
    size_t size = sizeof record;
    int length = snprintf(text, sizeof text, "hello from %s", own_name);
    conclave_status status =
        conclave_encrypt_seal(context, (const uint8_t *)text, (size_t)length, NULL, 0, record, &size);
    if (status == CONCLAVE_OK) send_packet('e', "", record, size);
}

static void show_view(conclave_encrypt *context) {
    conclave_cluster_view view = CONCLAVE_CLUSTER_VIEW_INIT;
    conclave_cluster_member member = CONCLAVE_CLUSTER_MEMBER_INIT;
    if (conclave_encrypt_view(context, &view) != CONCLAVE_OK) return;
    printf("%zu members, epoch %02x%02x%02x%02x:", view.member_count, view.epoch[0], view.epoch[1], view.epoch[2],
           view.epoch[3]);
    for (size_t place = 0; place < view.member_count; place++)
        if (conclave_encrypt_member(context, place, &member) == CONCLAVE_OK)
            printf(" %s%s", member.name, member.is_coordinator ? " (coordinates)" : "");
    printf("\n");
}

/* Sends what is to be sent and shows what has happened. */
static void serve(conclave_encrypt *context) {
    conclave_encrypt_output output = CONCLAVE_ENCRYPT_OUTPUT_INIT;
    while (conclave_encrypt_next_output(context, &output) == CONCLAVE_OK) {
        char to[NAME_SIZE] = "";
        if (!output.to_everyone && output.address_size < sizeof to) memcpy(to, output.address, output.address_size);
        send_packet('e', to, output.bytes, output.byte_count);
    }
    static bool must_greet = false;
    conclave_encrypt_event event = CONCLAVE_ENCRYPT_EVENT_INIT;
    while (conclave_encrypt_next_event(context, &event) == CONCLAVE_OK) {
        switch (event.kind) {
        case CONCLAVE_ENCRYPT_EVENT_VIEW:
            show_view(context);
            must_greet = true;
            break;
        case CONCLAVE_ENCRYPT_EVENT_MESSAGE:
            printf("%s: %.*s\n", event.member->name, (int)event.data_size, (const char *)event.data);
            break;
        case CONCLAVE_ENCRYPT_EVENT_MEMBER_LEAVES:
            printf("%s leaves\n", event.member->name);
            break;
        case CONCLAVE_ENCRYPT_EVENT_REFUSED:
            printf("not let in by %s\n", event.member->name);
            break;
        case CONCLAVE_ENCRYPT_EVENT_NOT_ADMITTED:
            printf("%s is not admitted\n", event.member->name);
            break;
        default:
            break;
        }
    }
    /* Not before everybody in the view is connected: whom the messaging system misses may have left. */
    if (!must_greet || !conclave_encrypt_can_seal(context)) return;
    greet(context);
    must_greet = false;
}

static void receive(conclave_encrypt *context, uint64_t now) {
    static uint8_t packet[PACKET];
    ssize_t size = recv(descriptor, packet, sizeof packet, MSG_DONTWAIT);
    if (size < HEAD || packet[TO - 1] != 0 || packet[STARTED - 1] != 0) return;
    const char *from = (const char *)packet + FROM, *to = (const char *)packet + TO;
    if (strcmp(from, own_name) == 0 || from[0] == 0) return;
    if (packet[0] == 'b') {
        uint64_t started = 0;
        for (int index = 0; index < 8; index++) started = started << 8 | packet[STARTED + index];
        if (hear(from, started, now)) tell_host_view(context, now);
    } else if (to[0] == 0 || strcmp(to, own_name) == 0) {
        /* What is refused has changed nothing. */
        conclave_encrypt_receive(context, packet + HEAD, (size_t)size - HEAD, NULL, 0, now);
    }
}

static conclave_encrypt *make(const char *secret_path, uint64_t now) {
    uint8_t secret[1024];
    FILE *file = fopen(secret_path, "rb");
    size_t size = file == NULL ? 0 : fread(secret, 1, sizeof secret, file);
    if (file != NULL) fclose(file);
    conclave_error *error = NULL;
    conclave_identity *identity = NULL;
    conclave_credential *credential = NULL;
    conclave_admission *admission = NULL;
    conclave_encrypt *context = NULL;
    check(conclave_identity_new(own_name, &identity, &error), "identity", conclave_error_message(error));
    check(conclave_credential_new(identity, CONCLAVE_WRAPPING_X25519, &credential, &error), "credential",
          conclave_error_message(error));
    check(conclave_credential_set_secret(credential, secret, size), "secret", secret_path);
    check(conclave_admission_secret(secret, size, &admission, &error), "admission", conclave_error_message(error));
    check(conclave_encrypt_new("kitchen", (const uint8_t *)own_name, strlen(own_name), credential, admission, NULL,
                               NULL, (uint64_t)time(NULL), now, &context, &error),
          "cluster", conclave_error_message(error));
    conclave_admission_free(admission);
    conclave_credential_free(credential);
    conclave_identity_free(identity);
    return context;
}

int main(int count, char **arguments) {
    if (count != 4 || strlen(arguments[3]) >= NAME_SIZE) {
        fprintf(stderr, "encrypted_cluster PORT SECRET-FILE NAME\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGTERM, ask_to_leave);
    strcpy(own_name, arguments[3]);
    own_start = milliseconds();
    open_socket(arguments[1]);
    conclave_encrypt *context = make(arguments[2], own_start);
    hear(own_name, own_start, own_start);
    tell_host_view(context, own_start);
    check(conclave_encrypt_start(context, own_start), "start", conclave_encrypt_message(context));
    uint64_t beacon = own_start;
    while (!must_leave) {
        uint64_t now = milliseconds(), deadline = UINT64_MAX;
        hear(own_name, own_start, now);
        if (forget_the_silent(now)) tell_host_view(context, now);
        if (now >= beacon) {
            send_packet('b', "", NULL, 0);
            beacon = now + BEACON_MS;
        }
        check(conclave_encrypt_deadline(context, &deadline), "deadline", "");
        if (deadline <= now) check(conclave_encrypt_tick(context, now), "tick", conclave_encrypt_message(context));
        serve(context);
        uint64_t until = deadline > now && deadline < beacon ? deadline : beacon;
        if (poll(&(struct pollfd){descriptor, POLLIN, 0}, 1, until > now ? (int)(until - now) : 0) > 0)
            receive(context, milliseconds());
    }
    check(conclave_encrypt_leave(context, milliseconds()), "leave", conclave_encrypt_message(context));
    serve(context);
    printf("left\n");
    conclave_encrypt_free(context);
    close(descriptor);
    return 0;
}
