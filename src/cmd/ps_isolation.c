/* SPDX-License-Identifier: MIT
 * `dialtone ps --isolation`: what the environments of this machine share.
 */
#include "cmd/ps.h"
#include "core/world.h"
#include "report/isolation.h"
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* The file as that process sees it: /proc/PID/root leads into its tree of mounts. */
static struct slice read_goenv(struct ps_run *r, const struct isolation *iso, size_t index) {
	const char *path = isolation_goenv_path(iso, index);

	if (!path[0]) {
		return slice_of(NULL, 0);
	}
	const struct evidence *ev =
		world_look(r->world, LOOK_FILE,
	                   arena_printf(r->arena, "/proc/%" PRId64 "/root%s",
	                                iso->environments[index].process->pid, path),
	                   LOOK_CAP_SETTINGS);

	return evidence_has_bytes(ev) ? ev->bytes : slice_of(NULL, 0);
}

static const char *socket_of(const struct isolation *iso, size_t index,
                             const char *const *sockets) {
	const struct census_process *p = iso->environments[index].process;

	if (p->role == ROLE_FORWARDER && !str_starts(p->remote, "auto")) {
		return str_starts(p->remote, "unix;") ? p->remote + strlen("unix;") : p->remote;
	}
	if (p->role == ROLE_DAEMON) {
		return str_starts(p->remote, "unix;") ? p->remote + strlen("unix;") : p->remote;
	}
	return sockets[p - iso->census->items];
}

int ps_isolation(struct ps_run *r, const struct ps_options *o, const struct census *census,
                 const struct terminal *terminal, int64_t start_ns, struct strbuf *out) {
	const char *home = o->from ? NULL : getenv("HOME");
	const char *const *sockets = ps_sockets(r->arena, census);
	struct report_style style = {
		.colour = terminal->colour, .utf8 = terminal->utf8, .columns = terminal->columns};
	struct isolation_view view = {
		.home = home ? home : "",
		.for_terminal = isatty(STDOUT_FILENO) == 1,
	};
	struct isolation iso;

	isolation_init(&iso, r->arena, census);
	iso.user_fn = ps_user_name;
	iso.user_data = r;
	for (size_t i = 0; i < iso.count; i++) {
		isolation_resolve(&iso, i, read_goenv(r, &iso, i), socket_of(&iso, i, sockets));
		const struct evidence *ev =
			world_look(r->world, LOOK_SEEN, isolation_question(&iso, i), CENSUS_CAP);

		if (evidence_has_bytes(ev)) {
			isolation_place(&iso, i, ev->bytes);
		}
	}
	isolation_judge(&iso);
	view.iso = &iso;
	view.timings = report_timings_since(start_ns);
	if (!view.for_terminal) {
		style.columns = SIZE_MAX / 2; /* a line stays one, for grep */
	}
	if (o->json) {
		isolation_json(out, &view);
	} else {
		isolation_text(out, &view, &style);
	}
	return isolation_harmful(&iso) > 0 ? STATUS_FOUND : STATUS_HEALTHY;
}
