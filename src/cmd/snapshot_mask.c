/* SPDX-License-Identifier: MIT */
#include "cmd/snapshot.h"

#include "base/ascii.h"
#include "base/str.h"
#include "base/vec.h"
#include "cmd/env_mask.h"
#include "core/world.h"
#include "world/secret_scan.h"

#define ARGUMENT_SEPARATOR '\x1f'
/* Shorter ones, numbers and plain words stand in many places and mean something else there. */
#define EVERYWHERE_BYTES ((size_t)8)

struct masking {
	struct arena *arena;
	struct slice *hidden; /* values that are hidden wherever they stand */
	size_t count, size;
};

static bool is_telling(const char *value) {
	bool has_digit = false, has_letter = false;

	for (const char *c = value; *c; c++) {
		has_digit = has_digit || ascii_is_digit(*c);
		has_letter = has_letter || !ascii_is_digit(*c);
	}
	return strlen(value) >= EVERYWHERE_BYTES && value[0] != '/' && has_digit && has_letter;
}

static void hide(struct masking *m, const char *value) {
	for (size_t i = 0; i < m->count; i++) {
		if (slice_eq(m->hidden[i], value)) {
			return;
		}
	}
	if (is_telling(value)) {
		VEC_ROOM(m->arena, m->hidden, m->count, &m->size);
		m->hidden[m->count++] = slice_str(value);
	}
}

/* NAME=value, or anything else. */
static const char *mask_pair(struct masking *m, const char *text) {
	const char *equals = strchr(text, '=');
	const char *name = equals ? arena_strndup(m->arena, text, (size_t)(equals - text)) : "";
	const char *value = equals ? equals + 1 : text;
	bool secret = false;
	const char *masked = env_mask(m->arena, name, value, &secret);

	if (secret) {
		hide(m, value);
	}
	return masked == value ? text
	       : equals        ? arena_printf(m->arena, "%s=%s", name, masked)
	                       : masked;
}

/* "--token", "-password": the next argument is the secret. */
static bool announces_secret(const char *argument) {
	return argument[0] == '-' && !strchr(argument, '=') && secret_name(slice_str(argument));
}

static const char *mask_arguments(struct masking *m, const char *cmdline) {
	struct slice rest = slice_str(cmdline), part;
	bool is_secret = false;
	struct strbuf out;

	strbuf_init(&out, m->arena);
	while (slice_cut(&rest, ARGUMENT_SEPARATOR, &part)) {
		const char *argument = arena_slicedup(m->arena, part);

		if (out.len > 0) {
			strbuf_add_char(&out, ARGUMENT_SEPARATOR);
		}
		if (is_secret && argument[0] != '-') {
			hide(m, argument);
			strbuf_add(&out, "***");
		} else {
			strbuf_add(&out, mask_pair(m, argument));
		}
		is_secret = announces_secret(argument);
	}
	return out.data;
}

static void mask_line(struct masking *m, struct strbuf *out, struct slice line) {
	struct slice rest = line, name;

	if (!slice_starts(line, "env") && !slice_starts(line, "cmdline=")) {
		strbuf_add_n(out, line.data, line.len);
		strbuf_add_char(out, '\n');
		return;
	}
	slice_cut(&rest, '=', &name);
	const char *key = arena_slicedup(m->arena, name);
	const char *value = keyline_text(m->arena, line, key);

	if (streq(key, "cmdline")) {
		value = mask_arguments(m, value);
	} else if (streq(key, "env")) {
		value = mask_pair(m, value);
	} else if (str_starts(key, "env.")) {
		value = mask_pair(m, arena_printf(m->arena, "%s=%s", key + 4, value));
		value = strchr(value, '=') + 1;
	}
	keyline_put(out, key, value);
}

static struct slice mask_lines(struct masking *m, struct slice text) {
	struct slice line;
	struct strbuf out;

	strbuf_init(&out, m->arena);
	while (slice_line(&text, &line)) {
		mask_line(m, &out, line);
	}
	return slice_of(out.data, out.len);
}

/* What was hidden in one place, in all others. */
static struct slice mask_values(struct masking *m, struct slice text) {
	for (size_t i = 0; i < m->count; i++) {
		const struct slice value = m->hidden[i];
		const char *at = memmem(text.data, text.len, value.data, value.len);
		struct strbuf out;

		if (!at) {
			continue;
		}
		strbuf_init(&out, m->arena);
		for (; at; at = memmem(text.data, text.len, value.data, value.len)) {
			size_t before = (size_t)(at - text.data);

			strbuf_add_n(&out, text.data, before);
			strbuf_add(&out, "***");
			text = slice_from(text, before + value.len);
		}
		strbuf_add_n(&out, text.data, text.len);
		text = slice_of(out.data, out.len);
	}
	return text;
}

static bool has_lines(const char *source) {
	static const char *const prefixes[] = {"picture:", "census:", "waits:", "gopls:"};

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		if (str_starts(source, prefixes[i])) {
			return true;
		}
	}
	return false;
}

void snapshot_mask(const struct evidence_store *from, struct evidence_store *to) {
	struct masking m = {.arena = to->arena};

	to->start_wall_ns = from->start_wall_ns;
	for (size_t i = 0; i < from->count; i++) {
		const struct evidence *ev = from->items[i];
		struct evidence *copy = evidence_add_copy(to, ev->source, ev);

		copy->bytes = has_lines(ev->source) ? mask_lines(&m, ev->bytes) : ev->bytes;
	}
	for (size_t i = 0; i < to->count; i++) {
		to->items[i]->bytes = mask_values(&m, to->items[i]->bytes);
	}
}
