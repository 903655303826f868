/* SPDX-License-Identifier: MIT
 */
#include "core/world.h"

#include "base/clock.h"
#include "base/str.h"
#include "core/run_record.h"

#include <errno.h>
#include <stdlib.h>

static const char *look_source(struct arena *arena, enum look what, const char *arg) {
	static const struct {
		const char *prefix, *suffix;
	} names[] = {
#define LOOK(kind_, function_, prefix_, suffix_, argument_) [LOOK_##kind_] = {prefix_, suffix_},
#include "core/look.def"
#undef LOOK
	};

	return arena_printf(arena, "%s%s%s", names[what].prefix, arg, names[what].suffix);
}

/* Gives the evidence of this source; *ret_new when it has yet to be filled. */
static struct evidence *evidence_for(struct world *w, const char *source, bool *ret_new) {
	struct evidence *ev = evidence_find(w->store, source);

	*ret_new = !ev;
	if (!ev) {
		ev = evidence_add(w->store, source);
		ev->at_ns = world_now_ns(w) - w->start_ns;
	}
	return ev;
}

bool world_is_replay(const struct world *w) {
	return w->told_ns > 0;
}

int64_t world_now_ns(const struct world *w) {
	return world_is_replay(w) ? w->told_ns : clock_now_ns();
}

int64_t world_wall_ns(const struct world *w, int64_t now_ns) {
	return w->store->start_wall_ns + (now_ns - w->start_ns);
}

const struct evidence *world_look(struct world *w, enum look what, const char *arg, size_t cap) {
	bool is_new;
	struct evidence *ev = evidence_for(w, look_source(w->arena, what, arg), &is_new);

	if (is_new) {
		w->ops->look(w, what, arg, cap, ev);
	}
	return ev;
}

const struct evidence *world_look_anew(struct world *w, enum look what, const char *arg,
                                       size_t cap) {
	const char *numbered;
	size_t turn = 1;

	do {
		numbered = arena_printf(w->arena, "%s%zu", arg, turn++);
	} while (evidence_find(w->store, look_source(w->arena, what, numbered)));
	return world_look(w, what, numbered, cap);
}

struct run_result world_run(struct world *w, const struct run_spec *spec) {
	bool is_new;
	const char *source = arena_printf(w->arena, "run:%s", spec->label);
	struct evidence *ev = evidence_for(w, source, &is_new);
	struct run_result result = {.ev = ev, .exit_code = -1};
	struct run_record record;

	if (is_new) {
		w->ops->run(w, spec, ev);
	}
	if (run_record_parse(ev->bytes, &record) == 0) {
		result.started = record.started;
		result.exit_code = record.exit_code;
		result.signal = record.signal;
		result.timed_out = record.timed_out;
		result.ms = record.ms;
		result.out = record.out;
		result.err = record.err;
	} else {
		result.timed_out = ev->state == EV_TIMED_OUT;
	}
	return result;
}

void world_run_ahead(struct world *w, const struct run_spec *spec) {
	bool seen = evidence_find(w->store, arena_printf(w->arena, "run:%s", spec->label)) != NULL;

	if (!seen && w->ops->run_ahead) {
		w->ops->run_ahead(w, spec);
	}
}

struct session *world_session_start(struct world *w, const struct session_spec *spec) {
	const char *source = arena_printf(w->arena, "session:%s", spec->label);
	struct session *s;
	bool is_new;

	for (unsigned i = 2; evidence_find(w->store, source); i++) {
		source = arena_printf(w->arena, "session:%s#%u", spec->label, i);
	}
	s = w->ops->session_start(w, spec, source);
	s->world = w;
	s->dialogue = spec->dialogue;
	s->ev = evidence_for(w, source, &is_new);
	return s;
}

void session_send(struct session *s, struct slice body) {
	s->world->ops->session_send(s, body);
}

void world_session_wait(struct world *w, struct session *s, int64_t deadline_ns) {
	w->ops->session_wait(w, s, deadline_ns);
}

const struct evidence *world_session_stop(struct world *w, struct session *s) {
	struct evidence *ev = s->ev;

	w->ops->session_stop(w, s, ev);
	return ev;
}

void world_close(struct world *w) {
	if (w) {
		w->ops->close(w);
	}
}

struct file_stat world_stat(struct world *w, const char *path) {
	const struct evidence *ev = world_look(w, LOOK_STAT, path, LOOK_CAP_SMALL);
	struct file_stat st = {.ev = ev, .type = "", .real = ""};
	struct arena *a = w->arena;

	st.known = ev->state == EV_READ || ev->state == EV_ABSENT;
	st.exists = ev->state == EV_READ;
	if (!st.exists) {
		return st;
	}
	st.type = keyline_text(a, ev->bytes, "type");
	st.is_file = streq(st.type, "file");
	st.is_dir = streq(st.type, "dir");
	st.mode = (unsigned)strtoul(keyline_text(a, ev->bytes, "mode"), NULL, 8);
	st.uid = keyline_number(a, ev->bytes, "uid", 0);
	st.gid = keyline_number(a, ev->bytes, "gid", 0);
	st.size = keyline_number(a, ev->bytes, "size", 0);
	st.mtime_ns = keyline_number(a, ev->bytes, "mtime_ns", 0);
	st.link_ctime_ns = keyline_number(a, ev->bytes, "link_ctime_ns", 0);
	st.ctime_ns = keyline_number(a, ev->bytes, "ctime_ns", 0);
	st.btime_ns = keyline_number(a, ev->bytes, "btime_ns", 0);
	st.ctime_ns = st.link_ctime_ns > st.ctime_ns ? st.link_ctime_ns : st.ctime_ns;
	st.dev = keyline_number(a, ev->bytes, "dev", 0);
	st.ino = keyline_number(a, ev->bytes, "ino", 0);
	st.can_read = keyline_number(a, ev->bytes, "read", 0) != 0;
	st.can_write = keyline_number(a, ev->bytes, "write", 0) != 0;
	st.can_exec = keyline_number(a, ev->bytes, "exec", 0) != 0;
	st.real = keyline_text(a, ev->bytes, "real");
	return st;
}

/* blocks * block_bytes; a filesystem may claim more than fits. */
static int64_t bytes_of(int64_t blocks, int64_t block_bytes) {
	int64_t bytes;

	return __builtin_mul_overflow(blocks, block_bytes, &bytes) ? INT64_MAX : bytes;
}

struct mount_stat world_mount(struct world *w, const char *path) {
	const struct evidence *ev = world_look(w, LOOK_MOUNT, path, LOOK_CAP_SMALL);
	struct mount_stat st = {.ev = ev, .nearest = "", .mount = "", .fstype = ""};
	struct arena *a = w->arena;
	int64_t block_bytes;

	st.known = ev->state == EV_READ;
	if (!st.known) {
		return st;
	}
	block_bytes = keyline_number(a, ev->bytes, "block_bytes", 0);
	st.nearest = keyline_text(a, ev->bytes, "nearest");
	st.mount = keyline_text(a, ev->bytes, "mount");
	st.fstype = keyline_text(a, ev->bytes, "fstype");
	st.read_only = keyline_number(a, ev->bytes, "ro", 0) != 0;
	st.bound_ro = keyline_number(a, ev->bytes, "bound_ro", 0) != 0;
	st.noexec = keyline_number(a, ev->bytes, "noexec", 0) != 0;
	st.free_bytes = bytes_of(keyline_number(a, ev->bytes, "free_blocks", 0), block_bytes);
	st.total_bytes = bytes_of(keyline_number(a, ev->bytes, "total_blocks", 0), block_bytes);
	st.free_inodes = keyline_number(a, ev->bytes, "free_inodes", 0);
	st.total_inodes = keyline_number(a, ev->bytes, "total_inodes", 0);
	return st;
}

static const char *keyline_unescape(struct arena *arena, struct slice value) {
	char *text = arena_alloc(arena, value.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (c == '\\' && i + 1 < value.len) {
			c = value.data[++i];
			c = c == 'n' ? '\n' : c;
		}
		text[len++] = c;
	}
	text[len] = '\0';
	return text;
}

/* The value as it is written. */
static bool keyline_find(struct slice text, const char *key, struct slice *ret) {
	size_t key_len = strlen(key);

	while (text.len > 0) {
		const char *end = memchr(text.data, '\n', text.len);
		struct slice line = slice_of(text.data, end ? (size_t)(end - text.data) : text.len);

		if (line.len > key_len && line.data[key_len] == '=' &&
		    memcmp(line.data, key, key_len) == 0) {
			*ret = slice_of(line.data + key_len + 1, line.len - key_len - 1);
			return true;
		}
		text = slice_of(text.data + line.len, text.len - line.len);
		if (end) {
			text = slice_of(text.data + 1, text.len - 1);
		}
	}
	return false;
}

const char *keyline_get(struct arena *arena, struct slice text, const char *key) {
	struct slice value;

	return keyline_find(text, key, &value) ? keyline_unescape(arena, value) : NULL;
}

static void put_escaped(struct strbuf *out, const char *value) {
	for (;;) {
		size_t plain = strcspn(value, "\n\\");

		strbuf_add_n(out, value, plain);
		value += plain;
		if (*value == '\0') {
			return;
		}
		strbuf_add(out, *value == '\n' ? "\\n" : "\\\\");
		value++;
	}
}

const char *keyline_text(struct arena *arena, struct slice text, const char *key) {
	const char *value = keyline_get(arena, text, key);

	return value ? value : "";
}

int64_t keyline_number(struct arena *arena, struct slice text, const char *key, int64_t otherwise) {
	struct slice value;
	char word[32]; /* longer than any number */
	int64_t number;

	if (!keyline_find(text, key, &value)) {
		return otherwise;
	}
	const char *digits = word;

	if (value.len < sizeof word && !memchr(value.data, '\\', value.len)) {
		memcpy(word, value.data, value.len);
		word[value.len] = '\0';
	} else {
		digits = keyline_unescape(arena, value);
	}
	return str_to_int64(digits, &number) == 0 ? number : otherwise;
}

bool keyline_block(struct slice *rest, struct slice *ret) {
	if (rest->len == 0) {
		return false;
	}
	const char *end = memmem(rest->data, rest->len, "\n\n", 2);
	size_t len = end ? (size_t)(end - rest->data) + 1 : rest->len;

	*ret = slice_of(rest->data, len);
	len += end ? 1 : 0;
	*rest = slice_of(rest->data + len, rest->len - len);
	return true;
}

void keyline_put(struct strbuf *out, const char *key, const char *value) {
	strbuf_add(out, key);
	strbuf_add_char(out, '=');
	put_escaped(out, value);
	strbuf_add_char(out, '\n');
}

const char *keyline_escape(struct arena *arena, const char *value) {
	struct strbuf out;

	if (!strpbrk(value, "\n\\")) {
		return value;
	}
	strbuf_init(&out, arena);
	put_escaped(&out, value);
	return out.data;
}
