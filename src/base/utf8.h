/* SPDX-License-Identifier: MIT
 * Characters as UTF-8.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT UINT32_C(0xfffd)
#define UTF8_BYTES_MAX   4

/* Writes at most UTF8_BYTES_MAX bytes and gives their number. What is no character (a surrogate,
 * beyond U+10FFFF) becomes UTF8_REPLACEMENT. */
size_t utf8_encode(uint32_t c, char *out);

#endif
