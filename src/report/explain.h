/* SPDX-License-Identifier: MIT
 * Pages of causes (docs/causes) and the table of rules, for people and programs.
 */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include "core/rule.h"
#include "report/report.h"

/* A line per rule (NULL-terminated list): id, layer, wave, title. */
void explain_table(struct strbuf *out, const struct rule *const *rules,
                   const struct report_style *style);
void explain_table_json(struct strbuf *out, const struct rule *const *rules);

/* The causal graph in the language of Graphviz: a node per rule, grouped by layer, an edge from each
 * cause to what is only its symptom; dashed when both must be about the same thing. With `about`
 * (an id) only what it explains and what explains it, at any distance; NULL: all. */
void explain_graph(struct strbuf *out, const struct rule *const *rules, const char *about);

/* The Markdown page for a terminal: headings without '#', bold with colour; the rest as it is. */
void explain_page(struct strbuf *out, const char *page, const struct report_style *style);
/* {id, layer, wave, title, severity, sections: [{heading, text}]}; a section is what follows a "##
 * " line; the text before the first has the heading "". */
void explain_json(struct strbuf *out, const struct rule *rule, const char *page);

#endif
