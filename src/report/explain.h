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

/* The Markdown page for a terminal: headings without '#', bold with colour; the rest as it is. */
void explain_page(struct strbuf *out, const char *page, const struct report_style *style);
/* {id, layer, wave, title, severity, sections: [{heading, text}]}; a section is what follows a "##
 * " line; the text before the first has the heading "". */
void explain_json(struct strbuf *out, const struct rule *rule, const char *page);

#endif
