/* SPDX-License-Identifier: MIT
 */
#include "core/no_memory.h"

#include "base/str.h"

static const char *const words[] = {
	"failed to reserve page summary memory",
	"out of memory", /* also "runtime: out of memory", "cc1: out of memory allocating" */
	"cannot allocate memory",
	"Cannot allocate memory",
	"cannot allocate heap metadata",
	"too many address space collisions",
	"errno=12)", /* failed to create new OS thread */
};

bool no_memory_text(const char *text) {
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (str_has(text, words[i])) {
			return true;
		}
	}
	return false;
}

const struct fact *no_memory_said(const struct facts *facts) {
	const struct fact_server *server = facts_first(server, facts);

	if (server && no_memory_text(server->err)) {
		return &server->base;
	}
	facts_each (message, m, facts) {
		if (no_memory_text(m->text)) {
			return &m->base;
		}
	}
	facts_each (diagnostic, d, facts) {
		if (streq(d->severity, "error") && no_memory_text(d->text)) {
			return &d->base;
		}
	}
	facts_each (go_run, r, facts) {
		if ((r->exit_code != 0 || !r->started) && no_memory_text(r->err)) {
			return &r->base;
		}
	}
	return NULL;
}
