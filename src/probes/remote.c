/* SPDX-License-Identifier: MIT
 * -remote=ADDRESS among the server's arguments: does anything listen there?
 */
#include "base/str.h"
#include "core/probe.h"

/* Address syntax of gopls (internal/lsprpc, ParseAddr): "auto", "auto;id", "unix;/path",
 * "host:port". */
static void state_remote(struct exam *exam, const char *address) {
	if (str_starts(address, "auto")) {
		return; /* starts its daemon by itself */
	}
	bool is_unix = str_starts(address, "unix;");
	const char *arg = is_unix ? arena_printf(exam->arena, "unix:%s", address + 5)
	                          : arena_printf(exam->arena, "tcp:%s", address);
	const struct evidence *ev = world_look(exam->world, LOOK_CONNECT, arg, LOOK_CAP_SMALL);
	if (ev->state == EV_NOT_RECORDED) {
		return;
	}
	FACTS_ADD(exam->facts, remote, ev, .address = address, .network = is_unix ? "unix" : "tcp",
	          .reachable = ev->state == EV_READ, .error = ev->error,
	          .from = "go.languageServerFlags");
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const char *const *argv = exam->target->server_argv;
	for (size_t i = 1; argv && argv[0] && argv[i]; i++) {
		const char *flag = argv[i] + strspn(argv[i], "-");
		if (flag == argv[i]) {
			break; /* flags end at the first other word */
		}
		if (str_starts(flag, "remote=")) {
			state_remote(exam, flag + strlen("remote="));
		} else if (streq(flag, "remote") && argv[i + 1]) {
			state_remote(exam, argv[++i]);
		}
	}
	return 0;
}

const struct probe probe_remote = {
	.id = "remote",
	.title = "whether the daemon named by -remote is there",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(remote),
	.look = look,
};
