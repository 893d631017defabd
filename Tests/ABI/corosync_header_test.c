/* The declarations of closed process groups in Sources/CCorosync against Corosync's own header, where that is
 * installed: the library is built without it. */
#define _GNU_SOURCE
#include "../../Sources/CCorosync/shim.h"
#include "check.h"

#if defined(__has_include)
#if __has_include(<corosync/cpg.h>)
#define HAVE_COROSYNC
#include <corosync/cpg.h>
#include <sys/uio.h>
#endif
#endif

#ifdef HAVE_COROSYNC
#define SAME_SIZE(ours, theirs) CHECK(sizeof(ours) == sizeof(theirs))
#define SAME_PLACE(ours, member, theirs, other) CHECK(offsetof(ours, member) == offsetof(theirs, other))

/* A function of ours that theirs takes without a cast; the compiler refuses what differs. */
static void deliver(cpg_handle_t handle, const struct cpg_name *group, uint32_t node, uint32_t process, void *bytes,
                    size_t size) {
    (void)handle, (void)group, (void)node, (void)process, (void)bytes, (void)size;
}

static void change_ring(cpg_handle_t handle, struct cpg_ring_id ring, uint32_t count, const uint32_t *members) {
    (void)handle, (void)ring, (void)count, (void)members;
}

static void test_layout(void) {
    SAME_SIZE(struct conclave_cpg_address, struct cpg_address);
    SAME_PLACE(struct conclave_cpg_address, node, struct cpg_address, nodeid);
    SAME_PLACE(struct conclave_cpg_address, process, struct cpg_address, pid);
    SAME_PLACE(struct conclave_cpg_address, reason, struct cpg_address, reason);
    SAME_SIZE(struct conclave_cpg_name, struct cpg_name);
    SAME_PLACE(struct conclave_cpg_name, length, struct cpg_name, length);
    SAME_PLACE(struct conclave_cpg_name, value, struct cpg_name, value);
    SAME_SIZE(struct conclave_cpg_ring, struct cpg_ring_id);
    SAME_PLACE(struct conclave_cpg_ring, node, struct cpg_ring_id, nodeid);
    SAME_PLACE(struct conclave_cpg_ring, sequence, struct cpg_ring_id, seq);
    SAME_SIZE(struct conclave_cpg_model, cpg_model_v1_data_t);
    SAME_PLACE(struct conclave_cpg_model, model, cpg_model_v1_data_t, model);
    SAME_PLACE(struct conclave_cpg_model, deliver, cpg_model_v1_data_t, cpg_deliver_fn);
    SAME_PLACE(struct conclave_cpg_model, change, cpg_model_v1_data_t, cpg_confchg_fn);
    SAME_PLACE(struct conclave_cpg_model, ring_change, cpg_model_v1_data_t, cpg_totem_confchg_fn);
    SAME_PLACE(struct conclave_cpg_model, flags, cpg_model_v1_data_t, flags);
    SAME_SIZE(struct conclave_cpg_vector, struct iovec);
    SAME_PLACE(struct conclave_cpg_vector, bytes, struct iovec, iov_base);
    SAME_PLACE(struct conclave_cpg_vector, size, struct iovec, iov_len);
    SAME_SIZE(cs_error_t, int);
    SAME_SIZE(cpg_handle_t, uint64_t);
    cpg_model_v1_data_t model = {.cpg_deliver_fn = deliver, .cpg_totem_confchg_fn = change_ring};
    CHECK(model.cpg_deliver_fn == deliver && model.cpg_totem_confchg_fn == change_ring);
}

static void test_numbers(void) {
    CHECK((int)CONCLAVE_CS_OK == (int)CS_OK);
    CHECK((int)CONCLAVE_CS_TRY_AGAIN == (int)CS_ERR_TRY_AGAIN);
    CHECK((int)CONCLAVE_CS_ACCESS == (int)CS_ERR_ACCESS);
    CHECK((int)CONCLAVE_CS_EXIST == (int)CS_ERR_EXIST);
    CHECK((int)CONCLAVE_CS_SECURITY == (int)CS_ERR_SECURITY);
    CHECK((int)CONCLAVE_CPG_MODEL_V1 == (int)CPG_MODEL_V1);
    CHECK(CONCLAVE_CPG_INITIAL_TOTEM == CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF);
    CHECK((int)CONCLAVE_CPG_AGREED == (int)CPG_TYPE_AGREED);
    CHECK((int)CONCLAVE_CPG_ONE_NONBLOCKING == (int)CS_DISPATCH_ONE_NONBLOCKING);
}
#endif

int main(void) {
#ifdef HAVE_COROSYNC
    test_layout();
    test_numbers();
#else
    fprintf(stderr, "corosync_header_test: <corosync/cpg.h> is not installed (libcpg-dev): nothing was compared\n");
#endif
    /* Without libcpg the transport says so; with it and without a daemon, that. */
    struct conclave_cpg_library library;
    bool is_installed = conclave_cpg_open(&library);
    conclave_status status = conclave_transport_check("corosync:", NULL, NULL, NULL, NULL, NULL);
    if (!is_installed)
        CHECK_STATUS(CONCLAVE_E_LIBRARY_MISSING, status);
    else
        CHECK(status == CONCLAVE_E_TRANSPORT_UNREACHABLE || status == CONCLAVE_OK);
    return check_finish();
}
