/* SPDX-License-Identifier: MIT
 * The compiled program for the kernel; made by tools/bpf-object from trace.bpf.c at build time.
 */
#ifndef TRACE_EBPF_OBJECT_H
#define TRACE_EBPF_OBJECT_H

#include <stddef.h>

extern const unsigned char ebpf_object[];
extern const size_t ebpf_object_bytes;

#endif
