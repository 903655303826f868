/* SPDX-License-Identifier: MIT
 * The live world's one loop: whoever waits, for a look, a run or a session, calls live_turn until
 * it has what it wants, and each turn serves everybody.
 */
#ifndef WORLD_LOOP_H
#define WORLD_LOOP_H

#include "core/world.h"
#include "world/look_server.h"

#include <poll.h>

#define LIVE_SESSIONS_MAX 8
#define LIVE_AHEAD_MAX    4
#define LIVE_POLL_MAX     (2 + 3 + LIVE_AHEAD_MAX * 3 + LIVE_SESSIONS_MAX * 4)
#define LIVE_CHUNK_BYTES  ((size_t)65536)

struct live_run;
struct live_session;

struct live_world {
	struct world base;
	int interrupt_fd;
	struct look_server looks;
	struct live_run *run;                   /* the one that is waited for, NULL */
	struct live_run *ahead[LIVE_AHEAD_MAX]; /* started, not yet asked for */
	struct live_session *sessions[LIVE_SESSIONS_MAX];
	char chunk[LIVE_CHUNK_BYTES]; /* what one read(2) brings */
};

struct poll_set {
	struct pollfd fds[LIVE_POLL_MAX];
	size_t count;
};

/* Adds a descriptor; -1 is left out. */
void poll_set_add(struct poll_set *set, int fd, short events);
/* True when something happened to fd in the last poll. */
bool poll_set_ready(const struct poll_set *set, int fd);

/* Waits until something happens, at most until until_ns (clock_now_ns), and deals with it. */
void live_turn(struct live_world *lw, int64_t until_ns);

#endif
