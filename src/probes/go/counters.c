/* SPDX-License-Identifier: MIT
 * The telemetry counter files that gopls and go will map at their next start: are they sound?
 *
 * Source: golang.org/x/telemetry/internal/telemetry, dir.go: below os.UserConfigDir, in go/telemetry;
 * the file mode says "off" when nothing is counted. A file is used until the end of its week; only the
 * newest one of a program and version can be in use.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "gofile/countfile.h"

#define FILE_CAP  ((size_t)4 * 1024 * 1024)
#define FILES_MAX 16

static const char *config_dir(struct exam *exam) {
	const char *xdg = envset_get(&exam->target->server, "XDG_CONFIG_HOME");
	const char *home = envset_get(&exam->target->server, "HOME");

	return !str_empty(xdg)    ? xdg
	       : !str_empty(home) ? path_join(exam->arena, home, ".config")
	                          : NULL;
}

static bool is_off(struct exam *exam, const char *dir) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE,
	                                       path_join(exam->arena, dir, "mode"), LOOK_CAP_SMALL);

	return evidence_has_bytes(ev) && slice_starts(slice_trim(ev->bytes), "off");
}

/* "gopls@v0.23.0-go1.26.8-linux-amd64-2026-11-21.v1.count": what stands before the date. */
static size_t stem_len(const char *name) {
	static const char tail[] = "-2026-11-21.v1.count";
	size_t len = strlen(name);

	return len > sizeof tail - 1 && str_ends(name, ".v1.count") ? len - (sizeof tail - 1) : 0;
}

/* Of a program that takes part, in a version that is not known to be another one. */
static bool may_be_used(struct exam *exam, const char *name) {
	static const char *const programs[] = {"gopls@", "go@", "compile@", "asm@", "cgo@"};
	const struct fact_tool *gopls = facts_chosen(exam->facts, "gopls");
	const struct fact_binary *b = gopls ? facts_binary(exam->facts, gopls->path) : NULL;

	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		size_t len = strlen(programs[i]);

		if (str_starts(name, programs[i])) {
			return i > 0 || !b || str_empty(b->version) ||
			       str_starts(name + len, b->version) ||
			       str_starts(name + len, "devel");
		}
	}
	return false;
}

static void look_file(struct exam *exam, const char *dir, const char *name, size_t stem) {
	const char *path = path_join(exam->arena, dir, name);
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, FILE_CAP);

	if (!evidence_has_bytes(ev)) {
		return;
	}
	struct countfile file = countfile_read(ev->bytes);
	const char *at = strchr(name, '@');

	if (file.known && file.circles > 0) {
		FACTS_ADD(exam->facts, counter_file, ev, .path = path,
		          .program = arena_strndup(exam->arena, name, (size_t)(at - name)),
		          .version = arena_strndup(exam->arena, at + 1,
		                                   stem - (size_t)(at + 1 - name)),
		          .circles = (int64_t)file.circles);
	}
}

static int look(struct exam *exam, struct err *err) {
	const char *config = config_dir(exam);
	const char *top = config ? path_join(exam->arena, config, "go/telemetry") : NULL;
	const char *dir = top ? path_join(exam->arena, top, "local") : NULL;
	const struct evidence *ev =
		dir ? world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR) : NULL;
	struct slice rest = ev ? ev->bytes : slice_of("", 0);
	struct slice line;
	const char *before = NULL; /* the newest so far with the stem of the last name */
	size_t count = 0;

	(void)err;
	if (!ev || !evidence_has_bytes(ev) || is_off(exam, top)) {
		return 0;
	}
	/* Sorted: files of one program and version follow each other, the newest comes last. */
	while (count < FILES_MAX) {
		bool more = slice_line(&rest, &line);
		const char *name =
			more && line.len > 2 ? arena_slicedup(exam->arena, line) + 2 : "";
		size_t stem = stem_len(name);

		if (before && (stem != stem_len(before) || strncmp(before, name, stem) != 0)) {
			look_file(exam, dir, before, stem_len(before));
			count++;
		}
		if (!more) {
			break;
		}
		before = stem > 0 && strchr(name, '@') && may_be_used(exam, name) ? name : NULL;
	}
	return 0;
}

const struct probe probe_counters = {
	.id = "counters",
	.title = "the telemetry counter files",
	.stage = STAGE_SOURCE,
	.yields = FACT_BIT(counter_file),
	.look = look,
};
