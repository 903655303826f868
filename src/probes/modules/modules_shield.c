/* SPDX-License-Identifier: MIT
 */
#include "probes/modules/modules_shield.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "gofile/goflags.h"
#include "probes/scratch.h"

#include <fcntl.h>

static bool asks_for_mod(struct exam *exam, const struct goflags *flags) {
	static const char *const keys[] = {"go.buildFlags", "gopls.build.buildFlags",
	                                   "gopls.buildFlags"};
	const char *mod = goflags_value(flags, "mod");

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct fact_setting *s = facts_setting(exam->facts, keys[i]);

		if (s && str_has(s->json, "-mod=mod")) {
			return true;
		}
	}
	return mod && streq(mod, "mod");
}

/* Neither -mod=mod nor -modfile is allowed then (go help work). */
static bool in_workspace_mode(struct exam *exam, const char *module_dir) {
	const struct fact_govar *var = facts_govar(exam->facts, "GOWORK");
	const char *dir = module_dir;

	if (var && !str_empty(var->value)) {
		return !streq(var->value, "off");
	}
	while (!world_stat(exam->world, path_join(exam->arena, dir, "go.work")).exists) {
		if (streq(dir, "/")) {
			return false;
		}
		dir = path_parent(exam->arena, dir);
	}
	return true;
}

/* As go opens them: in place; what is not there is made. */
static bool may_be_written(struct exam *exam, const char *path) {
	struct file_stat st = world_stat(exam->world, path);

	return st.exists ? st.can_write
	                 : world_stat(exam->world, path_parent(exam->arena, path)).can_write;
}

static bool copy(struct exam *exam, const char *from, const char *to) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, from, LOOK_CAP_MODULE);

	if (ev->state == EV_ABSENT) {
		return true;
	}
	if (ev->state != EV_READ) {
		return false;
	}
	CLEANUP(fd_closep)
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd >= 0 && fd_write_all(fd, ev->bytes.data, ev->bytes.len) == 0;
}

void modules_shield(struct exam *exam) {
	struct target *t = exam->target;
	const struct fact_open_file *file = facts_first(open_file, exam->facts);
	const struct fact_govar *var = facts_govar(exam->facts, "GOFLAGS");
	const char *value = var ? var->value : "";
	struct goflags flags = goflags_parse(exam->arena, value);

	if (!file || str_empty(file->module_dir) || flags.fault != GOFLAGS_OK ||
	    !asks_for_mod(exam, &flags) || goflags_value(&flags, "modfile") ||
	    in_workspace_mode(exam, file->module_dir)) {
		return;
	}
	const char *gomod = path_join(exam->arena, file->module_dir, "go.mod");
	const char *gosum = path_join(exam->arena, file->module_dir, "go.sum");

	if (!may_be_written(exam, gomod) || !may_be_written(exam, gosum)) {
		return; /* go cannot write them either, and says so */
	}
	const char *dir = scratch_make(exam->arena, envset_get(&t->own, "TMPDIR"));

	if (!dir || !copy(exam, gomod, path_join(exam->arena, dir, "go.mod")) ||
	    !copy(exam, gosum, path_join(exam->arena, dir, "go.sum"))) {
		scratch_remove(dir);
		return;
	}
	t->shield = dir;
	/* A flag with a blank in it stands in quotes as a whole (cmd/internal/quoted). */
	const char *quote = !strpbrk(dir, " \t'\"") ? "" : strchr(dir, '\'') ? "\"" : "'";
	const char *shielded = arena_printf(exam->arena, "%s%s%s-modfile=%s/go.mod%s", value,
	                                    str_empty(value) ? "" : " ", quote, dir, quote);
	envset_set(&t->server, "GOFLAGS", shielded);
	envset_set(&t->launch, "GOFLAGS", shielded);
}
