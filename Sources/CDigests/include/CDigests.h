#pragma once

#include <stddef.h>
#include <stdint.h>

/// Adds blocks of 64 bytes to a SHA-256 (FIPS 180-4, section 6.2.2) by the processor's own instructions where it has
/// them.
///
/// - state: eight words, changed; starts with those of section 5.3.3.
/// - blocks: `count * 64` bytes, at any address.
void cd_sha256_add(uint32_t *state, const void *blocks, size_t count);

/// The same by plain arithmetic.
void cd_sha256_add_plain(uint32_t *state, const void *blocks, size_t count);

/// Adds blocks of 64 bytes to a SHA-1 (FIPS 180-4, section 6.1.2): five words, which start with those of section 5.3.1.
void cd_sha1_add(uint32_t *state, const void *blocks, size_t count);
