/* SPDX-License-Identifier: MIT
 * Go raises the soft limit of open files to the hard one at its start (os/rlimit.go), so the hard one
 * counts.
 */
#include "probes/server/limits.h"

#include "base/ascii.h"
#include "base/path.h"
#include "base/str.h"
#include "core/no_memory.h"

#define FILES_MAX 24

static bool limit_of(struct exam *exam, const char *pid, const char *key, struct limit_pair *ret,
                     const struct evidence **ret_ev) {
	const struct evidence *ev = world_look(exam->world, LOOK_CONTEXT, pid, LOOK_CAP_SMALL);
	const char *text = evidence_has_bytes(ev) ? keyline_get(exam->arena, ev->bytes, key) : NULL;
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

bool limits_nofile(struct exam *exam, const char *pid, struct limit_pair *ret,
                   const struct evidence **ret_ev) {
	return limit_of(exam, pid, "limit_nofile", ret, ret_ev);
}

/* In the order of enum fatal_limit: as LOOK_CONTEXT and as the fact name them. */
static const struct {
	const char *key, *name;
} fatal[LIMIT_FATAL_COUNT] = {
	[LIMIT_ADDRESS_SPACE] = {"limit_as", "address_space"},
	[LIMIT_DATA] = {"limit_data", "data"},
	[LIMIT_CPU] = {"limit_cpu", "cpu_seconds"},
	[LIMIT_FILE_SIZE] = {"limit_fsize", "file_bytes"},
};

static bool is_lower(int64_t a, int64_t b) {
	return a >= 0 && (b < 0 || a < b);
}

void limits_state_fatal(struct exam *exam, const char *scope, const char *pid_text, int64_t pid) {
	for (int i = 0; i < LIMIT_FATAL_COUNT; i++) {
		const struct evidence *ev;
		struct limit_pair l;

		if (limit_of(exam, pid_text, fatal[i].key, &l, &ev) &&
		    (l.soft >= 0 || l.hard >= 0)) {
			FACTS_ADD(exam->facts, limit, ev, .scope = scope, .pid = pid,
			          .name = fatal[i].name, .soft = l.soft, .hard = l.hard);
		}
	}
}

const struct limit_pair *limits_fatal(struct exam *exam) {
	struct limit_pair *out = arena_array_of(exam->arena, struct limit_pair, LIMIT_FATAL_COUNT);
	const char *pid = arena_printf(exam->arena, "%d", (int)exam->target->editor_pid);
	bool any = false;

	if (exam->target->terms) {
		return exam->target->terms->fatal;
	}
	for (int i = 0; exam->target->editor_pid > 0 && i < LIMIT_FATAL_COUNT; i++) {
		const struct evidence *ev;
		struct limit_pair own, its;

		if (limit_of(exam, "self", fatal[i].key, &own, &ev) &&
		    limit_of(exam, pid, fatal[i].key, &its, &ev) &&
		    (is_lower(its.soft, own.soft) || is_lower(its.hard, own.hard))) {
			/* what we may not have ourselves cannot be given */
			out[i].hard = is_lower(own.hard, its.hard) ? own.hard : its.hard;
			out[i].soft = is_lower(own.hard, its.soft) ? own.hard : its.soft;
			any = true;
		}
	}
	return any ? out : NULL;
}

static bool server_runs_here(struct exam *exam) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_GOPLS, exam->target->workspace, LOOK_CAP_SETTINGS);

	return evidence_has_bytes(ev) && memmem(ev->bytes.data, ev->bytes.len, "\nhere=1\n", 8);
}

struct limit_pair limits_lower_tasks(struct exam *exam) {
	struct limit_pair own, judged;
	const struct evidence *ev;
	const char *pid = arena_printf(exam->arena, "%d", (int)exam->target->editor_pid);

	if (exam->target->terms) {
		return exam->target->terms->nproc;
	}
	if (exam->target->editor_pid <= 0 || !limit_of(exam, "self", "limit_nproc", &own, &ev) ||
	    !limit_of(exam, pid, "limit_nproc", &judged, &ev) || !is_lower(judged.soft, own.soft) ||
	    server_runs_here(exam)) {
		return (struct limit_pair){0};
	}
	judged.hard = judged.hard < 0 ? own.hard : judged.hard;
	judged.hard = judged.hard < 0 ? judged.soft : judged.hard;
	return judged;
}

struct limit_pair limits_lower(struct exam *exam) {
	struct limit_pair own, judged;
	const struct evidence *ev;

	if (exam->target->terms) {
		return exam->target->terms->nofile;
	}
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

bool limits_complained_of_tasks(const struct facts *facts) {
	const struct fact_server *server = facts_first(server, facts);
	static const char thread[] = "failed to create new OS thread";
	static const char again[] = "esource temporarily unavailable";

	return facts_said(facts, thread, NULL) || facts_said(facts, again, NULL) ||
	       (server && (str_has(server->err, thread) || str_has(server->err, again)));
}

/* ---- who sets it ---- */

/* How the files that set limits name them. */
static const struct {
	const char *name;    /* of the fact; "" = open_files */
	char option;         /* of ulimit */
	const char *item;    /* of limits.conf(5) */
	const char *program; /* option of prlimit(1) */
} known[] = {
	{"", 'n', "nofile", "--nofile="},         {"address_space", 'v', "as", "--as="},
	{"data", 'd', "data", "--data="},         {"cpu_seconds", 't', "cpu", "--cpu="},
	{"file_bytes", 'f', "fsize", "--fsize="},
};

static bool is_number(struct slice word) {
	return word.len > 0 && ascii_is_digit(word.data[0]);
}

/* "ulimit -n 20", "ulimit -Hn 20", "prlimit --nofile=20 …" in a shell's file; "* hard nofile 20" in
 * limits.conf(5): the place in known, or -1. */
static int sets_limit(struct slice line, struct slice *ret_value) {
	struct slice rest = slice_trim(line);
	struct slice word;
	int about = -1;

	if (rest.len == 0 || rest.data[0] == '#') {
		return -1;
	}
	const char *at = memmem(rest.data, rest.len, "ulimit ", 7);

	if (at) {
		rest = slice_of(at + 7, rest.len - (size_t)(at + 7 - rest.data));
	}
	while (slice_cut(&rest, ' ', &word)) {
		word = slice_trim(word);
		if (is_number(word) && about >= 0) {
			*ret_value = word;
			return about;
		}
		for (size_t i = 0; word.len > 0 && i < sizeof known / sizeof *known; i++) {
			size_t len = strlen(known[i].program);

			if (slice_starts(word, known[i].program)) {
				struct slice numbers = slice_of(word.data + len, word.len - len);

				slice_cut(&numbers, ':', ret_value);
				return is_number(*ret_value) ? (int)i : -1;
			}
			if (slice_eq(word, known[i].item) ||
			    (at && word.data[0] == '-' &&
			     memchr(word.data, known[i].option, word.len))) {
				about = (int)i;
			}
		}
	}
	return -1;
}

static void look_file(struct exam *exam, const char *file, const char *tool) {
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
		int which = sets_limit(slice_str(text), &value);

		if (which >= 0) {
			FACTS_ADD(exam->facts, limit_source, ev, .file = file, .line = number,
			          .name = known[which].name,
			          .value = arena_slicedup(exam->arena, value),
			          .script = tool != NULL, .tool = tool);
		}
	}
}

/* By a signal, as a limit on processor time does; or go was, which gopls tells. */
static bool was_killed(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);

	return (s && s->signal != 0) || facts_said(facts, "signal: ", NULL);
}

/* A limit that the trial server was given by somebody on its way, or that it has run into. */
static bool has_deadly_limit(const struct facts *facts) {
	const struct fact_server_end *e = facts_first(server_end, facts);

	return (e && (e->cpu_seconds >= 0 || e->file_bytes >= 0)) ||
	       facts_said(facts, "file too large", NULL);
}

static int look(struct exam *exam, struct err *err) {
	static const char dir[] = "/etc/security/limits.d";
	size_t count = 0;

	(void)err;
	if (!limits_complained(exam->facts) && !no_memory_said(exam->facts) &&
	    !was_killed(exam->facts) && !has_deadly_limit(exam->facts)) {
		return 0;
	}
	facts_each (binary, b, exam->facts) {
		if (b->chosen && streq(b->format, "script")) {
			look_file(exam, b->path, b->tool);
		}
	}
	facts_each (startup_file, f, exam->facts) {
		if (count++ < FILES_MAX) {
			look_file(exam, f->file, NULL);
		}
	}
	look_file(exam, "/etc/security/limits.conf", NULL);
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
				NULL);
		}
	}
	return 0;
}

const struct probe probe_limits = {
	.id = "limits",
	.title = "who limits the server: open files, memory, processor time",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(limit_source),
	.look = look,
};
