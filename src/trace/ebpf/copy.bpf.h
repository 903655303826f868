/* SPDX-License-Identifier: MIT
 * Copying memory of the thread whose call it is, payload behind payload, into room that each CPU has
 * one of. Part of trace.bpf.c.
 */
#ifndef TRACE_EBPF_COPY_BPF_H
#define TRACE_EBPF_COPY_BPF_H

#include "trace/ebpf/record.h"

#include <linux/bpf.h>

#include "trace/ebpf/kernel.bpf.h"

#include <bpf/bpf_helpers.h>

#define SCRATCH_LIMIT 65535 /* a record that is longer gets no further payload */

const volatile struct ebpf_options options SEC(".rodata.options") = {0};

struct scratch {
	__u32 used;
	__u32 payloads;
	__u32 missed;
	/* The call at hand. */
	__u32 width;
	__u64 args[6];
	__u64 result;
	struct ebpf_plan plan;
	__u8 data[SCRATCH_LIMIT + 1 + EBPF_COPY_MAX + 1];
};

/* One for each CPU: programs at tracepoints are not interrupted by others of the same CPU. The
 * recorder sets the number. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct scratch *scratch_get(void) {
	__u32 cpu = bpf_get_smp_processor_id();
	return bpf_map_lookup_elem(&scratches, &cpu);
}

static __always_inline struct scratch *scratch_begin(__u32 used) {
	struct scratch *s = scratch_get();
	if (s) {
		s->used = used;
		s->payloads = 0;
		s->missed = 0;
	}
	return s;
}

/* ---- memory ---- Global functions: the kernel checks each once, whatever calls it. */

/* Room for a payload of at most EBPF_COPY_MAX bytes behind what there is. */
static __always_inline __u8 *payload_room(struct scratch *s) {
	__u32 used = s->used;
	if (used > SCRATCH_LIMIT - sizeof(struct ebpf_payload)) {
		return NULL;
	}
	return &s->data[used + sizeof(struct ebpf_payload)];
}

static __always_inline void payload_close(struct scratch *s, __u8 which, __u8 kind, __u32 kept,
                                          __u32 full) {
	struct ebpf_payload head = {.which = which, .kind = kind, .full = full};
	head.kept = (__u16)kept;
	__u32 used = s->used;
	if (used > SCRATCH_LIMIT - sizeof(head)) {
		return;
	}
	__builtin_memcpy(&s->data[used], &head, sizeof(head));
	s->used = used + sizeof(head) + kept;
	s->payloads++;
}

__noinline int copy_string(__u32 which, __u64 address, __u32 max) {
	struct scratch *s = scratch_get();
	__u8 *to = s ? payload_room(s) : NULL;
	if (!to || !address) {
		return 0;
	}
	if (max > EBPF_COPY_MAX) {
		max = EBPF_COPY_MAX;
	}
	long got = bpf_probe_read_user_str(to, max, (const void *)address);
	if (got <= 0) {
		s->missed |= 1u << (which & 7);
		return 0;
	}
	/* Its NUL does not count. One that fills the room may go on. */
	__u32 kept = (__u32)got - 1;
	payload_close(s, which, EBPF_IS_STRING, kept, (__u32)got == max ? kept + 1 : kept);
	return 0;
}

/* Above `which` is what it is: enum ebpf_is. */
__noinline int copy_bytes(__u32 kind, __u64 address, __u64 full, __u32 max) {
	__u32 which = kind & 7;
	struct scratch *s = scratch_get();
	__u8 *to = s ? payload_room(s) : NULL;
	if (!to || !address || !full || !max) {
		return 0;
	}
	__u64 len = full < max ? full : max;
	if (len > EBPF_COPY_MAX) {
		len = EBPF_COPY_MAX;
	}
	if (bpf_probe_read_user(to, (__u32)len, (const void *)address)) {
		s->missed |= 1u << (which & 7);
		return 0;
	}
	payload_close(s, (__u8)which, (__u8)(kind >> 8), (__u32)len,
	              full > 0xffffffffu ? 0xffffffffu : (__u32)full);
	return 0;
}

static __always_inline __u64 user_word(__u64 address, __u32 width, int *ret_failed) {
	__u64 word = 0;
	*ret_failed = bpf_probe_read_user(&word, width == EBPF_NATIVE ? 8 : 4,
	                                  (const void *)address) != 0;
	return word;
}

/* argv and envp: strings in a row, each with its NUL. */
__noinline int copy_strings(__u32 which, __u64 address, __u32 max, __u32 width) {
	struct scratch *s = scratch_get();
	__u8 *to = s ? payload_room(s) : NULL;
	__u32 base = s ? s->used + sizeof(struct ebpf_payload) : 0;
	if (!to || !address) {
		return 0;
	}
	__u32 total = 0, full = 0, size = width == EBPF_NATIVE ? 8 : 4;
	for (__u32 i = 0; i < EBPF_STRINGS; i++) {
		int failed;
		__u64 at = user_word(address + i * size, width, &failed);
		if (failed) {
			s->missed |= 1u << (which & 7);
			return 0;
		}
		if (!at) {
			break;
		}
		__u32 off = base + total;
		if (off > SCRATCH_LIMIT || total >= max) {
			full = total + 1;
			break;
		}
		__u32 room = max - total;
		if (room > options.string_bytes) {
			room = options.string_bytes;
		}
		if (room > 4096) {
			room = 4096;
		}
		long got = bpf_probe_read_user_str(&s->data[off], room, (const void *)at);
		if (got <= 0) {
			s->missed |= 1u << (which & 7);
			return 0;
		}
		total += (__u32)got & 0x1fff;
	}
	if (total > EBPF_COPY_MAX) {
		total = EBPF_COPY_MAX;
	}
	payload_close(s, which, EBPF_IS_STRINGS, total, full > total ? full : total);
	return 0;
}

/* The bytes of a struct iovec[] in a row: `full` of them count, at most `max` are kept. The width is
 * above `which`: no function here takes more than five. */
__noinline int copy_iov(__u32 wide, __u64 address, __u64 segments, __u64 full, __u32 max) {
	__u32 which = wide & 7, width = wide >> 8;
	struct scratch *s = scratch_get();
	__u8 *to = s ? payload_room(s) : NULL;
	__u32 base = s ? s->used + sizeof(struct ebpf_payload) : 0;
	if (!to || !address) {
		return 0;
	}
	__u64 sum = 0;
	__u32 total = 0, size = width == EBPF_NATIVE ? 8 : 4;
	for (__u32 i = 0; i < EBPF_SEGMENTS && i < segments; i++) {
		int failed, failed_len;
		__u64 at = user_word(address + i * 2 * size, width, &failed);
		__u64 len = user_word(address + (i * 2 + 1) * size, width, &failed_len);
		if (failed || failed_len) {
			s->missed |= 1u << (which & 7);
			return 0;
		}
		if (full - sum < len) {
			len = full - sum;
		}
		sum += len;
		__u32 off = base + total;
		if (total >= max || off > SCRATCH_LIMIT || len == 0) {
			continue;
		}
		__u64 room = max - total;
		if (room > len) {
			room = len;
		}
		if (room > EBPF_COPY_MAX) {
			room = EBPF_COPY_MAX;
		}
		if (bpf_probe_read_user(&s->data[off], (__u32)room, (const void *)at)) {
			s->missed |= 1u << (which & 7);
			return 0;
		}
		total += (__u32)room;
	}
	if (total > EBPF_COPY_MAX) {
		total = EBPF_COPY_MAX;
	}
	payload_close(s, which, EBPF_IS_BYTES, total, sum > 0xffffffffu ? 0xffffffffu : (__u32)sum);
	return 0;
}

/* struct msghdr (include/linux/socket.h): name and its length, iov and its number. */
__noinline int copy_msg(__u32 which, __u64 address, __u64 full, __u32 max, __u32 width) {
	__u32 size = width == EBPF_NATIVE ? 8 : 4;
	int failed;
	__u64 name = user_word(address, width, &failed);
	__u64 name_len = user_word(address + size, width, &failed) & 0xffffffffu;
	__u64 iov = user_word(address + 2 * size, width, &failed);
	__u64 segments = user_word(address + 3 * size, width, &failed);
	if (failed) {
		struct scratch *s = scratch_get();
		if (s) {
			s->missed |= 1u << (which & 7);
		}
		return 0;
	}
	if (name && name_len) {
		copy_bytes(which | EBPF_IS_ADDRESS << 8, name, name_len, 128);
	}
	if (max) {
		copy_iov(which | width << 8, iov, segments, full, max);
	}
	return 0;
}

static __always_inline int is_guarded(const struct scratch *s, __u32 i) {
	return s->plan.guarded == i + 1 && !((s->plan.commands >> (s->args[1] & 63)) & 1);
}

/* One argument of the call at hand, as its plan says; but for argv and envp, which are copied at the
 * begin only: checking that loop takes the kernel longer than all else. */
__noinline int copy_argument(__u32 i) {
	struct scratch *s = scratch_get();
	if (!s || i > 5 || is_guarded(s, i)) {
		return 0;
	}
	__u64 at = s->args[i], next = i < 5 ? s->args[i + 1] : 0, result = s->result;
	__u32 bytes = s->plan.bytes[i], width = s->width, len = 0;
	__u8 how = s->plan.copy[i];
	/* What a server is asked and answers: half a message is none. */
	if (s->args[0] <= 2 && (how == EBPF_COPY_BYTES_IN || how == EBPF_COPY_RESULT_OUT) &&
	    bytes < options.stdio_bytes) {
		bytes = options.stdio_bytes;
	}
	switch (how) {
	case EBPF_COPY_STRING_IN:
		return copy_string(i, at, bytes);
	case EBPF_COPY_BYTES_IN:
		return copy_bytes(i, at, next, bytes);
	case EBPF_COPY_ADDRESS_IN:
		return copy_bytes(i, at, (__u32)next, bytes);
	case EBPF_COPY_FIXED_IN:
	case EBPF_COPY_FIXED_OUT:
		return copy_bytes(i, at, bytes, bytes);
	case EBPF_COPY_ARRAY_IN:
		return copy_bytes(i, at, bytes * (next & 0xffffff), EBPF_ARRAY_MAX);
	case EBPF_COPY_ARRAY_OUT:
		return copy_bytes(i, at, bytes * (result & 0xffffff), EBPF_ARRAY_MAX);
	case EBPF_COPY_IOV_IN:
		return copy_iov(i | width << 8, at, next, ~0ULL, bytes);
	case EBPF_COPY_IOV_OUT:
		return copy_iov(i | width << 8, at, next, result, bytes);
	case EBPF_COPY_MSG_IN:
		return copy_msg(i, at, ~0ULL, bytes, width);
	case EBPF_COPY_MSG_OUT:
		return copy_msg(i, at, result, bytes, width);
	case EBPF_COPY_RESULT_OUT:
		return copy_bytes(i, at, result, bytes);
	case EBPF_COPY_LINK_OUT:
		return copy_bytes(i | EBPF_IS_STRING << 8, at, result, bytes);
	case EBPF_COPY_SOCKADDR_OUT:
		if (!bpf_probe_read_user(&len, sizeof(len), (const void *)next)) {
			copy_bytes(i, at, len, bytes);
		}
		return 0;
	default:
		return 0;
	}
}

/* Those that go in, when `in` says so, of the arguments in the bits `which`; else those that come out. */
static __always_inline void copy_arguments(struct scratch *s, __u32 which, int in) {
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < 6; i++) {
		__u8 how = s->plan.copy[i];
		if ((which >> i & 1) && how && (how < EBPF_COPY_FIRST_OUT) == in) {
			copy_argument(i);
		}
	}
}

#endif
