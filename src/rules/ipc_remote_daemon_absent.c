/* SPDX-License-Identifier: MIT
 * -remote names a daemon, and nothing listens there, or something that is no gopls.
 *
 * The flag is well formed, so this is not cfg-bad-language-server-flags; -remote=auto starts its
 * own daemon and is never meant. A daemon that accepts and does not answer is another cause.
 */
#include "core/rule.h"

#include <errno.h>

static const char *errno_words(int64_t error) {
	return error == ECONNREFUSED ? "the connection is refused"
	       : error == ENOENT     ? "the socket does not exist"
	       : error == ETIMEDOUT  ? "nobody answers"
	       : error == EACCES     ? "the socket may not be used"
	                             : "it cannot be reached";
}

/* Somebody of this user's listens there, the forwarder gets no answer, and no gopls was started to listen there. */
static void check_other(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_remote *r) {
	const struct fact_server *server = facts_first(server, facts);
	bool mute = server && (streq(server->state, "silent") || streq(server->state, "exited") ||
	                       streq(server->state, "stopped_by_us"));
	const struct fact_target *t = facts_first(target, facts);

	facts_each (running_server, s, facts) {
		if (streq(s->role, "daemon") || streq(s->remote, r->address)) {
			return;
		}
	}
	facts_each (confined, c, facts) {
		if (c->network) {
			return; /* it talks to somebody else than we do */
		}
	}
	if (!facts_hurt(facts) || !mute || !t || r->uid != t->uid || !streq(r->network, "tcp")) {
		return;
	}
	struct finding *f = findings_add(out, self, CONF_LIKELY, r->address,
	                                 "-remote=%s asks for a gopls daemon; something of yours "
	                                 "listens there, but it is no "
	                                 "gopls, and does not answer as one",
	                                 r->address);
	finding_cites(f, r);
	finding_cites(f, server);
	finding_fix(out, f, "see who has taken the port", "ss -ltnp 'sport = :%s'",
	            strrchr(r->address, ':') ? strrchr(r->address, ':') + 1 : "");
	finding_fix(out, f, "let gopls start its own daemon",
	            "\"go.languageServerFlags\": [\"-remote=auto\"]");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_server *server = facts_first(server, facts);
	if (facts_healthy(facts) || (server && streq(server->state, "answered"))) {
		return;
	}
	facts_each (remote, r, facts) {
		if (r->reachable) {
			check_other(self, facts, out, r);
			continue;
		}
		const struct fact_go_flag_setting *flag = NULL;
		facts_each (go_flag_setting, s, facts) {
			flag = str_has(s->value, r->address) ? s : flag;
		}
		const char *where = flag ? arena_printf(out->arena, " (%s line %lld)", flag->file,
		                                        (long long)flag->line)
		                         : "";
		struct finding *f = findings_add(
			out, self, CONF_CERTAIN, r->address,
			"-remote=%s in %s%s asks for a gopls daemon, but %s", r->address,
			str_empty(r->from) ? "go.languageServerFlags" : r->from, where,
			errno_words(r->error));
		finding_cites(f, r);
		if (flag) {
			finding_cites(f, flag);
		}
		if (server) {
			finding_cites(f, server);
		}
		if (r->from[0] == '/') {
			finding_fix(out, f, "let gopls start its own daemon when there is none",
			            "sed -i 's/-remote=[^ ]*/-remote=auto/' %s",
			            str_shell_quote(out->arena, r->from));
		} else {
			finding_fix(out, f, "let gopls start its own daemon when there is none",
			            "\"go.languageServerFlags\": [\"-remote=auto\"]");
		}
		finding_fix(out, f, "start the daemon", "gopls -listen=%s",
		            str_shell_quote(out->arena, r->address));
	}
}

const struct rule rule_ipc_remote_daemon_absent = {
	.id = "ipc-remote-daemon-absent",
	.title = "no gopls daemon listens at the address given with -remote",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(remote),
	.explains = IDS("*cfg-bad-language-server-flags", "*ipc-server-stopped"),
	.check = check,
};
