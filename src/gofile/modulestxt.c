/* SPDX-License-Identifier: MIT */
#include "gofile/modulestxt.h"

#include "base/ascii.h"
#include "base/str.h"
#include "base/vec.h"
#include "gofile/golex.h"
#include "gofile/semver.h"

#define LINE_WORDS 6

struct reader {
	struct arena *arena;
	struct modulestxt_module *entries; /* one per `# ` line; merged at the end */
	size_t entry_count;
	size_t entry_slots;
	struct modulestxt *out;
	size_t package_slots;
	bool in_module; /* the lines belong to the last entry */
};

static size_t split(struct slice line, struct slice words[LINE_WORDS]) {
	size_t n = 0;
	struct slice word;
	while (golex_field(&line, &word)) {
		if (n < LINE_WORDS) {
			words[n] = word;
		}
		n++;
	}
	return n;
}

static bool is_version(struct reader *r, struct slice word) {
	return semver_is_valid(arena_slicedup(r->arena, word));
}

/* `# path version`, `# path version => …`, `# path => …`. */
static void read_module(struct reader *r, struct slice line, int number) {
	struct slice w[LINE_WORDS] = {{0}};
	size_t n = split(line, w);
	if (n < 3) {
		return;
	}
	struct modulestxt_module m = {
		.version = "", .new_path = "", .new_version = "", .go_version = "", .line = number};
	size_t arrow = 2;
	if (is_version(r, w[2])) {
		m.version = arena_slicedup(r->arena, w[2]);
		arrow = 3;
	} else if (!slice_eq(w[2], "=>")) {
		r->in_module = false;
		return;
	}
	m.path = arena_slicedup(r->arena, w[1]);
	size_t left = n - arrow;
	if (left >= 2 && slice_eq(w[arrow], "=>")) {
		bool with_version = left == 3 && is_version(r, w[arrow + 2]);
		if (left == 2 || with_version) {
			m.new_path = arena_slicedup(r->arena, w[arrow + 1]);
		}
		if (with_version) {
			m.new_version = arena_slicedup(r->arena, w[arrow + 2]);
		}
	}
	VEC_ROOM(r->arena, r->entries, r->entry_count, &r->entry_slots);
	r->entries[r->entry_count++] = m;
	r->in_module = true;
}

/* `## explicit; go 1.22`. */
static void read_annotations(struct reader *r, struct slice text) {
	struct modulestxt_module *m = &r->entries[r->entry_count - 1];
	struct slice part;
	while (slice_cut(&text, ';', &part)) {
		part = golex_trim(part);
		if (slice_eq(part, "explicit")) {
			m->is_explicit = true;
		} else if (slice_starts(part, "go ")) {
			m->go_version = arena_strndup(r->arena, part.data + 3, part.len - 3);
		}
	}
}

/* What module.CheckImportPath lets through, as far as it tells package lines from others. */
static bool is_import_path(struct slice s) {
	if (s.len == 0 || s.data[0] == '-' || s.data[0] == '/' || s.data[s.len - 1] == '/') {
		return false;
	}
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (!ascii_is_alnum(c) && (c == '\0' || !strchr("-._~/+", c))) {
			return false;
		}
	}
	return !slice_has(s, "//") && s.data[s.len - 1] != '.';
}

static void read_package(struct reader *r, struct slice line) {
	struct slice w[LINE_WORDS] = {{0}};
	if (split(line, w) != 1 || !is_import_path(w[0])) {
		return;
	}
	struct modulestxt *out = r->out;
	VEC_ROOM(r->arena, out->packages, out->package_count, &r->package_slots);
	out->packages[out->package_count++] =
		(struct modulestxt_package){arena_slicedup(r->arena, w[0]), r->entry_count - 1};
}

static bool starts_as_workspace(struct slice text) {
	struct slice line;
	struct slice part;
	if (!slice_line(&text, &line) || !slice_starts(line, "## ")) {
		return false;
	}
	line = slice_from(line, 3);
	while (slice_cut(&line, ';', &part)) {
		if (slice_eq(golex_trim(part), "workspace")) {
			return true;
		}
	}
	return false;
}

/* Adds what a later `# ` line says of a module to its first one. */
static void merge_entry(struct modulestxt_module *into, const struct modulestxt_module *from) {
	into->is_explicit = into->is_explicit || from->is_explicit;
	if (from->go_version[0] != '\0') {
		into->go_version = from->go_version;
	}
	if (from->new_path[0] != '\0') {
		into->new_path = from->new_path;
		into->new_version = from->new_version;
	}
}

/* Fills out->modules from the entries; map[entry] is the module of an entry. */
static void merge_entries(struct reader *r, size_t *map) {
	struct modulestxt *out = r->out;
	struct modkey *keys = arena_array_of(r->arena, struct modkey, r->entry_count);
	for (size_t i = 0; i < r->entry_count; i++) {
		keys[i] = (struct modkey){r->entries[i].path, r->entries[i].version, i};
	}
	struct modindex all = modindex_of(keys, r->entry_count);
	out->modules = arena_array_of(r->arena, struct modulestxt_module, r->entry_count);
	struct modkey *unique = arena_array_of(r->arena, struct modkey, r->entry_count);
	for (size_t i = 0; i < r->entry_count; i++) {
		const struct modulestxt_module *e = &r->entries[i];
		size_t first = modindex_find(&all, e->path, e->version);
		if (first == i) {
			map[i] = out->module_count;
			unique[out->module_count] =
				(struct modkey){e->path, e->version, out->module_count};
			out->modules[out->module_count++] = *e;
		} else {
			map[i] = map[first];
			merge_entry(&out->modules[map[i]], e);
		}
	}
	out->index = modindex_of(unique, out->module_count);
}

/* A module that provides a package is selected; of several versions of a path, each that is newer
 * than those before. */
static void select_modules(struct reader *r, const size_t *map) {
	struct modulestxt *out = r->out;
	struct modkey *keys = arena_array_of(r->arena, struct modkey, out->module_count);
	size_t *newest = arena_array_of(r->arena, size_t, out->module_count);
	for (size_t i = 0; i < out->module_count; i++) {
		keys[i] = (struct modkey){out->modules[i].path, "", i};
		newest[i] = MODINDEX_NONE;
	}
	struct modindex paths = modindex_of(keys, out->module_count);
	for (size_t i = 0; i < out->package_count; i++) {
		struct modulestxt_package *p = &out->packages[i];
		p->module = map[p->module];
		struct modulestxt_module *m = &out->modules[p->module];
		m->package_count++;
		size_t *best = &newest[modindex_find(&paths, m->path, "")];
		bool newer = *best == MODINDEX_NONE ||
		             semver_compare(out->modules[*best].version, m->version) < 0;
		if (newer) {
			if (*best != MODINDEX_NONE) {
				out->modules[*best].superseded = true;
			}
			*best = p->module;
			m->selected = true;
		}
	}
}

struct modulestxt modulestxt_parse(struct arena *arena, struct slice text) {
	struct modulestxt out = {0};
	if (text.len > MODULESTXT_MAX_BYTES) {
		text.len = MODULESTXT_MAX_BYTES;
		out.truncated = true;
	}
	out.is_workspace = starts_as_workspace(text);
	out.conflict_line = modfile_conflict_line(text);
	struct reader r = {.arena = arena, .out = &out};
	struct slice line;
	for (int number = 1; slice_cut(&text, '\n', &line); number++) {
		if (slice_starts(line, "# ")) {
			read_module(&r, line, number);
		} else if (r.in_module && slice_starts(line, "## ")) {
			read_annotations(&r, slice_from(line, 3));
		} else if (r.in_module) {
			read_package(&r, line);
		}
	}
	size_t *map = arena_array_of(arena, size_t, r.entry_count);
	merge_entries(&r, map);
	select_modules(&r, map);
	return out;
}
