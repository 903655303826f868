/* SPDX-License-Identifier: MIT */
#include "report/explain.h"

static size_t find(const struct rule *const *rules, size_t count, const char *id) {
	for (size_t i = 0; i < count; i++) {
		if (streq(rules[i]->id, id)) {
			return i;
		}
	}
	return count;
}

/* Marks what can be reached from the marked ones, along the edges or against them. */
static void spread(const struct rule *const *rules, size_t count, bool *marked, bool backwards) {
	bool grew = true;
	while (grew) {
		grew = false;
		for (size_t i = 0; i < count; i++) {
			for (const char *const *e = rules[i]->explains; e && *e; e++) {
				size_t to = find(rules, count, rule_explained_id(*e));
				size_t here = backwards ? to : i, there = backwards ? i : to;
				if (to < count && marked[here] && !marked[there]) {
					marked[there] = grew = true;
				}
			}
		}
	}
}

static void put_layers(struct strbuf *out, const struct rule *const *rules, size_t count,
                       const bool *shown) {
	const char *open = "";
	for (size_t i = 0; i < count; i++) {
		const char *layer = rule_layer(out->arena, rules[i]);
		if (!shown[i]) {
			continue;
		}
		if (!streq(layer, open)) {
			strbuf_printf(out, "%s\tsubgraph cluster_%s {\n\t\tlabel=\"%s\";\n",
			              open[0] ? "\t}\n" : "", layer, layer);
			open = layer;
		}
		strbuf_printf(out, "\t\t\"%s\" [tooltip=\"", rules[i]->id);
		for (const char *p = rules[i]->title; *p; p++) {
			strbuf_printf(out, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
		}
		strbuf_add(out, "\"];\n");
	}
	strbuf_add(out, open[0] ? "\t}\n" : "");
}

void explain_graph(struct strbuf *out, const struct rule *const *rules, const char *about) {
	size_t count = 0;
	while (rules[count]) {
		count++;
	}
	bool *shown = arena_array_of(out->arena, bool, count + 1);
	bool *above = arena_array_of(out->arena, bool, count + 1);
	for (size_t i = 0; i < count; i++) {
		shown[i] = above[i] = !about || streq(rules[i]->id, about);
	}
	spread(rules, count, shown, false);
	spread(rules, count, above, true);
	for (size_t i = 0; i < count; i++) {
		shown[i] = shown[i] || above[i];
	}
	strbuf_add(
		out,
		"digraph causes {\n\trankdir=LR;\n\tnode [shape=box, fontname=\"sans-serif\"];\n");
	put_layers(out, rules, count, shown);
	for (size_t i = 0; i < count; i++) {
		for (const char *const *e = rules[i]->explains; shown[i] && e && *e; e++) {
			size_t to = find(rules, count, rule_explained_id(*e));
			if (to < count && shown[to]) {
				strbuf_printf(out, "\t\"%s\" -> \"%s\"%s;\n", rules[i]->id,
				              rules[to]->id,
				              (*e)[0] == '*' ? "" : " [style=dashed]");
			}
		}
	}
	strbuf_add(out, "}\n");
}
