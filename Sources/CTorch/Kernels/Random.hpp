// Counter-based random bits for dropout: a mask is a function of (seed, row key, position) alone, so nothing needs to
// be stored between the forward and the backward pass, and a row's mask does not depend on the batch around it.
#pragma once

#include "Simd.hpp"

#include <cstdint>

namespace ctorch {

/// A bijection of 64-bit numbers whose output bits each depend on every input bit.
/// - Source: the finaliser of SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195).
CT_INLINE uint64_t mix(uint64_t x) {
    x += 0x9E3779B97F4A7C15ull;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    return x ^ (x >> 31);
}

/// The stream of random numbers that belongs to one line of a mask.
CT_INLINE uint64_t mask_stream(uint64_t seed, int64_t row_key, uint64_t line) {
    return mix(mix(seed ^ mix(static_cast<uint64_t>(row_key))) ^ line);
}

/// The `column`-th 32-bit number of a stream. Only 32-bit steps, so that it vectorises.
/// - Source: the multipliers are those of "lowbias32" (C. Wellons, Hash Function Prospector).
CT_INLINE uint32_t mask_bits(uint64_t stream, uint32_t column) {
    uint32_t x = column * 0x9E3779B9u + static_cast<uint32_t>(stream);
    x = (x ^ (x >> 16)) * 0x7FEB352Du;
    x ^= static_cast<uint32_t>(stream >> 32);
    x = (x ^ (x >> 15)) * 0x846CA68Bu;
    return x ^ (x >> 16);
}

/// Numbers below the threshold are dropped.
inline uint32_t drop_threshold(double probability) {
    return static_cast<uint32_t>(probability * 4294967296.0);
}

}  // namespace ctorch
