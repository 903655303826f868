/* SPDX-License-Identifier: MIT
 */
#include "world/loop.h"

#include "base/clock.h"
#include "world/run.h"
#include "world/session.h"

#define WAIT_TOLD_NS (200 * NS_PER_MS) /* how often at least on_wait hears */

void poll_set_add(struct poll_set *set, int fd, short events) {
	if (fd >= 0 && set->count < LIVE_POLL_MAX) {
		set->fds[set->count++] = (struct pollfd){.fd = fd, .events = events};
	}
}

bool poll_set_ready(const struct poll_set *set, int fd) {
	for (size_t i = 0; i < set->count; i++) {
		if (set->fds[i].fd == fd && set->fds[i].revents) {
			return true;
		}
	}
	return false;
}

static int64_t earlier(int64_t a, int64_t b) {
	return a < b ? a : b;
}

void live_turn(struct live_world *lw, int64_t until_ns) {
	struct poll_set set = {.count = 0};
	int64_t left_ns;

	if (!lw->base.interrupted) {
		poll_set_add(&set, lw->interrupt_fd, POLLIN);
	}
	if (lw->looks.busy) {
		poll_set_add(&set, lw->looks.fd, POLLIN);
	}
	if (lw->run) {
		live_run_prepare(lw->run, &set);
	}
	for (size_t i = 0; i < LIVE_AHEAD_MAX; i++) {
		if (lw->ahead[i]) {
			live_run_prepare(lw->ahead[i], &set);
		}
	}
	for (size_t i = 0; i < LIVE_SESSIONS_MAX; i++) {
		if (lw->sessions[i]) {
			until_ns = earlier(until_ns, live_session_prepare(lw->sessions[i], &set));
		}
	}
	left_ns = until_ns - clock_now_ns();
	left_ns = left_ns < 0 ? 0 : earlier(left_ns, lw->base.on_wait ? WAIT_TOLD_NS : NS_PER_S);
	if (poll(set.fds, set.count, (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS)) < 0) {
		set.count = 0; /* EINTR */
	}
	if (lw->base.on_wait) {
		lw->base.on_wait(lw->base.wait_context);
	}
	if (poll_set_ready(&set, lw->interrupt_fd)) {
		lw->base.interrupted = true;
	}
	if (lw->looks.busy && poll_set_ready(&set, lw->looks.fd)) {
		look_server_receive(&lw->looks);
	}
	if (lw->run) {
		live_run_serve(lw, lw->run, &set);
	}
	for (size_t i = 0; i < LIVE_AHEAD_MAX; i++) {
		if (lw->ahead[i]) {
			live_run_serve(lw, lw->ahead[i], &set);
		}
	}
	for (size_t i = 0; i < LIVE_SESSIONS_MAX; i++) {
		if (lw->sessions[i]) {
			live_session_serve(lw, lw->sessions[i], &set);
		}
	}
}
