/* SPDX-License-Identifier: MIT
 */
#include "probes/modules/module_path.h"

#include "base/path.h"
#include "base/str.h"
#include "gofile/gomod.h"

const char *module_dir_of(struct exam *exam, const char *dir) {
	for (;;) {
		struct file_stat st =
			world_stat(exam->world, path_join(exam->arena, dir, "go.mod"));

		if (st.exists && !st.is_dir) {
			return dir;
		}
		if (streq(dir, "/") || streq(dir, ".")) {
			return "";
		}
		dir = path_parent(exam->arena, dir);
	}
}

const char *module_path_in(struct exam *exam, const char *dir) {
	if (str_empty(dir)) {
		return NULL;
	}
	const struct evidence *ev = world_look(
		exam->world, LOOK_FILE, path_join(exam->arena, dir, "go.mod"), LOOK_CAP_MODULE);

	return evidence_has_bytes(ev) ? gomod_parse(exam->arena, ev->bytes).module : NULL;
}
