/* SPDX-License-Identifier: MIT */
#include "trace/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>

#define COMMAND offsetof(struct seccomp_data, args[1]) /* its low half: little-endian machines */

/* Where, along the numbers from 0 on, the answer changes: at each edge it turns over. Below the
 * first it is "allow". */
struct edges {
	uint32_t at[CALL_NUMBER_MAX + 1];
	size_t count;
};

static void edges_of(const struct call_set *set, enum event_arch arch, struct edges *e) {
	bool before = false;

	e->count = 0;
	for (int i = 0; i < CALL_NUMBER_MAX; i++) {
		bool now = call_set_has(set, arch, i);

		if (now != before) {
			e->at[e->count++] = (uint32_t)i;
		}
		before = now;
	}
	if (!before) {
		e->at[e->count++] = CALL_NUMBER_MAX;
	}
}

static void put(struct filter *f, uint16_t code, uint32_t k, uint8_t yes, uint8_t no) {
	if (f->count < FILTER_MAX) {
		f->steps[f->count] = (struct sock_filter){code, yes, no, k};
	}
	f->count++;
}

/* A part of the edges yet to be decided. */
struct part {
	size_t first, last, jump; /* jump: the step to be told where this part begins */
};

/* Edges first..last-1 decide; with none left the number lies behind `first` of them. The jump over the
 * left half may be longer than a conditional one can be, so it is always a JA. */
static void put_search(struct filter *f, const struct edges *e, size_t first, size_t last,
                       uint32_t action) {
	struct part todo[64] = {{first, last, SIZE_MAX}}; /* as deep as the tree */
	size_t open = 1;

	while (open > 0) {
		open--;
		size_t a = todo[open].first, b = todo[open].last, jump = todo[open].jump;

		if (jump < FILTER_MAX) {
			f->steps[jump].k = (uint32_t)(f->count - jump - 1);
		}
		while (a < b) {
			size_t middle = a + (b - a) / 2;

			put(f, BPF_JMP | BPF_JGE | BPF_K, e->at[middle], 0, 1);
			todo[open++] = (struct part){middle + 1, b, f->count};
			put(f, BPF_JMP | BPF_JA, 0, 0, 0);
			b = middle;
		}
		put(f, BPF_RET | BPF_K, a % 2 == 1 ? action : SECCOMP_RET_ALLOW, 0, 0);
	}
}

/* fcntl of a set that wants no F_GETFL and F_SETFL; its command is the second argument. */
static void put_quiet(struct filter *f, const struct call_set *set, enum event_arch arch,
                      uint32_t action) {
	for (int i = 0; i < CALL_NUMBER_MAX; i++) {
		if (call_set_is_quiet(set, arch, i)) {
			put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)i, 0, 5);
			put(f, BPF_LD | BPF_W | BPF_ABS, COMMAND, 0, 0);
			put(f, BPF_JMP | BPF_JEQ | BPF_K, F_GETFL, 2, 0);
			put(f, BPF_JMP | BPF_JEQ | BPF_K, F_SETFL, 1, 0);
			put(f, BPF_RET | BPF_K, action, 0, 0);
			put(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
		}
	}
}

static void put_arch(struct filter *f, const struct call_set *set, enum event_arch arch,
                     uint32_t audit, uint32_t action) {
	struct edges e;
	size_t jump = f->count + 1;

	edges_of(set, arch, &e);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, audit, 1, 0);
	put(f, BPF_JMP | BPF_JA, 0, 0, 0);
	put(f, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	put_quiet(f, set, arch, action);
	put_search(f, &e, 0, e.count, action);
	if (f->count <= FILTER_MAX) {
		f->steps[jump].k = (uint32_t)(f->count - jump - 1);
	}
}

int filter_make(const struct call_set *set, uint32_t action, struct filter *ret_filter) {
	struct filter *f = ret_filter;

	f->count = 0;
	put(f, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	put_arch(f, set, ARCH_X86_64, AUDIT_ARCH_X86_64, action);
	put_arch(f, set, ARCH_I386, AUDIT_ARCH_I386, action);
	put_arch(f, set, ARCH_AARCH64, AUDIT_ARCH_AARCH64, action);
	put(f, BPF_RET | BPF_K, action, 0, 0);
	return f->count <= FILTER_MAX ? 0 : -E2BIG;
}

uint32_t filter_answer(const struct filter *filter, uint32_t audit_arch, uint32_t number,
                       uint32_t second) {
	uint32_t a = 0;

	for (size_t i = 0; i < filter->count;) {
		const struct sock_filter *s = &filter->steps[i++];

		switch (s->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = s->k == COMMAND                             ? second
			    : s->k == offsetof(struct seccomp_data, nr) ? number
			                                                : audit_arch;
			break;
		case BPF_JMP | BPF_JA:
			i += s->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			i += a == s->k ? s->jt : s->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			i += a >= s->k ? s->jt : s->jf;
			break;
		default:
			return s->k;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}
