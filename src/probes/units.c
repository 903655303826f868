/* SPDX-License-Identifier: MIT
 * Which file of a systemd unit gives the judged editor a variable of Go: an editor that was started by the
 * session has what no shell file sets. Asked only when the environment is that of a running editor.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "probes/sides/side_origin.h"

#define UNIT_FILES_MAX 48

struct unit_search {
	struct exam *exam;
	size_t left; /* files that may still be read */
};

static bool matters(const struct fact_var *v) {
	bool of_go = str_starts(v->name, "GO") || str_starts(v->name, "CGO_");
	return streq(v->scope, "judged") &&
	       (of_go || streq(v->name, "TMPDIR") || streq(v->name, "HOME"));
}

/* Nothing else is set by that line of the unit. */
static bool stands_alone(struct slice text, int64_t number, const struct fact_var *v) {
	struct slice line;
	while (slice_line(&text, &line) && --number > 0) {
	}
	return line.len <= strlen("Environment=''") + strlen(v->name) + 1 + strlen(v->value);
}

/* The last line NAME=value of a file that EnvironmentFile= names, quotes around the value aside (systemd.exec(5)); 0: none. */
static int64_t env_file_line(struct slice text, const struct fact_var *v) {
	struct slice line;
	int64_t number = 0, found = 0;
	size_t n = strlen(v->name);
	while (slice_line(&text, &line)) {
		number++;
		line = slice_trim(line);
		if (!slice_starts(line, v->name) || line.len <= n || line.data[n] != '=') {
			continue;
		}
		struct slice value = slice_trim(slice_of(line.data + n + 1, line.len - n - 1));
		bool quoted = value.len > 1 && strchr("'\"", value.data[0]) &&
		              value.data[value.len - 1] == value.data[0];
		value = quoted ? slice_of(value.data + 1, value.len - 2) : value;
		found = slice_eq(value, v->value) ? number : found;
	}
	return found;
}

static void read_env_file(struct unit_search *s, const char *file) {
	struct exam *exam = s->exam;
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SETTINGS);
	facts_each (var, v, exam->facts) {
		bool read = evidence_has_bytes(ev) && matters(v);
		int64_t line = read ? env_file_line(ev->bytes, v) : 0;
		if (line > 0) {
			FACTS_ADD(exam->facts, unit_env, ev, .file = file, .line = line,
			          .name = v->name, .value = v->value, .alone = true);
		}
	}
}

/* EnvironmentFile=[-]/path, %h is the home of the user; others of its specifiers are not known here. */
static void read_env_files(struct unit_search *s, struct slice text) {
	static const char key[] = "EnvironmentFile=";
	struct arena *arena = s->exam->arena;
	struct slice line;
	while (slice_line(&text, &line)) {
		line = slice_trim(line);
		if (!slice_starts(line, key)) {
			continue;
		}
		const char *path = arena_slicedup(arena, line) + strlen(key);
		path += *path == '-';
		if (str_starts(path, "%h/")) {
			path = path_join(arena, target_home(s->exam->target), path + 3);
		}
		if (path[0] == '/' && !strchr(path, '%') && s->left > 0) {
			s->left--;
			read_env_file(s, path);
		}
	}
}

static void read_unit(struct unit_search *s, const char *file) {
	struct exam *exam = s->exam;
	if (s->left == 0) {
		return;
	}
	s->left--;
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SETTINGS);
	facts_each (var, v, exam->facts) {
		int64_t line =
			evidence_has_bytes(ev) && matters(v)
				? side_origin_unit_line(exam->arena, ev->bytes, v->name, v->value)
				: 0;
		if (line > 0) {
			FACTS_ADD(exam->facts, unit_env, ev, .file = file, .line = line,
			          .name = v->name, .value = v->value,
			          .alone = stands_alone(ev->bytes, line, v));
		}
	}
	if (evidence_has_bytes(ev)) {
		read_env_files(s, ev->bytes);
	}
}

/* In a directory of the machine's own services only those that start editors, and what all of a user's get. */
static bool starts_editors(const char *name) {
	static const char *const names[] = {"code",  "openvscode", "emacs", "nvim",
	                                    "user@", "jetbrains",  "app-"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (str_starts(name, names[i])) {
			return true;
		}
	}
	return false;
}

static void read_units(struct unit_search *s, const char *dir, bool all) {
	struct arena *arena = s->exam->arena;
	const struct evidence *ev = world_look(s->exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && s->left > 0 && slice_line(&rest, &line)) {
		const char *entry = arena_slicedup(arena, line);
		if (line.len <= 2 || (!all && !starts_editors(entry + 2))) {
			continue;
		}
		const char *path = path_join(arena, dir, entry + 2);
		if (str_ends(entry, ".service") ||
		    (str_ends(entry, ".conf") && str_ends(dir, ".d"))) {
			read_unit(s, path);
		} else if (str_ends(entry, ".service.d") && !str_ends(dir, ".d")) {
			read_units(s, path, true);
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	if (!facts_first(editor_process, exam->facts)) {
		return 0;
	}
	struct unit_search s = {.exam = exam, .left = UNIT_FILES_MAX};
	const char *home = target_home(exam->target);
	if (!str_empty(home)) {
		read_units(&s, path_join(exam->arena, home, ".config/systemd/user"), true);
	}
	read_units(&s, "/etc/systemd/user", false);
	read_units(&s, "/etc/systemd/system", false);
	return 0;
}

const struct probe probe_units = {
	.id = "units",
	.title = "which systemd unit gives the running editor its variables",
	.stage = STAGE_ENVIRONMENT,
	.yields = FACT_BIT(unit_env),
	.look = look,
};
