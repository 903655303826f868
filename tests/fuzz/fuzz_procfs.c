/* SPDX-License-Identifier: MIT
 * The parsers of /proc: stat, mountinfo, btime, and the records that are made of what was read
 * there.
 */
#include "base/str.h"
#include "core/run_record.h"
#include "probes/server/memory_groups.h"
#include "world/cgroup_path.h"
#include "world/context.h"
#include "world/mounts.h"
#include "world/procfs.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct slice bytes = slice_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct proc_stat ps;
	struct mount_line mount;
	struct run_record record;
	struct strbuf out;

	if (proc_stat_parse(bytes, &ps) && strlen(ps.comm) >= sizeof ps.comm) {
		abort();
	}
	if (proc_btime_parse(bytes) < 0) {
		abort();
	}
	if (mounts_find(arena, bytes, -1, "/home/x", &mount) && mount.point[0] == '\0') {
		abort();
	}
	(void)mounts_find(arena, bytes, 7, "/", &mount);
	(void)keyline_get(arena, bytes, "cwd");
	struct memory_seen seen = {0};

	memory_parse(arena, bytes, &seen);
	if (seen.count > MEMORY_GROUPS_MAX) {
		abort();
	}
	(void)cgroup_place_of(arena, "memory", bytes, bytes);
	strbuf_init(&out, arena);
	context_limits(&out, bytes);
	(void)context_mount(&out, bytes);
	if (context_cgroup(bytes).len > size) {
		abort();
	}
	if (run_record_parse(bytes, &record) == 0 && record.out.len + record.err.len > size) {
		abort();
	}
	arena_free(arena);
	return 0;
}
