/* SPDX-License-Identifier: MIT
 * `dialtone explain [ID]`: the page of a cause, or the table of all, or how they hang together.
 */
#include "report/explain.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "core/fix.h"
#include "core/registry.h"
#include "core/rule.h"

struct explain_options {
	bool json;
	bool graph;
	const char *color;
};

static const struct option_spec explain_specs[] = {
	{"json", 'j', NULL, OPTION_FLAG, offsetof(struct explain_options, json),
         "for programs: id, layer, title and sections"},
	{"graph", 0, NULL, OPTION_FLAG, offsetof(struct explain_options, graph),
         "what is a symptom of what, for Graphviz' dot"},
	{"color", 0, "WHEN", OPTION_TEXT, offsetof(struct explain_options, color),
         "auto, always or never"},
	{0},
};

static const char *find_page(const char *id) {
	for (size_t i = 0; registry_pages[i].id; i++) {
		if (streq(registry_pages[i].id, id)) {
			return registry_pages[i].text;
		}
	}
	return NULL;
}

static int complain_unknown(struct arena *arena, const char *id) {
	const char *const *ids = rule_ids(arena, registry_rules);
	const char *near = options_nearest(id, ids);
	for (; *ids && !near; ids++) {
		near = *id && str_has(*ids, id) ? *ids : NULL; /* a part of a name */
	}
	if (near) {
		output_complain("there is no cause '%s'; did you mean '%s'?", id, near);
	} else {
		output_complain("there is no cause '%s'; `dialtone explain` lists them", id);
	}
	return STATUS_USAGE;
}

static void put_fix(struct strbuf *out, const char *id) {
	const struct fix *fix = fix_find(registry_fixes, id);
	if (fix) {
		strbuf_printf(out, "\nFrom here: dialtone fix %s (%s)\n", id, fix->title);
	}
}

static int explain(struct arena *arena, const struct explain_options *o,
                   const char *const *operands, size_t operand_count) {
	struct terminal terminal = terminal_find(o->color);
	struct report_style style = {
		.colour = terminal.colour,
		.utf8 = terminal.utf8,
		.columns = terminal.columns,
	};
	struct strbuf out;
	strbuf_init(&out, arena);
	if (o->graph && operand_count == 0) {
		explain_graph(&out, registry_rules, NULL);
		return output_write(&out, STATUS_HEALTHY);
	}
	if (operand_count == 0) {
		if (o->json) {
			explain_table_json(&out, registry_rules);
		} else {
			explain_table(&out, registry_rules, &style);
		}
		return output_write(&out, STATUS_HEALTHY);
	}
	const struct rule *rule = rule_find(registry_rules, operands[0]);
	if (!rule) {
		return complain_unknown(arena, operands[0]);
	}
	const char *page = find_page(rule->id);
	if (o->graph) {
		explain_graph(&out, registry_rules, rule->id);
	} else if (o->json) {
		explain_json(&out, rule, page ? page : "");
	} else if (page) {
		explain_page(&out, page, &style);
		put_fix(&out, rule->id);
	} else {
		strbuf_printf(&out, "%s: %s\n", rule->id, rule->title);
	}
	return output_write(&out, STATUS_HEALTHY);
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct explain_options *o = options;
	if (!color_is_valid(o->color)) {
		return STATUS_USAGE;
	}
	struct arena *arena = arena_new();
	int status = explain(arena, o, operands, operand_count);
	arena_free(arena);
	return status;
}

const struct command command_explain = {
	.name = "explain",
	.synopsis = "[CAUSE]",
	.summary = "Tell all about a cause; without CAUSE list all",
	.options = explain_specs,
	.options_size = sizeof(struct explain_options),
	.max_operands = 1,
	.run = run,
};
