// Sums gradients over processes while the backward pass goes on.
//
// libtorch's own c10d::Reducer regroups its buckets after the first step, by the order in which gradients arrived.
// The last bits of a sum over more than two processes depend on where in a bucket a number lies, so a resumed run,
// which starts with another step, would differ from one that never stopped. Here the buckets never change.
#include "ProcessGroup.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <chrono>
#include <mutex>

namespace ctorch {

namespace {

/// A shared pointer to what adds up a parameter's gradient; of which kind depends on libtorch's version.
using Accumulator = decltype(torch::autograd::impl::grad_accumulator(std::declval<const at::Tensor &>()));

struct Slice {
    at::Tensor parameter;
    int64_t offset;
};

struct Bucket {
    std::vector<Slice> slices;
    at::Tensor flat;
    size_t ready = 0;
    c10::intrusive_ptr<c10d::Work> work;
};

/// A hook on what adds up a parameter's gradient, removed when this is destroyed: also if a later one cannot be made.
class Hook {
  public:
    Hook(Accumulator accumulator, std::unique_ptr<torch::autograd::FunctionPostHook> hook)
        : accumulator_(std::move(accumulator)), key_(accumulator_->add_post_hook(std::move(hook))) {}
    Hook(Hook &&) = default;
    ~Hook() {
        if (accumulator_) accumulator_->del_post_hook(key_);
    }

  private:
    Accumulator accumulator_;
    const uintptr_t key_;
};

}  // namespace

}  // namespace ctorch

using namespace ctorch;

struct CTGradientReducer {
    CTGradientReducer(c10::intrusive_ptr<c10d::Backend> group, const std::vector<at::Tensor> &parameters,
                      int64_t bucket_bytes)
        : group_(std::move(group)) {
        for (size_t i = parameters.size(); i-- > 0;) {
            add(parameters[i], bucket_bytes);
        }
        for (Bucket &bucket : buckets_) {
            const Slice &last = bucket.slices.back();
            bucket.flat = at::zeros({last.offset + last.parameter.numel()}, last.parameter.options());
        }
        for (size_t number = 0; number < buckets_.size(); ++number) {
            for (const Slice &slice : buckets_[number].slices) {
                watch(slice.parameter, number);
            }
        }
    }

    void arm() {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (Bucket &bucket : buckets_) {
            bucket.ready = 0;
            bucket.work.reset();
        }
        sent_ = 0;
        armed_ = true;
    }

    double finish() {
        at::NoGradGuard no_grad;
        const std::lock_guard<std::mutex> lock(mutex_);
        TORCH_CHECK(armed_, "the reducer was not armed");
        armed_ = false;
        while (sent_ < buckets_.size()) {
            send(buckets_[sent_++]);
        }
        const auto start = std::chrono::steady_clock::now();
        for (Bucket &bucket : buckets_) {
            bucket.work->wait();
            bucket.work.reset();
            for (const Slice &slice : bucket.slices) {
                slice.parameter.mutable_grad() =
                    bucket.flat.narrow(0, slice.offset, slice.parameter.numel()).view(slice.parameter.sizes());
            }
        }
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

  private:
    void add(const at::Tensor &parameter, int64_t bucket_bytes) {
        const bool starts = buckets_.empty() || filled_ + parameter.nbytes() > static_cast<size_t>(bucket_bytes) ||
                            buckets_.back().slices[0].parameter.options().dtype() != parameter.options().dtype() ||
                            buckets_.back().slices[0].parameter.device() != parameter.device();
        if (starts) {
            buckets_.emplace_back();
            filled_ = 0;
        }
        auto &slices = buckets_.back().slices;
        const int64_t offset = slices.empty() ? 0 : slices.back().offset + slices.back().parameter.numel();
        slices.push_back({parameter, offset});
        filled_ += parameter.nbytes();
    }

    void watch(const at::Tensor &parameter, size_t number) {
        const auto accumulator = torch::autograd::impl::grad_accumulator(parameter);
        TORCH_CHECK(accumulator, "a parameter of shape ", parameter.sizes(), " does not require a gradient");
        hooks_.emplace_back(accumulator, std::make_unique<torch::autograd::utils::LambdaPostHook>(
            [this, number](const torch::autograd::variable_list &outputs, const torch::autograd::variable_list &) {
                note(number);
                return outputs;
            }));
    }

    /// A gradient of a bucket is complete. Buckets are sent in their order, which is that of all processes.
    void note(size_t number) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!armed_) {
            return;
        }
        ++buckets_[number].ready;
        while (sent_ < buckets_.size() && buckets_[sent_].ready == buckets_[sent_].slices.size()) {
            send(buckets_[sent_++]);
        }
    }

    void send(Bucket &bucket) {
        at::NoGradGuard no_grad;
        for (const Slice &slice : bucket.slices) {
            at::Tensor part = bucket.flat.narrow(0, slice.offset, slice.parameter.numel());
            const at::Tensor gradient = slice.parameter.grad();
            if (gradient.defined()) {
                part.copy_(gradient.reshape({-1}));
            } else {
                part.zero_();
            }
        }
        std::vector<at::Tensor> operands{bucket.flat};
        bucket.work = group_->allreduce(operands);
    }

    const c10::intrusive_ptr<c10d::Backend> group_;
    std::vector<Bucket> buckets_;
    std::mutex mutex_;
    size_t filled_ = 0, sent_ = 0;
    bool armed_ = false;
    /// Last, so that they are removed before what they use is destroyed.
    std::vector<Hook> hooks_;
};

CTStatus ct_gradient_reducer_create(CTProcessGroup *group, CTTensor *const *parameters, int32_t count,
                                    int64_t bucket_bytes, CTGradientReducer **out) {
    return make_handle(out, [&] {
        unwrap(group);
        return new CTGradientReducer(group->value, unwrap_all(parameters, count, "parameters"), bucket_bytes);
    });
}

CTStatus ct_gradient_reducer_arm(CTGradientReducer *reducer) {
    return with_exception_boundary([&] {
        TORCH_CHECK(reducer != nullptr, "the argument 'reducer' is NULL");
        reducer->arm();
    });
}

CTStatus ct_gradient_reducer_finish(CTGradientReducer *reducer, double *waited) {
    return write_numbers([&] {
        TORCH_CHECK(reducer != nullptr, "the argument 'reducer' is NULL");
        *waited = reducer->finish();
    }, waited);
}

void ct_gradient_reducer_free(CTGradientReducer *reducer) { delete reducer; }
