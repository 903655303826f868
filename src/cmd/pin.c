/* SPDX-License-Identifier: MIT
 * `dialtone pin`: installs a version of gopls, dlv or go beside others, checks that it is what it should be, makes it the
 * one that counts, and goes back.
 */
#include "cmd/pin.h"

#include "base/clock.h"
#include "base/path.h"
#include "cmd/check_options.h"
#include "cmd/help.h"
#include "cmd/pin_bisect.h"
#include "cmd/pin_known.h"
#include "world/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT(member) offsetof(struct pin_options, member)
static const struct option_spec specs[] = {
	{"yes", 'y', NULL, OPTION_FLAG, AT(yes), "do it"},
	{"dry-run", 'n', NULL, OPTION_FLAG, AT(dry_run),
         "only show what would be done (the default)"},
	{"compatible", 0, NULL, OPTION_FLAG, AT(compatible),
         "the newest gopls that the Go here builds and that suits DIR"},
	{"previous", 0, NULL, OPTION_FLAG, AT(previous),
         "the version with which all worked, or that was pinned before"},
	{"workspace", 'w', NULL, OPTION_FLAG, AT(workspace),
         "in the settings of DIR, not for the user"},
	{"user-settings", 0, NULL, OPTION_FLAG, AT(user_settings),
         "for the user, and in the settings of the editor as well"},
	{"from", 0, "PATH", OPTION_TEXT, AT(from),
         "a folder with the program or of a proxy, or a GOPROXY"},
	{"list", 'l', NULL, OPTION_FLAG, AT(list), "what is pinned and installed, checked"},
	{"bisect", 0, NULL, OPTION_FLAG, AT(bisect), "which release of gopls broke it in DIR"},
	{"good", 0, "V", OPTION_TEXT, AT(good), "with --bisect: one that works"},
	{"bad", 0, "V", OPTION_TEXT, AT(bad), "with --bisect: one that does not (that in use)"},
	{"editor", 'e', "NAME", OPTION_TEXT, AT(editor), "with --bisect: as check has it"},
	{"file", 'f', "F", OPTION_TEXT, AT(file), "with --bisect: likewise"},
	{"trust", 0, NULL, OPTION_FLAG, AT(trust), "with --bisect: likewise"},
	{"verbose", 'v', NULL, OPTION_FLAG, AT(verbose), "with --bisect: each trial"},
	{"timeout", 't', "S", OPTION_TEXT, AT(timeout),
         "seconds for installing one of them (" PIN_TIMEOUT_DEFAULT ")"},
	{"json", 'j', NULL, OPTION_FLAG, AT(json), "for programs"},
	{"color", 0, "WHEN", OPTION_TEXT, AT(color), "auto, always or never"},
	{0},
};
#undef AT

/* ---- what is wanted ---- */

static int add_item(struct pin_run *run, const struct pin_spec *spec) {
	for (size_t i = 0; i < run->count; i++) {
		if (run->items[i].spec.tool == spec->tool) {
			output_complain("%s is named twice", spec->tool->name);
			return STATUS_USAGE;
		}
	}
	if (run->count == PIN_ITEMS_MAX) {
		return STATUS_USAGE;
	}
	run->items[run->count++] = (struct pin_item){.spec = *spec};
	return STATUS_HEALTHY;
}

/* Which version that is, is found when the workspace is known. */
static int add_previous(struct pin_run *run, const char *name) {
	return add_item(run, &(struct pin_spec){.tool = pin_tool_find(name)});
}

/* "gopls@v0.20.0", with --previous "gopls"; what is neither is the directory, once. */
static int take_operand(struct pin_run *run, const char *word, const char **dir) {
	struct pin_spec spec;
	struct err err;
	if (run->options->previous && pin_tool_find(word)) {
		return add_previous(run, word);
	}
	if (strchr(word, '@') && !strchr(word, '/')) {
		if (run->options->previous || run->options->compatible || run->options->bisect) {
			output_complain(
				"'%s' does not go with --previous, --compatible and --bisect",
				word);
			return STATUS_USAGE;
		}
		if (pin_spec_parse(run->arena, word, &spec, &err) < 0) {
			output_complain("%s", err.msg);
			return STATUS_USAGE;
		}
		return add_item(run, &spec);
	}
	if (*dir) {
		output_complain("'%s' is one argument too many", word);
		return STATUS_USAGE;
	}
	*dir = word;
	return STATUS_HEALTHY;
}

static int find_workspace(struct pin_run *run, const char *dir) {
	struct stat st;
	char *real = realpath(dir ? dir : ".", NULL);
	run->workspace = real ? arena_strdup(run->arena, real) : NULL;
	free(real);
	if (!run->workspace || stat(run->workspace, &st) < 0 || !S_ISDIR(st.st_mode)) {
		output_complain(pin_tool_find(dir) ? "'%s' is neither a directory nor a version; "
		                                     "expected one like gopls@v0.20.0"
		                                   : "there is no directory '%s'",
		                dir ? dir : ".");
		return STATUS_USAGE;
	}
	return STATUS_HEALTHY;
}

static int take_operands(struct pin_run *run, const char *const *operands, size_t count) {
	const char *dir = NULL;
	int status = STATUS_HEALTHY;
	for (size_t i = 0; status == STATUS_HEALTHY && i < count; i++) {
		status = take_operand(run, operands[i], &dir);
	}
	if (status == STATUS_HEALTHY) {
		status = find_workspace(run, dir);
	}
	if (status == STATUS_HEALTHY && run->options->previous && run->count == 0) {
		status = add_previous(run, "gopls");
	}
	return status;
}

/* ---- work ---- */

static int fail(const struct err *err) {
	output_complain("%s", err->msg);
	return err->code == -EINTR ? STATUS_UNKNOWN : STATUS_NOT_FIXED;
}

/* What is there already, and how what is not would come. */
static int look_at(struct pin_run *run, struct pin_item *item, struct err *err) {
	const struct pin_tool *tool = item->spec.tool;
	item->was = store_linked(run->arena, store_current(run->arena, run->root, tool), tool);
	item->dir = item->damage = item->source = item->verified = "";
	if (run->options->previous && pin_previous_find(run, item, err) < 0) {
		return err->code;
	}
	item->state = PIN_UNPIN;
	if (pin_is_none(&item->spec)) {
		return 0;
	}
	item->dir = store_version_dir(run->arena, run->root, tool, item->spec.version);
	pin_check_installed(run, item);
	if (item->state == PIN_INSTALLED) {
		return 0;
	}
	if (item->as_before) {
		return err_set(err, -EBADMSG, "%s; `dialtone pin %s@%s --yes` installs it anew",
		               *item->damage ? item->damage
		                             : arena_printf(run->arena, "'%s' is gone", item->dir),
		               tool->name, item->spec.version);
	}
	return pin_install_plan(run, item, err);
}

static int install_all(struct pin_run *run, struct err *err) {
	for (size_t i = 0; i < run->count; i++) {
		struct pin_item *item = &run->items[i];
		int r = item->state == PIN_INSTALL ? pin_install(run, item, err) : 0;
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int work(struct pin_run *run) {
	struct err err = {0};
	if (run->options->bisect) {
		return pin_bisect(run);
	}
	if (run->options->compatible && pin_compatible(run, &err) < 0) {
		output_complain("%s", err.msg);
		return err.code == -ENOENT ? STATUS_FOUND : STATUS_UNKNOWN;
	}
	if (run->count == 0) {
		return pin_show_state(run);
	}
	for (size_t i = 0; i < run->count; i++) {
		if (look_at(run, &run->items[i], &err) < 0) {
			return fail(&err);
		}
	}
	if (pin_switch_plan(run, &err) < 0) {
		return fail(&err);
	}
	if (!run->options->yes) {
		return pin_show_plan(run);
	}
	int r = pin_switch_may(run, &err);
	r = r < 0 ? r : install_all(run, &err);
	if (r == 0 && run->repair.change_count > 0) {
		r = pin_switch(run, &err);
	}
	return r < 0 ? fail(&err) : pin_show_done(run);
}

static int open_world(struct pin_run *run, struct err *err) {
	interrupt_open(&run->interrupt, INT64_MAX);
	evidence_store_init(&run->store, run->arena);
	run->world = world_live_open(run->arena, &run->store, run->interrupt.fd, err);
	if (!run->world) {
		return err->code;
	}
	if (run->terminal.progress) {
		run->world->on_wait = progress_tick;
		run->world->wait_context = &run->progress;
	}
	run->codec = codec_open(err);
	return run->codec ? 0 : err_wrap(err, "bytes are checked by SHA-256");
}

static int work_in_world(struct pin_run *run, const char *const *operands, size_t count) {
	struct err err = {0};
	int status = STATUS_UNKNOWN;
	run->root = store_root(run->arena);
	if (!run->root) {
		output_complain("neither HOME nor XDG_DATA_HOME says where versions are kept");
		return STATUS_UNKNOWN;
	}
	if (open_world(run, &err) < 0) {
		output_complain("%s", err.msg);
	} else {
		status = take_operands(run, operands, count);
		status = status == STATUS_HEALTHY ? work(run) : status;
	}
	codec_close(run->codec);
	world_close(run->world);
	int signal = interrupt_signal(&run->interrupt);
	interrupt_close(&run->interrupt);
	return signal != 0 ? STATUS_SIGNAL_BASE + signal : status;
}

static bool options_make_sense(struct pin_run *run, struct err *err) {
	const struct pin_options *o = run->options;
	if (o->yes + o->dry_run + o->list > 1) {
		err_set(err, -EINVAL, "--yes, --dry-run and --list exclude each other");
	} else if (o->compatible + o->previous + o->list + o->bisect > 1) {
		err_set(err, -EINVAL,
		        "--compatible, --previous, --list and --bisect exclude each other");
	} else if (!o->bisect &&
	           (o->good || o->bad || o->editor || o->file || o->trust || o->verbose)) {
		err_set(err, -EINVAL,
		        "--good, --bad, --editor, --file, --trust and --verbose need --bisect");
	} else if (o->bisect && (o->workspace || o->user_settings)) {
		err_set(err, -EINVAL, "--bisect pins nothing: no --workspace, no --user-settings");
	} else if (o->workspace && (o->user_settings || o->previous)) {
		err_set(err, -EINVAL, "--workspace does not go with %s%s",
		        o->previous ? "--previous" : "--user-settings",
		        o->previous ? "; `dialtone undo` takes back what was done there" : "");
	} else if (seconds_parse(o->timeout ? o->timeout : PIN_TIMEOUT_DEFAULT, &run->timeout_ns) <
	           0) {
		err_set(err, -EINVAL, "option '--timeout': expected seconds, got '%s'", o->timeout);
	} else {
		return color_is_valid(o->color);
	}
	output_complain("%s", err->msg);
	return false;
}

extern char **environ;

static int run(const void *options, const char *const *operands, size_t operand_count) {
	struct err err;
	struct arena *arena = arena_new();
	struct pin_run *run = arena_new_of(arena, struct pin_run);
	*run = (struct pin_run){.arena = arena,
	                        .options = options,
	                        .because = "",
	                        .notes = "",
	                        .interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1}};
	int status = STATUS_USAGE;
	if (options_make_sense(run, &err)) {
		run->terminal = terminal_find(run->options->color);
		run->progress.columns = run->terminal.columns;
		envset_init(&run->env, arena);
		for (char **p = environ; *p; p++) {
			envset_add_block(&run->env, slice_str(*p));
		}
		status = work_in_world(run, operands, operand_count);
	}
	arena_free(arena);
	return status;
}

const struct command command_pin = {
	.name = "pin",
	.synopsis = "[TOOL@V] [DIR]",
	.summary = "Pin a verified version of gopls, dlv or go",
	.options = specs,
	.options_size = sizeof(struct pin_options),
	.notes = "gopls@v0.20.0, dlv@v1.25.0, go@1.26.8; gopls@none ends a pin. Without --yes\n"
		 "nothing is changed: what would be done is shown. Without a version: what is\n"
		 "pinned. The programs are in bin/ of the data directory, which belongs on PATH.\n"
		 "Network is needed only for a proxy that is not a folder.\n"
		 "Exit status: 0 done, shown, or so already; 1 --compatible: none fits, --bisect:\n"
		 "found; 2 usage; 3 unknown; 4 not done, and all is as before.\n",
	.max_operands = PIN_ITEMS_MAX,
	.run = run,
};
