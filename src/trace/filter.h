/* SPDX-License-Identifier: MIT
 * The seccomp filter of a set of system calls: one action for the calls of the set, allow for all
 * others, decided by a search tree over the numbers of each architecture. Source: seccomp(2),
 * include/uapi/linux/{seccomp,filter,audit}.h.
 */
#ifndef TRACE_FILTER_H
#define TRACE_FILTER_H

#include "base/err.h"
#include "trace/call.h"

#include <linux/filter.h>

#define FILTER_MAX BPF_MAXINSNS

struct filter {
	struct sock_filter steps[FILTER_MAX];
	size_t count;
};

/* action: SECCOMP_RET_TRACE, SECCOMP_RET_USER_NOTIF. Numbers that no table knows get it too (a new
 * kernel's call, x32), and so does a call by another architecture's convention. -E2BIG. */
int filter_make(const struct call_set *set, uint32_t action, struct filter *ret_filter);

/* What the filter answers to a call with that second argument. */
uint32_t filter_answer(const struct filter *filter, uint32_t audit_arch, uint32_t number,
                       uint32_t second);

#endif
