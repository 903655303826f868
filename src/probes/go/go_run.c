/* SPDX-License-Identifier: MIT */
#include "probes/go/go_run.h"

#define CAP_BYTES ((size_t)256 * 1024)

struct run_result go_run_state(struct exam *exam, const char *name, const char *const *argv,
                               const struct envset *env, const char *cwd, int64_t deadline_ns) {
	struct run_result run =
		world_run(exam->world, &(struct run_spec){
					       .label = arena_printf(exam->arena, "go %s", name),
					       .argv = argv,
					       .env = env,
					       .cwd = cwd,
					       .deadline_ns = deadline_ns,
					       .cap_bytes = CAP_BYTES,
				       });
	if (run.ev->state == EV_NOT_RECORDED) {
		return run;
	}
	FACTS_ADD(exam->facts, go_run, run.ev, .name = name, .exit_code = run.exit_code,
	          .signal = run.signal, .timed_out = run.timed_out, .started = run.started,
	          .error = run.ev->error, .ms = run.ms, .out = arena_slicedup(exam->arena, run.out),
	          .err = arena_slicedup(exam->arena, run.err));
	return run;
}
