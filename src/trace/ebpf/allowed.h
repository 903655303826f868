/* SPDX-License-Identifier: MIT
 * Why the kernel refuses a program, and what would make it accept one.
 */
#ifndef TRACE_EBPF_ALLOWED_H
#define TRACE_EBPF_ALLOWED_H

#include "base/err.h"

/* What can be seen without trying: BTF, capabilities. 0, or -errno with a sentence. */
int allowed_look(struct err *err);
/* The kernel said `code` (-errno) to a program that should have been accepted; returns it with a
 * sentence. */
int allowed_explain(int code, struct err *err);

#endif
