/* SPDX-License-Identifier: MIT
 * Sources of layouts: include/uapi/linux/{uio,socket,time,fcntl}.h, include/uapi/asm-generic/stat.h.
 */
#include "trace/capture.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdlib.h>

#define FIRST_BYTES 256 /* most paths end within; a page end stops a read earlier */
#define PAGE_BYTES  4096
#define KEEP_BYTES  8192 /* a buffer that grew larger is not kept from call to call */

/* One call as the copying functions see it. */
struct copy {
	struct capture *capture;
	const struct capture_source *source;
	const struct capture_limits *limits;
	const struct call *call;
	const uint64_t *args;
	size_t word; /* bytes of a pointer or long: 4 or 8 */
	int64_t result;
};

static size_t least(size_t a, size_t b) {
	return a < b ? a : b;
}

static uint32_t full32(uint64_t bytes) {
	return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

static size_t word_of(enum event_arch arch) {
	return arch == ARCH_X86_64 || arch == ARCH_AARCH64 ? 8 : 4;
}

/* Room for so many bytes more behind what is used; NULL when there is none. */
static char *room(struct capture *c, size_t bytes) {
	if (c->used + bytes > c->size) {
		size_t size = (c->used + bytes) * 2;
		char *bigger = realloc(c->bytes, size);

		if (!bigger) {
			return NULL;
		}
		c->bytes = bigger;
		c->size = size;
	}
	return c->bytes + c->used;
}

static void keep(struct capture *c, enum payload_kind kind, int which, size_t offset,
                 uint64_t full) {
	if (c->count < EVENT_PAYLOADS) {
		c->pieces[c->count++] = (struct capture_piece){
			.kind = kind,
			.which = which,
			.full_bytes = full32(full),
			.offset = offset,
			.len = c->used - offset,
		};
	}
}

/* Appends up to so many bytes from there; how many. */
static size_t append(struct copy *p, uint64_t address, size_t bytes) {
	char *to = room(p->capture, bytes);
	ssize_t n = to ? p->source->read(p->source->data, address, to, bytes) : 0;

	if (n <= 0) {
		return 0;
	}
	p->capture->used += least((size_t)n, bytes);
	return least((size_t)n, bytes);
}

/* A number of the traced program's width at that address; false when it cannot be read. */
static bool word_at(struct copy *p, uint64_t address, uint64_t *ret) {
	uint64_t value = 0;

	if (p->source->read(p->source->data, address, &value, p->word) != (ssize_t)p->word) {
		return false;
	}
	*ret = value;
	return true;
}

/* ---- strings ---- */

/* Appends the string without its NUL; true when its end was seen within max. */
static bool append_string(struct copy *p, uint64_t address, size_t max) {
	size_t got = 0;

	while (got < max) {
		uint64_t at = address + got;
		size_t want = least(got == 0 ? FIRST_BYTES : PAGE_BYTES,
		                    PAGE_BYTES - (size_t)(at % PAGE_BYTES));
		size_t n = append(p, at, least(want, max - got));
		const char *new = p->capture->bytes + p->capture->used - n;
		const char *end = n > 0 ? memchr(new, '\0', n) : NULL;

		if (end) {
			p->capture->used -= n - (size_t)(end - new);
			return true;
		}
		if (n == 0) {
			return false;
		}
		got += n;
	}
	return false;
}

static void copy_string(struct copy *p, int which) {
	size_t offset = p->capture->used;
	bool whole = append_string(p, p->args[which], p->limits->string_bytes);
	size_t len = p->capture->used - offset;

	if (len == 0 && !whole) {
		p->capture->unread++;
		return;
	}
	keep(p->capture, PAYLOAD_STRING, which, offset, len + !whole);
}

static void copy_strings(struct copy *p, int which) {
	size_t offset = p->capture->used;
	bool whole = true;
	uint64_t string = 0;

	for (uint64_t at = p->args[which];; at += p->word) {
		size_t left =
			CAPTURE_STRINGS_MAX - least(p->capture->used - offset, CAPTURE_STRINGS_MAX);

		if (left <= 1 || !word_at(p, at, &string)) {
			whole = false;
			break;
		}
		if (string == 0) {
			break;
		}
		whole = append_string(p, string, least(left - 1, p->limits->string_bytes)) && whole;
		char *nul = room(p->capture, 1);

		if (!nul) {
			break;
		}
		*nul = '\0';
		p->capture->used++;
	}
	keep(p->capture, PAYLOAD_STRINGS, which, offset, p->capture->used - offset + !whole);
}

/* ---- bytes ---- */

static void copy_bytes(struct copy *p, int which, uint64_t address, uint64_t full, size_t max,
                       enum payload_kind kind) {
	size_t offset = p->capture->used;

	if (address == 0 || full == 0 || max == 0) {
		return;
	}
	if (append(p, address, full < max ? (size_t)full : max) == 0) {
		p->capture->unread++;
		return;
	}
	keep(p->capture, kind, which, offset, full);
}

static void copy_struct(struct copy *p, int which, size_t bytes) {
	copy_bytes(p, which, p->args[which], bytes, CAPTURE_STRUCT_MAX, PAYLOAD_BYTES);
}

static void copy_structs(struct copy *p, int which, uint64_t count) {
	uint64_t some = count < CAPTURE_STRUCT_MAX ? count : CAPTURE_STRUCT_MAX;

	copy_bytes(p, which, p->args[which], some * p->call->args[which].bytes, CAPTURE_STRUCT_MAX,
	           PAYLOAD_BYTES);
}

/* What a program says and hears is worth more than what it reads from files. */
static size_t data_max(const struct copy *p) {
	bool stdio = p->call->args[0].shape == ARG_FD && p->args[0] <= 2;
	size_t more = p->limits->stdio_bytes;
	return stdio && more > p->limits->data_bytes ? more : p->limits->data_bytes;
}

/* The bytes of `count` struct iovec in a row, no more than `full` of them. */
static void copy_iovec(struct copy *p, int which, uint64_t vector, uint64_t count, uint64_t full) {
	size_t offset = p->capture->used, max = data_max(p);
	uint64_t base, len, seen = 0;

	for (uint64_t i = 0; i < count && i < CAPTURE_IOVEC_MAX && seen < full; i++) {
		uint64_t at = vector + i * 2 * p->word;

		if (max == 0 || !word_at(p, at, &base) || !word_at(p, at + p->word, &len)) {
			break;
		}
		uint64_t here = len < full - seen ? len : full - seen;
		size_t left = max - least(p->capture->used - offset, max);

		if (base != 0 && left > 0) {
			(void)append(p, base, here < left ? (size_t)here : left);
		}
		seen += here;
	}
	if (p->capture->used > offset) {
		keep(p->capture, PAYLOAD_BYTES, which, offset, seen);
	}
}

/* struct user_msghdr: name, length of it (int), iovec, count of it, … */
static void copy_message(struct copy *p, int which, uint64_t full) {
	uint64_t at = p->args[which], name = 0, name_bytes = 0, vector = 0, count = 0;

	if (at == 0) {
		return;
	}
	if (!word_at(p, at, &name) || !word_at(p, at + p->word, &name_bytes) ||
	    !word_at(p, at + 2 * p->word, &vector) || !word_at(p, at + 3 * p->word, &count)) {
		p->capture->unread++;
		return;
	}
	copy_bytes(p, which, name, (uint32_t)name_bytes, CAPTURE_SOCKADDR_MAX, PAYLOAD_ADDRESS);
	copy_iovec(p, which, vector, count, full);
}

static void copy_sockaddr_out(struct copy *p, int which) {
	uint32_t bytes = 0;

	if (which < 5 && p->args[which] != 0 && p->args[which + 1] != 0 &&
	    p->source->read(p->source->data, p->args[which + 1], &bytes, sizeof(bytes)) ==
	            (ssize_t)sizeof(bytes)) {
		copy_bytes(p, which, p->args[which], bytes, CAPTURE_SOCKADDR_MAX, PAYLOAD_BYTES);
	}
}

/* struct timespec is two longs, but for the calls that were made for after 2038. */
static void copy_timespec(struct copy *p, int which) {
	const char *name = p->call->name;
	size_t len = strlen(name);
	bool wide = p->word == 8 || (len > 7 && strcmp(name + len - 7, "_time64") == 0);

	copy_struct(p, which, wide ? 16 : 8);
}

static void copy_futex_time(struct copy *p) {
	switch (p->args[1] & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_REQUEUE_PI:
		copy_timespec(p, 3);
		break;
	default: /* there it is a number */
		break;
	}
}

static void copy_fcntl(struct copy *p) {
	switch ((int)p->args[1]) {
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		copy_struct(p, 2, p->word == 8 ? 32 : 16);
		break;
	default:
		break;
	}
}

static uint64_t next_argument(const struct copy *p, int which) {
	return which < 5 ? p->args[which + 1] : 0;
}

/* ---- what goes in ---- */

static void copy_in(struct copy *p, int which) {
	const struct call_arg *arg = &p->call->args[which];
	uint64_t next = next_argument(p, which);

	switch ((int)arg->shape) {
	case ARG_PATH:
	case ARG_STRING:
		copy_string(p, which);
		break;
	case ARG_ARGV:
	case ARG_ENVP:
		copy_strings(p, which);
		break;
	case ARG_BUF_IN:
		copy_bytes(p, which, p->args[which], next, data_max(p), PAYLOAD_BYTES);
		break;
	case ARG_IOV_IN:
		copy_iovec(p, which, p->args[which], next, UINT64_MAX);
		break;
	case ARG_MSG_IN:
		copy_message(p, which, UINT64_MAX);
		break;
	case ARG_SOCKADDR_IN:
		copy_bytes(p, which, p->args[which], (uint32_t)next, CAPTURE_SOCKADDR_MAX,
		           PAYLOAD_BYTES);
		break;
	case ARG_TIMESPEC_IN:
		copy_timespec(p, which);
		break;
	case ARG_FUTEX_TIME:
		copy_futex_time(p);
		break;
	case ARG_FCNTL:
		copy_fcntl(p);
		break;
	case ARG_STRUCT_IN:
		copy_struct(p, which, arg->bytes);
		break;
	case ARG_STRUCTS_IN:
		copy_structs(p, which, (uint32_t)next);
		break;
	default:
		break;
	}
}

static struct copy copy_of(struct capture *capture, const struct capture_source *source,
                           const struct capture_limits *limits, enum event_arch arch,
                           const struct call *call, const uint64_t args[6]) {
	return (struct copy){
		.capture = capture,
		.source = source,
		.limits = limits,
		.call = call,
		.args = args,
		.word = word_of(arch),
	};
}

static void copy_each(struct copy *p, void (*copy_one)(struct copy *p, int which)) {
	for (int i = 0; p->call && i < 6; i++) {
		if (p->args[i] != 0) {
			copy_one(p, i);
		}
	}
}

void capture_enter(struct capture *capture, const struct capture_source *source,
                   const struct capture_limits *limits, enum event_arch arch,
                   const struct call *call, const uint64_t args[6]) {
	struct copy p = copy_of(capture, source, limits, arch, call, args);

	capture_forget(capture);
	copy_each(&p, copy_in);
}

/* ---- what comes out ---- */

/* A link's text is as long as the result; getcwd's counts its NUL. */
static void copy_link(struct copy *p, int which) {
	size_t offset = p->capture->used;
	size_t n = append(p, p->args[which], least((size_t)p->result, p->limits->string_bytes));

	if (n > 0) {
		p->capture->used -= p->capture->bytes[offset + n - 1] == '\0';
		keep(p->capture, PAYLOAD_STRING, which, offset, (uint64_t)p->result);
	}
}

static void copy_out(struct copy *p, int which) {
	const struct call_arg *arg = &p->call->args[which];
	uint64_t result = (uint64_t)p->result;

	switch ((int)arg->shape) {
	case ARG_BUF_OUT:
		copy_bytes(p, which, p->args[which], result, data_max(p), PAYLOAD_BYTES);
		break;
	case ARG_IOV_OUT:
		copy_iovec(p, which, p->args[which], next_argument(p, which), result);
		break;
	case ARG_MSG_OUT:
		copy_message(p, which, result);
		break;
	case ARG_SOCKADDR_OUT:
		copy_sockaddr_out(p, which);
		break;
	case ARG_TWO_FDS:
		copy_struct(p, which, 2 * sizeof(int));
		break;
	case ARG_INT_OUT:
		copy_struct(p, which, sizeof(int));
		break;
	case ARG_STAT_OUT: /* struct stat of x86_64; 32-bit programs have several others */
		copy_struct(p, which, p->word == 8 ? 144 : 0);
		break;
	case ARG_TIMESPEC_OUT:
		copy_timespec(p, which);
		break;
	case ARG_STRUCT_OUT:
		copy_struct(p, which, arg->bytes);
		break;
	case ARG_STRUCTS_OUT:
		copy_structs(p, which, result);
		break;
	case ARG_LINK_OUT:
		copy_link(p, which);
		break;
	default:
		break;
	}
}

void capture_exit(struct capture *capture, const struct capture_source *source,
                  const struct capture_limits *limits, enum event_arch arch,
                  const struct call *call, const uint64_t args[6], int64_t result) {
	struct copy p = copy_of(capture, source, limits, arch, call, args);

	if (result >= 0) {
		p.result = result;
		copy_each(&p, copy_out);
	}
}

size_t capture_payloads(const struct capture *capture, struct payload payloads[EVENT_PAYLOADS]) {
	for (size_t i = 0; i < capture->count; i++) {
		const struct capture_piece *piece = &capture->pieces[i];

		payloads[i] = (struct payload){
			.kind = piece->kind,
			.which = piece->which,
			.full_bytes = piece->full_bytes,
			.bytes = slice_of(capture->bytes ? capture->bytes + piece->offset : NULL,
		                          piece->len),
		};
	}
	return capture->count;
}

void capture_forget(struct capture *capture) {
	if (capture->size > KEEP_BYTES) {
		capture_free(capture);
	}
	capture->count = 0;
	capture->used = 0;
}

void capture_free(struct capture *capture) {
	free(capture->bytes);
	capture->bytes = NULL;
	capture->used = capture->size = capture->count = 0;
}
