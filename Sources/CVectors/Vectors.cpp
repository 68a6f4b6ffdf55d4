#include "CVectors.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace {

/// A compiler makes one loop of this for each instruction set. Beyond AVX2 memory is what takes the time.
#define CV_PRODUCT                                                           \
    int32_t sum = 0;                                                         \
    for (size_t i = 0; i < width; i++) sum += int16_t(a[i]) * int16_t(b[i]); \
    return sum;

using Product = int32_t (*)(const int8_t *, const int8_t *, size_t);

int32_t product_plain(const int8_t *a, const int8_t *b, size_t width) { CV_PRODUCT }

#if defined(__x86_64__)
__attribute__((target("avx2"))) int32_t product_avx2(const int8_t *a, const int8_t *b, size_t width) { CV_PRODUCT }

Product best_product() { return __builtin_cpu_supports("avx2") ? product_avx2 : product_plain; }
#else
Product best_product() { return product_plain; }
#endif

#undef CV_PRODUCT

}  // namespace

float cv_quantize(const float *numbers, size_t count, int8_t *rounded) {
    float most = 0;
    for (size_t i = 0; i < count; i++) most = std::max(most, std::fabs(numbers[i]));
    const float inverse = most > 0 ? 127 / most : 0;
    for (size_t i = 0; i < count; i++) rounded[i] = int8_t(std::lrintf(numbers[i] * inverse));
    return most / 127;
}

void cv_scores(
    const int8_t *vector, float factor, size_t width, const uint8_t *rows, size_t count, float *scores) {
    static const Product product = best_product();
    const size_t stride = sizeof(float) + width;
    for (size_t row = 0; row < count; row++, rows += stride) {
        float own;
        std::memcpy(&own, rows, sizeof own);
        const auto *numbers = reinterpret_cast<const int8_t *>(rows + sizeof own);
        scores[row] = own == 0 ? 0 : factor * own * float(product(vector, numbers, width));
    }
}

void cv_unit_means(
    const float *states, size_t width, const int64_t *starts, size_t parts, float *means) {
    std::fill(means, means + parts * width, 0.0f);
    for (size_t part = 0; part < parts; part++, means += width) {
        for (int64_t row = starts[part]; row < starts[part + 1]; row++) {
            for (size_t i = 0; i < width; i++) means[i] += states[size_t(row) * width + i];
        }
        double square = 0;
        for (size_t i = 0; i < width; i++) square += double(means[i]) * means[i];
        const float inverse = square > 0 ? float(1 / std::sqrt(square)) : 0;
        for (size_t i = 0; i < width; i++) means[i] *= inverse;
    }
}
