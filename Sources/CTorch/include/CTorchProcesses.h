/// CTorchProcesses: what CTorch has of libtorch's c10d, for training by several processes. The rules of CTorch.h hold.
///
/// Processes are numbered by their rank, 0 ..< size. All of them make collective calls in the same order with tensors
/// of the same shape and type; a call that waits longer than the group's timeout, or whose peer is gone, fails with
/// `CT_ERROR`.
#ifndef CTORCH_PROCESSES_H
#define CTORCH_PROCESSES_H

#include "CTorch.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A connection to the table of keys and values by which processes find each other.
typedef struct CTStore CTStore;
/// This process's part in a group of processes.
typedef struct CTProcessGroup CTProcessGroup;
/// What sums gradients over a group while the backward pass goes on.
typedef struct CTGradientReducer CTGradientReducer;

/// Who serves a store, and to whom.
typedef enum CTStoreRole : int32_t {
    /// Another process serves the store.
    CT_STORE_CLIENT = 0,
    /// This process serves the store to the processes of this machine, on 127.0.0.1.
    CT_STORE_SERVER_ON_LOOPBACK = 1,
    /// This process serves the store on every network interface, without a password: anybody who reaches the port can
    /// read and set keys whose names they know.
    CT_STORE_SERVER = 2,
} CTStoreRole;

/// Connects to the store at `host`:`port`, trying for `timeout` seconds. A server with port 0 takes a free port.
/// Writes the port to `bound`. Calls of one store wait for each other.
CTStatus ct_store_connect(const char *_Nonnull host, int32_t port, CTStoreRole role, double timeout,
                          CTStore *_Nullable *_Nonnull out, int32_t *_Nonnull bound);
/// The same store with `prefix` before every key.
CTStatus ct_store_prefixed(const CTStore *_Nullable store, const char *_Nonnull prefix,
                           CTStore *_Nullable *_Nonnull out);
/// Closes the connection. NULL is allowed.
void ct_store_free(CTStore *_Nullable store);
/// Sets the value of a key.
CTStatus ct_store_set(CTStore *_Nullable store, const char *_Nonnull key, const void *_Nullable bytes, size_t count);
/// The value of a key as a CPU tensor of bytes; NULL with `CT_OK` where there is none.
CTStatus ct_store_get(CTStore *_Nullable store, const char *_Nonnull key, CTTensor *_Nullable *_Nonnull out);

/// Joins a group of `size` processes that communicate by Gloo, from this machine's `address` (an IP address; NULL for
/// that of the interface named by GLOO_SOCKET_IFNAME, or of the host's name). Waits `timeout` seconds for the others;
/// collective calls then wait at most as long.
CTStatus ct_process_group_gloo(CTStore *_Nullable store, int32_t rank, int32_t size, const char *_Nullable address,
                               double timeout, CTProcessGroup *_Nullable *_Nonnull out);
/// The same by NCCL, for tensors on this process's current CUDA device; an error where this build has none.
CTStatus ct_process_group_nccl(CTStore *_Nullable store, int32_t rank, int32_t size, double timeout,
                               CTProcessGroup *_Nullable *_Nonnull out);
/// Leaves the group. NULL is allowed.
void ct_process_group_free(CTProcessGroup *_Nullable group);
/// Replaces the elements of a contiguous tensor by their sums over all processes: the same bits everywhere.
CTStatus ct_all_reduce(CTProcessGroup *_Nullable group, CTTensor *_Nullable tensor);
/// Replaces the elements of a contiguous tensor by those of process `root`.
CTStatus ct_broadcast(CTProcessGroup *_Nullable group, CTTensor *_Nullable tensor, int32_t root);

/// Watches the gradients of `count` parameters, which must outlive it, in buckets of about `bucket_bytes`, from the
/// last parameter to the first, as a backward pass completes them. The buckets are the same in every step and every
/// process, so that sums have the same bits after a resume.
CTStatus ct_gradient_reducer_create(CTProcessGroup *_Nullable group, CTTensor *_Nullable const *_Nullable parameters,
                                    int32_t count, int64_t bucket_bytes, CTGradientReducer *_Nullable *_Nonnull out);
/// Makes the next backward pass of this thread the one whose gradients are summed: each bucket as soon as it is
/// complete.
CTStatus ct_gradient_reducer_arm(CTGradientReducer *_Nullable reducer);
/// Sends the buckets not sent yet, with zeros for parameters without a gradient, and waits; then every parameter's
/// gradient is the sum over all processes. Writes the seconds that it waited for the others to `waited`.
CTStatus ct_gradient_reducer_finish(CTGradientReducer *_Nullable reducer, double *_Nonnull waited);
/// Stops watching. NULL is allowed.
void ct_gradient_reducer_free(CTGradientReducer *_Nullable reducer);

#ifdef __cplusplus
}
#endif

#endif
