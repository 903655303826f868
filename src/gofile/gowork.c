/* SPDX-License-Identifier: MIT */
#include "gofile/gowork.h"

#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"
#include "gofile/semver.h"

struct reader {
	struct arena *arena;
	struct gowork *work;
	size_t use_slots;
	size_t replace_slots;
};

static void read_use(struct reader *r, const struct modfile_line *line) {
	struct gowork *work = r->work;
	if (line->arg_count != 1) {
		modfile_error_set(&work->error, MODFILE_ERROR_USAGE, line->line,
		                  "usage: use local/dir");
		return;
	}
	const char *message = NULL;
	const char *path = modfile_word(r->arena, line->args[0], &message);
	if (!path) {
		modfile_error_set(&work->error, MODFILE_ERROR_PATH, line->line, message);
		return;
	}
	VEC_ROOM(r->arena, work->uses, work->use_count, &r->use_slots);
	work->uses[work->use_count++] = (struct gowork_use){path, line->line};
}

/* In go.work every version must be canonical: nobody is asked what another may mean. */
static bool versions_ok(struct reader *r, const struct modfile_replace *item) {
	const char *const paths[] = {item->old_path, item->new_path};
	const char *const versions[] = {item->old_version, item->new_version};
	for (size_t i = 0; i < 2; i++) {
		if (versions[i][0] != '\0' && !semver_is_canonical(versions[i])) {
			const char *message = arena_printf(
				r->arena,
				"replace %s: version \"%s\" invalid: must be of the form v1.2.3",
				paths[i], versions[i]);
			modfile_error_set(&r->work->error, MODFILE_ERROR_VERSION, item->line,
			                  message);
			return false;
		}
	}
	return true;
}

static void read_replace(struct reader *r, const struct modfile_line *line) {
	struct gowork *work = r->work;
	struct modfile_replace item;
	if (modfile_read_replace(r->arena, line, &item, &work->error) && versions_ok(r, &item)) {
		VEC_ROOM(r->arena, work->replaces, work->replace_count, &r->replace_slots);
		work->replaces[work->replace_count++] = item;
	}
}

static bool may_be_block(const char *verb) {
	return streq(verb, "godebug") || streq(verb, "use") || streq(verb, "replace");
}

static void read_line(struct reader *r, const struct modfile_line *line) {
	struct gowork *work = r->work;
	if (streq(line->verb, "use")) {
		read_use(r, line);
	} else if (streq(line->verb, "replace")) {
		read_replace(r, line);
	} else if (streq(line->verb, "go")) {
		work->go_line = work->go_line ? work->go_line : line->line;
		modfile_read_go(r->arena, line, &work->go_version, &work->error);
	} else if (streq(line->verb, "toolchain")) {
		work->toolchain_line = work->toolchain_line ? work->toolchain_line : line->line;
		modfile_read_toolchain(r->arena, line, &work->toolchain, &work->error);
	} else if (streq(line->verb, "godebug")) {
		modfile_check_godebug(line, &work->error);
	} else {
		modfile_error_set(&work->error, MODFILE_ERROR_UNKNOWN_DIRECTIVE, line->line,
		                  arena_printf(r->arena, "unknown directive: %s", line->verb));
	}
}

struct gowork gowork_parse(struct arena *arena, struct slice text) {
	struct modfile file = modfile_parse(arena, text);
	struct gowork work = {
		.error = file.error,
		.conflict_line = file.conflict_line,
		.empty = file.empty,
		.truncated = file.truncated,
		.has_bom = file.has_bom,
		.has_nul = file.has_nul,
	};
	struct reader r = {.arena = arena, .work = &work};
	for (size_t i = 0; i < file.line_count; i++) {
		const struct modfile_line *line = &file.lines[i];
		bool stray = line->in_block && !may_be_block(line->verb);
		if (line->is_block) {
			modfile_check_block(r.arena, line, may_be_block(line->verb),
			                    &r.work->error);
		} else if (!stray) {
			read_line(&r, line);
		}
	}
	return work;
}

const char *gowork_use_path(struct arena *arena, const char *work_dir, const char *module_dir) {
	const char *up = "";
	while (!path_below(module_dir, work_dir)) {
		up = arena_printf(arena, "%s../", up);
		work_dir = path_parent(arena, work_dir);
	}
	const char *rest = module_dir + strlen(work_dir);
	rest += *rest == '/';
	return arena_printf(arena, "%s%s", *up ? up : "./", rest);
}
