/* SPDX-License-Identifier: MIT
 * The chain in words, what can be done about it, and as a graph.
 */
#include "waits/private.h"

#include "base/path.h"

#include <stdio.h>

const char *waits_duration(struct arena *arena, int64_t ms) {
	if (ms < 0) {
		return "";
	}
	if (ms < 10000) {
		return arena_printf(arena, "%lld.%lld s", (long long)(ms / 1000),
		                    (long long)(ms % 1000 / 100));
	}
	if (ms < 120000) {
		return arena_printf(arena, "%lld s", (long long)(ms / 1000));
	}
	if (ms < 7200000) {
		return arena_printf(arena, "%lld min", (long long)(ms / 60000));
	}
	return arena_printf(arena, "%lld h", (long long)(ms / 3600000));
}

/* The nearest process above the leaf that was started in place of go: a driver, a wrapper, a helper. */
static const char *through(struct arena *a, const struct wait_chain *c) {
	const struct wait_process *server = c->server ? c->server : c->links[0].process;
	const char *driver = waits_var(server, "GOPACKAGESDRIVER");

	for (size_t i = 1; i < c->link_count; i++) {
		const struct wait_process *p = c->links[i].process;

		if (!str_empty(driver) && !streq(driver, "off") && p->ppid == server->pid &&
		    !streq(p->comm, "go")) {
			return arena_printf(a, "; GOPACKAGESDRIVER=%s started it", driver);
		}
	}
	return "";
}

/* The file of the script that is or starts the last of the chain. */
static const char *script(struct arena *a, const struct wait_chain *c) {
	/* An editor is no script of somebody's, whatever runs it. */
	bool asked = c->leaf.kind == WAIT_ANSWER;

	for (size_t i = asked ? 0 : c->link_count; i > 0 && i + 2 > c->link_count; i--) {
		const char *path = waits_script(a, c->links[i - 1].process);

		if (path) {
			return arena_printf(a, "; the script is %s", path);
		}
	}
	return "";
}

/* " at 127.0.0.1:3000, which GOPROXY names": where the one before the last is connected to it. */
static const char *where(struct arena *a, const struct wait_link *before) {
	bool socket = before->how == HOW_SOCKET || before->how == HOW_DAEMON;

	if (!socket || str_starts(before->on, "socket:") || str_empty(before->on)) {
		return "";
	}
	const char *variable = waits_variable_naming(a, before->process, before->on);

	return arena_printf(a, " at %s%s%s%s", before->on, variable ? ", which " : "",
	                    variable ? variable : "", variable ? " names" : "");
}

/* What it has that the one before it waits for. */
static const char *because(struct arena *a, const struct wait_chain *c) {
	size_t n = c->link_count;
	const struct wait_link *before = n > 1 ? &c->links[n - 2] : NULL;

	if (!before) {
		return "";
	}
	switch (before->how) {
	case HOW_LOCK:
		if (c->leaf.kind == WAIT_LOCK) {
			return arena_printf(a, ", for which %s waits",
			                    waits_name(a, before->process));
		}
		return arena_printf(a, "; it has the lock %s for which %s waits", before->on,
		                    waits_name(a, before->process));
	case HOW_FILES:
		return arena_printf(a, "; it serves the file system on which %s waits%s%s",
		                    waits_name(a, before->process),
		                    str_empty(before->on) ? "" : " for ", before->on);
	case HOW_WRITE:
		return c->leaf.kind == WAIT_READER
		               ? ""
		               : arena_printf(a, "; %s writes to it%s%s and waits",
		                              waits_name(a, before->process),
		                              before->on[0] == '/' ? " by way of " : "",
		                              before->on[0] == '/' ? before->on : "");
	case HOW_EDITOR:
		return ""; /* the one before it is named already, or waits for nothing else */
	case HOW_TRACER:
		return arena_printf(a, "; it traces %s", waits_name(a, before->process));
	default:
		return n > 2 || *where(a, before)
		               ? arena_printf(a, "; %s waits for it%s",
		                              waits_name(a, before->process), where(a, before))
		               : "";
	}
}

const char *waits_sentence(struct arena *arena, const struct wait_chain *c) {
	const struct wait_leaf *l = &c->leaf;
	const struct wait_process *first = c->links[0].process;

	if (!l->process) {
		return "there is no such process";
	}
	bool still = l->kind == WAIT_STOPPED || l->kind == WAIT_TRACED || l->kind == WAIT_FROZEN;
	bool waits = l->kind == WAIT_SLEEP || l->kind == WAIT_PROMPT || l->kind == WAIT_NET ||
	             l->kind == WAIT_DNS || l->kind == WAIT_FIFO || l->kind == WAIT_ANSWER;
	const char *age =
		l->since_ms < 0 || !(still || waits)
			? ""
			: arena_printf(arena, ", for %s%s",
	                               waits && l->since_ms == l->process->age_ms ? "at most " : "",
	                               waits_duration(arena, l->since_ms));
	const char *tail =
		c->link_count > 1 && first != c->links[c->link_count - 1].process &&
				c->links[c->link_count - 2].how != HOW_WRITE &&
				(c->link_count > 2 || str_empty(where(arena, &c->links[0])))
			? arena_printf(arena, ", so %s waits", waits_name(arena, first))
			: "";

	return arena_printf(arena, "%s %s%s%s%s%s%s", waits_name(arena, l->process), l->detail, age,
	                    script(arena, c), because(arena, c), through(arena, c),
	                    waits_is_healthy(c) && c->link_count < 2 ? "" : tail);
}

static const char *link_words(struct arena *a, const struct wait_link *link,
                              const struct wait_link *next) {
	const char *name = waits_name(a, next->process);

	switch (link->how) {
	case HOW_CHILD:
		return arena_printf(a, "waits for its child %s", name);
	case HOW_LOCK:
		return arena_printf(a, "waits for the lock %s, which %s has", link->on, name);
	case HOW_PIPE:
		return arena_printf(a, "reads from a pipe of %s", name);
	case HOW_SOCKET:
		return arena_printf(a, "waits for %s at the other end of %s", name, link->on);
	case HOW_DAEMON:
		return arena_printf(a, "hands everything on to %s at %s", name, link->on);
	case HOW_WRITE:
		return arena_printf(a, "writes, and %s does not read", name);
	case HOW_FILES:
		return arena_printf(a, "waits for a file system that %s serves%s%s", name,
		                    str_empty(link->on) ? "" : ": ", link->on);
	case HOW_SERVER:
		return arena_printf(a, "has the server %s", name);
	case HOW_EDITOR:
		return arena_printf(a, "waits for %s", name);
	case HOW_TRACER:
		return arena_printf(a, "is held by %s, which traces it", name);
	}
	return "";
}

const char *waits_link_line(struct arena *arena, const struct wait_chain *c, size_t i) {
	const struct wait_link *link = &c->links[i];
	bool last = i + 1 == c->link_count;
	const char *words = last ? c->leaf.detail : link_words(arena, link, &c->links[i + 1]);
	const char *proof = last ? c->leaf.proof : link->proof;

	return arena_printf(arena, "%s %s%s%s%s; it has run for %s",
	                    waits_name(arena, link->process), words, str_empty(proof) ? "" : " (",
	                    proof, str_empty(proof) ? "" : ")",
	                    waits_duration(arena, link->process->age_ms));
}

/* 4,812 */
static const char *thousands(struct arena *a, int64_t n) {
	return n < 1000 ? arena_printf(a, "%lld", (long long)n)
	                : arena_printf(a, "%s,%03lld", thousands(a, n / 1000),
	                               (long long)(n % 1000));
}

static const char *names_of(struct arena *a, const struct wait_unread *u) {
	struct strbuf text;

	strbuf_init(&text, a);
	for (size_t i = 0; i < u->message_count && i < 3; i++) {
		const struct wait_message *m = &u->messages[i];

		strbuf_printf(&text, "%s`%s` (%s bytes)", i ? ", " : "",
		              str_empty(m->name) ? "a message" : m->name, thousands(a, m->bytes));
	}
	if (u->message_count > 3) {
		strbuf_add(&text, " and more");
	}
	return text.data;
}

const char *waits_unread_line(struct arena *arena, const struct wait_unread *u) {
	bool rests = u->age_ms < 0 && u->incoming && u->process->rested_ms >= 1000;
	const char *age = u->age_ms >= 0
	                          ? arena_printf(arena, " for %s", waits_duration(arena, u->age_ms))
	                  : rests ? arena_printf(arena, ", which has not run for %s",
	                                         waits_duration(arena, u->process->rested_ms))
	                          : "";
	const char *who = waits_name(arena, u->process);

	if (!u->incoming) {
		return arena_printf(arena, "%s has written %s bytes that nobody has read%s%s%s",
		                    who, thousands(arena, u->bytes), age,
		                    u->message_count ? ": " : "",
		                    u->message_count ? names_of(arena, u) : "");
	}
	if (u->message_count == 0) {
		return arena_printf(arena, "%s bytes have been unread in the stdin of %s%s",
		                    thousands(arena, u->bytes), who, age);
	}
	return arena_printf(arena, "%s %s been unread in the stdin of %s%s, %s bytes in all",
	                    names_of(arena, u), u->message_count > 1 ? "have" : "has", who, age,
	                    thousands(arena, u->bytes));
}

/* ---- what can be done ---- */

static size_t cure(struct wait_cure *ret, size_t count, const char *title, const char *command,
                   bool disruptive) {
	ret[count] = (struct wait_cure){title, command, disruptive};
	return count + 1;
}

static const char *kill_command(struct arena *a, const char *signal, const struct wait_process *p) {
	return arena_printf(a, "kill %s%lld", signal, (long long)p->pid);
}

static size_t cure_of_held(struct arena *a, const struct wait_chain *c, struct wait_cure ret[2]) {
	const struct wait_leaf *l = &c->leaf;
	const struct wait_process *p = l->process;
	size_t n = 0;

	if (l->kind == WAIT_STOPPED && !str_empty(l->on)) {
		return cure(ret, n,
		            "Take the job to the foreground (fg) and answer there; or end the one "
		            "that asks, and let the rest of its job go on",
		            arena_printf(a, "kill %lld; kill -CONT -- -%lld", (long long)p->pid,
		                         (long long)p->group),
		            true);
	}
	if (l->kind == WAIT_STOPPED) {
		n = cure(ret, n, "Let it go on", kill_command(a, "-CONT ", p), false);
		return c->link_count > 1 ? cure(ret, n, "Or end it",
		                                arena_printf(a, "kill %lld; kill -CONT %lld",
		                                             (long long)p->pid, (long long)p->pid),
		                                true)
		                         : n;
	}
	if (l->kind == WAIT_TRACED) {
		return cure(ret, n,
		            arena_printf(a, "Let it go on in its debugger, or end that: %s", l->on),
		            arena_printf(a, "kill %lld", (long long)p->tracer), true);
	}
	if (str_empty(l->on)) {
		return 0;
	}
	return streq(p->frozen_by, "v1")
	               ? cure(ret, n, "Thaw its group",
	                      arena_printf(a, "echo THAWED > %s",
	                                   str_shell_quote(
						   a, arena_printf(a, "%s/freezer.state", l->on))),
	                      false)
	               : cure(ret, n, "Thaw its group",
	                      arena_printf(a, "echo 0 > %s",
	                                   str_shell_quote(
						   a, arena_printf(a, "%s/cgroup.freeze", l->on))),
	                      false);
}

/* A group in the hierarchy of its own that the controller has in version 1. */
static bool is_v1_cpu(const char *group) {
	return str_has(group, "/cgroup/cpu/") || str_has(group, "/cgroup/cpu,");
}

size_t waits_cures(struct arena *arena, const struct wait_chain *c, struct wait_cure ret[2]) {
	const struct wait_leaf *l = &c->leaf;
	const struct wait_process *p = l->process;

	switch (l->kind) {
	case WAIT_STOPPED:
	case WAIT_TRACED:
	case WAIT_FROZEN:
		return cure_of_held(arena, c, ret);
	case WAIT_PROMPT:
	case WAIT_NET:
	case WAIT_DNS:
	case WAIT_SLEEP:
	case WAIT_FIFO:
		return cure(ret, 0, "End the one that waits; what needs it then says what it lacks",
		            kill_command(arena, "", p), true);
	case WAIT_PEER:
		if (c->link_count > 1 && c->links[c->link_count - 2].how == HOW_SOCKET) {
			return cure(ret, 0,
			            "End the one that asks; what needs it then says what it lacks",
			            kill_command(arena, "", c->links[c->link_count - 2].process),
			            true);
		}
		return c->link_count > 1 && c->links[c->link_count - 2].how == HOW_PIPE
		               ? cure(ret, 0, "End it; what reads the pipe then goes on",
		                      kill_command(arena, "", p), true)
		               : 0;
	case WAIT_INSIDE:
		return c->link_count > 1 ? cure(ret, 0, "End the one that waits",
		                                kill_command(arena, "", p), true)
		                         : cure(ret, 0, "End it; the editor starts a new one",
		                                kill_command(arena, "", p), true);
	case WAIT_ANSWER:
		return cure(
			ret, 0,
			arena_printf(arena,
		                     "Restart the editor, or its client of the server; if it comes "
		                     "again, what handles `%s` there is at fault: see what the "
		                     "editor or a plugin has put in its place",
		                     l->on),
			"", true);
	case WAIT_READER:
		return str_starts(l->on, "/dev/pts/")
		               ? cure(ret, 0,
		                      "Press Ctrl-Q in that terminal, or let its output go on from "
		                      "here",
		                      arena_printf(arena, "stty -F %s -ixon", l->on), false)
		               : 0;
	case WAIT_THROTTLED:
		return cure(ret, 0, "Give its group more processor time",
		            is_v1_cpu(l->on)
		                    ? arena_printf(
					      arena, "echo -1 > %s",
					      str_shell_quote(arena, path_join(arena, l->on,
		                                                               "cpu.cfs_quota_us")))
		                    : arena_printf(arena, "echo max > %s",
		                                   str_shell_quote(arena, path_join(arena, l->on,
		                                                                    "cpu.max"))),
		            false);
	default:
		return 0;
	}
}

/* ---- dot ---- */

static const char *quoted(struct arena *a, const char *text) {
	struct strbuf out;

	strbuf_init(&out, a);
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\') {
			strbuf_add_char(&out, '\\');
		}
		strbuf_add_char(&out, c < 32 || c == 127 ? ' ' : *p);
	}
	return out.data;
}

static bool is_in(const struct wait_chain *c, int64_t pid) {
	for (size_t i = 0; i < c->link_count; i++) {
		if (c->links[i].process->pid == pid) {
			return true;
		}
	}
	return false;
}

const char *waits_dot(struct arena *arena, const struct waits *w, const struct wait_chain *c) {
	struct strbuf out;

	strbuf_init(&out, arena);
	strbuf_add(&out, "digraph waits {\n\tnode [shape=box, fontname=\"sans-serif\"];\n"
	                 "\tedge [fontname=\"sans-serif\"];\n");
	for (size_t i = 0; i < w->process_count; i++) {
		const struct wait_process *p = &w->processes[i];
		bool is_leaf = c->leaf.process == p;

		if (!is_in(c, p->pid) &&
		    (streq(p->relation, "peer") || streq(p->relation, "serves"))) {
			continue;
		}
		strbuf_printf(&out, "\tp%lld [label=\"%s%s%s\"%s];\n", (long long)p->pid,
		              quoted(arena, waits_name(arena, p)), is_leaf ? "\\n" : "",
		              is_leaf ? quoted(arena, c->leaf.detail) : "",
		              is_leaf            ? ", style=filled, fillcolor=lightsalmon"
		              : is_in(c, p->pid) ? ", style=bold"
		                                 : ", color=gray, fontcolor=gray");
		if (!is_in(c, p->pid) && waits_process(w, p->ppid)) {
			strbuf_printf(&out, "\tp%lld -> p%lld [color=gray];\n", (long long)p->ppid,
			              (long long)p->pid);
		}
	}
	for (size_t i = 0; i + 1 < c->link_count; i++) {
		strbuf_printf(&out, "\tp%lld -> p%lld [label=\"%s\"];\n",
		              (long long)c->links[i].process->pid,
		              (long long)c->links[i + 1].process->pid,
		              wait_how_name(c->links[i].how));
	}
	strbuf_add(&out, "}\n");
	return out.data;
}
