#include "CDigests.h"

static uint32_t rotated(uint32_t x, int by) { return x << by | x >> (32 - by); }

void cd_sha1_add(uint32_t *state, const void *blocks, size_t count) {
    const uint8_t *bytes = blocks;
    for (; count > 0; count--, bytes += 64) {
        uint32_t w[80];
        for (int t = 0; t < 16; t++) {
            w[t] = (uint32_t)bytes[4 * t] << 24 | (uint32_t)bytes[4 * t + 1] << 16 | (uint32_t)bytes[4 * t + 2] << 8
                | bytes[4 * t + 3];
        }
        for (int t = 16; t < 80; t++) w[t] = rotated(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
        for (int t = 0; t < 80; t++) {
            uint32_t f = t < 20 ? ((b & c) | (~b & d)) + 0x5a827999
                : t < 40        ? (b ^ c ^ d) + 0x6ed9eba1
                : t < 60        ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                                : (b ^ c ^ d) + 0xca62c1d6;
            uint32_t next = rotated(a, 5) + f + e + w[t];
            e = d, d = c, c = rotated(b, 30), b = a, a = next;
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
    }
}
