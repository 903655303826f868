/* SPDX-License-Identifier: MIT
 * gopls shares a daemon through a socket, and that socket cannot be used: it belongs to somebody
 * else, its directory does not let one be made, or what listens there is no gopls.
 *
 * Not this: an address at which nothing listens (ipc-remote-daemon-absent); a stale socket of one's
 * own, which -remote=auto removes and replaces in a second.
 */
#include "core/complaint.h"
#include "core/rule.h"

static void advise(const struct facts *facts, struct findings *out, struct finding *f) {
	const struct fact_target *t = facts_first(target, facts);

	finding_fix(out, f, "give the editor a directory of its own for sockets",
	            "export XDG_RUNTIME_DIR=/run/user/%lld", t ? (long long)t->uid : 1000LL);
	finding_fix(out, f, "do without the shared daemon: take -remote out of",
	            "\"go.languageServerFlags\": []");
}

static void check_socket(const struct rule *self, const struct facts *facts, struct findings *out,
                         const struct fact_daemon_socket *s) {
	const struct fact_daemon_place *place = facts_first(daemon_place, facts);
	struct finding *f;

	if (s->reachable || streq(s->state, "other") || facts_healthy(facts)) {
		return;
	}
	if (streq(s->state, "foreign")) {
		f = findings_add(
			out, self, CONF_CERTAIN, s->path,
			"the socket of the gopls daemon, %s, belongs to %s (uid %lld), and this "
			"is uid %lld",
			s->path, s->owner, (long long)s->uid, (long long)s->own);
	} else {
		f = findings_add(
			out, self, CONF_CERTAIN, s->path,
			"where gopls wants the socket of its daemon, %s, there is a directory "
			"that is not empty",
			s->path);
	}
	finding_cites(f, s);
	if (place) {
		finding_cites(f, place);
	}
	if (facts_first(server, facts)) {
		finding_cites(f, facts_first(server, facts));
	}
	finding_fix(out, f, "remove it, when no daemon of theirs uses it",
	            streq(s->state, "foreign") ? "sudo rm %s" : "rm -r %s",
	            str_shell_quote(out->arena, s->path))
		->reversible = false;
	advise(facts, out, f);
}

static void check_place(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_daemon_place *p) {
	const char *why = streq(p->state, "absent")    ? "does not exist"
	                  : streq(p->state, "not_dir") ? "is no directory"
	                  : streq(p->state, "long") ? "is too long a path for a socket (107 bytes)"
	                                            : "cannot be written by this user";

	if (streq(p->state, "ok") || p->reachable || facts_healthy(facts)) {
		return;
	}
	const char *origin = streq(p->origin, "default") ? "the default" : p->origin;
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN,
		streq(p->origin, "default") ? p->dir
					    : arena_printf(out->arena, "%s=%s", p->origin, p->dir),
		"with -remote=auto gopls keeps the socket of its daemon in %s (%s), which %s",
		p->dir, origin, why);
	finding_about(out, f, p->dir);
	finding_cites(f, p);
	if (facts_first(server, facts)) {
		finding_cites(f, facts_first(server, facts));
	}
	if (streq(p->state, "denied") && p->uid >= 0) {
		finding_detail(out, f, "it belongs to uid %lld", (long long)p->uid);
	}
	advise(facts, out, f);
}

/* A forwarder answers nothing by itself. */
static bool is_mute(const struct fact_server *server) {
	return server && STR_IN(server->state, "silent", "exited", "stopped_by_us");
}

static bool is_daemon_or_elsewhere(const struct facts *facts, const struct fact_remote *r) {
	facts_each (running_server, s, facts) {
		if (streq(s->role, "daemon") || streq(s->remote, r->address)) {
			return true;
		}
	}
	facts_each (wait_leaf, l, facts) {
		/* The forwarder is idle inside once it has been refused, or waits for who listens there. */
		bool by_it = l->pid == l->target || (r->pid > 0 && l->pid == r->pid);

		if (l->settled && !l->healthy &&
		    (!by_it || STR_IN(l->kind, "stopped", "traced", "frozen", "stale"))) {
			return true; /* what it waits for is known */
		}
	}
	facts_each (confined, c, facts) {
		if (c->network) {
			return true; /* it talks to somebody else than we do */
		}
	}
	return streq(r->program, "dlv") || str_starts(r->program, "gopls");
}

static const char *who(struct findings *out, const struct fact_remote *r) {
	if (r->pid > 0) {
		return arena_printf(out->arena, "%s (process %lld)", r->program, (long long)r->pid);
	}
	return r->foreign ? arena_printf(out->arena, "something of %s (uid %lld)", r->owner,
	                                 (long long)r->uid)
	                  : "something of yours";
}

/* Somebody listens there, the forwarder gets no answer, and it is no gopls. */
static void check_other(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_remote *r) {
	const struct fact_server *server = facts_first(server, facts);

	if (!r->reachable || r->uid < 0 || !facts_hurt(facts) || !is_mute(server) ||
	    is_daemon_or_elsewhere(facts, r)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_LIKELY, r->address,
		"-remote=%s asks for a gopls daemon; %s listens there, and does not answer as one",
		r->address, who(out, r));
	const char *port = strrchr(r->address, ':');

	if (r->pid > 0) {
		finding_about(out, f, arena_printf(out->arena, "%lld", (long long)r->pid));
	}
	finding_cites(f, r);
	finding_cites(f, server);
	if (r->pid == 0 && streq(r->network, "tcp") && port) {
		finding_fix(out, f, "see who has taken the port", "sudo ss -ltnp 'sport = :%s'",
		            port + 1);
	}
	finding_fix(out, f, "let gopls start its own daemon",
	            "\"go.languageServerFlags\": [\"-remote=auto\"]");
	finding_fix(out, f, "start the daemon at an address that is free, and name that", "%s",
	            streq(r->network, "tcp") ? "gopls -listen=127.0.0.1:0"
	                                     : "gopls -listen=\"unix;$XDG_RUNTIME_DIR/gopls\"");
}

/* The daemon answers, works with the rights of its owner, and that one may not read this user's files. */
static void check_owner(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_remote *r) {
	const struct fact *said = complaint_find(facts, "permission denied").fact;
	const struct fact_server *server = facts_first(server, facts);
	const struct fact_go_run *list = facts_run(facts, "list");
	/* It may read all, and not write to this user's caches: go drops packages then. */
	bool fine = list && list->started && list->exit_code == 0 && str_empty(list->out);

	if (!r->reachable || !r->foreign || (!said && (!fine || is_mute(server))) ||
	    !facts_hurt(facts)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, said ? CONF_CERTAIN : CONF_LIKELY, r->address,
		"the gopls daemon at %s belongs to %s (uid %lld), who may not %s: %s", r->address,
		r->owner, (long long)r->uid,
		said ? "read your files" : "use your caches as you may",
		said ? "it says so of the workspace" : "go loads the project when you start it");
	finding_cites(f, r);
	finding_cite(f, said ? said : &list->base);
	if (server) {
		finding_cites(f, server);
	}
	finding_fix(out, f, "let gopls start a daemon of your own",
	            "\"go.languageServerFlags\": [\"-remote=auto\"]");
}

/* A forwarder was seen to wait for one who holds the daemon's socket and is no gopls. */
static void check_holder(const struct rule *self, const struct facts *facts, struct findings *out,
                         const struct fact_wait_leaf *l) {
	if (!streq(l->kind, "stale") || !l->settled ||
	    (streq(l->origin, "trial") && facts_healthy(facts))) {
		return;
	}
	findings_each (f, out) {
		if (f->rule == self && streq(f->subject, l->on)) {
			return; /* the running one and ours wait for the same */
		}
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN, l->on, "%s", l->text);

	finding_cites(f, l);
	finding_cites_links(f, facts, l->target);
	if (l->on[0] == '/') {
		finding_fix(out, f, "remove the socket, and start the daemon again", "rm %s",
		            str_shell_quote(out->arena, l->on))
			->reversible = false;
	}
	finding_fix(out, f, "end who has it, and start the daemon again", "kill %lld",
	            (long long)l->pid)
		->disruptive = true;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (wait_leaf, l, facts) {
		check_holder(self, facts, out, l);
	}
	facts_each (daemon_socket, s, facts) {
		check_socket(self, facts, out, s);
	}
	facts_each (remote, r, facts) {
		check_owner(self, facts, out, r);
		check_other(self, facts, out, r);
	}
	facts_each (daemon_place, p, facts) {
		check_place(self, facts, out, p);
	}
}

const struct rule rule_ipc_remote_socket_stale_or_foreign = {
	.id = "ipc-remote-socket-stale-or-foreign",
	.title = "the socket of the shared gopls daemon cannot be used",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(daemon_place),
	.explains = IDS("*ipc-remote-daemon-absent", "*cfg-bad-language-server-flags",
                        "*ipc-server-stopped", "ipc-server-waits-on-child"),
	.check = check,
};
