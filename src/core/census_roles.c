/* SPDX-License-Identifier: MIT
 * What each process of a census is.
 */
#include "core/census.h"

#include "base/path.h"
#include "base/str.h"
#include "core/editor_comm.h"
#include "core/gopls_call.h"
#include "core/server_comm.h"

#define DEPTH_MAX 32

static struct census_process *parent_of(struct census *c, const struct census_process *p) {
	return p->ppid > 0 && p->ppid != p->pid
	               ? (struct census_process *)(uintptr_t)census_by_pid(c, p->ppid)
	               : NULL;
}

static const char *words_of(struct arena *arena, const char *cmdline) {
	const char *first = strchr(cmdline, '\x1f');
	char *words = arena_strdup(arena, first ? first + 1 : "");

	for (char *at = words; *at; at++) {
		*at = *at == '\x1f' ? ' ' : *at;
	}
	return words;
}

static const char *argument(struct arena *arena, const char *cmdline, size_t index) {
	struct slice rest = slice_str(cmdline), word;

	for (size_t i = 0; slice_cut(&rest, '\x1f', &word); i++) {
		if (i == index) {
			return arena_slicedup(arena, word);
		}
	}
	return "";
}

/* ---- by itself ---- */

static void is_gopls(struct census *c, struct census_process *p) {
	struct gopls_call call = gopls_call_read(c->arena, slice_str(p->cmdline));

	p->name = "gopls";
	p->remote = call.remote;
	if (!call.role || streq(envset_get(&p->env, "GO_TELEMETRY_CHILD"), "1")) {
		p->role = ROLE_TELEMETRY;
	} else {
		p->role = streq(call.role, "server")      ? ROLE_SERVER
		          : streq(call.role, "forwarder") ? ROLE_FORWARDER
		          : streq(call.role, "daemon")    ? ROLE_DAEMON
		                                          : ROLE_COMMAND;
	}
}

static bool is_go_tool(const char *comm) {
	return STR_IN(comm, "compile", "link", "vet", "asm", "cgo", "cover", "buildid");
}

/* The extension host of the VS Code family, or its main program. */
static enum census_role code_role(const struct census_process *p) {
	const char *esm = envset_get(&p->env, "VSCODE_ESM_ENTRYPOINT");
	const char *amd = envset_get(&p->env, "VSCODE_AMD_ENTRYPOINT");

	if (str_has(p->cmdline, "extensionHost") || str_has(esm ? esm : "", "xtensionHost") ||
	    str_has(amd ? amd : "", "xtensionHost")) {
		return ROLE_HOST;
	}
	if (str_has(p->cmdline, "bootstrap-fork")) {
		return str_has(p->cmdline, "--type=") ? ROLE_OTHER : ROLE_HOST;
	}
	if (str_starts(p->comm, "node") || streq(p->comm, "MainThread")) {
		return envset_get(&p->env, "VSCODE_PID") || envset_get(&p->env, "VSCODE_CWD") ||
		                       envset_get(&p->env, "VSCODE_IPC_HOOK_EXTHOST")
		               ? ROLE_HOST
		               : ROLE_OTHER;
	}
	return str_has(p->cmdline, "--type=") ? ROLE_OTHER : ROLE_EDITOR;
}

static bool is_code(const char *comm) {
	return str_starts(comm, "node") || str_starts(comm, "code") || streq(comm, "codium") ||
	       streq(comm, "cursor") || streq(comm, "windsurf") || streq(comm, "electron") ||
	       streq(comm, "MainThread") || streq(comm, "exthost") ||
	       streq(comm, "extensionHost") || streq(comm, "cursor-server");
}

static const char *script_server(struct arena *arena, const struct census_process *p) {
	if (server_of_script(p->comm)) {
		return server_of_script(p->comm);
	}
	for (size_t i = 0; comm_is_interpreter(p->comm) && i < 4; i++) {
		const char *name = server_of_script(path_base(argument(arena, p->cmdline, i)));

		if (name) {
			return name;
		}
	}
	return NULL;
}

/* A Go program of another kind that bears the name of one of ours is none. */
static bool package_allows(const struct census_process *p, const char *prefix) {
	return p->package[0] == '\0' || str_starts(p->package, prefix);
}

static bool is_selfless(const struct census_process *p) {
	return !streq(p->kin, "self");
}

static void role_of_itself(struct census *c, struct census_process *p) {
	const char *editor = editor_of_comm(p->comm);
	const char *script = script_server(c->arena, p);
	const char *server = server_of_comm(p->comm);

	p->arguments = words_of(c->arena, p->cmdline);
	p->name = p->comm;
	if (str_starts(p->package, "golang.org/x/tools/gopls") ||
	    (p->package[0] == '\0' && str_starts(p->comm, "gopls"))) {
		is_gopls(c, p);
	} else if (str_starts(p->package, "github.com/go-delve/delve") ||
	           (p->package[0] == '\0' && streq(p->comm, "dlv"))) {
		p->role = ROLE_DEBUGGER;
		p->name = "dlv";
	} else if (editor) {
		p->role = streq(editor, "agent") ? ROLE_AGENT : ROLE_EDITOR;
		p->name = streq(editor, "agent") || streq(editor, "other") ? p->comm : editor;
	} else if (script) {
		p->role = ROLE_SERVER;
		p->name = script;
	} else if (is_code(p->comm) && (!is_selfless(p) || str_starts(p->comm, "code"))) {
		p->role = code_role(p);
		p->name = p->role == ROLE_OTHER ? p->comm : "vscode";
	} else if (server && !is_selfless(p)) {
		p->role = ROLE_SERVER;
		p->name = server;
	} else if (streq(p->comm, "go") && package_allows(p, "cmd/go")) {
		/* Has such a side process of its own; golang.org/x/telemetry/start.go. */
		p->role = str_starts(p->arguments, "** telemetry **") ? ROLE_TELEMETRY : ROLE_GO;
	} else if (is_go_tool(p->comm) && package_allows(p, "cmd/")) {
		p->role = ROLE_TOOL;
	} else if (str_starts(p->comm, "__debug_bin")) {
		p->role = ROLE_DEBUGGEE; /* the name that dlv gives what it builds */
	} else if (str_has(p->cmdline, "lsp-devtools")) {
		p->role = ROLE_WRAPPER;
		p->name = "lsp-devtools";
	}
}

/* ---- by its kin ---- */

static bool is_patient(enum census_role role) {
	return role == ROLE_SERVER || role == ROLE_FORWARDER || role == ROLE_DAEMON ||
	       role == ROLE_COMMAND || role == ROLE_DEBUGGER || role == ROLE_GO ||
	       role == ROLE_TOOL || role == ROLE_HELPER;
}

static bool is_client(enum census_role role) {
	return role == ROLE_EDITOR || role == ROLE_HOST || role == ROLE_AGENT;
}

static void role_by_parent(struct census *c, struct census_process *p) {
	struct census_process *parent = parent_of(c, p);
	const struct census_process *tracer = census_by_pid(c, p->tracer);

	bool is_new = p->role == ROLE_OTHER && !is_selfless(p) && parent;

	if ((tracer && tracer->role == ROLE_DEBUGGER) ||
	    (is_new && parent->role == ROLE_DEBUGGER)) {
		p->role = ROLE_DEBUGGEE;
	} else if (p->role == ROLE_HOST && parent && parent->role == ROLE_HOST) {
		p->role = ROLE_OTHER; /* children inherit its variables */
		p->name = p->comm;
	} else if (is_new && is_patient(parent->role)) {
		p->role = ROLE_HELPER;
	}
}

static bool is_shell(const char *comm) {
	return STR_IN(comm, "sh", "bash", "dash", "zsh", "fish", "ksh");
}

/* A shell that works through a script, not one somebody types into. */
static bool is_script(struct census *c, const struct census_process *p) {
	const char *first = argument(c->arena, p->cmdline, 1);

	return is_shell(p->comm) && first[0] && (first[0] != '-' || streq(first, "-c"));
}

static bool has_client_above(struct census *c, const struct census_process *p) {
	const struct census_process *above = parent_of(c, p);

	for (int i = 0; above && i < DEPTH_MAX; i++) {
		if (is_client(above->role)) {
			return true;
		}
		above = parent_of(c, above);
	}
	return false;
}

/* What stands between a server and its editor is a wrapper; a shell in a terminal of the editor is none. */
static void wrappers_above(struct census *c, const struct census_process *server) {
	struct census_process *p = parent_of(c, server);

	for (int i = 0; p && i < DEPTH_MAX && p->role == ROLE_OTHER; i++) {
		bool is_between = !is_shell(p->comm) && has_client_above(c, p) && p->pid > 1;

		if (!is_script(c, p) && !is_between) {
			return;
		}
		p->role = ROLE_WRAPPER;
		p = parent_of(c, p);
	}
}

static size_t editor_above(struct census *c, const struct census_process *p) {
	const struct census_process *above = parent_of(c, p);

	for (int i = 0; above && i < DEPTH_MAX; i++) {
		if (is_client(above->role)) {
			return (size_t)(above - c->items);
		}
		above = parent_of(c, above);
	}
	return CENSUS_NONE;
}

/* The daemon whose client a process is. */
static int64_t daemon_of(const struct census *c, int64_t pid) {
	for (size_t i = 0; i < c->count; i++) {
		for (size_t k = 0; k < c->items[i].client_count; k++) {
			if (c->items[i].clients[k] == pid) {
				return c->items[i].pid;
			}
		}
	}
	return 0;
}

void census_roles(struct census *c) {
	for (size_t i = 0; i < c->count; i++) {
		role_of_itself(c, &c->items[i]);
	}
	/* Parents may have higher numbers: what hangs on them settles in a few rounds. */
	for (int round = 0; round < 4; round++) {
		for (size_t i = 0; i < c->count; i++) {
			role_by_parent(c, &c->items[i]);
		}
	}
	for (size_t i = 0; i < c->count; i++) {
		enum census_role role = c->items[i].role;

		if (role == ROLE_SERVER || role == ROLE_FORWARDER || role == ROLE_DEBUGGER) {
			wrappers_above(c, &c->items[i]);
		}
	}
	for (size_t i = 0; i < c->count; i++) {
		struct census_process *p = &c->items[i];

		p->editor = editor_above(c, p);
		if (p->role == ROLE_FORWARDER) {
			p->server_of = daemon_of(c, p->pid);
		}
	}
}
