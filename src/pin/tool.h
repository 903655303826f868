/* SPDX-License-Identifier: MIT
 * The tools that can be pinned, and how a pin is spelt: "gopls@v0.20.0", "go@1.26.8", "dlv@none".
 * Sources: go.dev/ref/mod#versions; the module golang.org/toolchain: go.dev/doc/toolchain, cmd/go/internal/gover/mod.go.
 */
#ifndef PIN_TOOL_H
#define PIN_TOOL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

#define PIN_NONE "none" /* in place of a version: not pinned any more */

struct pin_tool {
	const char *name;
	const char *module;
	const char *package;         /* of which the program is built */
	const char *const *programs; /* what gets a shim; paths below the folder of a version */
	bool is_go;                  /* the toolchain itself: it is unpacked, not built */
};

/* NULL when there is no such tool. */
const struct pin_tool *pin_tool_find(const char *name);
/* All of them, ended by one without a name. */
const struct pin_tool *pin_tools(void);

struct pin_spec {
	const struct pin_tool *tool;
	const char *version; /* "v0.20.0", of go "1.26.8"; or PIN_NONE */
};

/* A 'v' that is missing or a "go" too much is forgiven. -EINVAL with a sentence: no such tool, no exact version (latest, a
 * language version like 1.26), anything that does not belong into a path. */
int pin_spec_parse(struct arena *arena, const char *text, struct pin_spec *ret, struct err *err);
static inline bool pin_is_none(const struct pin_spec *spec) {
	return streq(spec->version, PIN_NONE);
}

/* <0, 0, >0 in the order of this tool's versions. */
int pin_version_compare(const struct pin_tool *tool, const char *a, const char *b);

/* "golang.org/x/tools/gopls@v0.20.0"; of go "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64". goarch: only for go. */
const char *pin_module_version(struct arena *arena, const struct pin_spec *spec,
                               const char *goarch);

#endif
