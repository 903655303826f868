/* SPDX-License-Identifier: MIT */
#include "report/ps.h"

#include "base/str.h"
#include "core/rights.h"

#include <inttypes.h>

/* ---- order ---- */

struct walk {
	const struct ps_view *view;
	size_t *order, *depth;
	size_t count;
	bool *done;
	int64_t *parents; /* the nearest one above that is shown, 0 none; -1: not shown */
};

static bool shows(const struct ps_view *view, const struct census_process *p) {
	if (census_is_listed(p)) {
		return true;
	}
	return view->tree && streq(p->kin, "ancestor");
}

/* The nearest one above that is shown. */
static int64_t parent_shown(const struct ps_view *view, const struct census_process *p) {
	int64_t ppid = p->ppid;

	for (int i = 0; ppid > 0 && i < 64; i++) {
		const struct census_process *parent = census_by_pid(view->census, ppid);

		if (!parent || shows(view, parent)) {
			return parent ? ppid : 0;
		}
		ppid = parent->ppid;
	}
	return 0;
}

static void walk_below(struct walk *w, int64_t pid, size_t depth) {
	const struct census *c = w->view->census;

	for (size_t i = 0; i < c->count; i++) {
		const struct census_process *p = &c->items[i];

		if (!w->done[i] && w->parents[i] == pid) {
			w->done[i] = true;
			w->order[w->count] = i;
			w->depth[w->count++] = depth;
			if (depth < 32) {
				walk_below(w, p->pid, depth + 1);
			}
		}
	}
}

size_t ps_order(struct arena *arena, const struct ps_view *view, size_t **ret_order,
                size_t **ret_depth) {
	struct walk w = {.view = view};

	w.order = arena_array_of(arena, size_t, view->census->count);
	w.depth = arena_array_of(arena, size_t, view->census->count);
	w.done = arena_array_of(arena, bool, view->census->count);
	w.parents = arena_array_of(arena, int64_t, view->census->count);
	for (size_t i = 0; i < view->census->count; i++) {
		const struct census_process *p = &view->census->items[i];

		w.parents[i] = shows(view, p) ? parent_shown(view, p) : -1;
	}
	walk_below(&w, 0, 0);
	*ret_order = w.order;
	*ret_depth = w.depth;
	return w.count;
}

/* ---- words ---- */

static const char *first_word(struct arena *arena, const char *text) {
	return arena_strndup(arena, text, strcspn(text, " "));
}

/* The first argument that is no flag: "list" of go, "dap" of dlv. */
static const char *command_word(struct arena *arena, const char *arguments) {
	struct slice rest = slice_str(arguments), word;

	while (slice_cut(&rest, ' ', &word)) {
		if (word.len > 0 && word.data[0] != '-') {
			return arena_slicedup(arena, word);
		}
	}
	return "";
}

const char *ps_what(struct arena *arena, const struct census_process *p) {
	switch (p->role) {
	case ROLE_DAEMON:
	case ROLE_FORWARDER:
	case ROLE_TELEMETRY:
		return arena_printf(arena, "%s %s", p->name, census_role_name(p->role));
	case ROLE_HOST:
		return arena_printf(arena, "%s host", p->name);
	case ROLE_WRAPPER:
		return arena_printf(arena, "wrapper %s", p->name);
	case ROLE_DEBUGGEE:
		return arena_printf(arena, "debugged %s", p->comm);
	case ROLE_COMMAND:
	case ROLE_DEBUGGER:
	case ROLE_GO:
		return arena_printf(arena, "%s %s", p->name, command_word(arena, p->arguments));
	case ROLE_SERVER:
		return p->module_version[0] && !streq(p->module_version, "(devel)")
		               ? arena_printf(arena, "%s %s", p->name, p->module_version)
		               : p->name;
	default:
		return p->name[0] ? first_word(arena, p->name) : "?";
	}
}

static const char *end_words(struct arena *arena, const struct census_end *end) {
	if (streq(end->state, "held") || streq(end->state, "waiting")) {
		return end->pid_count > 0 ? arena_printf(arena, "%" PRId64 " %s%s", end->pids[0],
		                                         end->kind, end->guessed ? "?" : "")
		                          : end->state;
	}
	if (streq(end->state, "none")) {
		return end->kind;
	}
	return end->state;
}

const char *ps_connected(struct arena *arena, const struct census *c,
                         const struct census_process *p) {
	(void)c;
	if (p->role == ROLE_EDITOR || p->role == ROLE_HOST || p->role == ROLE_AGENT ||
	    p->role == ROLE_TELEMETRY || p->role == ROLE_OTHER) {
		return "";
	}
	if (p->denied) {
		return "unseen";
	}
	if (p->listen[0]) {
		return arena_printf(arena, "%zu client%s", p->client_count,
		                    p->client_count == 1 ? "" : "s");
	}
	if (p->role == ROLE_FORWARDER && p->server_of > 0) {
		return arena_printf(arena, "%s > %" PRId64, end_words(arena, &p->ends[0]),
		                    p->server_of);
	}
	bool uses_stdout = p->role == ROLE_GO || p->role == ROLE_TOOL || p->role == ROLE_HELPER;

	return end_words(arena, &p->ends[uses_stdout ? 1 : 0]);
}

const char *ps_starter(struct arena *arena, const struct census *c,
                       const struct census_process *p) {
	const struct census_process *from =
		p->editor == CENSUS_NONE ? census_by_pid(c, p->ppid) : &c->items[p->editor];

	return from ? arena_printf(arena, "%s:%" PRId64, from->name, from->pid) : "";
}

/* It talks over sockets of a network that is not ours, and they could not be seen. */
static bool is_elsewhere(const struct census *c, const struct census_process *p) {
	bool unseen = false;

	for (int fd = 0; fd < 3; fd++) {
		unseen = unseen ||
		         (streq(p->ends[fd].kind, "unix") && streq(p->ends[fd].state, "unseen"));
	}
	return unseen && p->net_ns != 0 && c->net_ns != 0 && p->net_ns != c->net_ns;
}

const char *const *ps_unseen(struct arena *arena, const struct ps_view *view) {
	const struct census *c = view->census;
	const char **list = arena_array_of(arena, const char *, 6);
	size_t n = 0, denied = 0, elsewhere = 0;
	bool guessed = false;

	for (size_t i = 0; i < c->count; i++) {
		denied += c->items[i].denied;
		elsewhere += is_elsewhere(c, &c->items[i]);
		for (int fd = 0; fd < 3; fd++) {
			guessed = guessed || c->items[i].ends[fd].guessed;
		}
	}
	if (!c->everybody && c->others > 0) {
		list[n++] = arena_printf(
			arena, "%" PRId64 " process%s of other users would belong here: --all%s",
			c->others, c->others == 1 ? "" : "es",
			c->uid == 0 ? ""
				    : ", and " RIGHTS_TO_SEE_OTHERS
				      " (sudo) for more than their names");
	}
	if (denied > 0) {
		list[n++] =
			arena_printf(arena,
		                     "directory, program, environment and connections of %zu "
		                     "process%s: " RIGHTS_TO_SEE_OTHERS " (sudo) would show them",
		                     denied, denied == 1 ? "" : "es");
	}
	if (c->hidden) {
		list[n++] = "processes of other users: /proc is mounted with hidepid; its group "
			    "or " RIGHTS_TO_SEE_OTHERS " (sudo) would show them";
	}
	if (c->sockets_error) {
		list[n++] = arena_printf(arena,
		                         "what unix sockets are connected to: the kernel refused "
		                         "sock_diag (%s)%s",
		                         strerror((int)c->sockets_error),
		                         guessed ? "; what ends in ? is known by its number" : "");
	}
	if (elsewhere > 0) {
		list[n++] = arena_printf(
			arena,
			"connections of %zu process%s in another network namespace: CAP_SYS_ADMIN "
			"(sudo) would show them",
			elsewhere, elsewhere == 1 ? "" : "es");
	}
	return list;
}
