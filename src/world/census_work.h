/* SPDX-License-Identifier: MIT
 * Between the parts of the census: which processes, their kin, and what each of them is.
 */
#ifndef WORLD_CENSUS_WORK_H
#define WORLD_CENSUS_WORK_H

#include "gofile/binary.h"
#include "world/peers.h"
#include "world/procfs.h"

#define CENSUS_MEMBERS_MAX ((size_t)4096)

enum kin {
	KIN_SELF,     /* it is what the census is about */
	KIN_ANCESTOR, /* something above one of them */
	KIN_HOLDER,   /* holds the other end of something */
};

struct member {
	int64_t pid;
	enum kin kin;
	bool is_watched; /* its ends and listening sockets matter */
	struct proc_stat ps;
};

struct census_pids {
	int64_t *list;
	size_t count, slots;
};

/* What a program file is, read once. */
struct program {
	uint64_t dev, ino;
	int64_t size;
	struct binary bin;
};

struct census_work {
	const struct looker *looker;
	struct arena *arena;
	int proc_fd;
	int64_t boot_ns;
	bool everybody;   /* also processes of other users */
	size_t processes; /* seen */
	size_t others;    /* of other users, that would belong in */
	struct member *members;
	size_t count;
	/* Init and its like, of this user or, for root, of all: they take in what lost its parent. */
	struct census_pids adopters;
	struct census_pids renamed; /* run gopls or dlv, under whatever name */
	struct program **programs;
	size_t program_count, program_slots;
	struct peers peers;
};

/* NULL when it is not in. */
struct member *census_find(struct census_work *work, int64_t pid);
/* Adds a process, or finds it; NULL when it has gone or there are too many. */
struct member *census_add(struct census_work *work, int64_t pid, enum kin kin);

/* Goes over all processes; meant_fn is called for those that the census is about, whosever they are. 0 or a positive
 * errno. */
int census_scan(struct census_work *work, void (*meant_fn)(struct census_work *work, int64_t pid));
/* What runs as /proc/PID/exe; NULL when it cannot be read. */
const struct program *census_program(struct census_work *work, int64_t pid);
/* Is it gopls or dlv, by its build info? Of NULL: no. */
bool census_is_known_package(const struct program *program);
/* The block of one of them. */
void census_put(struct census_work *work, struct strbuf *out, const struct member *member);

#endif
