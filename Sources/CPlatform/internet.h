// Sockets over the internet protocols, by addresses in numbers: names are the host's to resolve.
#ifndef CONCLAVE_CPLATFORM_INTERNET_H
#define CONCLAVE_CPLATFORM_INTERNET_H

#include "shim.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/// An address of either family and its size.
struct conclave_internet_address {
    struct sockaddr_storage storage;
    socklen_t size;
};

/// Fills an address from its text ("127.0.0.1", "::1") and a port; -1 for anything else.
static inline int conclave_make_internet_address(struct conclave_internet_address *address, const char *text,
                                                 uint16_t port) {
    struct sockaddr_in *four = (struct sockaddr_in *)&address->storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->storage;
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        address->size = sizeof *four;
        return 0;
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1) return -1;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    address->size = sizeof *six;
    return 0;
}

/// A stream socket of the address's family, close-on-exec and non-blocking; -1 and errno on failure.
static inline int conclave_internet_socket(const struct conclave_internet_address *address) {
    return socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/// Listens at the address; -1 and errno on failure. A port that was in use a moment ago is taken again.
static inline int conclave_listen_internet(int descriptor, const struct conclave_internet_address *address,
                                           int backlog) {
    int on = 1;
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return -1;
    if (bind(descriptor, (const struct sockaddr *)&address->storage, address->size) != 0) return -1;
    return listen(descriptor, backlog);
}

/// The port that a socket is bound to; 0 on failure.
static inline uint16_t conclave_internet_port(int descriptor) {
    struct sockaddr_storage storage;
    socklen_t size = sizeof storage;
    if (getsockname(descriptor, (struct sockaddr *)&storage, &size) != 0) return 0;
    if (storage.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&storage)->sin6_port);
    return ntohs(((struct sockaddr_in *)&storage)->sin_port);
}

/// Begins to connect: 0 when it is done or under way, or the errno.
static inline int conclave_connect_internet(int descriptor, const struct conclave_internet_address *address) {
    if (connect(descriptor, (const struct sockaddr *)&address->storage, address->size) == 0) return 0;
    return errno == EINPROGRESS || errno == EINTR ? 0 : errno;
}

/// How a connection that was under way has ended: 0, or the errno.
static inline int conclave_socket_error(int descriptor) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

#endif
