/* SPDX-License-Identifier: MIT
 * When something is wrong: is the standard library of the installation in force whole?
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "gofile/goversion.h"
#include "gofile/stdlist.h"

#define GAPS_MAX 8 /* of one installation; the first few prove it */

/* A directory of a package holds at least one Go file. */
static bool has_go_file(const struct evidence *ev) {
	struct slice rest = ev->bytes;
	struct slice line;
	while (slice_line(&rest, &line)) {
		if (line.len > 5 && line.data[0] != 'd' &&
		    slice_eq(slice_of(line.data + line.len - 3, 3), ".go")) {
			return true;
		}
	}
	return false;
}

static void look_root(struct exam *exam, const struct fact_goroot *root) {
	int minor = goversion_minor(root->version);
	size_t count = 0;
	size_t gaps = 0;
	const struct stdlist_entry *all = stdlist_all(&count);
	for (size_t i = 0; i < count && gaps < GAPS_MAX; i++) {
		if (minor < 0 ? all[i].since > 18 : all[i].since > minor) {
			continue;
		}
		const char *part = path_join(exam->arena, "src", all[i].path);
		const char *dir = path_join(exam->arena, root->root, part);
		const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
		bool absent = ev->state == EV_ABSENT;
		if (absent || (ev->state == EV_READ && !has_go_file(ev))) {
			FACTS_ADD(exam->facts, goroot_gap, ev, .root = root->root,
			          .part = absent ? part
			                         : arena_printf(exam->arena, "%s (empty)", part),
			          .own = root->own);
			gaps++;
		}
	}
}

/* "package X is not in std (GOROOT/src/X)" where X is internal: only the library itself can ask for
 * those. */
static void look_internal(struct exam *exam, const struct fact_goroot *root) {
	static const char *const parts[] = {"src/internal/goarch",
	                                    "src/internal/bytealg",
	                                    "src/internal/poll",
	                                    "src/internal/race",
	                                    "src/internal/reflectlite",
	                                    "src/runtime/internal/sys",
	                                    "src/internal/runtime/sys",
	                                    "src/vendor/golang.org/x/net",
	                                    "src/vendor/golang.org/x/crypto"};
	int minor = goversion_minor(root->version);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		bool old_place = streq(parts[i], "src/runtime/internal/sys");
		bool new_place = streq(parts[i], "src/internal/runtime/sys");
		if (minor < 0 || (old_place && minor > 23) || (new_place && minor < 24)) {
			continue;
		}
		const char *path = path_join(exam->arena, root->root, parts[i]);
		struct file_stat st = world_stat(exam->world, path);
		if (st.known && !st.exists) {
			FACTS_ADD(exam->facts, goroot_gap, st.ev, .root = root->root,
			          .part = parts[i], .own = root->own);
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	if (facts_healthy(exam->facts)) {
		return 0;
	}
	facts_each (goroot, root, exam->facts) {
		if (root->is_dir && root->complete) {
			look_root(exam, root);
			look_internal(exam, root);
		}
	}
	return 0;
}

const struct probe probe_stdlib = {
	.id = "stdlib",
	.title = "whether the standard library is whole",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(goroot_gap),
	.look = look,
};
