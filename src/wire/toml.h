/* SPDX-License-Identifier: MIT
 * TOML, as Helix and kakoune-lsp keep their settings. Source: toml.io/en/v1.0.0. Read into the same
 * tree as JSON with comments (wire/jsonc.h), so that what reads settings need not know which it
 * was: dates and times become strings, and what stands before the first error still counts.
 * Debian 12 packages TOML readers for C++ only, hence this one; it is smaller than a bridge.
 */
#ifndef WIRE_TOML_H
#define WIRE_TOML_H

#include "wire/jsonc.h"

#define TOML_DEPTH_MAX 64
#define TOML_NODES_MAX 10000

struct toml_doc {
	struct jsonc_node *root;  /* an object, never NULL */
	const char *error;        /* of the first thing that is no TOML, a few words; or NULL */
	struct jsonc_place place; /* of it */
};

/* Never fails: any bytes give a document in the arena. The caller caps the text. */
struct toml_doc *toml_parse(struct arena *arena, struct slice text);

#endif
