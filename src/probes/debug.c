/* SPDX-License-Identifier: MIT
 * Is something to be debugged here, and is dlv where the extension of VS Code looks for it?
 * Source: golang/vscode-go v0.57.2, extension/src/goDebugConfiguration.ts, goDebugFactory.ts and
 * utils/pathUtils.ts.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/lore.h"
#include "core/probe.h"
#include "probes/editors/vscode_tools.h"
#include "probes/search.h"
#include "wire/jsonc.h"

#define CONFIGS_MAX 32

/* An attachment to a remote dlv, and a launch with "port" (a dlv dap that somebody else started),
 * need none here. */
static bool needs_dlv(const struct jsonc_node *config) {
	const char *request = jsonc_string(jsonc_get(config, "request"));
	const char *mode = jsonc_string(jsonc_get(config, "mode"));

	return streq(jsonc_string(jsonc_get(config, "type")), "go") && !streq(mode, "remote") &&
	       (streq(request, "attach") || !jsonc_get(config, "port"));
}

static void state_lore(struct exam *exam, const struct evidence *ev, const char *file,
                       const struct jsonc_node *config) {
	if (!streq(jsonc_string(jsonc_get(config, "type")), "go")) {
		return;
	}
	for (const struct jsonc_node *m = config->first_child; m; m = m->next) {
		const struct lore *lore = m->key ? lore_find(exam->arena, "launch", m->key) : NULL;
		if (lore && STR_IN(lore->was, "never", "removed")) {
			FACTS_ADD(exam->facts, launch_lore, ev, .file = file,
			          .line = (int64_t)m->place.line, .key = m->key,
			          .name = jsonc_string(jsonc_get(config, "name")));
		}
	}
}

static size_t state_configs(struct exam *exam, const struct evidence *ev, const char *file,
                            const struct jsonc_node *list) {
	size_t count = 0;

	if (!list || list->type != JSONC_ARRAY) {
		return 0;
	}
	for (const struct jsonc_node *c = list->first_child; c && count < CONFIGS_MAX;
	     c = c->next) {
		state_lore(exam, ev, file, c);
		if (!needs_dlv(c)) {
			continue;
		}
		const char *mode = jsonc_string(jsonc_get(c, "mode"));

		count++;
		FACTS_ADD(exam->facts, debug_config, ev, .file = file,
		          .line = (int64_t)c->place.line,
		          .name = jsonc_string(jsonc_get(c, "name")),
		          .request = jsonc_string(jsonc_get(c, "request")),
		          .mode = mode ? mode : "auto");
	}
	return count;
}

static size_t look_launch(struct exam *exam) {
	const char *file = path_join(exam->arena, exam->target->workspace, ".vscode/launch.json");
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SETTINGS);

	if (!evidence_has_bytes(ev)) {
		return 0;
	}
	return state_configs(
		exam, ev, file,
		jsonc_get(jsonc_parse(exam->arena, ev->bytes)->root, "configurations"));
}

/* "launch" of the user's settings counts in every folder. */
static size_t look_user_settings(struct exam *exam) {
	const struct fact_install *install = facts_first(install, exam->facts);
	const char *file = install ? install->settings : NULL;

	if (str_empty(file)) {
		return 0;
	}
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SETTINGS);

	if (!evidence_has_bytes(ev)) {
		return 0;
	}
	const struct jsonc_node *launch =
		jsonc_get(jsonc_parse(exam->arena, ev->bytes)->root, "launch");

	return state_configs(exam, ev, file, launch ? jsonc_get(launch, "configurations") : NULL);
}

struct hunt {
	struct exam *exam;
	const char *name;
	struct strbuf looked;
	const char *found;
	const struct evidence *ev;
	const char *bad; /* there, but of no use */
	const char *bad_state;
};

static void hunt_file(struct hunt *h, const char *path, bool tell) {
	struct file_stat st = world_stat(h->exam->world, path);

	if (h->found) {
		return;
	}
	if (tell) {
		strbuf_printf(&h->looked, "%s%s", h->looked.len ? " " : "", path);
	}
	h->ev = st.ev;
	if (st.is_file && st.can_exec) {
		h->found = path;
	} else if (st.exists && !h->bad) {
		h->bad = path;
		h->bad_state = st.is_dir ? "directory" : "no_exec_bit";
	}
}

static void hunt_list(struct hunt *h, const char *list, const char *suffix, bool tell) {
	struct slice rest = slice_str(list ? list : "");
	struct slice dir;

	for (int i = 0; i < 200 && slice_cut(&rest, ':', &dir); i++) {
		if (dir.len > 0 && dir.data[0] == '/') {
			hunt_file(h,
			          arena_printf(h->exam->arena, "%.*s%s/%s", (int)dir.len, dir.data,
			                       suffix, h->name),
			          tell);
		}
	}
}

static const char *hunt_places(struct hunt *h) {
	struct exam *exam = h->exam;
	const struct envset *env = &exam->target->server;
	const char *tools = vscode_text(exam, "go.toolsGopath");
	const char *gopath = vscode_text(exam, "go.gopath");
	const struct fact_govar *root = facts_govar(exam->facts, "GOROOT");
	const struct fact_govar *bin = facts_govar(exam->facts, "GOBIN");
	const struct fact_govar *path = facts_govar(exam->facts, "GOPATH");

	gopath = gopath ? vscode_expand(exam, gopath) : path ? path->value : NULL;
	hunt_list(h, bin ? bin->value : NULL, "", true);
	hunt_list(h, tools ? vscode_expand(exam, tools) : NULL, "/bin", true);
	hunt_list(h, gopath, "/bin", true);
	hunt_list(h, root ? root->value : NULL, "/bin", true);
	hunt_list(h, envset_get(env, "PATH"), "", false);
	return h->found;
}

/* Where people install to and the extension does not look. */
static const char *hunt_elsewhere(struct exam *exam) {
	static const char *const homes[] = {"go/bin", "bin", ".local/bin", "gocode/bin", NULL};
	const char *home = exam->target->home;
	const struct fact_tool *gopls = facts_chosen(exam->facts, "gopls");

	for (size_t i = 0; homes[i] && !str_empty(home); i++) {
		const char *file = arena_printf(exam->arena, "%s/%s/dlv", home, homes[i]);
		struct file_stat st = world_stat(exam->world, file);

		if (st.is_file && st.can_exec) {
			return file;
		}
	}
	if (!gopls) {
		return "";
	}
	const char *beside = path_join(exam->arena, path_parent(exam->arena, gopls->path), "dlv");

	return world_stat(exam->world, beside).can_exec ? beside : "";
}

static int look(struct exam *exam, struct err *err) {
	static const char key[] = "go.alternateTools.dlv";
	struct hunt h = {.exam = exam, .name = "dlv"};
	const struct fact_setting *setting = facts_setting(exam->facts, key);
	const char *named = vscode_text(exam, key);

	(void)err;
	if (look_launch(exam) + look_user_settings(exam) == 0) {
		return 0;
	}
	strbuf_init(&h.looked, exam->arena);
	if (named) {
		named = vscode_expand(exam, named);
		if (named[0] == '/') {
			hunt_file(&h, named, true);
		} else {
			h.name = named;
		}
	}
	hunt_places(&h);
	FACTS_ADD(exam->facts, debugger, h.ev, .path = h.found ? h.found : h.bad,
	          .state = h.found ? "ok"
	                   : h.bad ? h.bad_state
	                           : "absent",
	          .looked = h.looked.data, .elsewhere = h.found ? "" : hunt_elsewhere(exam),
	          .file = setting ? setting->file : "", .line = setting ? setting->line : 0);
	return 0;
}

const struct probe probe_debug = {
	.id = "debug",
	.title = "what is to be debugged, and whether there is a debugger",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(debug_config) | FACT_BIT(launch_lore) | FACT_BIT(debugger),
	.look = look,
};
