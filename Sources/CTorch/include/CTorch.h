/// CTorch: the part of libtorch that BertQA needs, behind a pure C interface.
///
/// Rules that hold for every function here, unless its comment says otherwise:
/// - It returns a `CTStatus`. No C++ exception crosses this boundary. After a status other than `CT_OK`,
///   `ct_last_error()` describes the failure, on the thread that made the call, until that thread's next failure.
/// - Results are written through out-parameters, which must not be NULL. After a failure every out-parameter of handle
///   type holds NULL and every one of number type holds 0.
/// - A `CTTensor *` written to an out-parameter is owned by the caller, who passes it to `ct_tensor_free` once.
///   Tensors passed in are borrowed for the call. A required tensor that is NULL is an error, never a crash; so is one
///   of a shape, type or device that the function does not take. Tensors need not be contiguous unless the comment says
///   so.
/// - Arrays of sizes and handles are borrowed for the call; NULL is an error unless their count is 0.
/// - Tensors may move between threads but must not be used by two threads at once.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One owned reference to a libtorch tensor.
typedef struct CTTensor CTTensor;

/// How a call ended.
typedef enum CTStatus : int32_t {
    CT_OK = 0,
    /// libtorch refused the arguments or failed; `ct_last_error()` says why.
    CT_ERROR = 1,
    /// The device or the host had no memory left for a result.
    CT_OUT_OF_MEMORY = 2,
} CTStatus;

/// Element types. (The enumerations have a fixed type: numbers without a name are refused instead of undefined.)
typedef enum CTDType : int32_t {
    CT_FLOAT32 = 0,
    CT_FLOAT64 = 1,
    CT_BFLOAT16 = 2,
    CT_FLOAT16 = 3,
    CT_INT64 = 4,
    CT_INT32 = 5,
    CT_UINT8 = 6,
    CT_BOOL = 7,
} CTDType;

/// Kinds of device.
typedef enum CTDeviceKind : int32_t {
    CT_CPU = 0,
    CT_CUDA = 1,
    CT_MPS = 2,
} CTDeviceKind;

/// What went wrong in this thread's last failed call: UTF-8, never NULL, owned by the library.
const char *_Nonnull ct_last_error(void);
/// Stores what `ct_last_error()` returns on this thread, for callbacks that fail; the text is copied.
void ct_set_last_error(const char *_Nonnull message);

// MARK: Run time

/// libtorch's version, such as "2.13.0": static memory.
const char *_Nonnull ct_version(void);
/// Puts large tensors of the CPU into memory apart from the heap, which is kept from step to step. For programs, once
/// at their start; a library should leave its host's allocator alone. False under AddressSanitizer, which watches the
/// heap.
bool ct_tune_allocator(void);
/// Returns freed memory to the system, where the host's allocator can.
void ct_release_memory(void);
/// Sets how many compiled matrix products libtorch's libraries keep, unless the environment does already
/// (ONEDNN_PRIMITIVE_CACHE_CAPACITY, LRU_CACHE_CAPACITY). They read it before their first product only.
CTStatus ct_keep_products(int32_t count);
/// Sets the number of threads that operations use; refuses values below 1.
CTStatus ct_set_threads(int32_t count);
/// The number of threads that operations use.
int32_t ct_threads(void);
/// The best instruction set libtorch's kernels use on this CPU ("AVX512", "AVX2", "DEFAULT", ...): static memory.
const char *_Nonnull ct_cpu_capability(void);
/// Whether this CPU multiplies bfloat16 matrices in hardware.
bool ct_cpu_has_bfloat16(void);
/// Whether a device of the kind can be used; the CPU always can.
bool ct_device_available(CTDeviceKind kind);
/// Makes the `index`-th device of a kind the current one of this thread, on which tensors of the kind are made; an
/// index without a device is an error. Does nothing for `CT_CPU`.
CTStatus ct_select_device(CTDeviceKind kind, int32_t index);
/// Whether the device multiplies bfloat16 matrices in hardware; not where there is no such device.
bool ct_device_has_bfloat16(CTDeviceKind kind);
/// The compute capability of the current CUDA device, 10 * major + minor, such as 75; 0 where it is not known, and for
/// other kinds of device.
int32_t ct_device_capability(CTDeviceKind kind);
/// Bytes of host memory that this process has resident now and at its peak. Zero where the system does not report them.
CTStatus ct_memory(int64_t *_Nonnull resident, int64_t *_Nonnull peak);
/// Makes operations on a GPU compute the same bits from the same numbers, by slower ones; those that cannot are
/// refused from then on. On the CPU they always do. It holds for the whole process and must be called before the
/// first matrix product on a GPU.
CTStatus ct_set_deterministic(bool deterministic);
/// Whether `ct_set_deterministic(true)` holds.
bool ct_deterministic(void);

// MARK: Making, describing and copying tensors

/// A tensor of zeros.
CTStatus ct_tensor_zeros(const int64_t *_Nullable shape, int32_t rank, CTDType dtype, CTDeviceKind device,
                         CTTensor *_Nullable *_Nonnull out);
/// A tensor with every element `value`.
CTStatus ct_tensor_full(double value, const int64_t *_Nullable shape, int32_t rank, CTDType dtype,
                        CTDeviceKind device, CTTensor *_Nullable *_Nonnull out);
/// A CPU tensor with a copy of `byte_count` bytes, which must be exactly what shape and type need.
CTStatus ct_tensor_copy_bytes(const void *_Nullable bytes, size_t byte_count, const int64_t *_Nullable shape,
                              int32_t rank, CTDType dtype, CTTensor *_Nullable *_Nonnull out);
/// A CPU tensor over memory that the caller owns. `release(context)` is called once, from any thread, when the last
/// reference to that memory is gone; if this call fails it is never called. `bytes` must be aligned for the type and
/// must not be written to through the tensor when it is mapped read-only.
CTStatus ct_tensor_borrow_bytes(const void *_Nonnull bytes, size_t byte_count, const int64_t *_Nullable shape,
                                int32_t rank, CTDType dtype, void (*_Nonnull release)(void *_Nullable),
                                void *_Nullable context, CTTensor *_Nullable *_Nonnull out);
/// Normally distributed values with mean 0, from a generator seeded with `seed`: the same on every device.
CTStatus ct_tensor_normal(double standard_deviation, uint64_t seed, const int64_t *_Nullable shape, int32_t rank,
                          CTDType dtype, CTTensor *_Nullable *_Nonnull out);
/// Releases one reference. NULL is allowed.
void ct_tensor_free(CTTensor *_Nullable tensor);
/// The number of tensors handed out and not freed, in the whole process: for tests that look for leaks.
int64_t ct_tensor_live_count(void);
/// The number of tensors ever handed out: its difference counts the operations of a computation, for tests that look
/// for unnecessary ones.
int64_t ct_tensor_made_count(void);

/// The number of dimensions.
CTStatus ct_tensor_rank(const CTTensor *_Nullable tensor, int32_t *_Nonnull out);
/// Writes the sizes; `capacity` below the rank is an error.
CTStatus ct_tensor_shape(const CTTensor *_Nullable tensor, int64_t *_Nullable out, int32_t capacity);
/// The element type; an error for types that `CTDType` does not name.
CTStatus ct_tensor_dtype(const CTTensor *_Nullable tensor, CTDType *_Nonnull out);
/// The kind of device that holds the elements.
CTStatus ct_tensor_device(const CTTensor *_Nullable tensor, CTDeviceKind *_Nonnull out);
/// Copies all elements, in row-major order, to `out`; `byte_count` must be exactly their size. Nothing is written to
/// `out` on failure.
CTStatus ct_tensor_read_bytes(const CTTensor *_Nullable tensor, void *_Nullable out, size_t byte_count);
/// The only element of a tensor with one element, as a double.
CTStatus ct_tensor_item(const CTTensor *_Nullable tensor, double *_Nonnull out);
/// Overwrites the elements with those of `source`, converting the type; autograd does not record it.
CTStatus ct_tensor_assign(CTTensor *_Nullable tensor, const CTTensor *_Nullable source);
/// The tensor in another element type; the same storage if it has that type already.
CTStatus ct_tensor_to_dtype(const CTTensor *_Nullable tensor, CTDType dtype, CTTensor *_Nullable *_Nonnull out);
/// The tensor on another device; the same storage if it is there already. A CPU tensor of up to 16 MiB reaches CUDA
/// through pinned memory, and the host does not wait for the copy. The range of int64 numbers is recorded for
/// `ct_embedding`.
CTStatus ct_tensor_to_device(const CTTensor *_Nullable tensor, CTDeviceKind device,
                             CTTensor *_Nullable *_Nonnull out);
/// A copy with storage of its own, detached from the graph.
CTStatus ct_tensor_clone(const CTTensor *_Nullable tensor, CTTensor *_Nullable *_Nonnull out);
/// Another handle of the same tensor, its place in the graph included.
CTStatus ct_tensor_share(const CTTensor *_Nullable tensor, CTTensor *_Nullable *_Nonnull out);

// MARK: Arithmetic (shapes broadcast as in PyTorch; all are differentiable)

CTStatus ct_add(const CTTensor *_Nullable a, const CTTensor *_Nullable b, CTTensor *_Nullable *_Nonnull out);
CTStatus ct_multiply(const CTTensor *_Nullable a, const CTTensor *_Nullable b, CTTensor *_Nullable *_Nonnull out);
/// Every element times `factor`.
CTStatus ct_scale(const CTTensor *_Nullable a, double factor, CTTensor *_Nullable *_Nonnull out);
/// `x` [T, I] times the transpose of `weight` [O, I], plus `bias` [O] (NULL for none), computed in the type of `x`; the
/// gradients of weight and bias have the types of these.
CTStatus ct_linear(const CTTensor *_Nullable x, const CTTensor *_Nullable weight, const CTTensor *_Nullable bias,
                   CTTensor *_Nullable *_Nonnull out);
/// Rows of `table` [V, H] chosen by `ids` (int64, on the table's device). Ids outside the table are an error, also on
/// a GPU; for ids that `ct_tensor_to_device` copied there the host need not wait to know.
CTStatus ct_embedding(const CTTensor *_Nullable table, const CTTensor *_Nullable ids,
                      CTTensor *_Nullable *_Nonnull out);
/// Normalisation of each row of `x` [T, H], with `weight` and `bias` [H].
CTStatus ct_layer_norm(const CTTensor *_Nullable x, const CTTensor *_Nullable weight,
                       const CTTensor *_Nullable bias, double epsilon, CTTensor *_Nullable *_Nonnull out);
/// GELU by the error function, as BERT has it.
CTStatus ct_gelu(const CTTensor *_Nullable x, CTTensor *_Nullable *_Nonnull out);
/// The sum of all elements.
CTStatus ct_sum(const CTTensor *_Nullable x, CTTensor *_Nullable *_Nonnull out);
/// Elements `start ..< end` of dimension `dim`; bounds outside the dimension are an error.
CTStatus ct_slice(const CTTensor *_Nullable x, int32_t dim, int64_t start, int64_t end,
                  CTTensor *_Nullable *_Nonnull out);
/// Whether every element is finite.
CTStatus ct_all_finite(const CTTensor *_Nullable x, bool *_Nonnull out);

// MARK: Packed rows
//
// A batch is the concatenation of its rows. T is the number of tokens in all rows, B the number of rows.
// `row_starts` [B + 1] (int64, CPU) holds where each row begins, then T; `row_keys` [B] (int64, CPU) names each row
// for its dropout mask, so that a row's mask depends on (seed, key, position) and on nothing else in the batch.

/// Self-attention inside each row: softmax(scale * q k^T) v for each of `heads` heads, over q, k, v [T, heads * D],
/// with dropout of probability `dropout` on the attention weights. Differentiable in q, k and v.
///
/// On CUDA, 16-bit types take flash attention and float32 memory-efficient attention, for heads whose size is a
/// multiple of 8 and at most 256. They read `device_starts`, contiguous int32 [B + 1] on the device of q, which saves
/// a copy a call when it is made once a batch; for NULL it is made here, and other methods ignore it. Their dropout
/// masks come from the device's generator, seeded from (seed, key of the first row): they depend on a row's place in
/// the batch.
CTStatus ct_packed_attention(const CTTensor *_Nullable q, const CTTensor *_Nullable k, const CTTensor *_Nullable v,
                             const CTTensor *_Nullable row_starts, const CTTensor *_Nullable row_keys,
                             const CTTensor *_Nullable device_starts, int32_t heads, double dropout, uint64_t seed,
                             CTTensor *_Nullable *_Nonnull out);
/// The same by libtorch's plain operations, a row at a time, on any device and in any type: the fallback, and what the
/// kernel is tested against.
CTStatus ct_packed_attention_plain(const CTTensor *_Nullable q, const CTTensor *_Nullable k,
                                       const CTTensor *_Nullable v, const CTTensor *_Nullable row_starts,
                                       const CTTensor *_Nullable row_keys, int32_t heads, double dropout,
                                       uint64_t seed, CTTensor *_Nullable *_Nonnull out);
/// GELU, by the error function, of `h` + `bias`, [T, O] and [O], in the type of `h`. Differentiable in both.
CTStatus ct_bias_gelu(const CTTensor *_Nullable h, const CTTensor *_Nullable bias, CTTensor *_Nullable *_Nonnull out);
/// The same by libtorch's plain operations, in any type on any device: the fallback, and what the kernel is tested
/// against.
CTStatus ct_bias_gelu_plain(const CTTensor *_Nullable h, const CTTensor *_Nullable bias,
                                CTTensor *_Nullable *_Nonnull out);
/// Layer norm of `residual` + dropout(`x` + `bias`): `x` and `residual` [T, H], the others [H]; `bias` may be NULL for
/// none. The result has the type of `residual`; its copy in 16 bits, float16 if `x` is and else bfloat16, goes to `low`
/// unless that is NULL. Differentiable in the five of them, through both results.
CTStatus ct_add_norm(const CTTensor *_Nullable x, const CTTensor *_Nullable bias, const CTTensor *_Nullable residual,
                     const CTTensor *_Nullable scale, const CTTensor *_Nullable shift,
                     const CTTensor *_Nullable row_starts, const CTTensor *_Nullable row_keys, double probability,
                     uint64_t seed, double epsilon, CTTensor *_Nullable *_Nonnull out,
                     CTTensor *_Nullable *_Nullable low);
/// The same by libtorch's plain operations, in any type on any device: the fallback, and what the kernel is tested
/// against.
CTStatus ct_add_norm_plain(const CTTensor *_Nullable x, const CTTensor *_Nullable bias,
                               const CTTensor *_Nullable residual, const CTTensor *_Nullable scale,
                               const CTTensor *_Nullable shift, const CTTensor *_Nullable row_starts,
                               const CTTensor *_Nullable row_keys, double probability, uint64_t seed, double epsilon,
                               CTTensor *_Nullable *_Nonnull out, CTTensor *_Nullable *_Nullable low);
/// Dropout of `x` [T, H]: zero with probability `probability`, else divided by 1 - `probability`. Differentiable.
CTStatus ct_packed_dropout(const CTTensor *_Nullable x, const CTTensor *_Nullable row_starts,
                           const CTTensor *_Nullable row_keys, double probability, uint64_t seed,
                           CTTensor *_Nullable *_Nonnull out);
/// The same numbers by libtorch's integer operations, on any device: the fallback where the kernel cannot run.
CTStatus ct_packed_dropout_plain(const CTTensor *_Nullable x, const CTTensor *_Nullable row_starts,
                                     const CTTensor *_Nullable row_keys, double probability, uint64_t seed,
                                     CTTensor *_Nullable *_Nonnull out);
/// The span loss: for `logits` [T, 2] and `targets` [B, 2] (int64, CPU; token positions inside each row), the sum over
/// rows and over both columns of the cross entropy over the row's tokens, divided by 2 * `row_divisor`.
/// With `row_divisor` = B this is transformers' loss of a batch. Differentiable in the logits.
CTStatus ct_packed_span_loss(const CTTensor *_Nullable logits, const CTTensor *_Nullable row_starts,
                             const CTTensor *_Nullable targets, double row_divisor,
                             CTTensor *_Nullable *_Nonnull out);
/// The same by libtorch's operations, on any device, without the host waiting for it.
CTStatus ct_packed_span_loss_plain(const CTTensor *_Nullable logits, const CTTensor *_Nullable row_starts,
                                       const CTTensor *_Nullable targets, double row_divisor,
                                       CTTensor *_Nullable *_Nonnull out);
/// The span loss of labels that are more than one place. For each row and both columns of `logits` [T, 2], with p the
/// softmax over the row's K tokens: (1 - `smoothing`) * -log(sum of p where `places` is above 0) + `smoothing` * the
/// mean of -log p. With a `teacher` (NULL for none), whose shares of each row sum to 1, that counts
/// 1 - `teacher_weight` and the rest is `temperature`^2 * KL(teacher || softmax(logits / temperature)). Summed, and
/// divided by 2 * `row_divisor`. `places` and `teacher` are contiguous float32 [T, 2] on the CPU. Differentiable in the
/// logits.
CTStatus ct_packed_soft_span_loss(const CTTensor *_Nullable logits, const CTTensor *_Nullable row_starts,
                                  const CTTensor *_Nullable places, double smoothing,
                                  const CTTensor *_Nullable teacher, double temperature, double teacher_weight,
                                  double row_divisor, CTTensor *_Nullable *_Nonnull out);

// MARK: Linear layers in bfloat16 of a model that only reads (CPU that multiplies bfloat16, no gradients)

/// Rounds `weight` [O, I] to bfloat16 in the product's own layout: `out` can be used for nothing but
/// `ct_linear_packed`.
CTStatus ct_pack_weight(const CTTensor *_Nullable weight, CTTensor *_Nullable *_Nonnull out);
/// The linear layer of `x` (bfloat16 [T, I]) and a packed `weight`, plus `bias` (float32 [O]; NULL for none),
/// followed by GELU if asked for: bfloat16 [T, O].
CTStatus ct_linear_packed(const CTTensor *_Nullable x, const CTTensor *_Nullable weight, const CTTensor *_Nullable bias,
                          bool gelu, CTTensor *_Nullable *_Nonnull out);

// MARK: Linear layers in 8-bit integers (CPU, no gradients)

/// Whether this CPU multiplies 8-bit integers in hardware without overflow on the way.
bool ct_cpu_has_int8(void);
/// Quantises `weight` [O, I], each output symmetrically by its own scale, into the product's own layout: `out` can be
/// used for nothing but `ct_linear_int8`. Writes the `scales`, float32 [O].
CTStatus ct_quantize_weight(const CTTensor *_Nullable weight, CTTensor *_Nullable *_Nonnull out,
                            CTTensor *_Nullable *_Nonnull scales);
/// Quantises `x` [T, I] to unsigned bytes, x = scale * (q - zero_point), with the smallest scale whose range holds
/// all of x. Numbers that are not finite are an error.
CTStatus ct_quantize_activations(const CTTensor *_Nullable x, CTTensor *_Nullable *_Nonnull out,
                                 double *_Nonnull scale, int64_t *_Nonnull zero_point);
/// The linear layer of quantised `x` and `weight` with float32 `bias` [O], followed by GELU if asked for, in `dtype`
/// (float32 or bfloat16).
CTStatus ct_linear_int8(const CTTensor *_Nullable x, double scale, int64_t zero_point,
                        const CTTensor *_Nullable weight, const CTTensor *_Nullable weight_scales,
                        const CTTensor *_Nullable bias, bool gelu, CTDType dtype, CTTensor *_Nullable *_Nonnull out);

// MARK: Gradients

/// Whether operations on this thread are recorded; writes what it was before to `previous`.
CTStatus ct_set_grad_enabled(bool enabled, bool *_Nonnull previous);
/// Sets whether a leaf tensor collects its gradient.
CTStatus ct_set_requires_grad(CTTensor *_Nullable tensor, bool required);
/// Whether the tensor takes part in the graph.
CTStatus ct_requires_grad(const CTTensor *_Nullable tensor, bool *_Nonnull out);
/// Adds d `tensor` / d leaf to the gradient of every leaf; `gradient` is needed unless the tensor has one element.
CTStatus ct_backward(const CTTensor *_Nullable tensor, const CTTensor *_Nullable gradient);
/// The gradient collected by a leaf, sharing its storage; NULL with `CT_OK` if there is none yet.
CTStatus ct_grad(const CTTensor *_Nullable tensor, CTTensor *_Nullable *_Nonnull out);
/// Drops the gradient of a leaf.
CTStatus ct_clear_grad(CTTensor *_Nullable tensor);

/// A stretch of a computation: one tensor from another, the same each time. It owns `input`, and writes a tensor that
/// its caller will own. Before it returns a failure it describes that by `ct_set_last_error`. It must not throw.
typedef CTStatus (*CTStretch)(void *_Nullable context, CTTensor *_Nonnull input, CTTensor *_Nullable *_Nonnull out);
/// Computes `run(x)` and keeps only `x` for the backward pass, which calls `run` again on the thread that computes
/// the gradients. `context` is passed to `run`; `release` is called with it once, when nothing will call `run` again,
/// also after a failure. Where nothing is recorded, or `x` is not in the graph, it is an ordinary call of `run`.
CTStatus ct_checkpoint(const CTTensor *_Nullable x, CTStretch _Nonnull run, void *_Nullable context,
                       void (*_Nonnull release)(void *_Nullable context), CTTensor *_Nullable *_Nonnull out);

// MARK: Optimisation

/// Scales the gradients of `count` parameters so that their joint 2-norm is at most `max_norm`, as PyTorch's
/// `clip_grad_norm_` does; with `max_norm` <= 0 it only measures. A parameter without a gradient counts as zero.
/// Nothing is read back from the device: `norms` has 1 + `count` elements of the gradients' type, the joint norm
/// before clipping and each parameter's. A joint norm that is not finite leaves the gradients unchanged.
CTStatus ct_clip_grad_norm(CTTensor *_Nullable const *_Nullable parameters, int32_t count, double max_norm,
                           CTTensor *_Nullable *_Nonnull norms);
/// 1 if any element of the `count` tensors is not finite, else 0: float32 [] on their device, without waiting for it.
CTStatus ct_not_finite(CTTensor *_Nullable const *_Nullable numbers, int32_t count,
                       CTTensor *_Nullable *_Nonnull out);
/// Divides the gradients of `count` parameters by `scale`, float32 [] on their device; parameters without one are left
/// out.
CTStatus ct_unscale_gradients(CTTensor *_Nullable const *_Nullable parameters, int32_t count,
                              const CTTensor *_Nullable scale);
/// After a step: where `skipped` is 1, multiplies `scale` with `backoff` and sets `sound_steps` to 0; else adds 1 to
/// these, and once there are `interval`, multiplies the scale with `growth` and begins again. `scale` and `skipped` are
/// float32 [], `sound_steps` int32 [], on one device.
CTStatus ct_update_scale(CTTensor *_Nullable scale, CTTensor *_Nullable sound_steps,
                         const CTTensor *_Nullable skipped, double growth, double backoff, int64_t interval);
/// Adds `weight` * (value - average) to each of `count` averages, in place; their shapes and types are those of the
/// values, and all are on one device.
CTStatus ct_average(CTTensor *_Nullable const *_Nullable averages, CTTensor *_Nullable const *_Nullable values,
                    int32_t count, double weight);
/// One AdamW step (decoupled weight decay) over `count` parameters, by libtorch's fused kernel. `step` counts from 1.
/// The moments are updated in place; they have the shapes and types of the parameters and, as these, must be
/// contiguous. Every parameter must have a gradient, and all must be on one device.
///
/// `skip` and `skipped` may be NULL, or hold one float32 number each on that device. Where `skip` is 1 nothing changes.
/// `skipped`, the number of steps that did not take place, is subtracted from `step`.
CTStatus ct_adamw_step(CTTensor *_Nullable const *_Nullable parameters,
                       CTTensor *_Nullable const *_Nullable first_moments,
                       CTTensor *_Nullable const *_Nullable second_moments, int32_t count, int64_t step,
                       double learning_rate, double beta1, double beta2, double epsilon, double weight_decay,
                       const CTTensor *_Nullable skip, const CTTensor *_Nullable skipped);

#ifdef __cplusplus
}
#endif

#include "CTorchGraphs.h"
#include "CTorchProcesses.h"

#endif
