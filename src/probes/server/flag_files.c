/* SPDX-License-Identifier: MIT
 * Files that the user's own flags of gopls make it write: can they be made? Our server is given
 * other ones, so it would not notice.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"

static const char *const flags[] = {"logfile",       "profile.cpu",   "profile.mem",
                                    "profile.alloc", "profile.block", "profile.trace"};

/* The file named by "-logfile=FILE" or "-logfile FILE" at argv[*i], or NULL. */
static const char *file_of(const char *const *argv, size_t *i, const char **ret_flag) {
	const char *arg = argv[*i];
	const char *name = arg + strspn(arg, "-");
	size_t len = strcspn(name, "=");
	*ret_flag = arg;
	for (size_t k = 0; name != arg && k < sizeof(flags) / sizeof(*flags); k++) {
		if (strlen(flags[k]) != len || memcmp(flags[k], name, len) != 0) {
			continue;
		}
		if (name[len] == '=') {
			return name + len + 1;
		}
		return argv[*i + 1] ? argv[++*i] : NULL;
	}
	return NULL;
}

/* Why gopls cannot create the file (internal/debug, os.Create), or NULL. */
static const char *obstacle(struct exam *exam, const char *path, const struct evidence **ret_ev) {
	struct file_stat st = world_stat(exam->world, path);
	*ret_ev = st.ev;
	if (st.is_dir) {
		return arena_printf(exam->arena, "%s is a directory", path);
	}
	if (st.exists) {
		return st.can_write ? NULL
		                    : arena_printf(exam->arena, "%s may not be written", path);
	}
	const char *dir = path_parent(exam->arena, path);
	struct file_stat parent = world_stat(exam->world, dir);
	if (!parent.known && parent.ev->state != EV_DENIED) {
		return NULL;
	}
	*ret_ev = parent.ev;
	if (parent.known && !parent.exists) {
		return arena_printf(exam->arena, "the directory %s does not exist", dir);
	}
	if (parent.known && !parent.is_dir) {
		return arena_printf(exam->arena, "%s is no directory", dir);
	}
	return parent.can_write && parent.can_exec
	               ? NULL
	               : arena_printf(exam->arena, "nothing may be made in %s", dir);
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	const char *const *argv = t->server_argv;
	for (size_t i = 1; argv && argv[0] && argv[i]; i++) {
		const char *flag = NULL;
		const char *file = file_of(argv, &i, &flag);
		if (str_empty(file) || streq(file, "auto")) {
			continue;
		}
		const struct evidence *ev = NULL;
		const char *why = obstacle(exam, path_join(exam->arena, t->workspace, file), &ev);
		if (why) {
			FACTS_ADD(exam->facts, trial, ev, .what = "flag file", .subject = flag,
			          .detail = why);
		}
	}
	return 0;
}

const struct probe probe_flag_files = {
	.id = "flag_files",
	.title = "whether the files named by the server's flags can be made",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(trial),
	.look = look,
};
