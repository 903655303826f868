/* SPDX-License-Identifier: MIT
 * A packages driver that can be started, and a server that is not well: what does the driver answer
 * to a request as gopls makes it? Its answer stands for itself, also when something else is wrong
 * with what the server would do without it.
 * Source: golang.org/x/tools/go/packages/external.go: patterns as arguments, a DriverRequest as JSON
 * on stdin, a DriverResponse as JSON on stdout.
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "probes/trust.h"

#define DEADLINE_NS (1500 * NS_PER_MS)
#define CAP_BYTES   ((size_t)16 * 1024) /* whether it begins as JSON */

/* Names, files, imports, dependencies, module (NeedX of x/tools). The environment is not repeated:
 * arguments can be read by everybody. */
#define REQUEST "{\"mode\":4127,\"env\":[],\"build_flags\":null,\"tests\":false,\"overlay\":null}"

/* GOFLAGS that go refuses would be held against a driver that asks go. */
static bool flags_are_bad(const struct exam *exam) {
	facts_each (goflag_error, e, exam->facts) {
		if (streq(e->source, "GOFLAGS")) {
			return true;
		}
	}
	return false;
}

static int look(struct exam *exam, struct err *err) {
	const struct target *t = exam->target;
	const struct fact_packages_driver *d = facts_first(packages_driver, exam->facts);
	(void)err;
	if (!d || !streq(d->state, "ok") || !facts_hurt(exam->facts) || !t->open_file ||
	    t->do_not_start || (!t->trusted && !t->recorded && trust_inside(exam, d->path))) {
		return 0;
	}
	struct envset env;
	envset_copy(&env, &t->server);
	if (flags_are_bad(exam)) {
		envset_unset(&env, "GOFLAGS");
	}
	/* The shell only hands the request over; the status is the driver's. */
	const char *const argv[] = {"/bin/sh",
	                            "-c",
	                            "printf %s \"$1\" | \"$2\" \"$3\"",
	                            "sh",
	                            REQUEST,
	                            d->path,
	                            arena_printf(exam->arena, "file=%s", t->open_file),
	                            NULL};
	struct run_result run =
		world_run(exam->world, &(struct run_spec){
					       .label = "packages driver",
					       .argv = argv,
					       .env = &env,
					       .cwd = path_parent(exam->arena, t->open_file),
					       .deadline_ns = DEADLINE_NS,
					       .cap_bytes = CAP_BYTES,
				       });
	FACTS_ADD(exam->facts, go_run, run.ev, .name = "packages driver",
	          .exit_code = run.exit_code, .signal = run.signal, .timed_out = run.timed_out,
	          .started = run.started, .error = run.ev->error, .ms = run.ms,
	          .out = arena_slicedup(exam->arena, run.out),
	          .err = arena_slicedup(exam->arena, run.err));
	return 0;
}

const struct probe probe_driver_trial = {
	.id = "driver_trial",
	.title = "what the packages driver answers",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(go_run),
	.look = look,
};
