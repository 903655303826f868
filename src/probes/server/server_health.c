/* SPDX-License-Identifier: MIT
 */
#include "probes/server/server_health.h"

#include "base/clock.h"
#include "wire/transcript.h"

static const char *const feature_names[TALK_FEATURE_COUNT] = {
	[TALK_INITIALIZE] = "initialize",
	[TALK_DEFINITION] = "definition",
	[TALK_STDLIB_DEFINITION] = "stdlib_definition",
	[TALK_COMPLETION] = "completion",
	[TALK_HOVER] = "hover",
	[TALK_DOCUMENT_SYMBOLS] = "document_symbols",
	[TALK_DIAGNOSTICS] = "diagnostics",
	[TALK_CODE_LENS] = "code_lens",
};

static const char *feature_state(const struct talk *talk, enum talk_feature feature,
                                 enum talk_end end) {
	bool opened = talk->answers[TALK_INITIALIZE].state == TALK_OK;

	switch (talk->answers[feature].state) {
	case TALK_OK:
		return "ok";
	case TALK_EMPTY:
	case TALK_ERROR:
		return "failed";
	case TALK_ASKED:
		return end == TALK_END_DEADLINE ? "timeout" : "no_answer";
	case TALK_NOT_ASKED:
		break;
	}
	/* Not asked: nothing in the file to ask for, or the server never got that far. */
	return opened || !talk->script.file ? "skipped" : "no_answer";
}

static bool answered(const struct talk *talk, enum talk_feature feature) {
	enum talk_state state = talk->answers[feature].state;

	return state == TALK_OK || (state == TALK_NOT_ASKED && talk->script.file);
}

static struct health hurt(struct arena *arena, const char *state, const char *token,
                          const char *text) {
	return (struct health){
		.state = state,
		.hurt = arena_printf(arena, "%s: %s", token, text ? text : ""),
	};
}

/* The server's life: dead, deaf, or speaking so that no editor understands. */
static bool life_health(struct arena *arena, const struct talk *talk, enum talk_end end,
                        struct health *ret) {
	const struct talk_answer *opening = &talk->answers[TALK_INITIALIZE];

	if (talk->life == TALK_FAILED) {
		*ret = hurt(arena, "broken", "not-executed",
		            arena_printf(arena, "errno %d", talk->error));
	} else if (talk_is_flood(talk)) {
		*ret = hurt(
			arena, "broken", "flood",
			arena_printf(arena, "%llu bytes", (unsigned long long)talk->heard_bytes));
	} else if (talk->life == TALK_EXITED) {
		*ret = hurt(arena, "broken", "exited",
		            talk->signal ? arena_printf(arena, "signal %d", talk->signal)
		                         : arena_printf(arena, "exit %d", talk->exit_code));
	} else if (talk->junk_bytes > 0) {
		*ret = hurt(arena, "broken", "stdout-polluted", talk->first_bytes.data);
	} else if (opening->state == TALK_ERROR || opening->state == TALK_EMPTY) {
		*ret = hurt(arena, "broken", "initialize", opening->detail);
	} else if (opening->state != TALK_OK) {
		*ret = hurt(arena, "broken", "silent",
		            end == TALK_END_CUT_SHORT ? "not waited for"
		                                      : "no answer to initialize");
	} else {
		return false;
	}
	return true;
}

static struct health fileless_health(struct arena *arena, const struct talk *talk,
                                     enum talk_end end) {
	const char *text = "";
	const char *trouble = talk_load_trouble(talk, &text);

	if (trouble) {
		return hurt(arena, streq(trouble, "load-failed") ? "broken" : "degraded", trouble,
		            text);
	}
	if (talk->loads_open > 0 && end != TALK_END_SAID_ALL) {
		return hurt(arena, "broken", "load-never-ended", "");
	}
	text = talk_settings_trouble(talk);
	return text ? hurt(arena, "degraded", "invalid-settings", text)
	            : (struct health){.state = "healthy", .hurt = ""};
}

struct health server_health(struct arena *arena, const struct talk *talk, enum talk_end end) {
	static const enum talk_feature order[] = {
		TALK_DEFINITION,       TALK_STDLIB_DEFINITION, TALK_COMPLETION, TALK_HOVER,
		TALK_DOCUMENT_SYMBOLS, TALK_DIAGNOSTICS,       TALK_CODE_LENS,
	};
	struct health health = {.state = "healthy", .hurt = ""};
	const char *text = "";

	if (life_health(arena, talk, end, &health)) {
		return health;
	}
	if (!talk->script.file) {
		return fileless_health(arena, talk, end);
	}
	bool useful = (answered(talk, TALK_DEFINITION) || talk->script.own_is_imported) &&
	              answered(talk, TALK_STDLIB_DEFINITION);
	const char *state = useful ? "degraded" : "broken";
	const char *trouble = talk_load_trouble(talk, &text);

	if (trouble) {
		return hurt(arena, state, trouble, text);
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		if (!answered(talk, order[i])) {
			return hurt(arena, state, feature_names[order[i]],
			            *talk->answers[order[i]].detail
			                    ? talk->answers[order[i]].detail
			                    : feature_state(talk, order[i], end));
		}
	}
	text = talk_settings_trouble(talk);
	return text ? hurt(arena, "degraded", "invalid-settings", text) : health;
}

static const char *server_state(const struct talk *talk, enum talk_end end) {
	switch (talk->life) {
	case TALK_FAILED:
		return "not_executed";
	case TALK_EXITED:
		return talk->signal ? "signaled" : "exited";
	case TALK_COMING:
	case TALK_ALIVE:
		break;
	}
	if (talk->answers[TALK_INITIALIZE].state > TALK_ASKED) {
		return "answered";
	}
	return end == TALK_END_CUT_SHORT ? "stopped_by_us" : "silent";
}

static const char *flags_text(struct arena *arena, const char *const *argv) {
	struct strbuf out;

	strbuf_init(&out, arena);
	for (size_t i = 1; argv && argv[0] && argv[i]; i++) {
		strbuf_add(&out, i > 1 ? " " : "");
		strbuf_add(&out, str_shell_quote(arena, argv[i]));
	}
	return out.data;
}

static void state_features(struct facts *facts, const struct evidence *ev, const struct talk *talk,
                           enum talk_end end) {
	for (size_t i = 0; i < TALK_FEATURE_COUNT; i++) {
		const struct talk_answer *a = &talk->answers[i];
		bool came = a->state > TALK_ASKED;

		FACTS_ADD(facts, feature, ev, .name = feature_names[i],
		          .state = feature_state(talk, (enum talk_feature)i, end),
		          .ms = came ? (a->answered_ns - a->asked_ns) / NS_PER_MS : 0,
		          .detail = a->detail);
	}
}

/* The number behind " name=" in a note; -2 when it is not there. */
static int64_t noted(struct arena *arena, struct slice note, const char *name) {
	struct slice word, key;
	int64_t number = -2;

	while (slice_cut(&note, ' ', &word)) {
		if (slice_cut(&word, '=', &key) && slice_eq(key, name)) {
			str_to_int64(arena_slicedup(arena, word), &number);
		}
	}
	return number;
}

/* The warden's note (world/spawn.h, child_last_text) and the end itself, from the transcript. */
static void state_end(struct facts *facts, const struct evidence *ev, const struct talk *talk) {
	struct transcript_reader reader;
	struct transcript_event event;
	bool ours = talk->life != TALK_EXITED;

	if (!ev || transcript_reader_init(&reader, ev->bytes, NULL) < 0) {
		return;
	}
	while (transcript_next(&reader, &event, NULL) == 1) {
		if (event.kind != TRANSCRIPT_NOTE || !slice_starts(event.payload, "end ")) {
			continue;
		}
		struct slice note = event.payload;

		FACTS_ADD(facts, server_end, ev, .signal = talk->signal,
		          .exit_code = ours ? -1 : talk->exit_code, .ours = ours,
		          .peak_bytes = noted(facts->arena, note, "peak"),
		          .cpu_ms = noted(facts->arena, note, "cpu_ms"),
		          .core = noted(facts->arena, note, "core") == 1,
		          .seccomp = noted(facts->arena, note, "seccomp"),
		          .address_space = noted(facts->arena, note, "as"),
		          .data = noted(facts->arena, note, "data"),
		          .cpu_seconds = noted(facts->arena, note, "cpu"),
		          .file_bytes = noted(facts->arena, note, "fsize"));
		return;
	}
}

void server_state_facts(struct facts *facts, const struct evidence *ev, const struct talk *talk,
                        enum talk_end end, const char *const *argv) {
	const struct talk_answer *opening = &talk->answers[TALK_INITIALIZE];
	struct health health = server_health(facts->arena, talk, end);

	FACTS_ADD(facts, server, ev, .path = argv ? argv[0] : "", .state = server_state(talk, end),
	          .error = talk->error, .exit_code = talk->exit_code, .signal = talk->signal,
	          .ready_ms = opening->state == TALK_OK ? opening->answered_ns / NS_PER_MS : 0,
	          .end_ms = (talk->ended_ns ? talk->ended_ns : talk->now_ns) / NS_PER_MS,
	          .err = talk->err.data, .first_bytes = talk->first_bytes.data,
	          .junk_bytes = talk->junk_bytes, .version = talk->version,
	          .args = flags_text(facts->arena, argv));
	state_end(facts, ev, talk);
	state_features(facts, ev, talk, end);
	for (const struct talk_message *m = talk->messages; m; m = m->next) {
		FACTS_ADD(facts, message, ev, .via = m->via, .level = m->level, .text = m->text);
	}
	for (const struct talk_complaint *c = talk->complaints; c; c = c->next) {
		if (!c->stale) {
			FACTS_ADD(facts, diagnostic, ev, .path = c->path, .line = c->line,
			          .severity = c->severity, .source = c->source, .code = c->code,
			          .text = c->text);
		}
	}
	FACTS_ADD(facts, health, ev, .state = health.state, .hurt = health.hurt);
}

void server_state_absence(struct facts *facts, const char *path, const char *why_not,
                          const char *health) {
	FACTS_ADD(facts, server, NULL, .path = path, .state = "not_started", .why_not = why_not,
	          .exit_code = -1);
	for (size_t i = 0; i < TALK_FEATURE_COUNT; i++) {
		FACTS_ADD(facts, feature, NULL, .name = feature_names[i], .state = "skipped",
		          .detail = "the server was not started");
	}
	FACTS_ADD(facts, health, NULL, .state = health,
	          .hurt = arena_printf(facts->arena, "not-started: %s", why_not));
}
