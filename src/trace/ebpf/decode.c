/* SPDX-License-Identifier: MIT */
#include "trace/ebpf/decode.h"

#include "trace/ebpf/plan.h"

#include <errno.h>
#include <stdlib.h>

/* Payloads of one call while they are put together: of what came ahead, then of the record. */
struct gathered {
	struct payload payloads[EVENT_PAYLOADS];
	size_t count;
};

static enum payload_kind kind_of(__u8 is) {
	switch (is) {
	case EBPF_IS_STRING:
		return PAYLOAD_STRING;
	case EBPF_IS_STRINGS:
		return PAYLOAD_STRINGS;
	case EBPF_IS_ADDRESS:
		return PAYLOAD_ADDRESS;
	default:
		return PAYLOAD_BYTES;
	}
}

/* Cuts `count` payloads off *rest; false when they are not there. */
static bool gather(struct gathered *g, struct slice *rest, size_t count) {
	for (size_t i = 0; i < count; i++) {
		struct ebpf_payload head;

		if (rest->len < sizeof(head)) {
			return false;
		}
		memcpy(&head, rest->data, sizeof(head));
		if (rest->len - sizeof(head) < head.kept) {
			return false;
		}
		struct slice bytes = slice_of(rest->data + sizeof(head), head.kept);
		*rest = slice_of(bytes.data + bytes.len, rest->len - sizeof(head) - bytes.len);
		/* getcwd(2) counts its NUL. */
		if (head.kind == EBPF_IS_STRING && bytes.len > 0 &&
		    bytes.data[bytes.len - 1] == '\0') {
			bytes.len--;
		}
		if (g->count < EVENT_PAYLOADS) {
			g->payloads[g->count++] = (struct payload){.kind = kind_of(head.kind),
			                                           .which = head.which,
			                                           .full_bytes = head.full,
			                                           .bytes = bytes};
		}
	}
	return true;
}

static struct decode_part *part_find(struct decoder *d, pid_t tid, int64_t start_ns) {
	for (size_t i = 0; i < DECODE_PARTS_MAX; i++) {
		struct decode_part *part = &d->parts[i];

		if (part->bytes && part->tid == tid && part->start_ns == start_ns) {
			return part;
		}
	}
	return NULL;
}

static void part_free(struct decode_part *part) {
	free(part->bytes);
	*part = (struct decode_part){0};
}

/* A thread is in one call at a time: an older part of it is of no use any more. */
static void part_keep(struct decoder *d, const struct ebpf_record *r, struct slice bytes) {
	struct decode_part *place = NULL;

	for (size_t i = 0; i < DECODE_PARTS_MAX; i++) {
		struct decode_part *part = &d->parts[i];

		if (part->bytes && part->tid == (pid_t)r->tid) {
			part_free(part);
		}
		if (!part->bytes && !place) {
			place = part;
		}
	}
	char *copy = place && bytes.len > 0 ? malloc(bytes.len) : NULL;
	if (!copy) {
		d->parts_lost++;
		return;
	}
	memcpy(copy, bytes.data, bytes.len);
	*place = (struct decode_part){.start_ns = (int64_t)r->start_ns,
	                              .tid = (pid_t)r->tid,
	                              .payloads = r->payloads,
	                              .bytes = copy,
	                              .len = bytes.len};
}

static int tell(struct decoder *d, struct event *e, const struct gathered *g) {
	e->payloads = g->payloads;
	e->payload_count = g->count;
	d->events++;
	return d->sink->take(d->sink->data, e);
}

static void take_stack(struct event *e, struct slice rest, size_t bytes,
                       uint64_t stack[EVENT_STACK_MAX]) {
	size_t depth = bytes / sizeof(stack[0]);

	if (depth == 0 || depth > EVENT_STACK_MAX || rest.len < depth * sizeof(stack[0])) {
		return;
	}
	memcpy(stack, rest.data, depth * sizeof(stack[0]));
	e->stack = stack;
	e->stack_depth = depth;
}

static int decode_call(struct decoder *d, const struct ebpf_record *r, struct slice rest) {
	struct event e = {
		.kind = EVENT_CALL,
		.arch = plan_arch(r->width),
		.start_ns = (int64_t)r->start_ns,
		.duration_ns = EVENT_NO_DURATION,
		.pid = (pid_t)r->pid,
		.tid = (pid_t)r->tid,
		.number = r->number,
	};
	struct gathered g = {0};
	uint64_t stack[EVENT_STACK_MAX];
	struct decode_part *part = r->flags & EBPF_PARTED ? part_find(d, e.tid, e.start_ns) : NULL;

	memcpy(e.args, r->args, sizeof(e.args));
	if (r->flags & EBPF_ENDED) {
		e.duration_ns = (int64_t)(r->end_ns - r->start_ns);
		e.result = r->result;
	}
	if (part) {
		struct slice ahead = slice_of(part->bytes, part->len);
		(void)gather(&g, &ahead, part->payloads);
	}
	if (!gather(&g, &rest, r->payloads)) {
		return -EBADMSG;
	}
	take_stack(&e, rest, r->stack_bytes, stack);
	int result = tell(d, &e, &g);
	if (part) {
		part_free(part);
	}
	return result;
}

/* What happened to a process. */
static int decode_other(struct decoder *d, const struct ebpf_record *r, struct slice rest) {
	struct event e = {
		.start_ns = (int64_t)r->start_ns,
		.duration_ns = EVENT_NO_DURATION,
		.pid = (pid_t)r->pid,
		.tid = (pid_t)r->tid,
		.status = r->number,
	};
	struct gathered g = {0};

	switch (r->kind) {
	case EBPF_FORK:
		e.kind = EVENT_FORK;
		e.status = 0;
		e.child = r->number;
		e.child_pid = (pid_t)r->result;
		e.args[0] = r->args[0];
		break;
	case EBPF_EXEC:
		e.kind = EVENT_EXEC;
		if (!gather(&g, &rest, r->payloads)) {
			return -EBADMSG;
		}
		break;
	case EBPF_EXIT:
		if (r->pid == 0) {
			return 0; /* the tree is gone */
		}
		e.kind = EVENT_EXIT;
		break;
	case EBPF_SIGNAL:
		e.kind = EVENT_SIGNAL;
		e.sender = (pid_t)r->result;
		break;
	case EBPF_STOP:
		e.kind = EVENT_STOP;
		break;
	case EBPF_RESUME:
		e.kind = EVENT_RESUME;
		break;
	default:
		return -EBADMSG;
	}
	return tell(d, &e, &g);
}

int decode_record(struct decoder *decoder, struct slice record) {
	struct ebpf_record r;

	if (record.len < sizeof(r)) {
		return -EBADMSG;
	}
	memcpy(&r, record.data, sizeof(r));
	struct slice rest = slice_of(record.data + sizeof(r), record.len - sizeof(r));
	if (decoder->held != 0 && (pid_t)r.pid == decoder->held) {
		if (r.kind == EBPF_EXEC) {
			decoder->held = 0;
		} else if (r.kind == EBPF_CALL) {
			return 0;
		}
	}
	switch (r.kind) {
	case EBPF_CALL:
		return decode_call(decoder, &r, rest);
	case EBPF_PART:
		part_keep(decoder, &r, rest);
		return 0;
	default:
		return decode_other(decoder, &r, rest);
	}
}

int decode_thread(struct decoder *decoder, const struct ebpf_thread *t) {
	struct ebpf_record r = {
		.kind = EBPF_CALL,
		.width = t->width,
		.payloads = t->payloads,
		.flags = t->flags,
		.pid = t->pid,
		.tid = t->tid,
		.number = t->number,
		.start_ns = t->start_ns,
	};
	size_t kept = t->kept <= EBPF_KEEP ? t->kept : EBPF_KEEP;

	memcpy(r.args, t->args, sizeof(r.args));
	return t->active ? decode_call(decoder, &r, slice_of((const char *)t->data, kept)) : 0;
}

void decode_free(struct decoder *decoder) {
	for (size_t i = 0; i < DECODE_PARTS_MAX; i++) {
		part_free(&decoder->parts[i]);
	}
}
