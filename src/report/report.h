/* SPDX-License-Identifier: MIT
 * The one model behind every form of the report, and the forms. Nothing here prints: each form is
 * text in the arena.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/str.h"
#include "core/infer.h"
#include "core/target.h"

struct agreement;
struct json;

struct report_timings {
	int64_t total_ns;   /* from the start of the program to the verdict */
	int64_t own_cpu_ns; /* without children */
};
/* Until now. start_ns: as clock_now_ns() was. */
struct report_timings report_timings_since(int64_t start_ns);

/* One folder of a window that has several. */
struct report_folder {
	const struct target *target;
	const struct facts *facts;
	const struct diagnosis *diagnosis;
	bool skipped;             /* no Go code is in it, so it was not examined */
	const char *suffers_from; /* the folder whose cause explains what is wrong in this one, or
	                             NULL */
};

struct report {
	const struct target *target;
	const struct facts *facts;
	const struct diagnosis *diagnosis;
	struct report_timings timings;
	const struct report_folder *folders; /* of the window, or NULL */
	size_t folder_count;
	const struct agreement
		*agreement; /* with what was recorded meanwhile (report/agreement.h), or NULL */
	/* Members of the JSON form that a command adds, or NULL; called with more. */
	void (*put_more)(struct json *json, const void *more);
	const void *more;
};

struct report_style {
	bool verbose; /* every feature, every fact, every doubt */
	bool colour;
	bool utf8;      /* else nothing but ASCII is put out */
	size_t columns; /* prose is wrapped there; commands and paths never are */
};

/* The report contract, version 1: one JSON object and a newline. */
void report_json(struct strbuf *out, const struct report *report);
/* A page for a browser: needs nothing from anywhere, runs no script. Begins with REPORT_HTML_MARK. */
#define REPORT_HTML_MARK "<!DOCTYPE html>\n<!-- dialtone report -->\n"
void report_html(struct strbuf *out, const struct report *report);
/* For people. */
void report_text(struct strbuf *out, const struct report *report, const struct report_style *style);

/* The exit status that goes with a verdict (enum status in core/command.h). */
int report_status(const struct report *report);

/* What a fact proves, as one line: a few kinds in the form people know them in, the others in their
 * text form. Secrets are masked; bytes from outside are as they came. */
const char *fact_excerpt(struct arena *arena, const struct fact *fact);
/* Where a fact was seen: the source of its evidence, or "fact:KIND" when it has none. */
const char *fact_source(struct arena *arena, const struct fact *fact);

/* The features of the report contract, NULL-terminated, and how people call them. */
extern const char *const report_features[];
const char *feature_in_words(const char *feature);

/* The features a cause spoils: those its rule names, or else those that are not ok.
 * NULL-terminated. */
const char *const *report_impact(struct arena *arena, const struct facts *facts,
                                 const struct finding *finding);

/* Versions as far as known ("v0.23.0", "go1.26.8"), else NULL. */
const char *report_server_version(const struct facts *facts);
const char *report_go_version(struct arena *arena, const struct facts *facts);
/* What is wrong when no rule knows why, in words: a module that nobody could fetch, else the first
 * thing the handshake showed. In the arena. */
const char *report_unexplained(struct arena *arena, const struct facts *facts);
/* Time from the start of the server to its first answer, or -1. */
int64_t report_server_ready_ms(const struct facts *facts);

#endif
