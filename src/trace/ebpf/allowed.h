/* SPDX-License-Identifier: MIT
 * Why the kernel refuses a program, and what would make it accept one.
 */
#ifndef TRACE_EBPF_ALLOWED_H
#define TRACE_EBPF_ALLOWED_H

#include "base/err.h"

#include <stddef.h>

/* What can be seen without trying: BTF, capabilities. 0, or -errno with a sentence. */
int allowed_look(struct err *err);
/* The kernel said `code` (-errno) to a program that should have been accepted; returns it with a
 * sentence. log: what its verifier wrote, "" when it was not asked. */
int allowed_explain(int code, const char *log, struct err *err);

/* The verifier's complaint: the last line of its log that is not its statistics; into words, NUL-terminated. */
void allowed_last_words(const char *log, char *words, size_t bytes);

#endif
