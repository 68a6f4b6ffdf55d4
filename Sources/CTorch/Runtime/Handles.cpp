#include "Handles.hpp"

#include <atomic>
#include <vector>

namespace ctorch {

namespace {

/// The handles that are alive, and all that there ever were.
std::atomic<int64_t> live{0}, made{0};

}  // namespace

std::vector<at::Tensor> unwrap_all(CTTensor *const *handles, int32_t count, const char *name) {
    TORCH_CHECK(count >= 0 && (count == 0 || handles != nullptr), "the array '", name,
                "' is NULL or its count negative");
    std::vector<at::Tensor> tensors;
    tensors.reserve(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; ++i) {
        tensors.push_back(unwrap(handles[i], name));
    }
    return tensors;
}

at::IntArrayRef sizes(const int64_t *shape, int32_t rank) {
    TORCH_CHECK(rank >= 0 && (rank == 0 || shape != nullptr), "the shape is NULL or its rank negative");
    for (int32_t i = 0; i < rank; ++i) {
        TORCH_CHECK(shape[i] >= 0, "negative size ", shape[i], " in dimension ", i);
    }
    return {shape, static_cast<size_t>(rank)};
}

at::ScalarType scalar_type(CTDType dtype) {
    switch (dtype) {
    case CT_FLOAT32: return at::kFloat;
    case CT_FLOAT64: return at::kDouble;
    case CT_BFLOAT16: return at::kBFloat16;
    case CT_FLOAT16: return at::kHalf;
    case CT_INT64: return at::kLong;
    case CT_INT32: return at::kInt;
    case CT_UINT8: return at::kByte;
    case CT_BOOL: return at::kBool;
    }
    TORCH_CHECK(false, "unknown element type ", static_cast<int>(dtype));
}

at::Device device(CTDeviceKind kind) {
    switch (kind) {
    case CT_CPU: return at::kCPU;
    case CT_CUDA: return at::kCUDA;
    case CT_MPS: return at::kMPS;
    }
    TORCH_CHECK(false, "unknown device kind ", static_cast<int>(kind));
}

}  // namespace ctorch

CTTensor::CTTensor(at::Tensor tensor, std::optional<ctorch::IDRange> ids) noexcept
    : value(std::move(tensor)), range(ids) {
    ctorch::live.fetch_add(1, std::memory_order_relaxed);
    ctorch::made.fetch_add(1, std::memory_order_relaxed);
}

CTTensor::~CTTensor() { ctorch::live.fetch_sub(1, std::memory_order_relaxed); }

void ct_tensor_free(CTTensor *tensor) { delete tensor; }

int64_t ct_tensor_live_count(void) { return ctorch::live.load(std::memory_order_relaxed); }

int64_t ct_tensor_made_count(void) { return ctorch::made.load(std::memory_order_relaxed); }
