#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Rounds `count` numbers to 8-bit integers from -127 to 127. Returns the factor that turns these back into the
/// numbers; 0 where all numbers are 0.
float cv_quantize(const float *numbers, size_t count, int8_t *rounded);

/// The products of one vector with many rows.
///
/// A row is a float32 in the bytes of the machine, its factor, and then `width` 8-bit integers. `scores` gets a number
/// for each of the `count` rows: factor * row.factor * sum of products; 0 for a row with the factor 0.
void cv_scores(const int8_t *vector, float factor, size_t width, const uint8_t *rows, size_t count, float *scores);

/// The directions of the means of the rows of each part: part p has the rows `starts[p]` to `starts[p + 1]` of
/// `states`, `width` numbers each; its `width` numbers of `means` have the length 1, or are 0 where the mean is.
void cv_unit_means(const float *states, size_t width, const int64_t *starts, size_t parts, float *means);

#ifdef __cplusplus
}
#endif
