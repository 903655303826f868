/* SPDX-License-Identifier: MIT
 */
#include "cmd/why_view.h"

static void put_unread(struct json *j, struct arena *arena, const struct wait_unread *u) {
	json_open_element(j, '{');
	json_put_number(j, "pid", u->process->pid);
	json_put(j, "stream", u->incoming ? "stdin" : "stdout");
	json_put_number(j, "bytes", u->bytes);
	json_put_ms(j, "unread_ms", u->age_ms);
	json_put(j, "text", waits_unread_line(arena, u));
	json_open_member(j, "messages", '[');
	for (size_t i = 0; i < u->message_count; i++) {
		json_open_element(j, '{');
		json_put(j, "method", u->messages[i].name);
		json_put_number(j, "bytes", u->messages[i].bytes);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

void why_view_json(struct json *j, const void *context) {
	const struct why_view *view = context;
	const struct wait_chain *c = view->chain;

	json_newline(j, 1);
	json_open_member(j, "chain", '[');
	for (size_t i = 0; i < c->link_count; i++) {
		const struct wait_process *p = c->links[i].process;
		bool last = i + 1 == c->link_count;

		json_newline(j, 2);
		json_open_element(j, '{');
		json_put_number(j, "pid", p->pid);
		json_put(j, "name", waits_name(view->arena, p));
		json_put(j, "state", p->state);
		json_put_number(j, "age_ms", p->age_ms);
		json_put(j, "waits_by", last ? NULL : wait_how_name(c->links[i].how));
		json_put(j, "on",
		         last ? (*c->leaf.on ? c->leaf.on : NULL)
		              : (*c->links[i].on ? c->links[i].on : NULL));
		json_put(j, "proof", last ? c->leaf.proof : c->links[i].proof);
		json_put(j, "text", waits_link_line(view->arena, c, i));
		json_close(j, '}');
	}
	json_close(j, ']');
	json_newline(j, 1);
	json_open_member(j, "leaf", '{');
	json_put(j, "kind", wait_kind_name(c->leaf.kind));
	json_put_number(j, "pid", c->leaf.process->pid);
	json_put(j, "on", *c->leaf.on ? c->leaf.on : NULL);
	json_put_ms(j, "since_ms", c->leaf.since_ms);
	json_put_bool(j, "settled", c->leaf.settled);
	json_put(j, "text", waits_sentence(view->arena, c));
	json_close(j, '}');
	json_newline(j, 1);
	json_open_member(j, "unread", '[');
	for (size_t i = 0; i < c->unread_count; i++) {
		put_unread(j, view->arena, &c->unread[i]);
	}
	json_close(j, ']');
	json_newline(j, 1);
	json_open_member(j, "others", '[');
	for (size_t i = 0; i < view->other_count; i++) {
		if (why_view_is_apart(view, &view->others[i])) {
			json_open_element(j, '{');
			json_put_number(j, "pid", view->others[i].pid);
			json_put_number(j, "leaf", view->others[i].leaf);
			json_close(j, '}');
		}
	}
	json_close(j, ']');
	json_newline(j, 1);
	json_put_names(j, "not_seen", why_view_unseen(view));
}
