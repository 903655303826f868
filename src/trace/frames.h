/* SPDX-License-Identifier: MIT
 * Who called, by frame pointers: the word a frame pointer points at is the one of the caller, the word behind it where
 * the call returns to. Programs of Go keep them on amd64 (since 1.7) and arm64 (since 1.12); those of C when compiled with
 * -fno-omit-frame-pointer. Source: System V ABI for x86-64 3.2.2, AAPCS64 6.4.6.
 */
#ifndef TRACE_FRAMES_H
#define TRACE_FRAMES_H

#include "trace/capture.h"

/* From pc on outwards, as far as memory can be read and frames lie one above the other. Returns how many, 1 at least. */
size_t frames_walk(const struct capture_source *memory, uint64_t pc, uint64_t frame,
                   uint64_t ret_stack[EVENT_STACK_MAX]);

#endif
