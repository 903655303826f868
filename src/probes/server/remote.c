/* SPDX-License-Identifier: MIT
 * -remote=ADDRESS among the server's arguments, or in the script that starts it: does anything
 * listen there?
 */
#include "base/str.h"
#include "core/probe.h"
#include "probes/server/names.h"

/* Address syntax of gopls (internal/lsprpc, ParseAddr): "auto", "auto;id", "unix;/path",
 * "host:port". */
static void state_remote(struct exam *exam, const char *address, const char *from) {
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
	int64_t uid =
		evidence_has_bytes(ev) ? keyline_number(exam->arena, ev->bytes, "uid", -1) : -1;
	const struct fact_target *target = facts_first(target, exam->facts);
	bool seen = evidence_has_bytes(ev);
	bool foreign = uid >= 0 && target && uid != target->uid;
	FACTS_ADD(exam->facts, remote, ev, .address = address, .network = is_unix ? "unix" : "tcp",
	          .reachable = ev->state == EV_READ, .error = ev->error, .from = from,
	          .foreign = foreign, .uid = uid, .owner = foreign ? names_of_uid(exam, uid) : "",
	          .pid = seen ? keyline_number(exam->arena, ev->bytes, "pid", 0) : 0,
	          .program = seen ? keyline_text(exam->arena, ev->bytes, "program") : "");
}

static bool ends_word(char c) {
	return strchr(" \t\r\n\"'`;&|<>()", c) != NULL;
}

static bool in_comment(const char *text, const char *at) {
	while (at > text && at[-1] != '\n') {
		at--;
	}
	return at[strspn(at, " \t")] == '#';
}

/* "… gopls -remote=localhost:4389 "$@"": only an address that is written out. */
static void look_script(struct exam *exam, const char *path) {
	static const char flag[] = "-remote=";
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, LOOK_CAP_SMALL);
	struct slice rest = evidence_has_bytes(ev) ? ev->bytes : slice_of(NULL, 0);
	const char *at;

	while (rest.len > 0 && (at = memmem(rest.data, rest.len, flag, strlen(flag)))) {
		const char *end = rest.data + rest.len;
		const char *from = at + strlen(flag);
		const char *to = from + (from < end && (*from == '"' || *from == '\''));

		from = to;
		while (to < end && *to &&
		       (!ends_word(*to) || (*to == ';' && to - from == 4))) { /* unix;PATH */
			to++;
		}
		const char *address = arena_strndup(exam->arena, from, (size_t)(to - from));

		if (!str_empty(address) && !strchr(address, '$') &&
		    !in_comment(ev->bytes.data, at)) {
			state_remote(exam, address, path);
		}
		rest = slice_of(to, (size_t)(end - to));
	}
}

static int look(struct exam *exam, struct err *err) {
	static const char setting[] = "go.languageServerFlags";
	(void)err;
	facts_each (binary, b, exam->facts) {
		if (b->chosen && streq(b->tool, "gopls") && streq(b->format, "script")) {
			look_script(exam, b->path);
		}
	}
	const char *const *argv = exam->target->server_argv;
	for (size_t i = 1; argv && argv[0] && argv[i]; i++) {
		const char *flag = argv[i] + strspn(argv[i], "-");
		if (flag == argv[i]) {
			break; /* flags end at the first other word */
		}
		if (str_starts(flag, "remote=")) {
			state_remote(exam, flag + strlen("remote="), setting);
		} else if (streq(flag, "remote") && argv[i + 1]) {
			state_remote(exam, argv[++i], setting);
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
