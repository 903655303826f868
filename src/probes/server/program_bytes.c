/* SPDX-License-Identifier: MIT
 * A program that died: does it hold the bytes it was built with? What a damaged Go program says as it dies is
 * chance (a panic somewhere, a stack that overflows, a fault): the hash in its build ID is not. It costs the reading of
 * the whole file, so it is asked only then.
 */
#include "base/str.h"
#include "core/infer.h"
#include "core/probe.h"

/* Nix and Guix rewrite the paths in what they have built. */
static bool in_rewriting_store(const char *path) {
	return str_starts(path, "/nix/store/") || str_starts(path, "/gnu/store/");
}

static void state_bytes(struct exam *exam, const char *tool, const char *path) {
	const char *real = world_stat(exam->world, path).real;
	const struct evidence *ev = world_look(exam->world, LOOK_BUILD_HASH, path, LOOK_CAP_SMALL);

	if (!evidence_has_bytes(ev) || slice_eq(ev->bytes, "none")) {
		return;
	}
	const char *state = arena_slicedup(exam->arena, ev->bytes);
	bool rewritten = streq(state, "differs") && in_rewriting_store(real ? real : path);
	FACTS_ADD(exam->facts, program_bytes, ev, .tool = tool, .path = path,
	          .state = rewritten ? "rewritten" : state);
}

static bool server_died(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);

	return s && STR_IN(s->state, "exited", "signaled");
}

/* An answer that go gave, and be it a complaint, is one of a sound program. */
static bool go_died(const struct facts *facts) {
	facts_each (go_run, run, facts) {
		if (run->started && !run->timed_out &&
		    (run->signal || str_has(run->err, "goroutine ") ||
		     str_has(run->err, "fatal error: "))) {
			return true;
		}
	}
	return false;
}

static int look(struct exam *exam, struct err *err) {
	const struct fact_tool *gopls = facts_chosen(exam->facts, "gopls");
	const struct fact_tool *go = facts_chosen(exam->facts, "server-go");

	(void)err;
	go = go ? go : facts_chosen(exam->facts, "go");
	if (gopls && server_died(exam->facts)) {
		state_bytes(exam, "gopls", gopls->path);
	}
	if (go && go_died(exam->facts)) {
		state_bytes(exam, "go", go->path);
	}
	return 0;
}

const struct probe probe_program_bytes = {
	.id = "program_bytes",
	.title = "whether a program that died is the one that was built",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(program_bytes),
	.look = look,
};
