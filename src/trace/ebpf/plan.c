/* SPDX-License-Identifier: MIT
 * Sources of sizes: include/uapi/linux/{fcntl,futex,time}.h, arch/x86/include/uapi/asm/stat.h.
 */
#include "trace/ebpf/plan.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>

#define ARGV_BYTES     EBPF_COPY_MAX
#define SOCKADDR_BYTES 128 /* sizeof(struct sockaddr_storage) */
#define STRUCT_BYTES   512
#define STAT_BYTES     144 /* 64-bit; 32-bit programs have several others */

#define BIT(n) ((__u64)1 << (n))

enum event_arch plan_arch(enum ebpf_width width) {
#if defined(__aarch64__)
	return width == EBPF_NATIVE ? ARCH_AARCH64 : ARCH_ARM;
#else
	return width == EBPF_NATIVE ? ARCH_X86_64 : width == EBPF_X32 ? ARCH_X32 : ARCH_I386;
#endif
}

static __u16 most(size_t bytes, size_t max) {
	return (__u16)(bytes < max ? bytes : max);
}

/* struct timespec is two longs, but for the calls that were made for after 2038. */
static size_t timespec_bytes(const struct call *call, enum ebpf_width width) {
	size_t len = strlen(call->name);

	return width == EBPF_NATIVE || (len > 7 && strcmp(call->name + len - 7, "_time64") == 0)
	               ? 16
	               : 8;
}

static void set(struct ebpf_plan *p, int i, enum ebpf_copy copy, size_t bytes) {
	p->copy[i] = (__u8)(bytes > 0 ? copy : EBPF_COPY_NONE);
	p->bytes[i] = most(bytes, EBPF_COPY_MAX);
}

static void set_guarded(struct ebpf_plan *p, int i, size_t bytes, __u64 commands) {
	set(p, i, EBPF_COPY_FIXED_IN, bytes);
	p->guarded = (__u8)(i + 1);
	p->commands = commands;
}

static void plan_in(struct ebpf_plan *p, int i, const struct call *call,
                    const struct plan_limits *limits, enum ebpf_width width) {
	const struct call_arg *arg = &call->args[i];

	switch ((int)arg->shape) {
	case ARG_PATH:
	case ARG_STRING:
		set(p, i, EBPF_COPY_STRING_IN, limits->string_bytes);
		break;
	case ARG_ARGV:
	case ARG_ENVP:
		set(p, i, EBPF_COPY_STRINGS_IN, ARGV_BYTES);
		break;
	case ARG_BUF_IN:
		set(p, i, EBPF_COPY_BYTES_IN, limits->data_bytes);
		break;
	case ARG_IOV_IN:
		set(p, i, EBPF_COPY_IOV_IN, limits->data_bytes);
		break;
	case ARG_MSG_IN: /* its name also when data_bytes is 0 */
		p->copy[i] = EBPF_COPY_MSG_IN;
		p->bytes[i] = most(limits->data_bytes, EBPF_COPY_MAX);
		break;
	case ARG_SOCKADDR_IN:
		set(p, i, EBPF_COPY_ADDRESS_IN, SOCKADDR_BYTES);
		break;
	case ARG_TIMESPEC_IN:
		set(p, i, EBPF_COPY_FIXED_IN, timespec_bytes(call, width));
		break;
	case ARG_FUTEX_TIME: /* the operations that wait; in others it is a number */
		set_guarded(p, i, timespec_bytes(call, width),
		            BIT(FUTEX_WAIT) | BIT(FUTEX_WAIT_BITSET) | BIT(FUTEX_LOCK_PI) |
		                    BIT(FUTEX_LOCK_PI2) | BIT(FUTEX_WAIT_REQUEUE_PI));
		break;
	case ARG_FCNTL: /* struct flock */
		set_guarded(p, i, width == EBPF_NATIVE ? 32 : 16,
		            BIT(F_GETLK) | BIT(F_SETLK) | BIT(F_SETLKW) | BIT(F_OFD_GETLK) |
		                    BIT(F_OFD_SETLK) | BIT(F_OFD_SETLKW));
		break;
	case ARG_STRUCT_IN:
		set(p, i, EBPF_COPY_FIXED_IN, most(arg->bytes, STRUCT_BYTES));
		break;
	case ARG_STRUCTS_IN:
		set(p, i, EBPF_COPY_ARRAY_IN, arg->bytes);
		break;
	default:
		break;
	}
}

static void plan_out(struct ebpf_plan *p, int i, const struct call *call,
                     const struct plan_limits *limits, enum ebpf_width width) {
	const struct call_arg *arg = &call->args[i];

	switch ((int)arg->shape) {
	case ARG_BUF_OUT:
		set(p, i, EBPF_COPY_RESULT_OUT, limits->data_bytes);
		break;
	case ARG_LINK_OUT:
		set(p, i, EBPF_COPY_LINK_OUT, limits->string_bytes);
		break;
	case ARG_IOV_OUT:
		set(p, i, EBPF_COPY_IOV_OUT, limits->data_bytes);
		break;
	case ARG_MSG_OUT:
		p->copy[i] = EBPF_COPY_MSG_OUT;
		p->bytes[i] = most(limits->data_bytes, EBPF_COPY_MAX);
		break;
	case ARG_SOCKADDR_OUT:
		set(p, i, EBPF_COPY_SOCKADDR_OUT, SOCKADDR_BYTES);
		break;
	case ARG_TWO_FDS:
		set(p, i, EBPF_COPY_FIXED_OUT, 2 * sizeof(int));
		break;
	case ARG_INT_OUT:
		set(p, i, EBPF_COPY_FIXED_OUT, sizeof(int));
		break;
	case ARG_STAT_OUT:
		set(p, i, EBPF_COPY_FIXED_OUT, width == EBPF_NATIVE ? STAT_BYTES : 0);
		break;
	case ARG_TIMESPEC_OUT:
		set(p, i, EBPF_COPY_FIXED_OUT, timespec_bytes(call, width));
		break;
	case ARG_STRUCT_OUT:
		set(p, i, EBPF_COPY_FIXED_OUT, most(arg->bytes, STRUCT_BYTES));
		break;
	case ARG_STRUCTS_OUT:
		set(p, i, EBPF_COPY_ARRAY_OUT, arg->bytes);
		break;
	default:
		break;
	}
}

void plan_make(const struct call_set *calls, const struct plan_limits *limits,
               enum ebpf_width width, int number, struct ebpf_plan *ret_plan) {
	enum event_arch arch = plan_arch(width);
	const struct call *call = call_by_number(arch, number);

	*ret_plan = (struct ebpf_plan){.wanted = call_set_has(calls, arch, number)};
	bool quiet = call_set_is_quiet(calls, arch, number);
	for (uint64_t command = 0; quiet && command < 64; command++) {
		const uint64_t args[6] = {0, command};

		if (!call_set_wants(calls, arch, number, args)) {
			ret_plan->quiet |= BIT(command);
		}
	}
	for (int i = 0; call && i < 6; i++) {
		plan_in(ret_plan, i, call, limits, width);
		ret_plan->copies_in = ret_plan->copies_in || ret_plan->copy[i] != EBPF_COPY_NONE;
	}
	for (int i = 0; call && i < 6; i++) {
		if (ret_plan->copy[i] == EBPF_COPY_NONE) {
			plan_out(ret_plan, i, call, limits, width);
			ret_plan->copies_out =
				ret_plan->copies_out || ret_plan->copy[i] != EBPF_COPY_NONE;
		}
	}
}
