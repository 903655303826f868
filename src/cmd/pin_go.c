/* SPDX-License-Identifier: MIT
 * The go command of the user, the Go that the workspace asks for, and which gopls fits both.
 */
#include "base/clock.h"
#include "base/path.h"
#include "cmd/pin.h"
#include "core/lore.h"
#include "gofile/gomod.h"
#include "gofile/goversion.h"
#include "gofile/gowork.h"
#include "wire/jsonc.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASK_NS        (20 * NS_PER_S)
#define ASK_CAP_BYTES ((size_t)64 * 1024)

const char *pin_on_path(const struct pin_run *run, const char *name) {
	struct slice rest = slice_str(envset_get(&run->env, "PATH"));
	struct slice part;
	struct stat st;
	while (slice_cut(&rest, ':', &part)) {
		const char *file = path_join(run->arena, arena_slicedup(run->arena, part), name);
		if (file[0] == '/' && stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(file, X_OK) == 0) {
			return file;
		}
	}
	return NULL;
}

const char *pin_go_env(const struct pin_run *run, const char *name) {
	const struct jsonc_node *root = jsonc_parse(run->arena, run->go.json)->root;
	const char *value = jsonc_string(jsonc_get(root, name));
	return value ? value : "";
}

static const char *last_line(struct arena *arena, struct slice text) {
	struct slice line;
	struct slice last = {0};
	while (slice_line(&text, &line)) {
		last = slice_trim(line).len > 0 ? slice_trim(line) : last;
	}
	return last.len > 0 ? arena_slicedup(arena, last) : "no word";
}

/* Nothing of a project counts: neither its go.mod nor the flags that are set for it. */
static struct run_result ask(struct pin_run *run, const char *go) {
	struct envset env;
	const char *const argv[] = {
		go,        "env",       "-json",      "GOVERSION",  "GOTOOLCHAIN",
		"GOPROXY", "GOSUMDB",   "GONOPROXY",  "GOINSECURE", "GOAUTH",
		"GOVCS",   "GOPRIVATE", "GOHOSTARCH", NULL};
	envset_copy(&env, &run->env);
	envset_set(&env, "GOWORK", "off");
	envset_set(&env, "GO111MODULE", "on");
	envset_set(&env, "GOFLAGS", "");
	const struct run_spec spec = {.label = "go env",
	                              .argv = argv,
	                              .env = &env,
	                              .cwd = "/",
	                              .deadline_ns = ASK_NS,
	                              .cap_bytes = ASK_CAP_BYTES};
	return world_run(run->world, &spec);
}

int pin_go_ask(struct pin_run *run, struct err *err) {
	struct pin_go *go = &run->go;
	go->path = pin_on_path(run, "go");
	run->go_known = true;
	if (!go->path) {
		return err_set(err, -ENOENT, "there is no go on PATH");
	}
	struct run_result r = ask(run, go->path);
	if (run->world->interrupted) {
		return err_set(err, -EINTR, "stopped");
	}
	if (!r.started || r.timed_out || r.exit_code != 0) {
		return err_set(err, -EIO,
		               "'%s' itself does not work (%s); `dialtone check` says why",
		               go->path, r.timed_out ? "no answer" : last_line(run->arena, r.err));
	}
	go->json = r.out;
	const char *version = goversion_of_toolchain(run->arena, pin_go_env(run, "GOVERSION"));
	go->version = version ? version : "";
	go->toolchain = pin_go_env(run, "GOTOOLCHAIN");
	go->arch = pin_go_env(run, "GOHOSTARCH");
	go->proxy = pin_go_env(run, "GOPROXY");
	go->sumdb = pin_go_env(run, "GOSUMDB");
	return 0;
}

/* ---- what the workspace asks for ---- */

struct workspace_go {
	const char *file; /* go.work or go.mod; NULL: none */
	const char *go_line;
	const char *toolchain;
};

static struct slice read_up(struct pin_run *run, const char *name, const char **ret_file) {
	for (const char *dir = run->workspace;; dir = path_parent(run->arena, dir)) {
		*ret_file = path_join(run->arena, dir, name);
		const struct evidence *ev =
			world_look(run->world, LOOK_FILE, *ret_file, LOOK_CAP_MODULE);
		if (evidence_has_bytes(ev)) {
			return ev->bytes;
		}
		if (streq(dir, "/")) {
			*ret_file = NULL;
			return slice_of(NULL, 0);
		}
	}
}

static struct workspace_go workspace_go(struct pin_run *run) {
	struct workspace_go w = {0};
	const char *gowork = envset_get(&run->env, "GOWORK");
	struct slice text = {0};
	if (!streq(gowork, "off")) {
		text = read_up(run, "go.work", &w.file);
	}
	if (w.file) {
		struct gowork work = gowork_parse(run->arena, text);
		w.go_line = work.go_version;
		w.toolchain = work.toolchain;
		return w;
	}
	text = read_up(run, "go.mod", &w.file);
	if (w.file) {
		struct gomod mod = gomod_parse(run->arena, text);
		w.go_line = mod.go_version;
		w.toolchain = mod.toolchain;
	}
	return w;
}

/* ---- the newest gopls that fits ---- */

static void say_because(struct pin_run *run, const struct matrix_row *row,
                        const struct workspace_go *w, const struct matrix_want *want) {
	const char *whose =
		streq(want->builder, run->go.version)
			? arena_printf(run->arena, "the Go here (%s)", want->builder)
			: arena_printf(run->arena, "Go %s, which go fetches for this workspace,",
	                               want->builder);
	run->because = arena_printf(
		run->arena, "%s is the newest gopls that %s builds%s%s%s", row->release, whose,
		w->file ? arena_printf(run->arena, " and that takes the go %s of ",
	                               str_empty(w->go_line) ? "line" : w->go_line)
			: "",
		w->file ? w->file : "", "");
}

int pin_compatible(struct pin_run *run, struct err *err) {
	const char *why = "";
	int r = pin_go_ask(run, err);
	if (r < 0) {
		return r;
	}
	struct workspace_go w = workspace_go(run);
	struct goswitch turn = goversion_switch(run->arena, run->go.version, w.go_line, w.toolchain,
	                                        run->go.toolchain);
	if (turn.kind == GOSWITCH_LOCAL_TOO_OLD || turn.kind == GOSWITCH_INVALID) {
		return err_set(err, -ENOENT,
		               "go itself refuses '%s' (go %s; the Go here is %s, GOTOOLCHAIN=%s): "
		               "no gopls can help that; `dialtone pin go@X` can",
		               w.file ? w.file : run->workspace, w.go_line ? w.go_line : "?",
		               run->go.version, run->go.toolchain);
	}
	const char *used = run->go.version;
	if (turn.kind == GOSWITCH_NEEDS) {
		used = goversion_of_toolchain(run->arena, turn.toolchain);
	}
	struct matrix matrix = matrix_parse(run->arena, slice_str(lore_data("gopls-releases.tsv")));
	const struct matrix_want want = {.builder = used, .serves = used, .go_line = w.go_line};
	const struct matrix_row *row = matrix_newest(run->arena, &matrix, &want, &why);
	if (!row) {
		return err_set(err, -ENOENT, "no release of gopls fits: %s", why);
	}
	struct pin_item *item = &run->items[run->count++];
	*item = (struct pin_item){.spec = {pin_tool_find("gopls"), row->release}};
	if (!streq(used, run->go.version)) {
		item->builder = turn.toolchain;
	}
	say_because(run, row, &w, &want);
	return 0;
}
