// Making, describing and copying tensors.
#include "../Runtime/Handles.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/normal.h>
#include <ATen/ops/zeros.h>

#include <cstring>
#include <memory>

using namespace ctorch;

namespace {

/// The bytes that a tensor of this shape needs, checked against overflow and against what the caller has.
void check_byte_count(at::IntArrayRef shape, at::ScalarType type, size_t byte_count) {
    size_t needed = c10::elementSize(type);
    for (const int64_t size : shape) {
        TORCH_CHECK(!__builtin_mul_overflow(needed, static_cast<size_t>(size), &needed), "the shape ", shape,
                    " is too large");
    }
    TORCH_CHECK(needed == byte_count, "the shape ", shape, " needs ", needed, " bytes, not ", byte_count);
}

}  // namespace

CTStatus ct_tensor_zeros(const int64_t *shape, int32_t rank, CTDType dtype, CTDeviceKind kind, CTTensor **out) {
    return make_tensor(out, [&] {
        return at::zeros(sizes(shape, rank), at::TensorOptions().dtype(scalar_type(dtype)).device(device(kind)));
    });
}

CTStatus ct_tensor_full(double value, const int64_t *shape, int32_t rank, CTDType dtype, CTDeviceKind kind,
                        CTTensor **out) {
    return make_tensor(out, [&] {
        return at::full(sizes(shape, rank), value,
                        at::TensorOptions().dtype(scalar_type(dtype)).device(device(kind)));
    });
}

CTStatus ct_tensor_copy_bytes(const void *bytes, size_t byte_count, const int64_t *shape, int32_t rank,
                              CTDType dtype, CTTensor **out) {
    return make_tensor(out, [&] {
        const auto type = scalar_type(dtype);
        check_byte_count(sizes(shape, rank), type, byte_count);
        TORCH_CHECK(bytes != nullptr || byte_count == 0, "the bytes are NULL");
        at::Tensor result = at::empty(sizes(shape, rank), at::TensorOptions().dtype(type));
        if (byte_count > 0) {
            std::memcpy(result.data_ptr(), bytes, byte_count);
        }
        return result;
    });
}

CTStatus ct_tensor_borrow_bytes(const void *bytes, size_t byte_count, const int64_t *shape, int32_t rank,
                                CTDType dtype, void (*release)(void *), void *context, CTTensor **out) {
    *out = nullptr;
    return with_exception_boundary([&] {
        const auto type = scalar_type(dtype);
        check_byte_count(sizes(shape, rank), type, byte_count);
        TORCH_CHECK(bytes != nullptr, "the bytes are NULL");
        TORCH_CHECK(reinterpret_cast<uintptr_t>(bytes) % c10::elementSize(type) == 0,
                    "the memory is not aligned for elements of ", c10::elementSize(type), " bytes");
        // If anything fails from here on, libtorch drops the storage: that must not release what the caller still owns.
        const auto succeeded = std::make_shared<bool>(false);
        auto handle = std::make_unique<CTTensor>(at::from_blob(
            const_cast<void *>(bytes), sizes(shape, rank),
            [release, context, succeeded](void *) {
                if (*succeeded) release(context);
            },
            at::TensorOptions().dtype(type)));
        *succeeded = true;
        *out = handle.release();
    });
}

CTStatus ct_tensor_normal(double standard_deviation, uint64_t seed, const int64_t *shape, int32_t rank,
                          CTDType dtype, CTTensor **out) {
    return make_tensor(out, [&] {
        auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
        return at::normal(0.0, standard_deviation, sizes(shape, rank), generator,
                          at::TensorOptions().dtype(scalar_type(dtype)));
    });
}

CTStatus ct_tensor_rank(const CTTensor *tensor, int32_t *out) {
    return write_numbers([&] { *out = static_cast<int32_t>(unwrap(tensor, "tensor").dim()); }, out);
}

CTStatus ct_tensor_shape(const CTTensor *tensor, int64_t *out, int32_t capacity) {
    return with_exception_boundary([&] {
        const auto shape = unwrap(tensor, "tensor").sizes();
        TORCH_CHECK(static_cast<int64_t>(shape.size()) <= capacity, "room for ", capacity, " sizes, but there are ",
                    shape.size());
        TORCH_CHECK(out != nullptr || shape.empty(), "the destination is NULL");
        std::copy(shape.begin(), shape.end(), out);
    });
}

CTStatus ct_tensor_dtype(const CTTensor *tensor, CTDType *out) {
    return write_numbers([&] {
        const auto type = unwrap(tensor, "tensor").scalar_type();
        for (int candidate = CT_FLOAT32; candidate <= CT_BOOL; ++candidate) {
            if (scalar_type(static_cast<CTDType>(candidate)) == type) {
                *out = static_cast<CTDType>(candidate);
                return;
            }
        }
        TORCH_CHECK(false, "elements of type ", type, " are not supported");
    }, out);
}

CTStatus ct_tensor_device(const CTTensor *tensor, CTDeviceKind *out) {
    return write_numbers([&] {
        const auto where = unwrap(tensor, "tensor").device();
        TORCH_CHECK(where.is_cpu() || where.is_cuda() || where.is_mps(), "the device ", where, " is not supported");
        *out = where.is_cpu() ? CT_CPU : where.is_cuda() ? CT_CUDA : CT_MPS;
    }, out);
}

CTStatus ct_tensor_read_bytes(const CTTensor *tensor, void *out, size_t byte_count) {
    return with_exception_boundary([&] {
        const at::Tensor source = unwrap(tensor, "tensor").detach().cpu().contiguous();
        TORCH_CHECK(source.nbytes() == byte_count, "the elements take ", source.nbytes(), " bytes, not ", byte_count);
        TORCH_CHECK(out != nullptr || byte_count == 0, "the destination is NULL");
        if (byte_count > 0) {
            std::memcpy(out, source.const_data_ptr(), byte_count);
        }
    });
}

CTStatus ct_tensor_item(const CTTensor *tensor, double *out) {
    return write_numbers([&] {
        const at::Tensor &value = unwrap(tensor, "tensor");
        TORCH_CHECK(value.numel() == 1, "one element is needed, but the shape is ", value.sizes());
        *out = value.item().toDouble();
    }, out);
}

CTStatus ct_tensor_assign(CTTensor *tensor, const CTTensor *source) {
    return with_exception_boundary([&] {
        at::NoGradGuard no_grad;
        const at::Tensor &target = unwrap(tensor, "tensor");
        const at::Tensor &value = unwrap(source, "source");
        TORCH_CHECK(target.sizes() == value.sizes(), "cannot assign the shape ", value.sizes(), " to ",
                    target.sizes());
        target.copy_(value);
    });
}

CTStatus ct_tensor_to_dtype(const CTTensor *tensor, CTDType dtype, CTTensor **out) {
    return make_tensor(out, [&] { return unwrap(tensor, "tensor").to(scalar_type(dtype)); });
}

CTStatus ct_tensor_clone(const CTTensor *tensor, CTTensor **out) {
    return make_tensor(out, [&] { return unwrap(tensor, "tensor").detach().clone(); });
}

CTStatus ct_tensor_share(const CTTensor *tensor, CTTensor **out) {
    return make_tensor(out, [&] { return unwrap(tensor, "tensor"); });
}
