/* SPDX-License-Identifier: MIT
 * Go raises the soft limit of open files to the hard one at its start (os/rlimit.go), so the hard one
 * counts.
 */
#include "probes/server/limits.h"

#include "base/path.h"
#include "base/str.h"

#define FILES_MAX 24

bool limits_nofile(struct exam *exam, const char *pid, struct limit_pair *ret,
                   const struct evidence **ret_ev) {
	const struct evidence *ev = world_look(exam->world, LOOK_CONTEXT, pid, LOOK_CAP_SMALL);
	const char *text =
		evidence_has_bytes(ev) ? keyline_get(exam->arena, ev->bytes, "limit_nofile") : NULL;
	struct slice rest = slice_str(text ? text : "");
	struct slice soft;

	if (!slice_cut(&rest, ':', &soft) || rest.len == 0) {
		return false;
	}
	/* "unlimited" is no number. */
	if (str_to_int64(arena_slicedup(exam->arena, soft), &ret->soft) != 0) {
		ret->soft = -1;
	}
	if (str_to_int64(arena_slicedup(exam->arena, rest), &ret->hard) != 0) {
		ret->hard = -1;
	}
	*ret_ev = ev;
	return true;
}

struct limit_pair limits_lower(struct exam *exam) {
	struct limit_pair own, judged;
	const struct evidence *ev;

	if (exam->target->editor_pid <= 0 || !limits_nofile(exam, "self", &own, &ev) ||
	    !limits_nofile(exam, arena_printf(exam->arena, "%d", (int)exam->target->editor_pid),
	                   &judged, &ev) ||
	    judged.hard < 0 || (own.hard >= 0 && judged.hard >= own.hard)) {
		return (struct limit_pair){0};
	}
	return judged;
}

static const char emfile[] = "too many open files";
static const char enfile[] = "too many open files in system";

bool limits_complained(const struct facts *facts) {
	const struct fact *said = facts_said(facts, emfile, NULL);
	const struct fact_server *server = facts_first(server, facts);

	facts_each (go_run, r, facts) {
		if (str_has(r->err, emfile) && !str_has(r->err, enfile)) {
			return true;
		}
	}
	return (said && !facts_said(facts, enfile, NULL)) ||
	       (server && str_has(server->err, emfile) && !str_has(server->err, enfile));
}

/* ---- who sets it ---- */

/* "ulimit -n 20", "ulimit -Hn 20" in a shell's file; "* hard nofile 20" in limits.conf(5). */
static bool sets_limit(struct slice line, struct slice *ret_value) {
	struct slice rest = slice_trim(line);
	bool conf = false;
	struct slice word;

	if (rest.len == 0 || rest.data[0] == '#') {
		return false;
	}
	const char *at = memmem(rest.data, rest.len, "ulimit ", 7);

	if (at) {
		rest = slice_of(at + 7, rest.len - (size_t)(at + 7 - rest.data));
	}
	bool about = false;

	while (slice_cut(&rest, ' ', &word)) {
		word = slice_trim(word);
		if (word.len == 0) {
			continue;
		}
		conf = conf || slice_eq(word, "nofile");
		about = about || conf ||
		        (at && word.data[0] == '-' && memchr(word.data, 'n', word.len));
		if (about && word.data[0] >= '0' && word.data[0] <= '9') {
			*ret_value = word;
			return true;
		}
	}
	return false;
}

static void look_file(struct exam *exam, const char *file, bool script) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SETTINGS);
	struct slice rest = ev->bytes;
	struct slice line, value;
	int64_t number = 0;

	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		number++;
		char *text = arena_slicedup(exam->arena, line);

		for (char *p = text; *p; p++) {
			*p = *p == '\t' || *p == ';' || *p == '"' ? ' ' : *p;
		}
		if (sets_limit(slice_str(text), &value)) {
			FACTS_ADD(exam->facts, limit_source, ev, .file = file, .line = number,
			          .value = arena_slicedup(exam->arena, value), .script = script);
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	static const char dir[] = "/etc/security/limits.d";
	size_t count = 0;

	(void)err;
	if (!limits_complained(exam->facts)) {
		return 0;
	}
	facts_each (binary, b, exam->facts) {
		if (b->chosen && streq(b->format, "script")) {
			look_file(exam, b->path, true);
		}
	}
	facts_each (startup_file, f, exam->facts) {
		if (count++ < FILES_MAX) {
			look_file(exam, f->file, false);
		}
	}
	look_file(exam, "/etc/security/limits.conf", false);
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;

	while (evidence_has_bytes(ev) && count++ < (size_t)2 * FILES_MAX &&
	       slice_line(&rest, &line)) {
		if (line.len > 2 && line.data[0] == 'f') {
			look_file(
				exam,
				path_join(exam->arena, dir,
			                  arena_strndup(exam->arena, line.data + 2, line.len - 2)),
				false);
		}
	}
	return 0;
}

const struct probe probe_limits = {
	.id = "limits",
	.title = "who limits the number of open files",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(limit_source),
	.look = look,
};
