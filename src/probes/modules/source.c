/* SPDX-License-Identifier: MIT
 * Which file stands for what the user has open. Told with --file, or chosen: one the build takes,
 * written by hand, that uses the standard library and, if there is such a file, code of its own
 * module or of others, so that every way of loading is tried.
 */
#include "probes/modules/source.h"
#include "base/path.h"
#include "base/str.h"
#include "gofile/gosource.h"
#include "gofile/stdlist.h"
#include "probes/modules/module_path.h"
#include "probes/modules/modules_packages.h"

#define READ_MAX 40 /* files looked at to choose one */

struct candidate {
	const char *path;
	int rank; /* by name and place alone; lower is better */
};

struct choice {
	const char *path;
	int worth;
};

static bool is_arch(const char *word) {
	return STR_IN(word, "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le",
	              "mipsle", "ppc64", "ppc64le", "riscv64", "s390x", "wasm");
}

/* A GOOS or GOARCH: as a suffix of a name it makes the file one of another platform. */
static bool is_platform(struct arena *arena, const char *word) {
	static const struct constraint_context nowhere = {.goos = "-", .goarch = "-"};
	const char *name = arena_printf(arena, "x_%s.go", word);

	return streq(word, "unix") ||
	       constraint_match_name(arena, &nowhere, name).verdict == CONSTRAINT_OTHER_PLATFORM;
}

/* gopls (since v0.15) gives a file of another platform a view of its own; what custom tags or
 * "ignore" leave out stays left out. */
static const char *reason_of(struct arena *arena, const struct constraint_result *why) {
	switch (why->verdict) {
	case CONSTRAINT_INCLUDED:
		return "none";
	case CONSTRAINT_NOT_GO:
	case CONSTRAINT_IGNORED_NAME:
		return "name";
	case CONSTRAINT_OTHER_PLATFORM:
	case CONSTRAINT_EXCLUDED:
		break;
	case CONSTRAINT_BROKEN:
		return "tag";
	}
	if (streq(why->tag, "ignore") || streq(why->tag, "cgo")) {
		return why->tag;
	}
	if (is_arch(why->tag)) {
		return "goarch";
	}
	return is_platform(arena, why->tag) ? "goos" : "tag";
}

static const char *exclusion_of(struct arena *arena, const struct constraint_result *why,
                                const char *path) {
	switch (why->verdict) {
	case CONSTRAINT_INCLUDED:
		return "";
	case CONSTRAINT_EXCLUDED:
		return arena_printf(arena, "line %d: %s", why->line, why->expression);
	case CONSTRAINT_BROKEN:
		return arena_printf(arena, "line %d: %s", why->line, why->message);
	case CONSTRAINT_NOT_GO:
	case CONSTRAINT_IGNORED_NAME:
	case CONSTRAINT_OTHER_PLATFORM:
		break;
	}
	return arena_printf(arena, "its name %s", path_base(path));
}

static bool is_std(struct exam *exam, const char *path, const char *module) {
	const struct fact_govar *goroot = facts_govar(exam->facts, "GOROOT");
	const char *first_end = strchrnul(path, '/');

	if (stdlist_find(path)) {
		return true;
	}
	if (memchr(path, '.', (size_t)(first_end - path)) || (module && path_below(path, module)) ||
	    !goroot || goroot->value[0] != '/') {
		return false;
	}
	const char *dir = arena_printf(exam->arena, "%s/src/%s", goroot->value, path);

	return world_stat(exam->world, dir).is_dir;
}

static void state_file(struct exam *exam, const char *path, bool given) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, LOOK_CAP_SOURCE);
	struct arena *a = exam->arena;
	const char *module_dir = module_dir_of(exam, path_parent(a, path));
	const char *module = module_path_in(exam, module_dir);
	struct gosource source = {.package = ""};
	struct constraint_result why = {.verdict = CONSTRAINT_INCLUDED, .tag = ""};
	struct modules_reader reader;
	int64_t std = 0;
	int64_t other = 0;

	modules_reader_init(&reader, exam);
	if (evidence_has_bytes(ev)) {
		source = gosource_parse(a, ev->bytes, module);
		why = constraint_match_file(a, &reader.ctx, path_base(path), ev->bytes);
		exam->target->open_file = str_ends(path, ".go") ? path : NULL;
	}
	for (size_t i = 0; i < source.import_count; i++) {
		const struct gosource_import *import = &source.imports[i];
		bool in_std = is_std(exam, import->path, module);

		if (streq(import->path, "C")) {
			continue;
		}
		FACTS_ADD(exam->facts, file_import, ev, .path = import->path, .file = path,
		          .line = import->line, .class = in_std ? "std" : "other");
		std += in_std;
		other += !in_std;
	}
	bool needs_cgo = source.imports_c && !reader.ctx.cgo && why.verdict == CONSTRAINT_INCLUDED;

	FACTS_ADD(exam->facts, open_file, ev, .path = path, .given = given,
	          .exists = ev->state != EV_ABSENT, .module_dir = module_dir,
	          .excluded_by = needs_cgo ? "import \"C\"" : exclusion_of(a, &why, path),
	          .reason = needs_cgo ? "cgo" : reason_of(a, &why), .package = source.package,
	          .imports_std = std, .imports_other = other);
}

/* ---- choosing ---- */

struct modules_below {
	const char *dirs[64];
	size_t count;
	bool root;
};

static bool in_nested_module(const struct modules_below *modules, const char *workspace,
                             const char *path) {
	for (size_t i = 0; i < modules->count; i++) {
		if (!streq(modules->dirs[i], workspace) && path_below(path, modules->dirs[i])) {
			return true;
		}
	}
	return false;
}

static int depth_below(const char *path, const char *root) {
	int depth = 0;

	for (const char *p = path + strlen(root); *p; p++) {
		depth += *p == '/';
	}
	return depth;
}

static bool sounds_generated(const char *name) {
	static const char *const ends[] = {".pb.go",        "_gen.go",    ".gen.go",
	                                   "_generated.go", "_string.go", "bindata.go"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		if (str_ends(name, ends[i])) {
			return true;
		}
	}
	return str_starts(name, "zz_generated") || str_starts(name, "mock_");
}

static int rank_of(const struct modules_below *modules, const char *workspace, const char *path) {
	const char *name = path_base(path);
	int rank = depth_below(path, workspace) * 10;

	rank += modules->root && in_nested_module(modules, workspace, path) ? 10000 : 0;
	rank += str_ends(name, "_test.go") ? 5000 : 0;
	rank += sounds_generated(name) ? 5000 : 0;
	rank -= streq(name, "main.go") ? 15 : 0;
	rank += streq(name, "doc.go") ? 100 : 0;
	return rank;
}

static void insert_candidate(struct candidate *list, size_t *count, struct candidate new_one) {
	size_t at = *count;

	while (at > 0 && list[at - 1].rank > new_one.rank) {
		at--;
	}
	if (at >= READ_MAX) {
		return;
	}
	size_t moved = (*count < READ_MAX ? *count : READ_MAX - 1) - at;

	memmove(&list[at + 1], &list[at], moved * sizeof(*list));
	list[at] = new_one;
	*count += *count < READ_MAX;
}

/* The first line that says so, anywhere before the package clause: go.dev/s/generatedcode. */
static bool is_generated(struct slice text) {
	struct slice line;

	while (slice_line(&text, &line) && !slice_starts(line, "package ")) {
		if (slice_starts(line, "// Code generated ") && slice_has(line, " DO NOT EDIT.")) {
			return true;
		}
	}
	return false;
}

#define WORTH_BEST 15

static bool imports_other(const struct gosource *source) {
	for (size_t i = 0; i < source->import_count; i++) {
		const char *path = source->imports[i].path;
		if (!stdlist_find(path) && !streq(path, "C")) {
			return true;
		}
	}
	return false;
}

/* How much a file can show. */
static int worth_of(const struct modules_reader *reader, const char *path, struct slice text,
                    const char *module) {
	struct arena *a = reader->exam->arena;
	struct constraint_result why =
		constraint_match_file(a, &reader->ctx, path_base(path), text);
	struct gosource source = gosource_parse(a, text, module);

	if (source.truncated || source.broken || *source.package == '\0') {
		return 0;
	}
	int worth = why.verdict == CONSTRAINT_INCLUDED && (!source.imports_c || reader->ctx.cgo)
	                    ? 8
	                    : 0;

	worth += source.standard.pos.line > 0 ? 4 : 0;
	/* A name of another package shows as much as one of the file's own, and more. The import is
	 * enough: when it is misspelled, none of its names is found. */
	worth += imports_other(&source) ? 3 : source.own_declared.line > 0;
	if (is_generated(text) || str_ends(path, "_test.go")) {
		worth = worth / 2;
	}
	return worth > 0 ? worth : 1;
}

static struct choice choose_among(struct exam *exam, const struct candidate *list, size_t count) {
	struct modules_reader reader;
	struct choice best = {0};
	const char *last_dir = NULL;
	const char *module = NULL;

	modules_reader_init(&reader, exam);
	for (size_t i = 0; i < count && best.worth < WORTH_BEST; i++) {
		const struct evidence *ev =
			world_look(exam->world, LOOK_FILE, list[i].path, LOOK_CAP_SOURCE);
		const char *dir = path_parent(exam->arena, list[i].path);

		if (!evidence_has_bytes(ev)) {
			continue;
		}
		if (!streq(dir, last_dir)) {
			module = module_path_in(exam, module_dir_of(exam, dir));
			last_dir = dir;
		}
		int worth = worth_of(&reader, list[i].path, ev->bytes, module);

		if (worth > best.worth) {
			best = (struct choice){.path = list[i].path, .worth = worth};
		}
	}
	return best;
}

/* Lines of LOOK_WALK: a word and an escaped path. */
static const char *line_path(struct arena *arena, struct slice line, const char *word) {
	size_t skip = strlen(word);

	if (!slice_starts(line, word)) {
		return NULL;
	}
	const char *escaped =
		arena_printf(arena, "path=%.*s", (int)(line.len - skip), line.data + skip);

	return keyline_get(arena, slice_str(escaped), "path");
}

/* A workspace too big to be walked to its end: a better file, or a module, may lie in what was not
 * seen. */
static void refuse_rest(struct exam *exam, const char *workspace) {
	facts_refuse(exam->facts, FACT_open_file,
	             arena_printf(exam->arena,
	                          "the walk below %s was cut short; it has too many files",
	                          workspace),
	             "--file FILE, or the folder of one module as DIR");
}

static const char *choose_file(struct exam *exam) {
	const char *workspace = exam->target->workspace;
	const struct evidence *ev = world_look(exam->world, LOOK_WALK, workspace, LOOK_CAP_DIR);
	struct modules_below modules = {0};
	struct candidate list[READ_MAX];
	struct slice line;
	size_t count = 0;

	if (!evidence_has_bytes(ev)) {
		return NULL;
	}
	if (ev->state == EV_TRUNCATED) {
		refuse_rest(exam, workspace);
	}
	for (struct slice rest = ev->bytes; slice_line(&rest, &line);) {
		const char *path = line_path(exam->arena, line, "mod ");
		const size_t size = sizeof(modules.dirs) / sizeof(*modules.dirs);

		if (path && modules.count < size) {
			const char *dir = path_parent(exam->arena, path);

			modules.dirs[modules.count++] = dir;
			modules.root = modules.root || streq(dir, workspace);
		}
	}
	for (struct slice rest = ev->bytes; slice_line(&rest, &line);) {
		const char *path = line_path(exam->arena, line, "go ");

		if (path) {
			insert_candidate(list, &count,
			                 (struct candidate){
						 .path = path,
						 .rank = rank_of(&modules, workspace, path),
					 });
		}
	}
	return choose_among(exam, list, count).path;
}

const char *source_choose(struct exam *exam) {
	struct target *t = exam->target;

	if (!t->likely_file) {
		t->likely_file = t->file ? t->file : choose_file(exam);
	}
	return t->likely_file;
}

static int look(struct exam *exam, struct err *err) {
	const char *given = exam->target->file;
	const char *path = source_choose(exam);

	(void)err;
	if (path) {
		state_file(exam, path, given != NULL);
	}
	return 0;
}

const struct probe probe_source = {
	.id = "source",
	.title = "chooses the file that stands for what the user has open",
	.stage = STAGE_SOURCE,
	.yields = FACT_BIT(open_file),
	.look = look,
};
