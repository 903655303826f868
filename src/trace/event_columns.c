/* SPDX-License-Identifier: MIT
 * The columns of the table `event`.
 */
#include "trace/call.h"
#include "trace/event_table_private.h"
#include "trace/render.h"

static const struct payload *first_of(const struct event *e, enum payload_kind kind) {
	for (size_t i = 0; i < e->payload_count; i++) {
		if (e->payloads[i].kind == kind) {
			return &e->payloads[i];
		}
	}
	return NULL;
}

static void put_text(struct event_cursor *c, sqlite3_context *out, struct slice text) {
	c->reader->sqlite.result_text(out, text.data ? text.data : "", (int)text.len,
	                              SQLITE_TRANSIENT);
}

/* A text that is there for good. */
static void put_name(struct event_cursor *c, sqlite3_context *out, const char *name) {
	c->reader->sqlite.result_text(out, name, -1, SQLITE_STATIC);
}

static void put_number(struct event_cursor *c, sqlite3_context *out, int64_t number, bool known) {
	if (known) {
		c->reader->sqlite.result_int64(out, number);
	} else {
		c->reader->sqlite.result_null(out);
	}
}

static void put_fd(struct event_cursor *c, sqlite3_context *out, const struct event *e) {
	const struct call *call = e->kind == EVENT_CALL ? call_by_number(e->arch, e->number) : NULL;
	bool fd = call && call->args[0].shape == ARG_FD;
	bool opened = call && call->returns_fd && !fd && e->duration_ns >= 0 && e->result >= 0;
	put_number(c, out, fd ? (int)e->args[0] : e->result, fd || opened);
}

static bool has_buffer(const struct event *e, const struct payload *p) {
	const struct call *call = call_by_number(e->arch, e->number);
	bool argument = call && p->which >= 0 && p->which < 6;
	enum arg_shape shape = argument ? call->args[p->which].shape : ARG_NONE;
	return p->kind == PAYLOAD_BYTES &&
	       (shape == ARG_BUF_IN || shape == ARG_BUF_OUT || shape == ARG_IOV_IN ||
	        shape == ARG_IOV_OUT || shape == ARG_MSG_IN || shape == ARG_MSG_OUT);
}

static void put_data(struct event_cursor *c, sqlite3_context *out, const struct event *e) {
	for (size_t i = 0; e->kind == EVENT_CALL && i < e->payload_count; i++) {
		const struct payload *p = &e->payloads[i];
		if (has_buffer(e, p)) {
			c->reader->sqlite.result_blob(out, p->bytes.data, (int)p->bytes.len,
			                              SQLITE_TRANSIENT);
			return;
		}
	}
	c->reader->sqlite.result_null(out);
}

static struct arena *row_arena(struct event_cursor *c) {
	c->arena = c->arena ? c->arena : arena_new();
	return c->arena;
}

static void put_words(struct event_cursor *c, sqlite3_context *out, const struct event *e,
                      int column) {
	struct strbuf text;
	const struct payload *path;
	const struct call *call;
	switch (column) {
	case COL_KIND:
		put_name(c, out, render_kind(e->kind));
		return;
	case COL_ARCH:
		put_name(c, out, arch_name(e->arch));
		return;
	case COL_CALL:
		call = e->kind == EVENT_CALL ? call_by_number(e->arch, e->number) : NULL;
		if (call) {
			put_name(c, out, call->name);
		} else if (e->kind == EVENT_CALL) {
			put_text(c, out, slice_str(render_name(row_arena(c), e)));
		}
		return;
	case COL_ERRNO:
		if (event_failed(e) && render_errno(e)) {
			put_name(c, out, render_errno(e));
		}
		return;
	case COL_PATH:
		path = first_of(e, PAYLOAD_STRING);
		if (path) {
			put_text(c, out, path->bytes);
		}
		return;
	default:
		strbuf_init(&text, row_arena(c));
		if (column == COL_TEXT) {
			(void)render_line(&text, e);
		} else if (e->kind == EVENT_CALL) {
			render_arguments(&text, e);
		}
		put_text(c, out, slice_of(text.data, text.len));
	}
}

int event_column(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int column) {
	struct event_cursor *c = (struct event_cursor *)cursor;
	const struct event *e = &c->chunks.chunk.events[c->at];
	bool returned = e->kind == EVENT_CALL && e->duration_ns >= 0;
	switch (column) {
	case COL_SEQ:
		put_number(c, out, event_seq(c), true);
		break;
	case COL_START:
		put_number(c, out, e->start_ns, true);
		break;
	case COL_END:
		put_number(c, out, e->start_ns + e->duration_ns,
		           e->kind != EVENT_CALL || e->duration_ns >= 0);
		break;
	case COL_DURATION:
		put_number(c, out, e->duration_ns, returned);
		break;
	case COL_PID:
		put_number(c, out, e->pid, true);
		break;
	case COL_TID:
		put_number(c, out, e->tid, true);
		break;
	case COL_RESULT:
		put_number(c, out, e->result, returned);
		break;
	case COL_ERROR:
		put_number(c, out, -e->result, event_failed(e));
		break;
	case COL_FD:
		put_fd(c, out, e);
		break;
	case COL_DATA:
		put_data(c, out, e);
		break;
	case COL_CHILD:
		put_number(c, out, e->child, e->kind == EVENT_FORK);
		break;
	case COL_STATUS:
		put_number(c, out, e->status, e->kind == EVENT_EXIT || e->kind == EVENT_SIGNAL);
		break;
	case COL_SENDER:
		put_number(c, out, e->sender, e->kind == EVENT_SIGNAL);
		break;
	case COL_LOST:
		put_number(c, out, (int64_t)e->lost, e->kind == EVENT_LOST);
		break;
	case COL_CHUNK:
		put_number(c, out, c->chunks.chunk_id, true);
		break;
	case COL_INJECTED:
		put_number(c, out, e->injected, true);
		break;
	default:
		put_words(c, out, e, column);
	}
	return SQLITE_OK;
}
