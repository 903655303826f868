/* SPDX-License-Identifier: MIT
 * How quickly network file systems and those of programs (FUSE) answer, when a place lies on one.
 */
#include "probes/latency.h"

#include "base/clock.h"
#include "base/str.h"

#define SLOW_US     1000 /* a local lookup takes a few */
#define HOPELESS_US 20000
#define SOON_NS     (6 * NS_PER_S)

static bool is_remote(const char *fstype) {
	static const char *const types[] = {"nfs",   "cifs",     "smb",    "9p",    "fuse",
	                                    "drvfs", "vboxsf",   "prl_fs", "ceph",  "gluster",
	                                    "afs",   "virtiofs", "lustre", "ncpfs", "v9fs"};
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (str_starts(fstype, types[i])) {
			return true;
		}
	}
	return false;
}

void latency_state(struct exam *exam, const char *role, const char *path) {
	struct mount_stat m = {0};
	if (str_empty(path) || path[0] != '/') {
		return;
	}
	m = world_mount(exam->world, path);
	if (!m.known || !is_remote(m.fstype)) {
		return;
	}
	const char *dir = streq(m.nearest, path) ? path : m.mount;
	const struct evidence *ev = world_look(exam->world, LOOK_LATENCY, dir, LOOK_CAP_SMALL);
	const char *median = keyline_get(exam->arena, ev->bytes, "median_us");
	const char *count = keyline_get(exam->arena, ev->bytes, "samples");
	bool late = ev->state == EV_TIMED_OUT;
	int64_t us = 0, samples = 0;
	bool known = median && count && str_to_int64(median, &us) == 0 &&
	             str_to_int64(count, &samples) == 0 && us >= SLOW_US;
	if (late || known) {
		FACTS_ADD(exam->facts, slow_place, ev, .role = role, .path = path, .mount = m.mount,
		          .fstype = m.fstype, .median_us = late ? -1 : us, .samples = samples);
	}
	/* Each of the looks to come will take as long: no use in waiting for all of them. */
	if (late || us >= HOPELESS_US) {
		int64_t soon = clock_now_ns() + SOON_NS;
		exam->deadline_ns = exam->deadline_ns < soon ? exam->deadline_ns : soon;
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	latency_state(exam, "workspace", exam->target->workspace);
	return 0;
}

const struct probe probe_latency = {
	.id = "latency",
	.title = "how quickly the file system of the workspace answers, if it is not local",
	.stage = STAGE_ENVIRONMENT,
	.yields = FACT_BIT(slow_place),
	.look = look,
};
