/* SPDX-License-Identifier: MIT */
#include "cmd/baseline.h"

#include "base/path.h"
#include "base/str.h"
#include "cmd/output.h"
#include "trace/store_read.h"

#include <errno.h>

static int learn(struct comparison *c, struct err *err) {
	struct reader reader = {0};
	struct event_sink sink = baseline_sink(c->baseline);
	int r = reader_open(&reader, c->file, err);

	r = r < 0 ? r : reader_each(&reader, NULL, &sink, err);
	reader_close(&reader);
	return r;
}

int comparison_open(struct comparison *c, struct arena *arena, const char *file, struct err *err) {
	*c = (struct comparison){.file = file,
	                         .arena = arena,
	                         .baseline = baseline_new(),
	                         .failures = failures_new()};
	if (!c->baseline || !c->failures) {
		return err_set(err, -ENOMEM, "no memory to compare with '%s'", file);
	}
	return learn(c, err);
}

void comparison_close(struct comparison *c) {
	baseline_free(c->baseline);
	failures_free(c->failures);
	*c = (struct comparison){0};
}

static void tell_program(struct comparison *c, const char *path) {
	const char *other = path[0] == '/' ? baseline_other_program(c->baseline, path) : NULL;

	for (size_t i = 0; other && i < c->told_count; i++) {
		other = streq(c->told[i], path) ? NULL : other;
	}
	if (other && c->told_count < BASELINE_TOLD_MAX) {
		c->told[c->told_count++] = arena_strdup(c->arena, path);
		output_complain("another %s than in '%s': %s here, %s there", path_base(path),
		                c->file, path, other);
	}
}

static void tell_version(struct comparison *c, const struct event *e) {
	const char *there = baseline_go_version(c->baseline);
	char here[100];

	if (!c->told_version && *there && failures_go_version(e, here, sizeof(here)) &&
	    !streq(here, there)) {
		c->told_version = true;
		output_complain("another Go than in '%s': %s here, %s there", c->file, here, there);
	}
}

bool comparison_take(struct comparison *c, const struct event *e, struct failure *ret) {
	bool failed = failures_take(c->failures, e, ret);

	if (e->kind == EVENT_EXEC) {
		tell_program(c, failures_program(c->failures, e->pid));
	}
	tell_version(c, e);
	return failed && !baseline_knows(c->baseline, ret);
}
