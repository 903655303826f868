/* SPDX-License-Identifier: MIT
 */
#include "base/str.h"
#include "cmd/why_view.h"
#include "core/rights.h"
#include "report/sheet.h"

#include <inttypes.h>

const char *const *why_view_unseen(const struct why_view *view) {
	const char **list = arena_array_of(view->arena, const char *, 4);
	bool denied = false;
	size_t n = 0;

	for (size_t i = 0; i < view->chain->link_count; i++) {
		denied = denied || view->chain->links[i].process->denied;
	}
	if (denied) {
		list[n++] =
			"system calls of a process in the chain: its user, or " RIGHTS_TO_SEE_OTHERS
			" "
			"(sudo), would show them";
	}
	/* Somebody else may hold the other end, or the lock. */
	if (view->waits->unreadable > 0 && !waits_is_healthy(view->chain)) {
		list[n++] = arena_printf(
			view->arena,
			"what %" PRId64 " processes of other users have open: " RIGHTS_TO_SEE_OTHERS
			" (sudo) would show it",
			view->waits->unreadable);
	}
	if (view->waits->calls_hidden) {
		list[n++] = "whether the server has asked its editor for something and gets no "
			    "answer: " RIGHTS_TO_SEE_OTHERS " (sudo) would show it in its memory";
	}
	return list;
}

bool why_view_is_apart(const struct why_view *view, const struct why_other *other) {
	const struct wait_chain *c = view->chain;

	return other->pid != c->links[0].process->pid && other->leaf != c->leaf.process->pid;
}

static void put_others(struct sheet *s, const struct why_view *view) {
	for (size_t i = 0; i < view->other_count; i++) {
		const struct why_other *o = &view->others[i];

		if (why_view_is_apart(view, o)) {
			strbuf_add_char(s->out, '\n');
			sheet_prose(s, 0, 0, 0,
			            arena_printf(view->arena,
			                         "%s has this folder open as well, and hangs on "
			                         "something else:",
			                         o->name));
			sheet_command(s, 4,
			              arena_printf(view->arena, "dialtone why %" PRId64, o->pid));
		}
	}
}

void why_view_text(struct strbuf *out, const struct why_view *view,
                   const struct report_style *style) {
	struct sheet s = {.out = out, .style = style};
	const struct wait_chain *c = view->chain;
	bool healthy = waits_is_healthy(c);
	struct wait_cure cures[2];
	size_t cure_count = healthy ? 0 : waits_cures(view->arena, c, cures);

	sheet_ink(&s, healthy ? INK_GREEN : INK_RED, waits_sentence(view->arena, c));
	strbuf_add(out, "\n\n");
	for (size_t i = 0; i < c->link_count; i++) {
		strbuf_printf(out, "  %zu. ", i + 1);
		sheet_prose(&s, 5, 5, 0, waits_link_line(view->arena, c, i));
	}
	for (size_t i = 0; i < c->unread_count; i++) {
		strbuf_add(out, "  -  ");
		sheet_prose(&s, 5, 5, 0, waits_unread_line(view->arena, &c->unread[i]));
	}
	if (c->tracer) {
		strbuf_add(out, "  -  ");
		sheet_prose(&s, 5, 5, 0,
		            arena_printf(view->arena, "%s watches it and lets it run",
		                         waits_name(view->arena, c->tracer)));
	}
	if (!healthy && !c->leaf.settled) {
		strbuf_add(out, "  -  ");
		sheet_prose(&s, 5, 5, 0, "this has only just begun and may pass; ask again");
	}
	if (!healthy && c->leaf.kind == WAIT_INSIDE && c->leaf.process == c->server) {
		strbuf_add(out, "\nSee which of its goroutines waits for which:\n");
		sheet_command(&s, 4,
		              arena_printf(view->arena, "dialtone stacks --why %lld",
		                           (long long)c->server->pid));
	}
	for (size_t i = 0; i < cure_count; i++) {
		strbuf_add_char(out, '\n');
		sheet_prose(&s, 0, 0, 0,
		            arena_printf(view->arena, "%s%s", cures[i].title,
		                         str_empty(cures[i].command) ? "." : ":"));
		if (!str_empty(cures[i].command)) {
			sheet_command(&s, 4, cures[i].command);
		}
	}
	put_others(&s, view);
	const char *const *missing = why_view_unseen(view);

	for (size_t i = 0; missing[i]; i++) {
		if (i == 0) {
			strbuf_add_char(out, '\n');
		}
		sheet_prose(&s, 0, 2, 0, arena_printf(view->arena, "Not seen: %s.", missing[i]));
	}
}
