/* SPDX-License-Identifier: MIT
 * Between the parts of the walk along a chain.
 */
#ifndef WAITS_PRIVATE_H
#define WAITS_PRIVATE_H

#include "waits/waits.h"

#define STEPS_MAX 400 /* of one walk, through whatever the text claims */

struct walk {
	const struct waits *w;
	struct wait_chain *chain;
	size_t steps;
};

/* for (const struct wait_thread *t: those of p) */
#define each_thread(t, p)                                                                          \
	for (const struct wait_thread *t = (p)->first_thread,                                      \
	                              *t##_end = t ? t + (p)->thread_count : t;                    \
	     t < t##_end; t++)                                                                     \
		if (t->pid == (p)->pid)

/* list ends with NULL */
bool one_of(const char *word, const char *const *list);
/* Of several the one of the highest rank goes on: a stopped child beside one that works is what lasts. */
int waits_rank(enum wait_kind kind);

/* The walk ends at p: always true. */
bool leaf(struct walk *k, const struct wait_process *p, enum wait_kind kind, const char *on,
          const char *detail, const char *proof);
/* It goes on to q: false when that leads back or nowhere, and nothing has changed. */
bool walk_on(struct walk *k, const struct wait_process *q, enum wait_how how, const char *on,
             const char *proof);

/* Each of these: does p wait so? Then the chain has gone on to its leaf.
 *
 * held.c: it is stopped, frozen, throttled, ended. */
bool waits_is_held(struct walk *k, const struct wait_process *p);

/* locks.c */
bool waits_by_lock(struct walk *k, const struct wait_process *p);

/* children.c */
bool waits_by_child(struct walk *k, const struct wait_process *p);

/* alone.c */
bool waits_by_sleep(struct walk *k, const struct wait_process *p);
bool waits_by_work(struct walk *k, const struct wait_process *p);
bool waits_by_exhaustion(struct walk *k, const struct wait_process *p);
/* Of one processor, between the samples. */
int64_t busy_percent(const struct wait_process *p);
bool is_busy(const struct wait_process *p);

/* ends.c: what a thread is in a call on; what its sockets do; what is left when nothing explains it. */
bool waits_by_descriptor(struct walk *k, const struct wait_process *p);
bool waits_by_socket(struct walk *k, const struct wait_process *p);
bool waits_by_kept_pipe(struct walk *k, const struct wait_process *p);
bool waits_is_terminal(const struct wait_fd *f);
bool waits_looks_held(const struct wait_process *p);
/* pid is of a parent of p, or of one of its parents. */
bool waits_is_above(const struct waits *w, const struct wait_process *p, int64_t pid);
/* It is in a call that reads. */
bool waits_reads(const struct wait_thread *t);
/* That writes. */
bool waits_writes(const struct wait_thread *t);

/* "GOPROXY" when a variable of p names this address, else NULL. */
const char *waits_variable_naming(struct arena *arena, const struct wait_process *p,
                                  const char *remote);

/* writing.c: it writes to f in the call of t; t is NULL when another proof says so. */
bool waits_by_writing(struct walk *k, const struct wait_process *p, const struct wait_fd *f,
                      const struct wait_thread *t, const char *proof);
bool waits_by_stuck_write(struct walk *k, const struct wait_process *p);

/* nothing.c: what is left; and whether p itself ended so: it has nothing to do, and nothing outside says why. */
bool waits_does_nothing(const struct wait_leaf *l, const struct wait_process *p);
bool waits_by_nothing(struct walk *k, const struct wait_process *p);

/* streams.c: a wrapper that is stopped, and whose child has its streams: it goes on without it; a daemon or debugger
 * whose client does not read what it sends. */
bool waits_by_handing_on(struct walk *k, const struct wait_process *p);
bool waits_by_reader(struct walk *k, const struct wait_process *p);

/* unseen.c: the other end is somebody who cannot be seen. */
bool waits_by_unseen(struct walk *k, const struct wait_process *p);
bool waits_by_hidden_prompt(struct walk *k, const struct wait_process *p);
/* Is this the end of a connection that p has accepted, and whose other end asks it for something? */
bool waits_accepted(const struct waits *w, const struct wait_process *p, const struct wait_fd *f);

/* unanswered.c: the chain has gone on from p to q by the socket f, for which t waits (NULL unknown): when q does nothing,
 * that is an answer that does not come. */
void waits_say_unanswered(struct walk *k, const struct wait_process *p,
                          const struct wait_process *q, const struct wait_fd *f,
                          const struct wait_thread *t);

/* client.c: a server whose client stands still, or has not answered what it was asked. */
bool waits_by_client(struct walk *k, const struct wait_process *p);

/* tracer.c: on to the tracer when something keeps that in turn; a thread of p is in its hands. */
bool waits_on_to_tracer(struct walk *k, const struct wait_process *tracer, const char *proof);
bool waits_by_tracer(struct walk *k, const struct wait_process *p);

/* goroutines.c: the number, the reason and what is behind it of "goroutine 7 [select, 3 minutes]:"; false for another line. */
struct goroutine_line {
	int64_t number, waited_ms; /* -1 unknown */
	const char *reason;
};
bool waits_goroutine_line(struct arena *arena, struct slice line, struct goroutine_line *ret);
/* What waits_take_inner has found of this process, or NULL. */
const struct wait_inner *waits_inner_of(const struct waits *w, const struct wait_process *p);
/* It waits for a mutex. NULL: false. */
bool waits_is_locked(const struct wait_inner *inner);
/* "waits for another part of itself (chan receive) in main.ask (/src/main.go:12)" */
const char *waits_inner_words(struct arena *arena, const struct wait_inner *inner);

/* file_system.c */
bool waits_by_file_system(struct walk *k, const struct wait_process *p);

/* settling.c: how long the leaf has lasted, and whether that is long enough; a sleep that is one of many is its
 * parent's. */
void waits_settle(const struct waits *w, struct wait_chain *c, int64_t settled_ms);

/* unread.c */
void waits_find_unread(struct walk *k, struct wait_chain *chain);
/* ends.c: who has the other end, the process itself aside; NULL when nobody is seen. */
const struct wait_process *waits_other_end(const struct waits *w, const struct wait_fd *f,
                                           const struct wait_process *p);
/* Bytes that lie unread in a descriptor, 0 none or unknown. */
int64_t waits_unread_in(const struct waits *w, const struct wait_fd *f);

#endif
