/* SPDX-License-Identifier: MIT
 * SipHash-2-4, a keyed hash of 64 bits: who does not have the key cannot tell from it what was hashed. For telling that
 * something changed without keeping it. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/slice.h"

#include <stdint.h>

#define SIPHASH_KEY_BYTES 16

uint64_t siphash(const uint8_t key[SIPHASH_KEY_BYTES], struct slice bytes);

#endif
