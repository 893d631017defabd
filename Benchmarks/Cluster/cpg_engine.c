/* Bare CPG. Arguments: GROUP */
#include "engine.h"
#include <corosync/cpg.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static cpg_handle_t handle;
static struct cpg_name group;
static uint32_t own_node;
static int descriptor;

static void deliver(cpg_handle_t from, const struct cpg_name *name, uint32_t node, uint32_t process, void *data,
                    size_t size) {
    (void)from, (void)name;
    on_message(data, size, node == own_node && process == (uint32_t)getpid());
}

static void change(cpg_handle_t from, const struct cpg_name *name, const struct cpg_address *members, size_t count,
                   const struct cpg_address *left, size_t left_count, const struct cpg_address *joined,
                   size_t joined_count) {
    (void)from, (void)name, (void)members, (void)joined, (void)joined_count;
    for (size_t index = 0; index < left_count; index++) {
        if (left[index].nodeid == own_node && left[index].pid == (uint32_t)getpid()) {
            on_end();
            return;
        }
    }
    on_members(count);
}

void engine_join(int count, char **arguments) {
    REQUIRE(count == 2, "usage: cpg-member GROUP");
    cpg_callbacks_t callbacks = {deliver, change};
    REQUIRE(cpg_initialize(&handle, &callbacks) == CS_OK, "does Corosync run?");
    REQUIRE(cpg_local_get(handle, &own_node) == CS_OK && cpg_fd_get(handle, &descriptor) == CS_OK, "cpg");
    group.length = (uint32_t)strlen(arguments[1]);
    REQUIRE(group.length <= sizeof group.value, "the group's name is too long");
    memcpy(group.value, arguments[1], group.length);
    cs_error_t status;
    while ((status = cpg_join(handle, &group)) == CS_ERR_TRY_AGAIN) usleep(1000);
    REQUIRE(status == CS_OK, "cpg_join");
}

void engine_leave(void) {
    while (cpg_leave(handle, &group) == CS_ERR_TRY_AGAIN) usleep(1000);
}

void engine_refresh(void) {}

int engine_descriptor(void) { return descriptor; }

int engine_patience(void) { return 1000; }

void engine_process(void) {
    cs_error_t status = cpg_dispatch(handle, CS_DISPATCH_ALL);
    REQUIRE(status == CS_OK || status == CS_ERR_TRY_AGAIN, "cpg_dispatch");
}

bool engine_send(const uint8_t *data, size_t size) {
    struct iovec vector = {(void *)data, size};
    cs_error_t status = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &vector, 1);
    REQUIRE(status == CS_OK || status == CS_ERR_TRY_AGAIN, "cpg_mcast_joined");
    return status == CS_OK;
}
