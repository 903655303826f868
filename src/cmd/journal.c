/* SPDX-License-Identifier: MIT
 * `dialtone journal`: what dialtone changed on this machine, newest first.
 */
#include "apply/journal.h"
#include "base/clock.h"
#include "base/fd.h"
#include "cmd/output.h"
#include "report/harmless.h"
#include "report/json_frame.h"

#include <errno.h>
#include <time.h>

#define ENTRIES_MAX ((size_t)1000)

struct journal_options {
	bool json;
};

static const struct option_spec specs[] = {
	{"json", 'j', NULL, OPTION_FLAG, offsetof(struct journal_options, json), "for programs"},
	{0},
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

static const char *kind_of(const struct journal_entry *e) {
	return !e->after.exists ? "remove" : e->before.exists ? "write" : "create";
}

static void write_json(struct strbuf *out, const struct journal_entry *entries, size_t count) {
	struct json json = {.out = out};
	json_begin(&json, "dialtone.journal/1");
	json_open_member(&json, "changes", '[');
	for (size_t i = 0; i < count; i++) {
		const struct journal_entry *e = &entries[i];
		json_newline(&json, 2);
		json_open_element(&json, '{');
		json_put_number(&json, "id", e->id);
		json_put_number(&json, "at_ms", e->at_ns / NS_PER_MS);
		json_put(&json, "kind", kind_of(e));
		json_put(&json, "path", e->path);
		json_put(&json, "cause", e->cause);
		json_put(&json, "why", e->why);
		json_put(&json, "state", journal_state_name(e->state));
		if (e->undoes > 0) {
			json_put_number(&json, "undoes", e->undoes);
		}
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_end(&json);
}

static void write_text(struct strbuf *out, const struct journal_entry *entries, size_t count) {
	struct terminal t = terminal_find(NULL);
	for (size_t i = 0; i < count; i++) {
		const struct journal_entry *e = &entries[i];
		strbuf_printf(out, "%4lld  %s  %-8s  %-6s  %s\n      %s\n", (long long)e->id,
		              time_text(out->arena, e->at_ns), journal_state_name(e->state),
		              kind_of(e), harmless(out->arena, e->path, t.utf8),
		              harmless(out->arena, e->why, t.utf8));
	}
}

static int run_in(struct arena *arena, bool as_json) {
	struct err err;
	struct journal_entry *entries = NULL;
	size_t count = 0;
	struct strbuf out;
	strbuf_init(&out, arena);
	CLEANUP(journal_closep) struct journal *journal = journal_open(false, &err);
	int r = journal ? journal_list(journal, arena, ENTRIES_MAX, &entries, &count, &err)
	                : err.code;
	if (r < 0 && r != -ENOENT) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	if (as_json) {
		write_json(&out, entries, count);
	} else if (count == 0) {
		strbuf_add(&out, "Nothing was ever changed.\n");
	} else {
		write_text(&out, entries, count);
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
