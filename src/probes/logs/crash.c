/* SPDX-License-Identifier: MIT
 * Tracebacks: of the trial server, and those that the logs of the editor have.
 */
#include "base/str.h"
#include "core/lore.h"
#include "core/probe.h"
#include "gofile/gocrash.h"
#include "gofile/semver.h"
#include "probes/logs/log_read.h"
#include "wire/logpieces.h"
#include "wire/transcript.h"

#define STDERR_MAX ((size_t)256 * 1024) /* of what was kept; a traceback begins early */
#define LOGS_MAX   4

struct known {
	const char *text, *since, *fixed, *advice;
};

static const char *column(struct arena *arena, struct slice *line) {
	struct slice part = {0};

	slice_cut(line, '\t', &part);
	return arena_strndup(arena, part.data ? part.data : "", part.len);
}

static struct known known_of(struct arena *arena, const struct gocrash *c, const char *version) {
	struct slice rest = slice_str(lore_data("gopls-crashes.tsv"));
	struct slice line;

	while (slice_line(&rest, &line)) {
		if (line.len == 0 || line.data[0] == '#') {
			continue;
		}
		const char *words = column(arena, &line);
		struct known k = {.since = column(arena, &line), .fixed = column(arena, &line)};
		bool fits = str_has(c->frame, words) || str_has(c->text, words);
		bool dated = semver_is_valid(version);

		k.text = column(arena, &line);
		k.advice = column(arena, &line);
		if (fits &&
		    (!dated || (semver_compare(version, k.since) >= 0 &&
		                (str_empty(k.fixed) || semver_compare(version, k.fixed) < 0)))) {
			return k;
		}
	}
	return (struct known){"", "", "", ""};
}

/* gopls quotes what go wrote to its stderr in its own message: then go is what crashed. */
static void state(struct exam *exam, const struct evidence *ev, const char *source,
                  const struct gocrash *c, const char *version,
                  const struct fact_log_event *where) {
	const char *of = str_empty(c->version) ? version : c->version;
	struct known k = known_of(exam->arena, c, of);

	FACTS_ADD(exam->facts, crash, ev, .source = source,
	          .program = str_starts(c->frame, "cmd/") ? "go" : "gopls", .kind = c->kind,
	          .text = c->text, .goroutine = c->goroutine, .state = c->state, .frame = c->frame,
	          .file = c->file, .line = c->line, .version = of, .known = k.text,
	          .since = k.since, .fixed = k.fixed, .advice = k.advice,
	          .log = where ? where->file : "", .log_line = where ? where->line : 0,
	          .at_ns = where ? where->at_ns : 0, .current = !where || where->current);
}

static struct slice stderr_of(struct exam *exam, const struct evidence *ev) {
	struct transcript_reader reader;
	struct transcript_event event;
	struct strbuf out;

	strbuf_init(&out, exam->arena);
	if (transcript_reader_init(&reader, ev->bytes, NULL) == 0) {
		while (out.len < STDERR_MAX && transcript_next(&reader, &event, NULL) == 1) {
			if (event.kind == TRANSCRIPT_STDERR) {
				strbuf_add_n(&out, event.payload.data, event.payload.len);
			}
		}
	}
	return slice_of(out.data, out.len);
}

static void look_trial(struct exam *exam) {
	const struct fact_server *s = facts_first(server, exam->facts);
	struct gocrash crash;

	if (s && s->base.ev && (streq(s->state, "exited") || streq(s->state, "signaled")) &&
	    gocrash_parse(exam->arena, stderr_of(exam, s->base.ev), &crash)) {
		const struct fact_binary *b = facts_binary(exam->facts, s->path);

		state(exam, s->base.ev, "trial", &crash,
		      !str_empty(s->version) ? s->version
		      : b                    ? b->version
		                             : "",
		      NULL);
	}
}

static const char *chosen_version(const struct facts *facts) {
	const struct fact_tool *t = facts_chosen(facts, "gopls");
	const struct fact_binary *b = t ? facts_binary(facts, t->path) : NULL;

	return b ? b->version : "";
}

/* The events of one file that may be ends. */
struct ends {
	const char *file;
	const struct fact_log_event *events[LOG_EVENTS_MAX];
	size_t count;
};

/* The latest that begins a traceback: another line of the same one may look like an end too. */
static void look_file(struct exam *exam, const struct ends *ends) {
	for (size_t i = ends->count; i > 0; i--) {
		const struct fact_log_event *e = ends->events[i - 1];
		const struct evidence *ev = e->base.ev;
		struct gocrash crash;

		if (ev && evidence_has_bytes(ev) &&
		    gocrash_parse(exam->arena, log_server_words(exam->arena, ev->bytes, e->line),
		                  &crash)) {
			state(exam, ev, "log", &crash, chosen_version(exam->facts), e);
			return;
		}
	}
}

static void look_logs(struct exam *exam) {
	struct ends files[LOGS_MAX] = {0};
	size_t count = 0;

	facts_each (log_event, e, exam->facts) {
		size_t i = 0;

		if (!streq(e->kind, "crash") || str_has(e->text, "persistent index")) {
			continue;
		}
		while (i < count && !streq(files[i].file, e->file)) {
			i++;
		}
		if (i < LOGS_MAX) {
			files[i].file = e->file;
			count += i == count;
			if (files[i].count < LOG_EVENTS_MAX) {
				files[i].events[files[i].count++] = e;
			}
		}
	}
	for (size_t i = 0; i < count; i++) {
		look_file(exam, &files[i]);
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	look_trial(exam);
	look_logs(exam);
	return 0;
}

const struct probe probe_crash = {
	.id = "crash",
	.title = "tracebacks of the server, in the trial and in logs",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(crash),
	.look = look,
};
