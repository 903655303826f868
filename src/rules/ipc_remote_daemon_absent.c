/* SPDX-License-Identifier: MIT
 * -remote names a daemon, and nothing listens there.
 *
 * The flag is well formed, so this is not cfg-bad-language-server-flags; -remote=auto starts its
 * own daemon and is never meant. A daemon that accepts and does not answer is another cause, and so is what is no gopls
 * (ipc-remote-socket-stale-or-foreign).
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

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_server *server = facts_first(server, facts);
	if (facts_healthy(facts) || (server && streq(server->state, "answered"))) {
		return;
	}
	facts_each (remote, r, facts) {
		if (r->reachable) {
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
