/* SPDX-License-Identifier: MIT */
#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"
#include "gofile/goversion.h"
#include "gofile/modulestxt.h"

struct target {
	const char *path; /* "" when nothing replaces the module */
	const char *version;
};

/* The replacements of one file. */
struct side {
	const char *dir;    /* of the module; NULL for go.work and for a single module */
	const char *source; /* file name for messages */
	const struct modfile_replace *replaces;
	size_t replace_count;
	struct modindex index;
	const struct gomod *mod; /* NULL for go.work */
	struct modindex requires;
};

struct check {
	struct arena *arena;
	const struct modulestxt *vendor;
	const char *work_dir; /* NULL outside a workspace */
	struct side *members;
	size_t member_count;
	struct side work;
	bool before_114;
	struct modindex vendored; /* path -> first selected module */
	struct modulestxt_gaps gaps;
	size_t gap_slots;
};

static const char *vendored_version(const struct check *c, const char *path) {
	size_t i = modindex_find(&c->vendored, path, "");
	return i == MODINDEX_NONE ? "" : c->vendor->modules[i].version;
}

static void gap(struct check *c, const char *path, const char *version,
                enum modulestxt_gap_kind kind, const char *text) {
	VEC_ROOM(c->arena, c->gaps.items, c->gaps.count, &c->gap_slots);
	c->gaps.items[c->gaps.count++] =
		(struct modulestxt_gap){path, version, kind, text, vendored_version(c, path)};
}

static struct side side_of(struct arena *arena, const struct modfile_replace *replaces,
                           size_t count, const char *source) {
	struct side s = {.source = source, .replaces = replaces, .replace_count = count};
	struct modkey *keys = arena_array_of(arena, struct modkey, count);
	for (size_t i = 0; i < count; i++) {
		keys[i] = (struct modkey){replaces[i].old_path, replaces[i].old_version, i};
	}
	s.index = modindex_of(keys, count);
	return s;
}

static struct side side_of_mod(struct arena *arena, const struct gomod *mod, const char *dir,
                               const char *source) {
	struct side s = side_of(arena, mod->replaces, mod->replace_count, source);
	s.dir = dir;
	s.mod = mod;
	struct modkey *keys = arena_array_of(arena, struct modkey, mod->require_count);
	for (size_t i = 0; i < mod->require_count; i++) {
		keys[i] = (struct modkey){mod->requires[i].path, mod->requires[i].version, i};
	}
	s.requires = modindex_of(keys, mod->require_count);
	return s;
}

/* What this file replaces the module with: an entry for its version before one for all. */
static bool side_replacement(const struct side *s, const char *path, const char *version,
                             struct target *ret) {
	size_t i = modindex_find(&s->index, path, version);
	if (i == MODINDEX_NONE) {
		i = modindex_find(&s->index, path, "");
	}
	if (i == MODINDEX_NONE) {
		return false;
	}
	*ret = (struct target){s->replaces[i].new_path, s->replaces[i].new_version};
	return true;
}

static bool is_member(const struct check *c, const char *path) {
	for (size_t i = 0; i < c->member_count; i++) {
		if (streq(c->members[i].mod->module, path)) {
			return true;
		}
	}
	return false;
}

/* The replacement in force and the file it comes from: go.work before the modules, of these the
 * last. */
static struct target replacement(const struct check *c, const char *path, const char *version,
                                 const struct side **ret_side) {
	struct target found = {"", ""};
	*ret_side = c->work_dir ? &c->work : &c->members[0];
	if (version[0] == '\0' && is_member(c, path)) {
		return found;
	}
	if (c->work_dir && side_replacement(&c->work, path, version, &found)) {
		return found;
	}
	for (size_t i = 0; i < c->member_count; i++) {
		if (side_replacement(&c->members[i], path, version, &found)) {
			*ret_side = &c->members[i];
		}
	}
	return found;
}

/* target as seen from dir; both absolute and clean. */
static const char *relative_to(struct arena *arena, const char *dir, const char *target) {
	size_t same = 0; /* length of the common leading directories */
	for (size_t i = 0;; i++) {
		bool end_a = dir[i] == '\0' || dir[i] == '/';
		bool end_b = target[i] == '\0' || target[i] == '/';
		if (end_a && end_b) {
			same = i;
		}
		if (dir[i] != target[i] || dir[i] == '\0') {
			break;
		}
	}
	struct strbuf out;
	strbuf_init(&out, arena);
	for (const char *p = dir + same; *p; p++) {
		if (*p == '/' && p[1] != '\0') {
			strbuf_add(&out, out.len > 0 ? "/.." : "..");
		}
	}
	const char *rest = target[same] == '/' ? target + same + 1 : target + same;
	if (rest[0] != '\0') {
		strbuf_add(&out, out.len > 0 ? "/" : "");
		strbuf_add(&out, rest);
	}
	return out.len > 0 ? out.data : ".";
}

/* In a workspace, directories of a module's go.mod are written as seen from go.work. */
static struct target canonical(const struct check *c, struct target t, const struct side *from) {
	if (t.path[0] == '\0' || t.path[0] == '/' || t.version[0] != '\0' || !c->work_dir ||
	    !from->dir) {
		return t;
	}
	const char *there = path_clean(c->arena, path_join(c->arena, from->dir, t.path));
	const char *path = relative_to(c->arena, c->work_dir, there);
	if (!modfile_is_directory(path)) {
		path = arena_printf(c->arena, "./%s", path);
	}
	return (struct target){path, ""};
}

static const char *describe(struct arena *arena, const char *path, const char *version) {
	return version[0] == '\0' ? path : arena_printf(arena, "%s@%s", path, version);
}

static void check_requires(struct check *c, const struct gomod *mod) {
	for (size_t i = 0; i < mod->require_count; i++) {
		const struct gomod_require *r = &mod->requires[i];
		size_t m = modindex_find(&c->vendor->index, r->path, r->version);
		if (m != MODINDEX_NONE && c->vendor->modules[m].is_explicit) {
			continue;
		}
		if (!c->before_114) {
			gap(c, r->path, r->version, MODULESTXT_NOT_EXPLICIT,
			    "is explicitly required in go.mod, but not marked as explicit in "
			    "vendor/modules.txt");
			continue;
		}
		const char *vendored = vendored_version(c, r->path);
		if (modindex_find(&c->vendored, r->path, "") != MODINDEX_NONE &&
		    !streq(vendored, r->version)) {
			gap(c, r->path, r->version, MODULESTXT_OTHER_VERSION,
			    arena_printf(c->arena,
			                 "is explicitly required in go.mod, but "
			                 "vendor/modules.txt indicates %s@%s",
			                 r->path, vendored));
		}
	}
}

/* True when an earlier replace of the same file, or another file, names the same module: go reports
 * it once. */
static bool seen_before(const struct check *c, const struct side *s, size_t i) {
	const struct modfile_replace *r = &s->replaces[i];
	if (modindex_find(&s->index, r->old_path, r->old_version) != i) {
		return true;
	}
	for (size_t m = 0; m < c->member_count; m++) {
		if (&c->members[m] == s) {
			return false;
		}
		if (modindex_find(&c->members[m].index, r->old_path, r->old_version) !=
		    MODINDEX_NONE) {
			return true;
		}
	}
	return false;
}

static void check_replace(struct check *c, const struct modfile_replace *r) {
	const struct side *from = NULL;
	struct target plain = replacement(c, r->old_path, r->old_version, &from);
	struct target want = canonical(c, plain, from);
	size_t m = modindex_find(&c->vendor->index, r->old_path, r->old_version);
	bool marked = m != MODINDEX_NONE && c->vendor->modules[m].new_path[0] != '\0';
	if (!marked) {
		bool excused = want.path[0] == '\0';
		if (c->before_114) {
			excused = excused || r->old_version[0] == '\0' ||
			          !streq(vendored_version(c, r->old_path), r->old_version);
		}
		if (!excused) {
			gap(c, r->old_path, r->old_version, MODULESTXT_NOT_REPLACED,
			    arena_printf(c->arena,
			                 "is replaced in %s, but not marked as replaced in "
			                 "vendor/modules.txt",
			                 from->source));
		}
		return;
	}
	const struct modulestxt_module *have = &c->vendor->modules[m];
	if (!streq(have->new_path, want.path) || !streq(have->new_version, want.version)) {
		gap(c, r->old_path, r->old_version, MODULESTXT_OTHER_REPLACEMENT,
		    arena_printf(c->arena,
		                 "is replaced by %s in %s, but marked as replaced by %s in "
		                 "vendor/modules.txt",
		                 describe(c->arena, plain.path, plain.version), from->source,
		                 describe(c->arena, have->new_path, have->new_version)));
	}
}

static void check_side(struct check *c, const struct side *s) {
	for (size_t i = 0; i < s->replace_count; i++) {
		if (!seen_before(c, s, i)) {
			check_replace(c, &s->replaces[i]);
		}
	}
}

static void check_marked(struct check *c) {
	for (size_t i = 0; i < c->vendor->module_count; i++) {
		const struct modulestxt_module *m = &c->vendor->modules[i];
		bool required = false;
		for (size_t k = 0; k < c->member_count; k++) {
			required = required || modindex_find(&c->members[k].requires, m->path,
			                                     m->version) != MODINDEX_NONE;
		}
		if (m->selected && m->is_explicit && !required) {
			gap(c, m->path, m->version, MODULESTXT_NOT_REQUIRED,
			    arena_printf(c->arena,
			                 "is marked as explicit in vendor/modules.txt, but not "
			                 "explicitly required in %sgo.mod",
			                 c->work_dir ? "a " : ""));
		}
	}
	for (size_t i = 0; i < c->vendor->module_count; i++) {
		const struct modulestxt_module *m = &c->vendor->modules[i];
		const struct side *from = NULL;
		if (m->new_path[0] != '\0' &&
		    replacement(c, m->path, m->version, &from).path[0] == '\0') {
			gap(c, m->path, m->version, MODULESTXT_NOT_IN_GOMOD,
			    arena_printf(c->arena,
			                 "is marked as replaced in vendor/modules.txt, but not "
			                 "replaced in %s",
			                 c->work_dir ? "the workspace" : "go.mod"));
		}
	}
}

static struct modulestxt_gaps run(struct check *c) {
	const struct modulestxt *vendor = c->vendor;
	struct modkey *keys = arena_array_of(c->arena, struct modkey, vendor->module_count);
	size_t n = 0;
	for (size_t i = 0; i < vendor->module_count; i++) {
		if (vendor->modules[i].selected && !vendor->modules[i].superseded) {
			keys[n++] = (struct modkey){vendor->modules[i].path, "", i};
		}
	}
	c->vendored = modindex_of(keys, n);
	for (size_t i = 0; i < c->member_count; i++) {
		check_requires(c, c->members[i].mod);
	}
	for (size_t i = 0; i < c->member_count; i++) {
		check_side(c, &c->members[i]);
	}
	if (c->work_dir) {
		check_side(c, &c->work);
	}
	check_marked(c);
	return c->gaps;
}

struct modulestxt_gaps modulestxt_compare(struct arena *arena, const struct modulestxt *vendor,
                                          const struct gomod *mod) {
	struct side member = side_of_mod(arena, mod, NULL, "go.mod");
	struct check c = {
		.arena = arena,
		.vendor = vendor,
		.members = &member,
		.member_count = 1,
		.before_114 = goversion_compare(mod->go_version, "1.14") < 0,
	};
	return run(&c);
}

struct modulestxt_gaps modulestxt_compare_workspace(struct arena *arena,
                                                    const struct modulestxt *vendor,
                                                    const char *work_dir, const struct gowork *work,
                                                    const struct modulestxt_member *members,
                                                    size_t member_count) {
	struct check c = {
		.arena = arena,
		.vendor = vendor,
		.work_dir = work_dir,
		.members = arena_array_of(arena, struct side, member_count),
		.member_count = member_count,
		.work = side_of(arena, work->replaces, work->replace_count, "go.work"),
	};
	for (size_t i = 0; i < member_count; i++) {
		const char *file = path_join(arena, members[i].dir, "go.mod");
		c.members[i] = side_of_mod(arena, members[i].mod, members[i].dir,
		                           relative_to(arena, work_dir, file));
	}
	return run(&c);
}
