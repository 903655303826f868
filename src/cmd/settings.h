/* SPDX-License-Identifier: MIT
 * `dialtone settings` between its files: what was asked, what was seen, and who writes which form.
 */
#ifndef CMD_SETTINGS_H
#define CMD_SETTINGS_H

#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "core/probe.h"
#include "settings/lint.h"

struct settings_options {
	const char *layer;
	bool yes;
	bool json;
	bool sarif;
	const char *fail_on;
	const char *environment;
	bool trust;
	bool bisect;
	bool verbose;
	const char *color;
};

/* The machine as the settings commands see it: environment, settings and tools were looked at, nothing was started but
 * what those probes start, and `gopls api-json` when its answer was not kept from earlier. */
struct settings_view {
	struct arena *arena;
	const struct settings_options *options;
	struct interrupt interrupt;
	struct evidence_store store;
	struct facts facts;
	struct target target;
	struct exam exam;
	struct layers_where where;
	struct layers layers;
	struct schema schema;
};

/* Looks. dir: the operand or NULL. STATUS_HEALTHY, else a sentence was written on stderr and it is the exit status. Close
 * it in any case. */
int settings_view_open(struct settings_view *view, struct arena *arena,
                       const struct settings_options *options, const char *dir);
void settings_view_close(struct settings_view *view);

/* The schema of the gopls in use into view->schema: from the cache directory, from gopls itself, or the built-in copy.
 */
void settings_schema_fill(struct settings_view *view);

void settings_write_text(struct strbuf *out, const struct settings_view *view,
                         const struct issues *issues, const struct terminal *terminal);
void settings_write_json(struct strbuf *out, const struct settings_view *view,
                         const struct issues *issues);
void settings_write_sarif(struct strbuf *out, const struct settings_view *view,
                          const struct issues *issues);

/* The subcommands; operands behind the word. */
int settings_get(struct settings_view *view, const char *key);
int settings_bisect(struct settings_view *view, int64_t start_ns); /* --bisect */
int settings_change(struct settings_view *view, const char *key, const char *json);

#endif
