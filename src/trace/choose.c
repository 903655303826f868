/* SPDX-License-Identifier: MIT */
#include "trace/choose.h"

void choice_refused(struct choice *c, const struct backend *backend, const struct err *err) {
	strbuf_printf(c->why, "%s%s: %s", c->why->len > 0 ? "; " : "", backend->name, err->msg);
}

const struct backend *choice_next(struct choice *c, const struct trace_request *request) {
	const struct backend *best = NULL;
	uint32_t bit = 0;

	for (size_t i = 0; c->all[i]; i++) {
		const struct backend *b = c->all[i];
		struct err err = {0};

		if (c->tried & 1u << i) {
			continue;
		}
		if (b->can(request, &err) < 0) {
			c->tried |= 1u << i;
			choice_refused(c, b, &err);
		} else if (!best || b->cost < best->cost) {
			best = b;
			bit = 1u << i;
		}
	}
	c->tried |= bit;
	return best;
}
