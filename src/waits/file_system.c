/* SPDX-License-Identifier: MIT
 * Who waits for a file system: one that a process serves (FUSE), a file server, a disk.
 */
#include "waits/private.h"

#include "base/path.h"

#include <fcntl.h>

/* The file a call is about, "" unknown. */
static const char *place_of(struct walk *k, const struct wait_process *p,
                            const struct wait_thread *t) {
	const struct wait_fd *f = waits_fd(p, (int64_t)waits_arg(t, 0));

	if (str_empty(t->path)) {
		return f && f->link[0] == '/' ? f->link : "";
	}
	if (t->path[0] != '/' && (int)waits_arg(t, 0) == AT_FDCWD && !str_empty(p->cwd)) {
		return path_join(k->w->arena, p->cwd, t->path);
	}
	return t->path;
}

static const struct wait_mount *mount_of(const struct waits *w, const char *place) {
	const struct wait_mount *best = NULL;

	if (str_empty(place)) {
		return w->mount_count == 1 ? w->mounts : NULL;
	}
	for (size_t i = 0; i < w->mount_count; i++) {
		const struct wait_mount *m = &w->mounts[i];

		if (path_below(place, m->point) &&
		    (!best || strlen(m->point) > strlen(best->point))) {
			best = m;
		}
	}
	return best;
}

/* By the connection its descriptor of /dev/fuse is for (Linux 6.12), or by the mount point among its words: one of
 * root's does not show what it has open. */
static bool serves(struct walk *k, const struct wait_process *q, const struct wait_mount *m) {
	for (size_t i = 0; i < q->fd_count; i++) {
		const struct wait_fd *f = &q->first_fd[i];

		if (f->pid == q->pid && f->connection > 0) {
			if (f->connection == m->connection) {
				return true;
			}
		}
	}
	for (size_t i = 1; i < 48; i++) {
		const char *word = waits_word(k->w->arena, q, i);

		if (!word || streq(word, m->point)) {
			return word != NULL;
		}
	}
	return false;
}

static bool by_file_server(struct walk *k, const struct wait_process *p, const char *place,
                           const char *proof);

/* Whoever serves it may not be looked into: that no answer comes is seen all the same. One that shows another directory
 * (bindfs, mergerfs, an encrypted one) waits for that when its own server stands still. */
static void say_unanswered(struct walk *k, const struct wait_process *p, const struct wait_mount *m,
                           const char *place, const char *proof) {
	struct wait_leaf *l = &k->chain->leaf;
	const struct wait_mount *behind =
		m && m->source[0] == '/' ? mount_of(k->w, m->source) : NULL;

	if (l->kind != WAIT_HIDDEN || k->chain->links[k->chain->link_count - 1].process == p) {
		return;
	}
	struct wait_chain before = *k->chain;

	if (behind && behind != m &&
	    by_file_server(k, l->process, m->source, "what it shows is there, by mountinfo") &&
	    (l->kind == WAIT_STOPPED || l->kind == WAIT_FROZEN || l->kind == WAIT_TRACED)) {
		return;
	}
	*k->chain = before;
	l->kind = WAIT_DISK;
	l->on = place;
	l->detail = "does not answer, and may not be looked into: it belongs to somebody else";
	l->proof = proof;
	l->since_ms = p->rested_ms >= 0 ? p->rested_ms : p->age_ms;
}

static bool by_file_server(struct walk *k, const struct wait_process *p, const char *place,
                           const char *proof) {
	const struct wait_mount *m = mount_of(k->w, place);
	const struct wait_process *only = NULL;
	size_t count = 0;

	for (size_t i = 0; i < k->w->process_count; i++) {
		const struct wait_process *q = &k->w->processes[i];

		if (!streq(q->relation, "serves")) {
			continue;
		}
		if (m && serves(k, q, m) && walk_on(k, q, HOW_FILES, place, proof)) {
			say_unanswered(k, p, m, place, proof);
			return true;
		}
		only = q;
		count++;
	}
	/* Nothing says whose it is: then only one may be there. */
	if (count != 1 || !walk_on(k, only, HOW_FILES, place, proof)) {
		return false;
	}
	say_unanswered(k, p, m, place, proof);
	return true;
}

/* The kernel asks a daemon before it opens the file, and that has not answered: fs/notify/fanotify. */
static bool by_guard(struct walk *k, const struct wait_process *p) {
	static const char *const asks[] = {"fanotify_handle_event", "fanotify_get_response", NULL};
	struct arena *a = k->w->arena;

	each_thread(t, p) {
		const char *on = one_of(t->wchan, asks) ? place_of(k, p, t) : NULL;

		if (on) {
			return leaf(
				k, p, WAIT_GUARD, on,
				arena_printf(a,
			                     "waits for a program that is asked before files are "
			                     "opened (fanotify: a virus scanner, fapolicyd)%s%s",
			                     str_empty(on) ? "" : ": ", on),
				arena_printf(a, "thread %lld: state %s in %s, %s",
			                     (long long)t->tid, t->state, t->wchan,
			                     str_empty(t->call) ? "no system call seen" : t->call));
		}
	}
	return false;
}

bool waits_by_file_system(struct walk *k, const struct wait_process *p) {
	static const char *const fuse[] = {"request_wait_answer",
	                                   "fuse_request_wait_answer",
	                                   "__fuse_request_send",
	                                   "fuse_get_req",
	                                   "fuse_simple_request",
	                                   "fuse_wait_on_page_writeback",
	                                   NULL};
	static const char *const remote[] = {"rpc_wait_bit_killable",
	                                     "nfs_wait_bit_killable",
	                                     "nfs4_wait_clnt_recover",
	                                     "nlmclnt_lock",
	                                     "nlmclnt_block",
	                                     "p9_client_rpc",
	                                     "wait_for_response",
	                                     "autofs_wait",
	                                     "ceph_mdsc_wait_request",
	                                     "handle_userfault",
	                                     "seccomp_do_user_notification",
	                                     "__seccomp_filter",
	                                     NULL};
	struct arena *a = k->w->arena;

	if (by_guard(k, p)) {
		return true;
	}
	each_thread(t, p) {
		bool served = one_of(t->wchan, fuse) || strstr(t->stack, "fuse_") != NULL;
		bool hard = streq(t->state, "D") && t->still && t->cpu_us == 0;

		if (!served && !one_of(t->wchan, remote) && !hard) {
			continue;
		}
		const char *on = place_of(k, p, t);
		const char *proof =
			arena_printf(a, "thread %lld: state %s in %s, %s", (long long)t->tid,
		                     t->state, str_empty(t->wchan) ? "the kernel" : t->wchan,
		                     str_empty(t->call) ? "no system call seen" : t->call);

		if (served && by_file_server(k, p, on, proof)) {
			return true;
		}
		leaf(k, p,
		     k->w->memory_full >= 20 || p->memory_full >= 2000 ? WAIT_MEMORY : WAIT_DISK,
		     on,
		     arena_printf(a, "waits for %s%s",
		                  served ? "a file system that a program serves"
		                         : "the disk or a file server",
		                  str_empty(on) ? "" : arena_printf(a, ": %s", on)),
		     proof);
		if (k->chain->leaf.kind == WAIT_MEMORY) {
			k->chain->leaf.detail = arena_printf(
				a,
				"waits for memory: all stood still for %lld %% of the last ten "
				"seconds",
				(long long)(p->memory_full >= 2000 ? p->memory_full / 100
			                                           : k->w->memory_full));
		}
		return true;
	}
	return false;
}
