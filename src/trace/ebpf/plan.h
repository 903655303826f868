/* SPDX-License-Identifier: MIT
 * The table of system calls (trace/call.h) as the program in the kernel wants it: which are
 * recorded, and what of their memory is copied. The copies are those of trace/capture.h.
 */
#ifndef TRACE_EBPF_PLAN_H
#define TRACE_EBPF_PLAN_H

#include "trace/call.h"
#include "trace/ebpf/record.h"

#include <stddef.h>

struct plan_limits {
	size_t string_bytes; /* of a path or string */
	size_t data_bytes;   /* of a buffer; 0: none is copied */
};

/* The architecture of a width on this machine; ARCH_X86_64 and its kin, or ARCH_AARCH64 and ARM. */
enum event_arch plan_arch(enum ebpf_width width);

void plan_make(const struct call_set *set, const struct plan_limits *limits, enum ebpf_width width,
               int number, struct ebpf_plan *ret_plan);

#endif
