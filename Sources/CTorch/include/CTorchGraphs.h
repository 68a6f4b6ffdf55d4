/// CTorchGraphs: work that is recorded once and started again by one call (CUDA graphs). The rules of CTorch.h hold.
///
/// What is recorded must be the same work each time: the same operations on tensors at the same places. What differs
/// from time to time stands in tensors that are filled before the work is started. Nothing in it may read numbers back
/// to the host.
#ifndef CTORCH_GRAPHS_H
#define CTORCH_GRAPHS_H

#include "CTorch.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Work that was recorded.
typedef struct CTGraph CTGraph;
/// Memory that several graphs share. Only one of them runs at a time, and nothing in it outlives a run.
typedef struct CTGraphPool CTGraphPool;
/// The work. Before it returns a failure it describes that by `ct_set_last_error`. It must not throw.
typedef CTStatus (*CTWork)(void *_Nullable context);

/// Whether work on the device can be recorded: on CUDA, where libtorch can; on the CPU only on a thread that
/// `ct_walk_device_path(true)` was called on.
bool ct_graphs_available(CTDeviceKind device);
/// While it is on, operations of this thread on CPU tensors are those that a GPU would run, and draw dropout's masks
/// from libtorch's generator: so that a machine without a GPU can test that path. Returns what it was before.
bool ct_walk_device_path(bool on);
/// Lets this thread work on a stream of its own from now on, which recording needs; it waits for the device the first
/// time and does nothing after that, or on the CPU.
CTStatus ct_enter_graph_stream(CTDeviceKind device);
/// Returns the memory that libtorch's allocator of the device holds and does not use.
CTStatus ct_release_device_memory(CTDeviceKind device);

/// A pool without memory.
CTStatus ct_graph_pool_create(CTDeviceKind device, CTGraphPool *_Nullable *_Nonnull out);
/// Frees the pool once no graph uses it. NULL is allowed.
void ct_graph_pool_free(CTGraphPool *_Nullable pool);
/// Does the work once, and keeps it. Work that fails, or cannot be recorded, leaves NULL; on CUDA it is not done then.
CTStatus ct_graph_capture(CTGraphPool *_Nullable pool, CTWork _Nonnull run, void *_Nullable context,
                          CTGraph *_Nullable *_Nonnull out);
/// Does the work once more; the host does not wait for it.
CTStatus ct_graph_replay(CTGraph *_Nullable graph);
/// Forgets the work. NULL is allowed.
void ct_graph_free(CTGraph *_Nullable graph);

/// The number of operations that were recorded on the CPU; 0 on other devices.
int32_t ct_graph_call_count(const CTGraph *_Nullable graph);
/// The name of one of them, such as "aten::mm", as long as the graph lives; "" beyond the last.
const char *_Nonnull ct_graph_call_name(const CTGraph *_Nullable graph, int32_t number);
/// Of a graph on the CPU: the number of pieces of memory that the work uses and did not make. They must stay where they
/// are as long as the graph lives.
int32_t ct_graph_foreign_count(const CTGraph *_Nullable graph);

/// Until `ct_draws_end`, the device's generator draws what operations of this thread ask for from this seed, one number
/// after another, instead of from a seed for each operation; other threads wait that want to draw. A recorded graph
/// draws from the seed of the time when it is started. `ct_add_norm` draws its masks from that seed and the number of
/// the call, on CUDA and on the device's path.
CTStatus ct_draws_begin(CTDeviceKind device, uint64_t seed);
/// Ends that, on the same thread.
void ct_draws_end(void);
/// "in use" where a GPU's fused kernels compute what is drawn from one seed, or in a line why they do not. Where nobody
/// asked before, it compiles and checks them. The text stays until the next call on the thread.
const char *_Nonnull ct_fused_kernels(CTDeviceKind device);
/// Whether `ct_bias_gelu` and `ct_add_norm` had better add the bias of a product than the product itself, on this
/// thread now: on the CPU, and on a GPU between `ct_draws_begin` and `ct_draws_end` where its fused kernels are in use.
bool ct_adds_bias_later(CTDeviceKind device);

/// The elements `start ..< end` of a vector of int64 numbers as ids that the caller says lie in 0 ... `highest`: they
/// share its memory, may be overwritten by others of that range, and `ct_embedding` does not look at them.
CTStatus ct_trusted_ids(const CTTensor *_Nullable numbers, int64_t start, int64_t end, int64_t highest,
                        CTTensor *_Nullable *_Nonnull out);
/// The elements of a contiguous tensor as a matrix [rows, columns] that shares its memory.
CTStatus ct_view_rows(const CTTensor *_Nullable tensor, int64_t rows, CTTensor *_Nullable *_Nonnull out);
/// Overwrites `tensor` with `source`, of the same shape and type, on the CPU; the host waits for neither the device nor
/// the copy, and may free `source` at once.
CTStatus ct_tensor_fill(CTTensor *_Nullable tensor, const CTTensor *_Nullable source);
/// Elements on their way to the host.
typedef struct CTHostCopy CTHostCopy;
/// Queues a copy of the elements as they are once the device gets to it; the host does not wait, and what is queued
/// later may overwrite them.
CTStatus ct_host_copy_begin(const CTTensor *_Nullable tensor, CTHostCopy *_Nullable *_Nonnull out);
/// Waits for the copy, and for nothing that was queued after it: a tensor on the CPU.
CTStatus ct_host_copy_finish(const CTHostCopy *_Nullable copy, CTTensor *_Nullable *_Nonnull out);
void ct_host_copy_free(CTHostCopy *_Nullable copy);
/// Adds `value` to `tensor` in place; autograd does not record it.
CTStatus ct_accumulate(CTTensor *_Nullable tensor, const CTTensor *_Nullable value);
/// Sets all elements to zero; autograd does not record it.
CTStatus ct_zero(CTTensor *_Nullable tensor);
/// Makes `gradient` the gradient of a leaf: later ones are added to it in place.
CTStatus ct_set_grad(CTTensor *_Nullable tensor, const CTTensor *_Nullable gradient);

/// `ct_packed_span_loss` of rows whose places the device knows: `starts` is int32 [B + 2] and `targets` int64 [B, 2],
/// both on the device of `logits` [T, 2]; the last of the B + 1 rows counts as nothing. No row has more than `longest`
/// tokens, which nobody checks, as nobody checks the targets.
CTStatus ct_packed_span_loss_in_form(const CTTensor *_Nullable logits, const CTTensor *_Nullable starts,
                                     const CTTensor *_Nullable targets, int64_t longest, double row_divisor,
                                     CTTensor *_Nullable *_Nonnull out);
/// `ct_packed_soft_span_loss` of such rows: `places` and `teacher`, if there is one, are float32 [T, 2] on the device
/// of the logits, with anything for the last row. Nobody checks that each row has a place and that shares sum to 1.
CTStatus ct_packed_soft_span_loss_in_form(const CTTensor *_Nullable logits, const CTTensor *_Nullable starts,
                                          const CTTensor *_Nullable places, double smoothing,
                                          const CTTensor *_Nullable teacher, double temperature,
                                          double teacher_weight, int64_t longest, double row_divisor,
                                          CTTensor *_Nullable *_Nonnull out);
/// `ct_linear` that reads `rounded`, the weight in the type of `x`, which the caller keeps equal to the weight.
CTStatus ct_linear_rounded(const CTTensor *_Nullable x, const CTTensor *_Nullable weight,
                           const CTTensor *_Nullable rounded, const CTTensor *_Nullable bias,
                           CTTensor *_Nullable *_Nonnull out);
/// `ct_linear` of several layers that read the same `x` [T, I], as one product: `weights` and `biases` of `count`
/// layers, and `rounded` [sum of O, I], the weights below each other in the type of `x`, which the product reads. The
/// caller keeps it equal to the weights. Writes `count` results, slices of one tensor. Differentiable in x, weights and
/// biases.
CTStatus ct_linear_joined(const CTTensor *_Nullable x, CTTensor *_Nullable const *_Nullable weights,
                          CTTensor *_Nullable const *_Nullable biases, int32_t count,
                          const CTTensor *_Nullable rounded, CTTensor *_Nullable *_Nonnull outs);
/// Overwrites each of `count` tensors with its source, of the same shape, in few kernels for all of them.
CTStatus ct_assign_all(CTTensor *_Nullable const *_Nullable targets, CTTensor *_Nullable const *_Nullable sources,
                       int32_t count);
/// The joint 2-norm of the gradients of `count` parameters and each parameter's, as `ct_clip_grad_norm` gives them, and
/// what `ct_adamw_step_by_tensors` has to divide the gradients by so that the joint norm is at most `max_norm` (<= 0
/// for any): float32 []. The gradients stay as they are. With `scale`, float32 [] on their device, they are those of a
/// loss that was multiplied with it: norms are without it, and the divisor takes it out.
CTStatus ct_measure_gradients(CTTensor *_Nullable const *_Nullable parameters, int32_t count, double max_norm,
                              const CTTensor *_Nullable scale, CTTensor *_Nullable *_Nonnull norms,
                              CTTensor *_Nullable *_Nonnull divisor);
/// `ct_adamw_step` with the learning rate and the number of the step as float32 [] on the parameters' device; `skip`
/// and `skipped` are needed. With `divisor`, float32 [] there, gradients are divided by it while they are read.
CTStatus ct_adamw_step_by_tensors(CTTensor *_Nullable const *_Nullable parameters,
                                  CTTensor *_Nullable const *_Nullable first_moments,
                                  CTTensor *_Nullable const *_Nullable second_moments, int32_t count,
                                  const CTTensor *_Nullable learning_rate, const CTTensor *_Nullable step, double beta1,
                                  double beta2, double epsilon, double weight_decay,
                                  const CTTensor *_Nullable divisor, const CTTensor *_Nullable skip,
                                  const CTTensor *_Nullable skipped);

#ifdef __cplusplus
}
#endif

#endif
