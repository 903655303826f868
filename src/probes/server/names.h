/* SPDX-License-Identifier: MIT
 * What users are called.
 */
#ifndef PROBES_SERVER_NAMES_H
#define PROBES_SERVER_NAMES_H

#include "base/str.h"
#include "core/probe.h"

/* The name of this user in /etc/passwd; the number when it has none. In the arena of the examination. */
static inline const char *names_of_uid(struct exam *exam, int64_t uid) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_FILE, "/etc/passwd", LOOK_CAP_SETTINGS);
	const char *field = arena_printf(exam->arena, ":%lld", (long long)uid);
	struct slice rest = ev->bytes;
	struct slice line, name, password, number;

	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (slice_cut(&line, ':', &name) && slice_cut(&line, ':', &password) &&
		    slice_cut(&line, ':', &number) && slice_eq(number, field + 1)) {
			return arena_slicedup(exam->arena, name);
		}
	}
	return field + 1;
}

#endif
