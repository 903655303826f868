/* SPDX-License-Identifier: MIT
 * The server is late: does a go or git below it wait for a lock that somebody else holds? go waits for one without a
 * limit of time and without a word (cmd/go/internal/lockedfile).
 */
#include "base/clock.h"
#include "core/infer.h"
#include "probes/server/handshake.h"
#include "probes/server/lock_wait.h"

/* From the start of the server; a load from warm caches takes 200 ms. */
#define FIRST_LOOK_NS (300 * NS_PER_MS)
#define TWO_LOOKS_NS  (220 * NS_PER_MS)
#define MARGIN_NS     (1500 * NS_PER_MS) /* left of the run's time to hear the server and to judge */

static int look(struct exam *exam, struct err *err) {
	struct handshake *h = exam->handshake;
	int64_t limit = exam->deadline_ns - MARGIN_NS;

	(void)err;
	if (!h || !h->session) {
		return 0;
	}
	bool certain = infer_is_certain(exam->rules, exam->facts);

	world_session_wait(exam->world, h->session, h->start_ns + FIRST_LOOK_NS);
	/* What is certain already may be a consequence: a toolchain that does not come, because another
	 * go has begun to fetch it. Two looks tell. */
	lock_wait_watch(exam, certain ? world_now_ns(exam->world) + TWO_LOOKS_NS : limit);
	return 0;
}

const struct probe probe_child_locks = {
	.id = "child_locks",
	.title = "whether something below a late server waits for a lock",
	.stage = STAGE_ANSWER,
	.yields = FACT_BIT(lock_wait),
	.look = look,
};
