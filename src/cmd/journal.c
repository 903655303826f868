/* SPDX-License-Identifier: MIT
 * `dialtone journal`: what dialtone changed on this machine, why, and whether it was taken back; newest first.
 */
#include "apply/journal.h"
#include "apply/lock.h"
#include "base/clock.h"
#include "base/fd.h"
#include "cmd/output.h"
#include "report/harmless.h"
#include "report/json_frame.h"

#include <errno.h>
#include <time.h>

#define REPAIRS_MAX ((size_t)1000)
#define SHOWN_MAX   ((size_t)10) /* changes of one repair, in the text */

struct journal_options {
	bool json;
};

static const struct option_spec specs[] = {
	{"json", 'j', NULL, OPTION_FLAG, offsetof(struct journal_options, json), "for programs"},
	{0},
};

struct listing {
	struct arena *arena;
	const struct repair *repairs;
	size_t count;
	int worker; /* the dialtone that holds the lock, or 0 */
};

static const char *time_text(struct arena *arena, int64_t at_ns) {
	time_t seconds = (time_t)(at_ns / NS_PER_S);
	struct tm tm;
	char text[64] = "";
	if (!localtime_r(&seconds, &tm) || strftime(text, sizeof(text), "%F %T", &tm) == 0) {
		return "";
	}
	return arena_strdup(arena, text);
}

/* One at a time works; what is not done is its, or nobody's. */
static const char *state_of(const struct listing *l, const struct repair *r) {
	bool open = r->state == REPAIR_WORKING || r->state == REPAIR_UNDOING;
	return open && l->worker > 0 ? "working" : repair_state_name(r->state);
}

static const char *kind_of(const struct journal_change *c) {
	if (c->kind != CHANGE_FILE) {
		return change_kind_name(c->kind);
	}
	return !image_exists(&c->after) ? "remove" : !image_exists(&c->before) ? "create" : "write";
}

static void put_change(struct json *json, const struct journal_change *c) {
	json_newline(json, 4);
	json_element(json);
	json_open(json, '{');
	json_put_number(json, "id", c->id);
	json_put(json, "kind", kind_of(c));
	json_put(json, "path", c->path);
	if (*c->to) {
		json_put(json, "to", c->to);
	}
	json_put(json, "what", c->what);
	json_put(json, "state", change_state_name(c->state));
	json_close(json, '}');
}

static void write_json(struct strbuf *out, const struct listing *l) {
	struct json json = {.out = out};
	json_begin(&json, "dialtone.journal/2");
	json_key(&json, "repairs");
	json_open(&json, '[');
	for (size_t i = 0; i < l->count; i++) {
		const struct repair *r = &l->repairs[i];
		json_newline(&json, 2);
		json_element(&json);
		json_open(&json, '{');
		json_put_number(&json, "id", r->id);
		json_put_number(&json, "at_ms", r->at_ns / NS_PER_MS);
		json_put(&json, "cause", r->cause);
		json_put(&json, "subject", *r->subject ? r->subject : NULL);
		json_put(&json, "workspace", *r->workspace ? r->workspace : NULL);
		json_put(&json, "why", r->why);
		json_put(&json, "state", state_of(l, r));
		json_put_ms(&json, "undone_at_ms", r->undone_ns ? r->undone_ns / NS_PER_MS : -1);
		json_put(&json, "note", *r->note ? r->note : NULL);
		if (r->undoes > 0) {
			json_put_number(&json, "undoes", r->undoes);
		}
		json_key(&json, "changes");
		json_open(&json, '[');
		for (size_t k = 0; k < r->change_count; k++) {
			put_change(&json, &r->changes[k]);
		}
		json_close(&json, ']');
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_end(&json);
}

static void write_text(struct strbuf *out, const struct listing *l) {
	struct terminal t = terminal_find(NULL);
	for (size_t i = 0; i < l->count; i++) {
		const struct repair *r = &l->repairs[i];
		strbuf_printf(out, "%4lld  %s  %-11s  %s\n", (long long)r->id,
		              time_text(out->arena, r->at_ns), state_of(l, r),
		              harmless(out->arena, r->cause, t.utf8));
		strbuf_printf(out, "      %s\n", harmless(out->arena, r->why, t.utf8));
		for (size_t k = 0; k < r->change_count && k < SHOWN_MAX; k++) {
			const struct journal_change *c = &r->changes[k];
			strbuf_printf(out, "      %-6s  %s\n", kind_of(c),
			              harmless(out->arena,
			                       c->kind == CHANGE_FILE || c->kind == CHANGE_MODES
			                               ? c->path
			                               : c->what,
			                       t.utf8));
		}
		if (r->change_count > SHOWN_MAX) {
			strbuf_printf(out, "      and %zu more (--json has all)\n",
			              r->change_count - SHOWN_MAX);
		}
	}
}

static int run_in(struct arena *arena, bool as_json) {
	struct err err;
	struct repair *repairs = NULL;
	struct listing l = {.arena = arena};
	struct strbuf out;
	strbuf_init(&out, arena);
	CLEANUP(journal_closep) struct journal *journal = journal_open(false, &err);
	int r = journal ? journal_list(journal, arena, REPAIRS_MAX, &repairs, &l.count, &err)
	                : err.code;
	if (r < 0 && r != -ENOENT) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	l.repairs = repairs;
	l.worker = lock_holder(arena);
	if (as_json) {
		write_json(&out, &l);
	} else if (l.count == 0) {
		strbuf_add(&out, "Nothing was ever changed.\n");
	} else {
		write_text(&out, &l);
	}
	return output_write(&out, STATUS_HEALTHY);
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	(void)operands;
	(void)operand_count;
	const struct journal_options *o = options;
	struct arena *arena = arena_new();
	int status = run_in(arena, o->json);
	arena_free(arena);
	return status;
}

const struct command command_journal = {
	.name = "journal",
	.synopsis = "",
	.summary = "List what dialtone changed, newest first",
	.options = specs,
	.options_size = sizeof(struct journal_options),
	.run = run,
};
