/* SPDX-License-Identifier: MIT
 * The gopls that an editor or its plug-in installs for itself: is it whole?
 * Sources: zed crates/languages/src/go.rs (languages/gopls/gopls_VERSION_GO, made through GOBIN of
 * that directory); mason.nvim lua/mason-core (packages/NAME, bin/NAME a link into it, staging/NAME
 * while it works); coc-go src/utils/tools.ts (coc-go-data/bin); Sublime's LSP-gopls (Package
 * Storage); vim-go and lsp-mode install into GOBIN or GOPATH/bin, which is no place of theirs.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "gofile/binary.h"

#define ENTRIES_MAX 16

/* dir exists and is the editor's; path is what it would start. */
static void state_install(struct exam *exam, const char *editor, const char *dir,
                          const char *path) {
	struct file_stat st = world_stat(exam->world, path);
	const char *state = "ok", *link = "";
	const struct fact_tool *chosen = facts_chosen(exam->facts, "gopls");
	const char *list = envset_get(&exam->target->judged, "PATH");
	const char *parent = path_parent(exam->arena, path);

	if (!st.known) {
		return;
	}
	if (!st.exists) {
		const struct evidence *ev =
			world_look(exam->world, LOOK_LINK, path, LOOK_CAP_SMALL);

		link = evidence_has_bytes(ev) ? arena_slicedup(exam->arena, ev->bytes) : "";
		state = *link ? "dangling" : "absent";
	} else if (st.is_file && st.size == 0) {
		state = "empty";
	} else if (!st.is_file || !st.can_exec) {
		state = "no_exec_bit";
	} else {
		const struct evidence *ev =
			world_look(exam->world, LOOK_BINARY, path, LOOK_CAP_SMALL);
		struct binary bin = binary_from_text(exam->arena, ev->bytes);

		if (evidence_has_bytes(ev) && (bin.truncated || bin.kind == BINARY_OTHER ||
		                               (bin.kind == BINARY_ELF && bin.fault[0]))) {
			state = "truncated";
		}
	}
	bool on_path = str_has(arena_printf(exam->arena, ":%s:", list ? list : ""),
	                       arena_printf(exam->arena, ":%s:", parent));

	FACTS_ADD(exam->facts, managed_install, st.ev, .editor = editor, .dir = dir, .path = path,
	          .state = state, .link = link, .on_path = on_path,
	          .chosen = chosen && (streq(chosen->path, path) ||
	                               (st.exists && streq(chosen->real, st.real))));
}

static bool is_dir(struct exam *exam, const char *dir) {
	return world_stat(exam->world, dir).is_dir;
}

/* nvim-data/mason: a package directory, a link in bin, or a staging directory shows the attempt. */
static void look_mason(struct exam *exam, const char *data) {
	const char *mason = path_join(exam->arena, data, "mason");
	const char *package = path_join(exam->arena, mason, "packages/gopls");
	const char *staging = path_join(exam->arena, mason, "staging/gopls");
	const char *bin = path_join(exam->arena, mason, "bin/gopls");
	const struct evidence *link = world_look(exam->world, LOOK_LINK, bin, LOOK_CAP_SMALL);

	if (!is_dir(exam, mason)) {
		return;
	}
	if (is_dir(exam, package) || evidence_has_bytes(link) ||
	    world_stat(exam->world, bin).exists) {
		state_install(exam, "mason", package, bin);
	} else if (is_dir(exam, staging)) {
		state_install(exam, "mason", staging, bin);
	}
}

/* Zed takes the last entry that begins with "gopls_". */
static void look_zed(struct exam *exam, const char *data) {
	const char *dir = path_join(exam->arena, data, "zed/languages/gopls");
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	const char *path = path_join(exam->arena, dir, "gopls");
	size_t count = 0;

	if (!evidence_has_bytes(ev) && ev->state != EV_READ) {
		return;
	}
	while (count < ENTRIES_MAX && slice_line(&rest, &line)) {
		if (line.len > 8 && memcmp(line.data + 2, "gopls_", 6) == 0) {
			path = path_join(exam->arena, dir,
			                 arena_strndup(exam->arena, line.data + 2, line.len - 2));
			count++;
		}
	}
	state_install(exam, "zed", dir, path);
}

static void look_bin(struct exam *exam, const char *editor, const char *dir) {
	if (is_dir(exam, dir)) {
		state_install(exam, editor, dir, path_join(exam->arena, dir, "gopls"));
	}
}

static int look(struct exam *exam, struct err *err) {
	const struct envset *env = &exam->target->judged;
	const char *home = exam->target->home;
	const char *data = envset_get(env, "XDG_DATA_HOME");
	const char *config = envset_get(env, "XDG_CONFIG_HOME");
	const char *app = envset_get(env, "NVIM_APPNAME");

	(void)err;
	if (str_empty(home)) {
		return 0;
	}
	data = !str_empty(data) ? data : path_join(exam->arena, home, ".local/share");
	config = !str_empty(config) ? config : path_join(exam->arena, home, ".config");
	look_mason(exam, path_join(exam->arena, data, !str_empty(app) ? app : "nvim"));
	look_zed(exam, data);
	look_bin(exam, "coc", path_join(exam->arena, config, "coc/extensions/coc-go-data/bin"));
	look_bin(exam, "sublime",
	         path_join(exam->arena, home, ".cache/sublime-text/Package Storage/LSP-gopls/bin"));
	return 0;
}

const struct probe probe_managed = {
	.id = "managed",
	.title = "the gopls that editors install for themselves",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(managed_install),
	.look = look,
};
