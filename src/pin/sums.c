/* SPDX-License-Identifier: MIT */
#include "pin/sums.h"

#include "base/str.h"
#include "base/vec.h"

#include <errno.h>

void sums_add(struct arena *arena, struct sums *sums, const char *hex, const char *path) {
	VEC_ROOM(arena, sums->entries, sums->count, &sums->slots);
	sums->entries[sums->count++] = (struct sums_entry){hex, path};
}

/* sha256sum(1) begins the line with a backslash when the name has one of the others. */
static bool is_inside(const char *path) {
	struct slice rest = slice_str(path);
	struct slice part;
	if (path[0] == '\0' || path[0] == '/' || strpbrk(path, "\\\n\r")) {
		return false;
	}
	while (slice_cut(&rest, '/', &part)) {
		if (part.len == 0 || slice_eq(part, ".") || slice_eq(part, "..")) {
			return false;
		}
	}
	return path[strlen(path) - 1] != '/';
}

static bool parse_line(struct arena *arena, struct slice line, struct sums_entry *ret) {
	if (line.len <= SUMS_HEX_BYTES + 2 || memchr(line.data, '\0', line.len)) {
		return false;
	}
	ret->hex = arena_strndup(arena, line.data, SUMS_HEX_BYTES);
	ret->path =
		arena_strndup(arena, line.data + SUMS_HEX_BYTES + 2, line.len - SUMS_HEX_BYTES - 2);
	char kind = line.data[SUMS_HEX_BYTES + 1];
	return strspn(ret->hex, "0123456789abcdef") == SUMS_HEX_BYTES &&
	       line.data[SUMS_HEX_BYTES] == ' ' && (kind == ' ' || kind == '*') &&
	       is_inside(ret->path);
}

int sums_parse(struct arena *arena, struct slice text, struct sums *ret, struct err *err) {
	struct slice line;
	struct sums_entry entry;
	*ret = (struct sums){0};
	for (int number = 1; slice_line(&text, &line); number++) {
		if (line.len == 0) {
			continue;
		}
		if (!parse_line(arena, line, &entry)) {
			return err_set(err, -EBADMSG,
			               "line %d is not a SHA-256, two blanks and a path below",
			               number);
		}
		sums_add(arena, ret, entry.hex, entry.path);
	}
	return 0;
}

const char *sums_text(struct arena *arena, const struct sums *sums) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; i < sums->count; i++) {
		strbuf_printf(&out, "%s  %s\n", sums->entries[i].hex, sums->entries[i].path);
	}
	return out.data;
}

const char *sums_find(const struct sums *sums, const char *path) {
	for (size_t i = 0; i < sums->count; i++) {
		if (streq(sums->entries[i].path, path)) {
			return sums->entries[i].hex;
		}
	}
	return NULL;
}

const char *sums_of_modules(struct arena *arena, const struct binary *bin,
                            const char **ret_module) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; i < bin->module_count; i++) {
		const struct binary_module *m = &bin->modules[i];
		*ret_module = m->path;
		if (m->replaced || !str_starts(m->sum, "h1:")) {
			return NULL;
		}
		strbuf_printf(&out, "%s %s %s\n", m->path, m->version, m->sum);
	}
	*ret_module = bin->module;
	return bin->module_count > 0 ? out.data : NULL;
}

static const struct gosum_entry *find(const struct gosum *sum, const struct binary_module *m) {
	for (size_t i = 0; i < sum->count; i++) {
		const struct gosum_entry *e = &sum->entries[i];
		if (!e->is_gomod && slice_eq(e->path, m->path) &&
		    slice_eq(e->version, m->version)) {
			return e;
		}
	}
	return NULL;
}

int sums_check_modules(const struct binary *bin, const struct gosum *sum, const char *file,
                       struct err *err) {
	if (bin->module_count == 0 || bin->dep_count + 1 != bin->module_count) {
		return err_set(err, -EBADMSG, "the program does not say what it was built of");
	}
	for (size_t i = 0; i < bin->module_count; i++) {
		const struct binary_module *m = &bin->modules[i];
		const struct gosum_entry *e = find(sum, m);
		if (m->replaced) {
			return err_set(err, -EBADMSG, "%s %s was replaced by another module",
			               m->path, m->version);
		}
		if (!e) {
			return err_set(err, -EBADMSG, "'%s' has no line for %s %s", file, m->path,
			               m->version);
		}
		if (!slice_eq(e->hash, m->sum)) {
			return err_set(err, -EBADMSG, "%s %s is %s, but '%s' says %.*s", m->path,
			               m->version, *m->sum ? m->sum : "without a checksum", file,
			               (int)e->hash.len, e->hash.data);
		}
	}
	return 0;
}
