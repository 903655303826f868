/* SPDX-License-Identifier: MIT
 * The control group in which a recorded process was killed: whoever wants to be in one writes its number into that
 * group's cgroup.procs, and its children stay there (cgroups(7)).
 */
#include "base/path.h"
#include "trace/call.h"
#include "trace/testimony_work.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

void testimony_see_group(struct testimony *t, const struct event *e, const struct call *call) {
	if (!streq(call->name, "openat") || e->duration_ns < 0 || e->result < 0 ||
	    (e->args[2] & O_ACCMODE) == O_RDONLY) {
		return;
	}
	const char *path = testimony_path(t, e, call, 1);
	if (path && streq(path_base(path), "cgroup.procs")) {
		testimony_witness(t, e->pid)->group = path_parent(t->arena, path);
	}
}

void testimony_see_kill(struct testimony *t, const struct event *e, const struct call *call) {
	bool to_thread = streq(call->name, "tgkill");
	bool sends = to_thread || streq(call->name, "kill") || streq(call->name, "tkill") ||
	             streq(call->name, "pidfd_send_signal");
	bool done = e->duration_ns >= 0 && e->result == 0;
	if (sends && done && e->args[to_thread ? 2 : 1] == SIGKILL && t->kill_ns == 0) {
		t->kill_ns = e->start_ns;
	}
}

/* By nobody who was recorded: what was killed after a process had sent such a signal may have had it from there. */
static bool is_killed(const struct testimony *t, const struct witness *w) {
	return w->ended && w->stopped_ns == 0 && WIFSIGNALED(w->status) &&
	       WTERMSIG(w->status) == SIGKILL && (t->kill_ns == 0 || t->kill_ns > w->end_ns) &&
	       testimony_is_below(w, t->server->pid);
}

bool testimony_has_victim(const struct testimony *t) {
	for (size_t i = 0; t->server && i < t->witness_count; i++) {
		if (is_killed(t, t->witnesses[i])) {
			return true;
		}
	}
	return false;
}

const char *testimony_group(const struct testimony *t) {
	for (size_t i = 0; t->server && i < t->witness_count; i++) {
		const struct witness *w = t->witnesses[i];
		if (w->group && is_killed(t, w)) {
			return w->group;
		}
	}
	return NULL;
}
