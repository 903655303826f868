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

/* One whom the signal does not reach as an event: it stands still, or is gone at once. Who sends it is above it: numbers
 * of another pid namespace name somebody else. A number below 0 is a group, named after its first process. */
static struct witness *ended_by(struct testimony *t, pid_t sender, pid_t pid) {
	pid_t target = pid < 0 ? -pid : pid;
	for (size_t i = t->witness_count; target > 1 && target != sender && i > 0; i--) {
		struct witness *w = t->witnesses[i - 1];
		if (w->pid == target && !w->replaced) {
			return w->stopped_ns == 0 && testimony_is_below(w, sender) ? w : NULL;
		}
	}
	return NULL;
}

void testimony_see_kill(struct testimony *t, const struct event *e, const struct call *call) {
	bool to_thread = streq(call->name, "tgkill");
	bool sends = to_thread || streq(call->name, "kill") || streq(call->name, "tkill") ||
	             streq(call->name, "pidfd_send_signal");
	bool done = e->duration_ns >= 0 && e->result == 0;
	uint64_t signal = sends ? e->args[to_thread ? 2 : 1] : 0;
	if (!sends || !done || signal == 0) {
		return;
	}
	if (signal == SIGKILL && t->kill_ns == 0) {
		t->kill_ns = e->start_ns;
	}
	bool ends = signal == SIGKILL || signal == SIGTERM;
	pid_t pid = (pid_t)e->args[0];
	struct witness *w = ends && streq(call->name, "kill") ? ended_by(t, e->pid, pid) : NULL;
	if (w) {
		testimony_mark_stop(t, w, e->start_ns);
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
