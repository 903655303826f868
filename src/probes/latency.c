/* SPDX-License-Identifier: MIT
 * How quickly network file systems and those of programs (FUSE) answer, when a place lies on one.
 */
#include "probes/latency.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"

#define SLOW_US     1000 /* a local lookup takes a few */
#define HOPELESS_US 20000
#define SOON_NS     (6 * NS_PER_S)
#define MOUNTS_CAP  ((size_t)1024 * 1024)

static bool is_remote(const char *fstype) {
	static const char *const types[] = {
		"nfs",  "cifs",    "smb", "9p",       "fuse",   "drvfs", "vboxsf", "prl_fs",
		"ceph", "gluster", "afs", "virtiofs", "lustre", "ncpfs", "v9fs",   "autofs"};
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
	if (!m.known && m.ev->state == EV_TIMED_OUT) {
		(void)latency_stuck(exam, role, path, m.ev, 0, false);
		return;
	}
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
		int64_t soon = world_now_ns(exam->world) + SOON_NS;
		exam->deadline_ns = exam->deadline_ns < soon ? exam->deadline_ns : soon;
	}
}

/* The fields of a line of LOOK_MOUNTS, \\040 for a blank. */
static const char *field_text(struct arena *arena, struct slice field) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; i < field.len; i++) {
		bool blank = i + 3 < field.len && memcmp(field.data + i, "\\040", 4) == 0;
		strbuf_add_char(&out, blank ? ' ' : field.data[i]);
		i += blank ? 3 : 0;
	}
	return out.data ? out.data : "";
}

/* The last and longest mount point above path; false when no list of mounts can be had. */
static bool mount_above(struct exam *exam, const char *path, const char **point,
                        const char **fstype) {
	const struct evidence *ev = world_look(exam->world, LOOK_MOUNTS, "self", MOUNTS_CAP);
	struct slice rest = evidence_has_bytes(ev) ? ev->bytes : slice_of("", 0), line;
	bool found = false;

	while (slice_line(&rest, &line)) {
		struct slice ro, type, source, root;
		if (!slice_cut(&line, ' ', &ro) || !slice_cut(&line, ' ', &type) ||
		    !slice_cut(&line, ' ', &source) || !slice_cut(&line, ' ', &root)) {
			continue;
		}
		const char *at = field_text(exam->arena, line);
		if (path_below(path, at) && (!found || strlen(at) >= strlen(*point))) {
			*point = at;
			*fstype = arena_slicedup(exam->arena, type);
			found = true;
		}
	}
	return found;
}

bool latency_stuck(struct exam *exam, const char *role, const char *path, const struct evidence *ev,
                   int error, bool local) {
	const char *point = "", *fstype = "";

	if (path[0] != '/' || !mount_above(exam, path_clean(exam->arena, path), &point, &fstype) ||
	    (!local && !is_remote(fstype))) {
		return false;
	}
	facts_each (slow_place, known, exam->facts) {
		bool same = streq(known->role, "waited") || !streq(role, "waited");
		if (streq(known->mount, point) && known->median_us < 0 && same) {
			return true;
		}
	}
	FACTS_ADD(exam->facts, slow_place, ev, .role = role, .path = path, .mount = point,
	          .fstype = fstype, .median_us = -1, .error = error);
	return true;
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
