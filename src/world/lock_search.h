/* SPDX-License-Identifier: MIT
 * The look for locks between its files: what the table says, whose each lock is, what is told of it.
 */
#ifndef WORLD_LOCK_SEARCH_H
#define WORLD_LOCK_SEARCH_H

#include "core/locks.h"
#include "world/lock_process.h"
#include "world/looks.h"
#include "world/proc_children.h"

#define KNOWN_MAX 1024 /* processes the table names */

/* One lock that is told of. */
struct lock_entry {
	struct lock_line line;
	bool chosen;
	bool in_table;                /* else a thread was found that waits */
	struct lock_process *process; /* NULL: not known */
	const struct lock_fd *fd;
	int64_t tid;
	const char *proof, *unseen, *wchan;
	struct lock_entry *next;
};

struct lock_search {
	struct arena *arena;
	struct look_reply *reply;
	int proc_fd;
	int64_t boot_ns;
	struct lock_entry *first, **end;
	struct lock_process *known[KNOWN_MAX]; /* those read, by the order of reading */
	size_t known_count;
	size_t lines, looked, denied;
	const struct proc_children *ours; /* NULL: the look is below nothing */
	int64_t root;
};

/* locks.c. A process, read once. */
struct lock_process *lock_search_process(struct lock_search *search, int64_t pid);

/* lock_entry.c. All that is known of one lock, as lines of the reply. */
void lock_entry_put(struct lock_search *search, const struct lock_entry *entry);

#endif
