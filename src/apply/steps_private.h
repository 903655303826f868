/* SPDX-License-Identifier: MIT
 * One change forward and back, for steps.c.
 */
#ifndef APPLY_STEPS_PRIVATE_H
#define APPLY_STEPS_PRIVATE_H

#include "apply/steps.h"

/* Of a directory in which something is changed, so that its time can be put back. */
struct dir_time {
	const char *path;
	int64_t before_ns;
	int64_t after_ns; /* when the repair was done; 0: not known */
};

struct dir_times {
	struct dir_time *items;
	size_t count;
	size_t slots;
};

/* A repair at work. */
struct work {
	struct steps *steps;
	struct arena *arena;
	struct repair *repair;
	struct dir_times dirs;
	bool resumed; /* what an interrupted one left behind is expected */
	struct err *err;
};

/* Remembers the time of the directory, the first one counts; nothing when there is none. */
void work_remember_dir(struct work *w, const char *dir);

/* The change is loaded. Makes it, or finds that it is made; -EBUSY fills steps->conflict. index: of the change; programs
 * add changes behind it. */
int change_forward(struct work *w, size_t index);
/* Likewise the other way. What a program did is taken back by the changes it left. */
int change_back(struct work *w, size_t index);
/* Looks whether change_back would find what the change made; -EBUSY fills steps->conflict. */
int change_check_back(struct work *w, size_t index);
/* A program that was interrupted: what it did until then becomes changes behind it. */
int change_collect(struct work *w, size_t index);

/* kept/NONCE in the state directory, or a directory below it that is made; NULL with a sentence. */
const char *work_keep_dir(struct work *w, const char *name);
/* Removes kept/NONCE. */
void work_forget_kept(struct work *w);

#endif
