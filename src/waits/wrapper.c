/* SPDX-License-Identifier: MIT
 * The program that stands where an editor's server should be, before it has started that.
 */
#include "waits/private.h"

#include "base/path.h"

enum likeness { LIKE_NOTHING, LIKE_A_SERVER, LIKE_GOPLS, LIKE_ASKED };

/* Its other end is in the hands of this process. */
static bool leads_to(const struct wait_fd *f, int64_t pid) {
	if (!f || !(str_starts(f->link, "pipe:") || str_starts(f->link, "socket:"))) {
		return false;
	}
	for (size_t i = 0; i < f->end_count; i++) {
		if (f->ends[i].pid == pid) {
			return true;
		}
	}
	return false;
}

/* The first message that lies in its stdin; NULL when none is there, or it may not be read. */
static const struct wait_message *first_message(const struct waits *w,
                                                const struct wait_process *p) {
	for (size_t i = 0; i < w->message_count; i++) {
		if (w->messages[i].pid == p->pid && w->messages[i].fd == 0) {
			return &w->messages[i];
		}
	}
	return NULL;
}

/* Its stdin; while a shell reads something else (`read </dev/tty`) that is put by (bash(1), REDIRECTION: another number). */
static const struct wait_fd *stdin_of(const struct waits *w, const struct wait_process *p) {
	const struct wait_fd *in = waits_fd(p, 0), *out = waits_fd(p, 1);

	if (!in || !out || leads_to(in, w->target)) {
		return in;
	}
	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_fd *f = &p->first_fd[i];

		if (f->pid == p->pid && f->fd > 2 && leads_to(f, w->target) &&
		    !streq(f->link, out->link)) {
			return f;
		}
	}
	return in;
}

/* A word that is a program by that name ("gopls", "/home/x/go/bin/gopls-v2"), and not a log or a socket of one. */
static bool names_gopls(const struct waits *w, const struct wait_process *p) {
	for (size_t i = 0; i < 32; i++) {
		const char *word = waits_word(w->arena, p, i);
		const char *base = word ? path_base(word) : "";

		if (!word) {
			break;
		}
		if (str_starts(base, "gopls") && strchr("-_", base[5])) {
			return true; /* strchr finds the end, too: nothing else follows */
		}
	}
	return false;
}

/* A child of the editor that has both of its streams. What nobody has read yet says most: it begins as a conversation
 * with a server does. Where that may not be read, that something was sent has to do. */
static enum likeness likeness_of(const struct waits *w, const struct wait_process *p) {
	const struct wait_fd *in = stdin_of(w, p);

	if (p->ppid != w->target || waits_role(w->arena, p) != ROLE_OTHER ||
	    !leads_to(in, w->target) || !leads_to(waits_fd(p, 1), w->target)) {
		return LIKE_NOTHING;
	}
	const struct wait_message *first = first_message(w, p);

	if (first) {
		return streq(first->name, "initialize") ? LIKE_ASKED : LIKE_NOTHING;
	}
	return names_gopls(w, p)                                           ? LIKE_GOPLS
	       : strstr(p->cmdline, "gopls") || waits_unread_in(w, in) > 0 ? LIKE_A_SERVER
	                                                                   : LIKE_NOTHING;
}

/* Whatever it calls itself, a gopls below it is a server that runs. */
static bool has_server_below(const struct waits *w, int64_t pid) {
	for (size_t i = 0; i < w->process_count; i++) {
		const struct wait_process *q = &w->processes[i];
		enum wait_role role = waits_role(w->arena, q);

		for (int depth = 0; q && depth < 16 && role >= ROLE_SERVER; depth++) {
			if (q->ppid == pid) {
				return true;
			}
			q = waits_process(w, q->ppid);
		}
	}
	return false;
}

const struct wait_process *waits_wrapper(const struct waits *w, bool sure) {
	const struct wait_process *best = NULL;
	enum likeness most = sure ? LIKE_A_SERVER : LIKE_NOTHING;

	for (size_t i = 0; i < w->process_count; i++) {
		const struct wait_process *p = &w->processes[i];
		enum likeness like = likeness_of(w, p);

		if (like > most && !has_server_below(w, p->pid)) {
			best = p;
			most = like;
		}
	}
	return best;
}
