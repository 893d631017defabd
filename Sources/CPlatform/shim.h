// The one door to the C library, the same in Embedded and ordinary mode (Glibc has no Embedded module).
#ifndef CONCLAVE_CPLATFORM_SHIM_H
#define CONCLAVE_CPLATFORM_SHIM_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// glibc hides this one behind _DEFAULT_SOURCE, which Swift's importer does not define.
extern void explicit_bzero(void *bytes, size_t size);

static inline int conclave_errno(void) { return errno; }
static inline void conclave_set_errno(int value) { errno = value; }

/// Monotonic milliseconds; never goes back and is unaffected by the wall clock.
static inline uint64_t conclave_monotonic_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/// A stream socket of the local family, close-on-exec and non-blocking; -1 and errno on failure.
static inline int conclave_local_socket(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

/// Fills a local address; -1 when the path does not fit (107 bytes at most on Linux).
static inline int conclave_local_address(struct sockaddr_un *address, const char *path, size_t path_size) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (path_size == 0 || path_size >= sizeof address->sun_path) return -1;
    memcpy(address->sun_path, path, path_size);
    return 0;
}

static inline int conclave_bind_local(int descriptor, const struct sockaddr_un *address) {
    return bind(descriptor, (const struct sockaddr *)address, sizeof *address);
}

static inline int conclave_connect_local(int descriptor, const struct sockaddr_un *address) {
    return connect(descriptor, (const struct sockaddr *)address, sizeof *address);
}

/// Accepts one connection, close-on-exec and non-blocking; -1 and errno on failure.
static inline int conclave_accept_local(int descriptor) {
    extern int accept4(int, struct sockaddr *, socklen_t *, int);
    return accept4(descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/// A second descriptor, close-on-exec, of a listening local stream socket that somebody else has made, which becomes
/// non-blocking. -1 and errno where it is none (EBADF, ENOTSOCK, EINVAL) or there is no room for another.
static inline int conclave_share_listener(int descriptor) {
    const int wanted[3][2] = {{SO_DOMAIN, AF_UNIX}, {SO_TYPE, SOCK_STREAM}, {SO_ACCEPTCONN, 1}};
    for (int index = 0; index < 3; index++) {
        int value = -1;
        socklen_t size = sizeof value;
        if (getsockopt(descriptor, SOL_SOCKET, wanted[index][0], &value, &size) != 0) return -1;
        if (value == wanted[index][1]) continue;
        errno = EINVAL;
        return -1;
    }
    int status = fcntl(descriptor, F_GETFL);
    if (status < 0 || fcntl(descriptor, F_SETFL, status | O_NONBLOCK) < 0) return -1;
    return fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
}

/// send() that never raises SIGPIPE: a library does not touch its host's signal dispositions.
static inline ssize_t conclave_send(int descriptor, const void *bytes, size_t size) {
    return send(descriptor, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static inline ssize_t conclave_receive(int descriptor, void *bytes, size_t capacity) {
    return recv(descriptor, bytes, capacity, MSG_DONTWAIT);
}

/// Registers or changes interest in a descriptor; `tag` comes back with each event.
static inline int conclave_epoll_set(int epoll, int operation, int descriptor, uint32_t events, uint64_t tag) {
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = events;
    event.data.u64 = tag;
    return epoll_ctl(epoll, operation, descriptor, &event);
}

/// Zeroed pages that a child of fork() finds zeroed again; NULL on failure. Never returned to the system.
static inline uint64_t *conclave_map_wiped_on_fork(size_t size) {
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, 0x02 | 0x20 /* MAP_PRIVATE | MAP_ANONYMOUS */, -1, 0);
    if (pages == MAP_FAILED) return NULL;
    extern int madvise(void *, size_t, int);
    if (madvise(pages, size, 18 /* MADV_WIPEONFORK, Linux 4.14 */) != 0) {
        munmap(pages, size);
        return NULL;
    }
    return (uint64_t *)pages;
}

/// Whether so much memory could be had just now. Nothing is kept, and nothing of malloc's state changes.
static inline bool conclave_has_room(size_t size) {
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, 0x02 | 0x20 /* MAP_PRIVATE | MAP_ANONYMOUS */, -1, 0);
    if (pages == MAP_FAILED) return false;
    munmap(pages, size);
    return true;
}

static inline uint64_t conclave_load_acquire(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

static inline void conclave_store_release(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/// Stores `value` if the word holds `expected`; whether it did.
static inline _Bool conclave_exchange_if(uint64_t *word, uint64_t expected, uint64_t value) {
    return __atomic_compare_exchange_n(word, &expected, value, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static inline uint64_t conclave_epoll_tag(const struct epoll_event *event) { return event->data.u64; }

/// Takes up to 64 events that are ready now, without waiting: their tags and masks. Their number, or -1 and errno.
static inline int conclave_epoll_take(int epoll, uint64_t tags[64], uint32_t masks[64]) {
    struct epoll_event ready[64];
    int count = epoll_wait(epoll, ready, 64, 0);
    for (int index = 0; index < count; index++) {
        tags[index] = ready[index].data.u64;
        masks[index] = ready[index].events;
    }
    return count;
}

/// Whether a descriptor takes something to write just now: of a local stream socket, whether less than a quarter of its
/// room is taken.
static inline _Bool conclave_is_writable(int descriptor) {
    struct pollfd watched = {descriptor, POLLOUT, 0};
    return poll(&watched, 1, 0) > 0;
}

/// Waits until one of two descriptors is readable or `timeout` milliseconds (-1: no end) have passed. 0 or more, or -1
/// and errno; `*second_ready` says whether the second one is.
static inline int conclave_poll_two(int first, int second, int timeout, _Bool *second_ready) {
    struct pollfd waits[2] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
    int count = poll(waits, 2, timeout);
    *second_ready = count > 0 && waits[1].revents != 0;
    return count;
}

/// One of several pieces of a work.
struct conclave_piece {
    void (*body)(void *context, size_t index);
    void *context;
    size_t index;
};

static inline void *conclave_run_piece(void *piece) {
    const struct conclave_piece *own = (const struct conclave_piece *)piece;
    own->body(own->context, own->index);
    return NULL;
}

enum { CONCLAVE_PIECES_MAX = 64 };

/// Runs `count` pieces, at most CONCLAVE_PIECES_MAX, at once, the last of them in the calling thread, and returns when
/// all are done. The other threads are gone by then, and get none of the process's signals. A piece for which there can
/// be no thread runs in the calling one.
static inline void conclave_run_pieces(size_t count, void (*body)(void *context, size_t index), void *context) {
    pthread_t threads[CONCLAVE_PIECES_MAX];
    struct conclave_piece pieces[CONCLAVE_PIECES_MAX];
    size_t started = 0;
    sigset_t all, before;
    if (count > CONCLAVE_PIECES_MAX) count = CONCLAVE_PIECES_MAX;
    sigfillset(&all);
    int masked = pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
    for (; masked && started + 1 < count; started++) {
        struct conclave_piece piece = {body, context, started};
        pieces[started] = piece;
        if (pthread_create(&threads[started], NULL, conclave_run_piece, &pieces[started]) != 0) break;
    }
    if (masked) pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (size_t index = started; index < count; index++) body(context, index);
    for (size_t index = 0; index < started; index++) pthread_join(threads[index], NULL);
}

/// What a path names, symbolic links not followed. 0, or -1 and errno.
struct conclave_file_identity {
    uint64_t device;
    uint64_t inode;
    uint32_t mode;
    _Bool is_socket;
};

static inline int conclave_identify_file(const char *path, struct conclave_file_identity *identity) {
    struct stat status;
    if (lstat(path, &status) != 0) return -1;
    identity->device = (uint64_t)status.st_dev;
    identity->inode = (uint64_t)status.st_ino;
    identity->mode = (uint32_t)status.st_mode & 07777u;
    identity->is_socket = S_ISSOCK(status.st_mode);
    return 0;
}

/// Opens the directory that holds a path and locks it against other starts of a hub, trying for half a second; -1 when
/// it cannot be read or stays locked. Closing the descriptor unlocks.
static inline int conclave_lock_directory_of(const char *path) {
    extern int flock(int, int);
    extern int usleep(unsigned int);
    char directory[4096];
    size_t size = strlen(path);
    if (size >= sizeof directory) return -1;
    memcpy(directory, path, size + 1);
    char *slash = strrchr(directory, '/');
    if (slash == NULL)
        memcpy(directory, ".", 2);
    else
        slash[slash == directory ? 1 : 0] = 0;
    int descriptor = open(directory, O_RDONLY | 0x10000 /* O_DIRECTORY */ | O_CLOEXEC);
    if (descriptor < 0) return -1;
    for (int attempt = 0; attempt < 50; attempt++) {
        if (flock(descriptor, 2 | 4 /* LOCK_EX | LOCK_NB */) == 0) return descriptor;
        if (errno != EAGAIN && errno != EINTR) break;
        usleep(10000);
    }
    close(descriptor);
    return -1;
}

/// Makes an event descriptor readable; safe in a signal handler, and leaves errno alone.
static inline void conclave_raise_event(int descriptor) {
    int saved = errno;
    uint64_t one = 1;
    if (write(descriptor, &one, sizeof one) < 0) { /* It is raised already: nothing else can fail here. */
    }
    errno = saved;
}

/// Takes back what conclave_raise_event did; whether it had been raised.
static inline _Bool conclave_lower_event(int descriptor) {
    uint64_t count;
    return read(descriptor, &count, sizeof count) == (ssize_t)sizeof count;
}

/// Opens a file to read it, close-on-exec; -1 and errno on failure.
static inline int conclave_open_to_read(const char *path) { return open(path, O_RDONLY | O_CLOEXEC); }

/// Makes a new file of a mode and opens it to write to it; -1 and errno on failure.
static inline int conclave_open_new(const char *path, mode_t mode) {
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
}

/// Renames a file unless something has the new name already (then -1 and EEXIST), in one step.
static inline int conclave_rename_new(const char *from, const char *to) {
    extern int renameat2(int, const char *, int, const char *, unsigned int);
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, 1 /* RENAME_NOREPLACE */) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    // A file system without that call: a second name is refused when it exists, too.
    if (link(from, to) != 0) return -1;
    return unlink(from);
}

/// A lock for what several handles share: their threads may be different ones. NULL when there is no memory.
static inline void *conclave_mutex_new(void) {
    pthread_mutex_t *mutex = (pthread_mutex_t *)malloc(sizeof *mutex);
    if (mutex != NULL) pthread_mutex_init(mutex, NULL);
    return mutex;
}

static inline void conclave_mutex_lock(void *mutex) { pthread_mutex_lock((pthread_mutex_t *)mutex); }

static inline void conclave_mutex_unlock(void *mutex) { pthread_mutex_unlock((pthread_mutex_t *)mutex); }

static inline void conclave_yield(void) { sched_yield(); }

static inline void conclave_mutex_free(void *mutex) {
    pthread_mutex_destroy((pthread_mutex_t *)mutex);
    free(mutex);
}

#endif
