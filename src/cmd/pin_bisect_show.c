/* SPDX-License-Identifier: MIT
 */
#include "base/clock.h"
#include "base/str.h"
#include "cmd/pin_bisect.h"
#include "report/harmless.h"
#include "report/json_frame.h"

#define TEXT_MAX ((size_t)4096)

static const char *const results[] = {"good", "bad", "unresolved"};
static const char *const ends[] = {"found", "both_well", "both_hurt", "no_trial", "stopped"};

static const char *hurt(struct pin_bisect *b, const struct pin_release *r) {
	return r->tried ? trial_hurt(b->run->arena, &r->outcome) : r->left_out;
}

/* Between the last that answers and the first that does not. */
static bool is_open(const struct pin_bisect *b, size_t i) {
	return b->end == PIN_TURN_FOUND && i > b->found.last_good && i < b->found.first_bad;
}

static size_t count_open(const struct pin_bisect *b) {
	return b->end == PIN_TURN_FOUND ? b->found.first_bad - b->found.last_good - 1 : 0;
}

static const char *answer(struct pin_bisect *b) {
	struct arena *arena = b->run->arena;
	const char *good = b->releases[0].version, *bad = b->releases[b->count - 1].version;
	size_t open = count_open(b);

	switch (b->end) {
	case PIN_TURN_FOUND:
		return arena_printf(
			arena, "gopls %s answers, %s does not%s.",
			b->releases[b->found.last_good].version,
			b->releases[b->found.first_bad].version,
			open == 0 ? ""
			: open == 1
				? "; the one between them could not be tried"
				: arena_printf(arena, "; the %zu between them could not be tried",
		                               open));
	case PIN_BOTH_WELL:
		return arena_printf(arena, "gopls %s answers as %s does: it is not the release.",
		                    bad, good);
	case PIN_BOTH_HURT:
		return arena_printf(arena, "gopls %s does not answer well either: %s.", good,
		                    hurt(b, &b->releases[0]));
	case PIN_NO_TRIAL:
		return arena_printf(arena, "No trial: %s.", b->because);
	case PIN_STOPPED:
		break;
	}
	return "Stopped before there was an answer.";
}

/* ---- for people ---- */

static void add_release(struct strbuf *out, struct pin_bisect *b, const struct pin_release *r) {
	size_t asked, answered = trial_answered(&r->outcome, &asked);

	if (!r->tried) {
		strbuf_printf(out, "  %-9s left out: %s\n", r->version, hurt(b, r));
		return;
	}
	strbuf_printf(out, "  %-9s %s, %zu of %zu features, %.1f s (%s)%s%s\n", r->version,
	              r->result == TRIAL_UNRESOLVED ? "left out" : r->outcome.state, answered,
	              asked, (double)r->outcome.ms / 1000.0, r->source,
	              *r->outcome.hurt ? ": " : "", hurt(b, r));
}

static void put_text(struct strbuf *text, struct pin_bisect *b) {
	struct strbuf out;
	size_t trials = 0;

	strbuf_init(&out, b->run->arena);
	strbuf_printf(&out, "%s\n\n", answer(b));
	for (size_t i = 0; i < b->count; i++) {
		const struct pin_release *r = &b->releases[i];
		bool told = i == 0 || i + 1 == b->count || is_open(b, i) ||
		            (b->end == PIN_TURN_FOUND &&
		             (i == b->found.last_good || i == b->found.first_bad));

		trials += r->tried;
		if ((r->tried || *r->left_out) && (told || b->run->options->verbose)) {
			add_release(&out, b, r);
		}
	}
	strbuf_printf(
		&out, "  %zu releases, %zu trial%s, %.1f s; nothing was changed here%s\n", b->count,
		trials, trials == 1 ? "" : "s", (double)b->timings.total_ns / (double)NS_PER_S,
		b->run->options->yes ? " but for releases that were installed beside others" : "");
	if (b->end == PIN_TURN_FOUND) {
		strbuf_printf(&out, "To go back to it: dialtone pin gopls@%s --yes\n",
		              b->releases[b->found.last_good].version);
	}
	strbuf_add(text, harmless_lines(b->run->arena, mask_urls(b->run->arena, out.data),
	                                b->run->terminal.utf8));
}

/* ---- for programs ---- */

static void put_release(struct json *json, const struct pin_release *r) {
	json_newline(json, 2);
	json_open_element(json, '{');
	json_put(json, "version", r->version);
	json_put(json, "result", r->tried ? results[r->result] : *r->left_out ? "left_out" : NULL);
	json_put_or_null(json, "state", r->tried ? r->outcome.state : "");
	const char *why = r->tried ? r->outcome.hurt : r->left_out;
	json_key(json, "hurt");
	if (*why) {
		json_string(json, why, TEXT_MAX);
	} else {
		strbuf_add(json->out, "null");
	}
	json_put_or_null(json, "source", r->source);
	json_put_ms(json, "ms", r->tried ? r->outcome.ms : -1);
	json_close(json, '}');
}

static void put_json(struct strbuf *out, struct pin_bisect *b) {
	struct json json = {.out = out};
	bool found = b->end == PIN_TURN_FOUND;

	json_begin(&json, "dialtone.pin-bisect/1");
	json_put_tool(&json);
	json_put(&json, "workspace", b->run->workspace);
	json_put(&json, "result", ends[b->end]);
	json_put(&json, "answer", answer(b));
	json_put(&json, "good", b->releases[0].version);
	json_put(&json, "bad", b->releases[b->count - 1].version);
	json_put(&json, "last_good", found ? b->releases[b->found.last_good].version : NULL);
	json_put(&json, "first_bad", found ? b->releases[b->found.first_bad].version : NULL);
	json_open_member(&json, "releases", '[');
	for (size_t i = 0; i < b->count; i++) {
		put_release(&json, &b->releases[i]);
	}
	json_close(&json, ']');
	json_open_timing(&json, &b->timings);
	json_close(&json, '}');
	json_end(&json);
}

int pin_bisect_show(struct pin_bisect *b) {
	struct strbuf out;

	strbuf_init(&out, b->run->arena);
	if (b->run->options->json) {
		put_json(&out, b);
	} else {
		put_text(&out, b);
	}
	return output_write(&out, b->end == PIN_TURN_FOUND  ? STATUS_FOUND
	                          : b->end == PIN_BOTH_WELL ? STATUS_HEALTHY
	                                                    : STATUS_UNKNOWN);
}
