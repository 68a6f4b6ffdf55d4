// The span loss with several right places, smoothed labels and a teacher, by libtorch's operations on any device.
//
// It is computed over [B, L, 2] numbers, L the longest row's tokens: nothing beside the model, so there is no kernel.
#include "../Kernels/Padding.hpp"
#include "../Tensors/DeviceCopies.hpp"
#include "SpanLoss.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/xlogy.h>

#include <cmath>
#include <limits>

using namespace ctorch;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Where tokens stand once all rows are padded to the longest; of the rows, the first `counted` count.
struct Padded {
    at::Tensor places;
    int64_t rows, counted, longest;

    /// Packed numbers [T, 2] as [B, L, 2], with `filler` behind short rows. The gradient is a plain selection.
    at::Tensor operator()(const at::Tensor &packed, double filler) const {
        const at::Tensor all = at::full({rows * longest, 2}, filler, packed.options()).index_copy(0, places, packed);
        return all.view({rows, longest, 2}).narrow(0, 0, counted);
    }
};

/// What the loss is of: places, and a teacher, which may be undefined, as float32 [T, 2].
struct Labels {
    at::Tensor places;
    double smoothing;
    at::Tensor teacher;
    double temperature, teacher_weight;
};

// Numbers of the host's are arguments of kernels here, never tensors: a recorded graph cannot copy those.

/// The sum over the tokens of what is there; behind short rows stand infinities that do not count.
at::Tensor sum_of(const at::Tensor &x, const at::Tensor &there) { return x.masked_fill(~there, 0).sum(1); }

/// The cross entropy against all places together, and against all tokens alike: PyTorch's label smoothing.
at::Tensor label_loss(const at::Tensor &logits, const at::Tensor &there, const at::Tensor &places, double smoothing) {
    const at::Tensor logs = at::log_softmax(logits, 1);
    const at::Tensor right = at::logsumexp(logs.masked_fill(places <= 0, -infinity), 1);  // [B, 2]
    if (smoothing == 0) return -right;
    return -(1 - smoothing) * right - smoothing * sum_of(logs, there) / there.sum(1);
}

/// The Kullback-Leibler divergence from the teacher, times the temperature squared: Hinton et al. 2015.
at::Tensor teacher_loss(const at::Tensor &logits, const at::Tensor &there, const at::Tensor &teacher,
                        double temperature) {
    const at::Tensor logs = at::log_softmax(logits / temperature, 1);
    return temperature * temperature * (at::xlogy(teacher, teacher).sum(1) - sum_of(teacher * logs, there));
}

at::Tensor loss_of(const at::Tensor &logits, const Padded &padded, const Labels &labels, double row_divisor) {
    // In double precision as the loss of one place, except on MPS, which has none.
    const auto wide = logits.is_mps() ? at::kFloat : at::kDouble;
    const at::Tensor values = padded(logits.to(wide), -infinity);
    const at::Tensor there = padded(at::ones_like(logits.detach(), wide), 0) > 0;
    at::Tensor loss = label_loss(values, there, padded(labels.places.to(wide), 0), labels.smoothing);
    if (labels.teacher.defined()) {
        const at::Tensor shares = padded(labels.teacher.to(wide), 0);
        const at::Tensor other = teacher_loss(values, there, shares, labels.temperature);
        loss = (1 - labels.teacher_weight) * loss + labels.teacher_weight * other;
    }
    const auto type = logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    return (loss.sum() / (2 * row_divisor)).to(type);
}

void check_tensor(const at::Tensor &labels, const at::Tensor &logits, const at::Device &where, const char *name) {
    TORCH_CHECK(labels.dim() == 2 && labels.sizes() == logits.sizes() && labels.scalar_type() == at::kFloat &&
                    labels.device() == where && labels.is_contiguous(),
                name, " must be a contiguous float32 tensor ", logits.sizes(), " on ", where, ", not ",
                labels.toString(), " ", labels.sizes(), " on ", labels.device());
}

/// Labels that are on `where`, checked but for what they hold.
Labels checked_labels(const at::Tensor &logits, const at::Device &where, const CTTensor *places, double smoothing,
                      const CTTensor *teacher, double temperature, double teacher_weight, double row_divisor) {
    const Labels labels{unwrap(places, "places"), smoothing, unwrap_optional(teacher), temperature, teacher_weight};
    check_matrix(logits, logits, "logits");
    TORCH_CHECK(logits.size(1) == 2, "logits must be [T, 2], not ", logits.sizes());
    TORCH_CHECK(row_divisor > 0 && std::isfinite(row_divisor), "row_divisor must be positive, not ", row_divisor);
    TORCH_CHECK(smoothing >= 0 && smoothing < 1, "smoothing must be at least 0 and below 1, not ", smoothing);
    check_tensor(labels.places, logits, where, "places");
    if (labels.teacher.defined()) {
        check_tensor(labels.teacher, logits, where, "teacher");
        TORCH_CHECK(temperature > 0 && std::isfinite(temperature), "temperature must be positive, not ", temperature);
        TORCH_CHECK(teacher_weight >= 0 && teacher_weight <= 1, "teacher_weight must be from 0 to 1, not ",
                    teacher_weight);
    }
    return labels;
}

/// Each row has a right start and a right end; the teacher's shares are not negative and sum to 1.
void check_rows(const PackedRows &rows, const at::Tensor &places, const at::Tensor &teacher) {
    for (int64_t i = 0; i < 2 * rows.count; ++i) {
        const int64_t row = i / 2, column = i % 2;
        double right = 0, share = 0;
        for (int64_t token = rows.starts[row]; token < rows.starts[row + 1]; ++token) {
            right += elements<float>(places)[2 * token + column] > 0;
            if (!teacher.defined()) continue;
            const float part = elements<float>(teacher)[2 * token + column];
            TORCH_CHECK(part >= 0, "the teacher's share of a token of row ", row, " is ", part);
            share += part;
        }
        TORCH_CHECK(right > 0, "row ", row, " has no right place");
        TORCH_CHECK(!teacher.defined() || std::abs(share - 1) < 1e-2, "the teacher's shares of row ", row, " sum to ",
                    share);
    }
}

}  // namespace

CTStatus ct_packed_soft_span_loss(const CTTensor *logits_handle, const CTTensor *row_starts,
                                  const CTTensor *places_handle, double smoothing, const CTTensor *teacher_handle,
                                  double temperature, double teacher_weight, double row_divisor, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &logits = unwrap(logits_handle, "logits"), &starts = unwrap(row_starts, "row_starts");
        Labels labels = checked_labels(logits, at::kCPU, places_handle, smoothing, teacher_handle, temperature,
                                       teacher_weight, row_divisor);
        const PackedRows rows = packed_rows(starts, at::Tensor(), logits.size(0));
        check_rows(rows, labels.places, labels.teacher);
        labels.places = sent(labels.places, logits.device());
        if (labels.teacher.defined()) labels.teacher = sent(labels.teacher, logits.device());
        const Padded padded{sent(padded_places(rows), logits.device()), rows.count, rows.count, rows.longest()};
        return loss_of(logits, padded, labels, row_divisor);
    });
}

CTStatus ct_packed_soft_span_loss_in_form(const CTTensor *logits_handle, const CTTensor *starts_handle,
                                          const CTTensor *places_handle, double smoothing,
                                          const CTTensor *teacher_handle, double temperature, double teacher_weight,
                                          int64_t longest, double row_divisor, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &logits = unwrap(logits_handle, "logits"), &starts = unwrap(starts_handle, "starts");
        const Labels labels = checked_labels(logits, logits.device(), places_handle, smoothing, teacher_handle,
                                             temperature, teacher_weight, row_divisor);
        check_starts_in_form(starts, logits, longest);
        const int64_t rows = starts.numel() - 1;
        const Padded padded{padded_places(starts, logits.size(0), longest), rows, rows - 1, longest};
        return loss_of(logits, padded, labels, row_divisor);
    });
}
