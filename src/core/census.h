/* SPDX-License-Identifier: MIT
 * The processes of a chain editor - server - go, as LOOK_CENSUS saw them, and what they are to each other. Pure:
 * everything follows from the text.
 *
 * The text: a block of key=value lines for the whole, then one for each process, ordered by pid.
 *  whole    uid everybody(0|1) now_wall_ns processes others (those of other users that would matter) hidden(0|1:
 *           /proc hides processes of other users) denied (processes whose descriptors may not be seen)
 *           sockets_error(errno: the kernel did not tell what sockets are connected to) net_ns(of who looks)
 *  each     pid ppid uid kin(self|ancestor|holder) state session start_wall_ns cpu_ms rss_bytes comm
 *           cmdline(\x1f between arguments)
 *  self     cwd root(the directory of the go.work or go.mod that holds there) exe gone(1: its file is deleted) package module module_version go_version build_id; of the file that
 *           is at the path of a deleted one: now(1) now_module_version now_go_version …; tracer(pid) env.NAME
 *           gid groups(commas between) mnt_ns net_ns (numbers; those of others may not be seen)
 *           denied(1: its ends may not be seen) endN=KIND STATE[~] PIDS (N 0 to 2; world/peers.h; ~: guessed)
 *           targetN becauseN unreadN listen(\x1f between) clients(pids, 0 unseen) waiting(connections)
 */
#ifndef CORE_CENSUS_H
#define CORE_CENSUS_H

#include "base/envset.h"

#include <stdint.h>

#define CENSUS_CAP         ((size_t)8 * 1024 * 1024)
#define CENSUS_HOLDERS_MAX 8
#define CENSUS_CLIENTS_MAX 256
#define CENSUS_GROUPS_MAX  64

enum census_role {
	ROLE_OTHER,     /* an ancestor or a holder */
	ROLE_EDITOR,    /* also the main program of one */
	ROLE_HOST,      /* an extension host */
	ROLE_AGENT,     /* a coding agent */
	ROLE_WRAPPER,   /* stands between an editor and its server */
	ROLE_SERVER,    /* any language server */
	ROLE_FORWARDER, /* gopls -remote */
	ROLE_DAEMON,    /* gopls -listen */
	ROLE_COMMAND,   /* gopls for one answer, or gopls mcp */
	ROLE_TELEMETRY, /* the side process of a gopls */
	ROLE_DEBUGGER,
	ROLE_DEBUGGEE,
	ROLE_GO,     /* the go command */
	ROLE_TOOL,   /* compile, link, vet … */
	ROLE_HELPER, /* anything else below a server, a debugger or go: git, ssh … */
};

/* "editor", "extension-host", "server" …; never NULL. */
const char *census_role_name(enum census_role role);

struct census_end {
	const char *kind;  /* none null tty file pipe fifo unix tcp socket other; "" not known */
	const char *state; /* none held closed waiting remote unseen */
	bool guessed;
	int64_t pids[CENSUS_HOLDERS_MAX];
	size_t pid_count;
	const char *target;  /* of a file, FIFO or terminal; "" */
	const char *because; /* of unseen; "" */
	int64_t unread;      /* bytes of a socket that wait to be read at this end */
};

enum census_mark_kind {
	MARK_ORPHAN,    /* who started it is gone, and nobody is at its other end */
	MARK_DESERTED,  /* nobody is at its other end */
	MARK_LEFT_OVER, /* of a debugger, or a daemon of a file that is gone and that nobody uses */
	MARK_ZOMBIE,    /* ended, and its parent has not asked how */
	MARK_STOPPED,
	MARK_REPLACED,  /* the file it runs is deleted */
	MARK_DUPLICATE, /* of other */
};

/* "orphan", "deserted", "left-over", "zombie", "stopped", "replaced", "duplicate". */
const char *census_mark_name(enum census_mark_kind kind);
/* It should not be there any more. */
bool census_mark_is_left_over(enum census_mark_kind kind);

/* What differs between two that could be one. */
struct census_split {
	const char *name; /* a variable, "arguments", "version", "go_version" or "program" */
	const char *a;    /* of the other; NULL: not set */
	const char *b;    /* of this one; NULL: not set */
};

struct census_mark {
	enum census_mark_kind kind;
	const char *evidence; /* what shows it, in a few words */
	int64_t other;        /* MARK_DUPLICATE: the older one; else 0 */
	struct census_split *splits;
	size_t split_count;
};

#define CENSUS_MARKS_MAX 4

struct census_process {
	int64_t pid, ppid, uid, session, start_wall_ns, start_ticks, cpu_ms, rss_bytes, tracer;
	const char *kin;
	char state;
	const char *comm;
	const char *cmdline; /* \x1f between the arguments */
	const char *cwd, *root, *exe;
	int64_t gid, mnt_ns, net_ns; /* namespaces: 0 not known */
	int64_t groups[CENSUS_GROUPS_MAX];
	size_t group_count;
	bool gone, denied;
	const char *package, *module, *module_version, *go_version, *build_id;
	bool now;
	const char *now_module_version, *now_go_version;
	struct envset env; /* those variables that matter */
	struct census_end ends[3];
	const char *listen;
	int64_t clients[CENSUS_CLIENTS_MAX];
	size_t client_count;
	int64_t waiting;

	/* What follows. */
	enum census_role role;
	const char *name;      /* neovim, vscode, gopls, dlv, go, clangd …: what people call it */
	const char *arguments; /* without the program, blanks between; "" */
	const char *remote;    /* of a forwarder or daemon: the address it was given; "" */
	size_t editor;     /* index of the nearest editor or extension host above, or CENSUS_NONE */
	int64_t server_of; /* a forwarder: the daemon it talks to, 0 when not known */
	struct census_mark marks[CENSUS_MARKS_MAX];
	size_t mark_count;
};

#define CENSUS_NONE ((size_t)-1)

struct census {
	struct arena *arena;
	int64_t uid, now_wall_ns, processes, others, denied, sockets_error, net_ns;
	bool everybody, hidden;
	struct census_process *items;
	size_t count;
};

/* Reads the text and draws the conclusions. Never fails: what cannot be read is left out. */
struct census census_read(struct arena *arena, struct slice text);
const struct census_process *census_by_pid(const struct census *census, int64_t pid);
/* An editor, a server or what belongs to one: worth a line of its own. */
bool census_is_listed(const struct census_process *process);

/* Two processes that could be one: what differs and matters, most telling first. */
size_t census_splits(struct arena *arena, const struct census_process *a,
                     const struct census_process *b, struct census_split **ret);

/* The steps of census_read. */
void census_roles(struct census *census);
void census_marks(struct census *census);

#endif
