// ct_packed_dropout: the kernel on the CPU, the device's own generator on CUDA, libtorch's operations elsewhere.
#include "Dropout.hpp"

#include "../Graphs/DevicePath.hpp"

namespace ctorch {

at::Tensor packed_dropout(const at::Tensor &x, const at::Tensor &starts, const at::Tensor &keys, double probability,
                          uint64_t seed) {
    check_matrix(x, x, "x");
    check_probability(probability);
    const PackedRows rows = packed_rows(starts, keys, x.size(0));
    if (probability == 0) return x;
    if (x.is_cuda() || walks_device_path()) return dropout_by_device(x, rows, probability, seed);
    return x.is_cpu() ? dropout_by_kernel(x, starts, keys, probability, seed)
                      : dropout_plain(x, rows, probability, seed);
}

}  // namespace ctorch

using namespace ctorch;

CTStatus ct_packed_dropout(const CTTensor *x, const CTTensor *row_starts, const CTTensor *row_keys,
                           double probability, uint64_t seed, CTTensor **out) {
    return make_tensor(out, [&] {
        return packed_dropout(unwrap(x, "x"), unwrap(row_starts, "row_starts"), unwrap(row_keys, "row_keys"),
                              probability, seed);
    });
}

CTStatus ct_packed_dropout_plain(const CTTensor *x, const CTTensor *row_starts, const CTTensor *row_keys,
                                 double probability, uint64_t seed, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &value = unwrap(x, "x");
        check_matrix(value, value, "x");
        check_probability(probability);
        const PackedRows rows =
            packed_rows(unwrap(row_starts, "row_starts"), unwrap(row_keys, "row_keys"), value.size(0));
        return probability == 0 ? value : dropout_plain(value, rows, probability, seed);
    });
}
