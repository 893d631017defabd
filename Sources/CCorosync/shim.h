// Corosync's closed process groups (CPG), opened when they are first used: neither the build nor the library needs
// Corosync. Declared from the manual pages cpg_overview(3), cpg_model_initialize(3) and those that they name;
// Tests/ABI/corosync_header_test.c holds these declarations against <corosync/cpg.h> where it is installed.
#ifndef CONCLAVE_CCOROSYNC_SHIM_H
#define CONCLAVE_CCOROSYNC_SHIM_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// What cs_error_t can be, as far as it is told apart here.
enum {
    CONCLAVE_CS_OK = 1,
    CONCLAVE_CS_TRY_AGAIN = 6,
    CONCLAVE_CS_ACCESS = 11,
    CONCLAVE_CS_EXIST = 14,
    CONCLAVE_CS_SECURITY = 100,
};

enum {
    CONCLAVE_CPG_MODEL_V1 = 1,
    CONCLAVE_CPG_INITIAL_TOTEM = 1,   // CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF
    CONCLAVE_CPG_AGREED = 2,          // CPG_TYPE_AGREED
    CONCLAVE_CPG_ONE_NONBLOCKING = 4, // CS_DISPATCH_ONE_NONBLOCKING
};

struct conclave_cpg_address {
    uint32_t node;
    uint32_t process;
    uint32_t reason;
};

struct conclave_cpg_name {
    uint32_t length;
    char value[128];
};

struct conclave_cpg_ring {
    uint32_t node;
    uint64_t sequence;
};

typedef void (*conclave_cpg_deliver)(uint64_t handle, const struct conclave_cpg_name *group, uint32_t node,
                                     uint32_t process, void *bytes, size_t size);
typedef void (*conclave_cpg_change)(uint64_t handle, const struct conclave_cpg_name *group,
                                    const struct conclave_cpg_address *members, size_t member_count,
                                    const struct conclave_cpg_address *left, size_t left_count,
                                    const struct conclave_cpg_address *joined, size_t joined_count);
typedef void (*conclave_cpg_ring_change)(uint64_t handle, struct conclave_cpg_ring ring, uint32_t member_count,
                                         const uint32_t *members);

struct conclave_cpg_model {
    int model;
    conclave_cpg_deliver deliver;
    conclave_cpg_change change;
    conclave_cpg_ring_change ring_change;
    unsigned int flags;
};

struct conclave_cpg_vector {
    const void *bytes;
    size_t size;
};

struct conclave_cpg_library {
    int (*initialize)(uint64_t *handle, int model, struct conclave_cpg_model *data, void *context);
    int (*finalize)(uint64_t handle);
    int (*descriptor)(uint64_t handle, int *descriptor);
    int (*dispatch)(uint64_t handle, int kind);
    int (*join)(uint64_t handle, const struct conclave_cpg_name *group);
    int (*multicast)(uint64_t handle, int guarantee, const struct conclave_cpg_vector *vector, unsigned int count);
    int (*node)(uint64_t handle, unsigned int *node);
};

/// Opens libcpg and finds its functions; false when it is not installed, or another one. It is never closed: libqb
/// keeps what a reopened copy would not find.
static inline _Bool conclave_cpg_open(struct conclave_cpg_library *library) {
    void *object = dlopen("libcpg.so.4", RTLD_NOW | RTLD_LOCAL | 0x1000 /* RTLD_NODELETE */);
    if (object == NULL) return 0;
    *(void **)&library->initialize = dlsym(object, "cpg_model_initialize");
    *(void **)&library->finalize = dlsym(object, "cpg_finalize");
    *(void **)&library->descriptor = dlsym(object, "cpg_fd_get");
    *(void **)&library->dispatch = dlsym(object, "cpg_dispatch");
    *(void **)&library->join = dlsym(object, "cpg_join");
    *(void **)&library->multicast = dlsym(object, "cpg_mcast_joined");
    *(void **)&library->node = dlsym(object, "cpg_local_get");
    return library->initialize != NULL && library->finalize != NULL && library->descriptor != NULL &&
           library->dispatch != NULL && library->join != NULL && library->multicast != NULL && library->node != NULL;
}

/// Connects to the daemon; CONCLAVE_CS_OK, or CPG's error.
static inline int conclave_cpg_connect(const struct conclave_cpg_library *library, uint64_t *handle,
                                       conclave_cpg_deliver deliver, conclave_cpg_change change,
                                       conclave_cpg_ring_change ring_change) {
    struct conclave_cpg_model model;
    memset(&model, 0, sizeof model);
    model.model = CONCLAVE_CPG_MODEL_V1;
    model.deliver = deliver;
    model.change = change;
    model.ring_change = ring_change;
    model.flags = CONCLAVE_CPG_INITIAL_TOTEM;
    return library->initialize(handle, CONCLAVE_CPG_MODEL_V1, &model, NULL);
}

/// Joins a group whose name has at most 127 bytes.
static inline int conclave_cpg_join(const struct conclave_cpg_library *library, uint64_t handle, const uint8_t *name,
                                    size_t size) {
    struct conclave_cpg_name group;
    memset(&group, 0, sizeof group);
    if (size >= sizeof group.value) return CONCLAVE_CS_EXIST;
    group.length = (uint32_t)size;
    memcpy(group.value, name, size);
    return library->join(handle, &group);
}

/// Sends a message of two pieces, of which either may be empty.
static inline int conclave_cpg_multicast(const struct conclave_cpg_library *library, uint64_t handle, const void *head,
                                         size_t head_size, const void *body, size_t body_size) {
    struct conclave_cpg_vector vector[2] = {{head, head_size}, {body, body_size}};
    return library->multicast(handle, CONCLAVE_CPG_AGREED, vector, 2);
}

/// Whom the callbacks of this thread are for while it dispatches.
static inline void **conclave_cpg_receiver(void) {
    static _Thread_local void *receiver;
    return &receiver;
}

static inline int conclave_cpg_dispatch_one(const struct conclave_cpg_library *library, uint64_t handle,
                                            void *receiver) {
    *conclave_cpg_receiver() = receiver;
    int answer = library->dispatch(handle, CONCLAVE_CPG_ONE_NONBLOCKING);
    *conclave_cpg_receiver() = NULL;
    return answer;
}

#endif
