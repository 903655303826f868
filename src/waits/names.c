/* SPDX-License-Identifier: MIT
 * Who a process is, from its name and arguments.
 */
#include "waits/private.h"

#include "base/path.h"

const char *wait_kind_name(enum wait_kind kind) {
	static const char *const names[] = {
		"idle",   "works", "stopped", "traced", "frozen", "throttled", "ended",  "lock",
		"disk",   "fifo",  "prompt",  "net",    "dns",    "peer",      "sleep",  "reader",
		"inside", "files", "pids",    "memory", "guard",  "stale",     "hidden", "answer",
	};

	return names[kind];
}

const char *wait_how_name(enum wait_how how) {
	static const char *const names[] = {"child", "lock",        "pipe",   "socket", "daemon",
	                                    "write", "file_system", "server", "editor", "tracer"};

	return names[how];
}

/* The value of "-name=value" or "-name": 1 it is there. */
static bool has_flag(const char *word, const char *name) {
	const char *flag = word + strspn(word, "-");
	size_t len = strlen(name);

	return flag != word && strncmp(flag, name, len) == 0 &&
	       (flag[len] == '=' || flag[len] == '\0');
}

/* What every program of golang.org/x/telemetry starts beside itself (start.go): gopls, dlv, go. */
static bool is_side(struct arena *arena, const struct wait_process *p) {
	const char *word = waits_word(arena, p, 1);

	return word && streq(word, "** telemetry **");
}

/* Source of the flags: gopls internal/cmd. */
static enum wait_role role_of_gopls(struct arena *arena, const struct wait_process *p) {
	enum wait_role role = ROLE_SERVER;

	for (size_t i = 1; i < 48; i++) {
		const char *word = waits_word(arena, p, i);

		if (!word) {
			break;
		}
		if (has_flag(word, "remote")) {
			return ROLE_FORWARDER;
		}
		if (has_flag(word, "listen") || has_flag(word, "port")) {
			role = ROLE_DAEMON;
		}
	}
	return role;
}

enum wait_role waits_role(struct arena *arena, const struct wait_process *p) {
	static const char *const servers[] = {
		"rust-analyzer",   "clangd",          "pylsp",
		"pyright-langse",  "typescript-lang", "lua-language-se",
		"golangci-lint-l", "efm-langserver",  NULL};

	if (is_side(arena, p)) {
		return ROLE_SIDE;
	}
	if (str_starts(p->comm, "gopls")) {
		return role_of_gopls(arena, p);
	}
	if (streq(p->comm, "dlv") || streq(p->comm, "dlv-dap")) {
		return ROLE_DEBUGGER;
	}
	if (one_of(p->comm, servers)) {
		return ROLE_SERVER;
	}
	return str_empty(p->editor) ? ROLE_OTHER : ROLE_EDITOR;
}

static const char *const shells[] = {"sh",   "bash", "dash", "zsh",  "python",  "python3",
                                     "perl", "ruby", "node", "fish", "busybox", NULL};

const char *waits_script(struct arena *arena, const struct wait_process *p) {
	const char *first = waits_word(arena, p, 0);

	if (!first || !(one_of(p->comm, shells) || one_of(path_base(first), shells))) {
		return NULL;
	}
	for (size_t i = 1; i < 6; i++) {
		const char *word = waits_word(arena, p, i);

		if (!word || streq(word, "-c") || strchr(word, '\n')) {
			break;
		}
		if (word[0] != '-' && strchr(word, '/')) {
			return word[0] == '/' || str_empty(p->cwd)
			               ? word
			               : path_clean(arena, path_join(arena, p->cwd, word));
		}
	}
	return NULL;
}

/* The program and the word that says what it does: "go list", "git-remote-https", "sh driver.sh". */
static const char *does(struct arena *arena, const struct wait_process *p) {
	static const char *const talkative[] = {"go", "git", "dlv", NULL};
	const char *first = waits_word(arena, p, 0);
	const char *name = p->comm;

	/* comm of a Go program's thread or a script may be anything; argv[0] names what was meant. */
	if (str_empty(name)) {
		name = first ? path_base(first) : "?";
	}
	if (streq(name, "sleep")) {
		const char *time = waits_word(arena, p, 1);

		return time ? arena_printf(arena, "sleep %.20s", time) : name;
	}
	bool shell = first && (one_of(name, shells) || one_of(path_base(first), shells));

	for (size_t i = 1; i < 4 && (one_of(name, talkative) || shell); i++) {
		const char *word = waits_word(arena, p, i);

		if (!word) {
			break;
		}
		if (word[0] != '-' && !strpbrk(word, " \n;\t")) {
			return shell ? arena_printf(arena, "%s %.80s",
			                            one_of(name, shells) ? name : path_base(first),
			                            path_base(word))
			             : arena_printf(arena, "%s %.40s", name, word);
		}
	}
	return name;
}

const char *waits_name(struct arena *arena, const struct wait_process *p) {
	return arena_printf(arena, "%s (pid %lld)", does(arena, p), (long long)p->pid);
}
