/* SPDX-License-Identifier: MIT
 * What the build found by file name: src/probes/x.c (or below) defines probe_x, src/rules/x.c rule_x,
 * src/fixes/x.c fix_x, src/cmd/x.c command_x, src/probes/editors/x.c editor_x, docs/causes/x.md is a page, data/x is data. The tables are
 * generated, NULL-terminated and in alphabetical order.
 */
#ifndef CORE_REGISTRY_H
#define CORE_REGISTRY_H

struct probe;
struct rule;
struct fix;
struct command;
struct editor;

struct page {
	const char *id;   /* "env-goroot-wrong" */
	const char *text; /* the whole Markdown page */
};

extern const struct probe *const registry_probes[];
extern const struct rule *const registry_rules[];
extern const struct fix *const registry_fixes[];
extern const struct editor *const registry_editors[];
extern const struct command *const registry_commands[];
extern const struct page registry_pages[]; /* ends with id NULL */
extern const struct page registry_data[];  /* ends with id NULL; id is the path below data/ */

#endif
