/* SPDX-License-Identifier: MIT
 */
#include "cmd/prove_apply.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int goenv(const struct step *step, struct err *err) {
	struct arena *arena = arena_new();
	struct strbuf out;
	struct slice line;
	char text[65536];
	CLEANUP(fd_closep) int fd = open(step->path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
	struct slice rest = slice_of(text, n > 0 ? (size_t)n : 0);

	strbuf_init(&out, arena);
	while (slice_line(&rest, &line)) {
		size_t len = strlen(step->name);
		if (line.len > len && memcmp(line.data, step->name, len) == 0 &&
		    line.data[len] == '=') {
			continue;
		}
		strbuf_add_n(&out, line.data, line.len);
		strbuf_add_char(&out, '\n');
	}
	if (step->value) {
		strbuf_printf(&out, "%s=%s\n", step->name, step->value);
	}
	int r = n < 0 ? err_set(err, -errno, "cannot read '%s'", step->path)
	              : file_replace(step->path, slice_of(out.data, out.len), err);
	arena_free(arena);
	return r;
}

int prove_apply_plans(const struct plan *const *plans, size_t count, const struct rehearsal *inside,
                      struct err *err) {
	(void)inside;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < plans[i]->step_count; k++) {
			const struct step *step = &plans[i]->steps[k];
			int r = step->kind == STEP_GOENV
			                ? goenv(step, err)
			                : err_set(err, -ENOSYS, "%s", step_kind_name(step->kind));
			if (r < 0) {
				return r;
			}
		}
	}
	return 0;
}
