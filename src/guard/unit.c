/* SPDX-License-Identifier: MIT */
#include "guard/unit.h"

#include "base/path.h"
#include "base/str.h"

#include <errno.h>

#define MADE_BY "by `dialtone guard install`; `dialtone guard remove` takes it away"

#define CRON_BEGIN "# dialtone guard: begin, written " MADE_BY " "
#define CRON_END   "# dialtone guard: end"
#define CRON_ALONE "alone "

bool guard_minutes_valid(int64_t minutes) {
	return minutes >= 5 && minutes <= 60 && 60 % minutes == 0;
}

static bool has_control(const char *text) {
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == '\x7f') {
			return true;
		}
	}
	return false;
}

static int check_text(const char *text, struct err *err) {
	return has_control(text) ? err_set(err, -EINVAL,
	                                   "a name with a control character can stand in no unit "
	                                   "and no crontab: '%s'",
	                                   text)
	                         : 0;
}

int guard_job_check(const struct guard_job *job, struct err *err) {
	int r = check_text(job->program, err);
	r = r < 0 || !job->unit_dir ? r : check_text(job->unit_dir, err);
	for (size_t i = 0; r == 0 && job->dirs[i]; i++) {
		r = check_text(job->dirs[i], err);
	}
	for (size_t i = 0; r == 0 && job->env[i]; i++) {
		r = check_text(job->env[i], err);
	}
	return r;
}

/* ---- systemd ---- */

/* A word in quotes: '%' begins a specifier, and in commands '$' a variable. */
static const char *unit_word(struct arena *arena, const char *text, bool command) {
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add_char(&out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') {
			strbuf_add_char(&out, '\\');
		} else if (*text == '%' || (*text == '$' && command)) {
			strbuf_add_char(&out, *text);
		}
		strbuf_add_char(&out, *text);
	}
	strbuf_add_char(&out, '"');
	return out.data;
}

/* A condition takes the rest of its line as it is, but for specifiers. */
static const char *unit_path(struct arena *arena, const char *text) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (; *text; text++) {
		strbuf_add(&out, *text == '%' ? "%" : "");
		strbuf_add_char(&out, *text);
	}
	return out.data;
}

const char *guard_service_text(struct arena *arena, const struct guard_job *job) {
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_printf(&out,
	              "# Written " MADE_BY ".\n"
	              "[Unit]\n"
	              "Description=Look whether the Go language server needs a precaution\n"
	              "Documentation=man:dialtone-guard(1)\n"
	              "ConditionPathExists=%s\n"
	              "ConditionFileIsExecutable=%s\n"
	              "\n"
	              "[Service]\n"
	              "Type=oneshot\n"
	              "ExecStart=%s guard run --quiet --",
	              unit_path(arena, path_join(arena, job->unit_dir, GUARD_TIMER)),
	              unit_path(arena, job->program), unit_word(arena, job->program, false));
	for (size_t i = 0; job->dirs[i]; i++) {
		strbuf_printf(&out, " %s", unit_word(arena, job->dirs[i], true));
	}
	strbuf_add(&out, "\n");
	for (size_t i = 0; job->env[i]; i++) {
		strbuf_printf(&out, "Environment=%s\n", unit_word(arena, job->env[i], false));
	}
	strbuf_add(&out, "SuccessExitStatus=1\n"
	                 "Nice=19\n"
	                 "IOSchedulingClass=idle\n"
	                 "TimeoutStartSec=60\n"
	                 "NoNewPrivileges=yes\n");
	return out.data;
}

const char *guard_timer_text(struct arena *arena, const struct guard_job *job) {
	return arena_printf(arena,
	                    "# Written " MADE_BY ".\n"
	                    "[Unit]\n"
	                    "Description=Look now and then whether the Go language server needs a "
	                    "precaution\n"
	                    "Documentation=man:dialtone-guard(1)\n"
	                    "\n"
	                    "[Timer]\n"
	                    "OnStartupSec=2min\n"
	                    "OnUnitActiveSec=%lldmin\n"
	                    "AccuracySec=1min\n"
	                    "\n"
	                    "[Install]\n"
	                    "WantedBy=timers.target\n",
	                    (long long)job->every_minutes);
}

/* ---- cron ---- */

/* For a shell, then for cron. */
static void add_cron_word(struct strbuf *out, const char *word) {
	const char *quoted = str_shell_quote(out->arena, word);
	strbuf_add_char(out, ' ');
	for (; *quoted; quoted++) {
		strbuf_add(out, *quoted == '%' ? "\\" : "");
		strbuf_add_char(out, *quoted);
	}
}

/* FNV-1a: tells an edit, not an attack. */
static uint64_t hash_of(struct slice text) {
	uint64_t hash = 0xcbf29ce484222325;
	for (size_t i = 0; i < text.len; i++) {
		hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3;
	}
	return hash;
}

static const char *cron_line(struct arena *arena, const struct guard_job *job) {
	struct strbuf out;
	strbuf_init(&out, arena);
	if (job->every_minutes == 60) {
		strbuf_add(&out, "0 * * * * env");
	} else {
		strbuf_printf(&out, "*/%lld * * * * env", (long long)job->every_minutes);
	}
	for (size_t i = 0; job->env[i]; i++) {
		add_cron_word(&out, job->env[i]);
	}
	add_cron_word(&out, job->program);
	strbuf_add(&out, " guard run --quiet --");
	for (size_t i = 0; job->dirs[i]; i++) {
		add_cron_word(&out, job->dirs[i]);
	}
	strbuf_add(&out, " >/dev/null 2>&1\n");
	return out.data;
}

static const char *block_of(struct arena *arena, struct slice line, bool alone) {
	return arena_printf(arena, CRON_BEGIN "%s%016llx\n%.*s" CRON_END "\n",
	                    alone ? CRON_ALONE : "", (unsigned long long)hash_of(line),
	                    (int)line.len, line.data);
}

int guard_cron_block(struct arena *arena, const struct guard_job *job, bool alone, const char **ret,
                     struct err *err) {
	const char *line = cron_line(arena, job);
	if (strlen(line) > CRON_LINE_MAX) {
		return err_set(
			err, -E2BIG,
			"the line for cron would have %zu bytes, and it takes %zu: name fewer "
			"directories, or shorten PATH",
			strlen(line), CRON_LINE_MAX);
	}
	*ret = block_of(arena, slice_str(line), alone);
	return 0;
}

/* At the beginning of a line; NULL when it is not there. */
static const char *line_with(struct slice text, const char *prefix) {
	const char *at = text.data;
	const char *end = text.data + text.len;
	while (at && at < end) {
		if (slice_starts(slice_of(at, (size_t)(end - at)), prefix)) {
			return at;
		}
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	return NULL;
}

/* Behind the line that begins at. */
static const char *line_end(const char *at, const char *end) {
	const char *newline = memchr(at, '\n', (size_t)(end - at));
	return newline ? newline + 1 : end;
}

struct guard_cron guard_cron_find(struct arena *arena, struct slice crontab) {
	struct guard_cron found = {.without = arena_slicedup(arena, crontab)};
	const char *end = crontab.data + crontab.len;
	const char *from = crontab.len > 0 ? line_with(crontab, "# dialtone guard: begin") : NULL;
	if (!from) {
		return found;
	}
	struct slice rest = slice_of(from, (size_t)(end - from));
	const char *last = line_with(rest, CRON_END);
	const char *to = last ? line_end(last, end) : line_end(from, end);
	const char *line = line_end(from, end);
	const char *next = line < end ? line_end(line, end) : end;
	found.found = true;
	found.block = slice_of(from, (size_t)(to - from));
	found.alone = slice_starts(rest, CRON_BEGIN CRON_ALONE);
	const char *meant = block_of(arena, slice_of(line, (size_t)(next - line)), found.alone);
	found.whole = slice_eq(found.block, meant) &&
	              !line_with(slice_of(to, (size_t)(end - to)), "# dialtone guard: begin");
	found.without = arena_printf(arena, "%.*s%.*s", (int)(from - crontab.data), crontab.data,
	                             (int)(end - to), to);
	return found;
}
