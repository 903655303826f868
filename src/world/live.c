/* SPDX-License-Identifier: MIT
 */
#include "world/live.h"

#include "base/clock.h"
#include "world/loop.h"
#include "world/run.h"
#include "world/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#define LOOK_EXTENSIONS_MAX 2 /* of look_limit_ns each */
#define COUNTING_TIMES      4 /* the look whose point it is that there is much gets that many limits */

static void live_look(struct world *w, enum look what, const char *arg, size_t cap,
                      struct evidence *ev) {
	struct live_world *lw = (struct live_world *)w;
	int64_t limit_ns = w->look_limit_ns *
	                   (what == LOOK_WALKED || what == LOOK_PICTURE ? COUNTING_TIMES : 1);
	int64_t deadline_ns = clock_now_ns() + limit_ns;
	int patience = LOOK_EXTENSIONS_MAX;

	if (w->interrupted) {
		ev->state = EV_TIMED_OUT;
		ev->error = EINTR;
		return;
	}
	/* What can watch the clock itself ends well before it is given up. */
	if (!look_server_ask(&lw->looks, what, arg, cap, limit_ns / 2, ev)) {
		return;
	}
	while (lw->looks.busy && !w->interrupted && clock_now_ns() < deadline_ns) {
		live_turn(lw, deadline_ns);
		if (clock_now_ns() >= deadline_ns && patience-- > 0 &&
		    look_server_is_running(&lw->looks)) {
			deadline_ns += w->look_limit_ns; /* a loaded machine is no hanging mount */
		}
	}
	if (lw->looks.busy) {
		look_server_abandon(&lw->looks);
		ev->error = w->interrupted ? EINTR : ETIMEDOUT;
	}
}

static void live_close(struct world *w) {
	struct live_world *lw = (struct live_world *)w;

	live_sessions_end(lw);
	live_runs_end(lw);
	look_server_close(&lw->looks);
	free(lw);
}

static const struct world_ops live_ops = {
	.look = live_look,
	.run = live_run,
	.run_ahead = live_run_ahead,
	.session_start = live_session_start,
	.session_send = live_session_send,
	.session_wait = live_session_wait,
	.session_stop = live_session_stop,
	.close = live_close,
};

struct world *world_live_open(struct arena *arena, struct evidence_store *store, int interrupt_fd,
                              struct err *err) {
	struct live_world *lw = calloc(1, sizeof *lw);
	int r;

	if (!lw) {
		err_set(err, -ENOMEM, "no memory to look at the machine");
		return NULL;
	}
	lw->base = (struct world){.ops = &live_ops,
	                          .store = store,
	                          .arena = arena,
	                          .start_ns = clock_now_ns(),
	                          .look_limit_ns = WORLD_LOOK_LIMIT_NS};
	lw->interrupt_fd = interrupt_fd;
	store->start_wall_ns = clock_wall_ns();
	signal(SIGPIPE, SIG_IGN);
	r = look_server_open(&lw->looks, arena);
	if (r < 0) {
		err_set(err, r, "cannot start the process that looks at files: %s", strerror(-r));
		look_server_close(&lw->looks);
		free(lw);
		return NULL;
	}
	return &lw->base;
}
