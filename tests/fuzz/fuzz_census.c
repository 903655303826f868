/* SPDX-License-Identifier: MIT
 * The census: its text is bytes of a case file. And the forms of what it says.
 */
#include "core/census.h"
#include "report/isolation.h"
#include "report/ps.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same bytes as what a `go env -w` file and a look at places say. */
static void put_isolation(struct strbuf *out, const struct census *c, struct slice bytes) {
	struct isolation_view view = {.home = "/home/x", .for_terminal = true};
	struct report_style style = {.columns = 80};
	struct isolation iso;

	isolation_init(&iso, out->arena, c);
	for (size_t i = 0; i < iso.count; i++) {
		isolation_resolve(&iso, i, bytes, i % 2 ? "/run/daemon" : "localhost:1");
		if (!isolation_question(&iso, i)[0]) {
			abort();
		}
		isolation_place(&iso, i, bytes);
	}
	isolation_judge(&iso);
	view.iso = &iso;
	isolation_text(out, &view, &style);
	isolation_json(out, &view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct census c = census_read(arena, slice_of((const char *)data, size));
	struct report_style style = {.columns = 80};
	struct ps_view view = {.census = &c, .home = "/home/x", .for_terminal = true, .rows = 20};
	struct strbuf out;

	for (size_t i = 0; i < c.count; i++) {
		const struct census_process *p = &c.items[i];

		if (p->pid <= 0 || p->mark_count > CENSUS_MARKS_MAX ||
		    (p->editor != CENSUS_NONE && p->editor >= c.count)) {
			abort();
		}
	}
	strbuf_init(&out, arena);
	ps_text(&out, &view, &style);
	view.tree = true;
	view.for_terminal = false;
	ps_text(&out, &view, &style);
	ps_json(&out, &view);
	put_isolation(&out, &c, slice_of((const char *)data, size));
	for (size_t i = 0; i < out.len; i++) {
		if (out.data[i] == '\033' || out.data[i] == '\0') {
			abort();
		}
	}
	arena_free(arena);
	return 0;
}
