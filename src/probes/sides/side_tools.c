/* SPDX-License-Identifier: MIT */
#include "probes/sides/side_tools.h"

#include "base/path.h"
#include "base/str.h"
#include "gofile/binary.h"
#include "probes/editors/vscode_tools.h"
#include "probes/go/govars.h"

#define PATH_DIRS_MAX 200
#define LINKS_MAX     8

static const char *const tool_names[TOOL_COUNT] = {
	[TOOL_GO] = "go",   [TOOL_GOPLS] = "gopls", [TOOL_DLV] = "dlv",
	[TOOL_GIT] = "git", [TOOL_GCC] = "gcc",
};

struct seeker {
	struct exam *exam;
	struct side *side;
	struct side_tool *tool;
	const char *name; /* of the file looked for */
};

/* A path of the side as it is seen from here. An absolute link inside another root would lead into
 * ours, so the last element is followed by hand. */
static const char *seen_from_here(struct exam *exam, const struct side *side, const char *path) {
	const char *seen = arena_printf(exam->arena, "%s%s", side->root, path);
	for (int i = 0; i < LINKS_MAX && !str_empty(side->root); i++) {
		const struct evidence *link =
			world_look(exam->world, LOOK_LINK, seen, LOOK_CAP_SMALL);
		if (!evidence_has_bytes(link)) {
			break;
		}
		const char *target = arena_slicedup(exam->arena, link->bytes);
		seen = target[0] == '/'
		               ? arena_printf(exam->arena, "%s%s", side->root, target)
		               : path_join(exam->arena, path_parent(exam->arena, seen), target);
	}
	return seen;
}

static bool take(struct seeker *s, const char *path, const char *via) {
	struct side_tool *tool = s->tool;
	if (tool->path || path[0] != '/') {
		return tool->path != NULL;
	}
	struct file_stat st = world_stat(s->exam->world, seen_from_here(s->exam, s->side, path));
	if (!st.is_file || !st.can_exec) {
		return false;
	}
	tool->path = arena_strdup(s->exam->arena, path);
	tool->via = via;
	tool->real = st.real;
	tool->dev = st.dev;
	tool->ino = st.ino;
	return true;
}

static void take_from(struct seeker *s, const char *list, const char *suffix, const char *via) {
	struct arena *arena = s->exam->arena;
	struct slice rest = slice_str(list);
	struct slice dir;
	for (size_t i = 0; i < PATH_DIRS_MAX && slice_cut(&rest, ':', &dir); i++) {
		if (dir.len > 0 && dir.data[0] == '/' &&
		    take(s,
		         arena_printf(arena, "%.*s%s/%s", (int)dir.len, dir.data, suffix, s->name),
		         via)) {
			return;
		}
	}
}

static const char *value_of(const struct side *side, const char *name) {
	const char *value = envset_get(&side->tools_env, name);
	return value ? value : "";
}

static const char *govar_of(const struct side *side, const char *name) {
	const struct side_govar *v = side_govar_find(side, name);
	return v ? v->value : value_of(side, name);
}

/* pathUtils.ts, getBinPathWithPreferredGopathGorootWithExplanation. */
static void seek_vscode(struct seeker *s, bool is_go) {
	struct exam *exam = s->exam;
	const char *alternate =
		vscode_text(exam, arena_printf(exam->arena, "go.alternateTools.%s", s->tool->name));
	if (alternate) {
		alternate = vscode_expand(exam, alternate);
		if (alternate[0] != '/') {
			s->name = alternate;
		} else if (take(s, alternate, "alternate")) {
			return;
		}
	}
	take_from(s, govar_of(s->side, "GOBIN"), "", "gobin");
	if (!is_go) {
		const char *tools = vscode_text(exam, "go.toolsGopath");
		take_from(s, tools ? vscode_expand(exam, tools) : "", "/bin", "toolsgopath");
		take_from(s, govar_of(s->side, "GOPATH"), "/bin", "gopath");
	}
	take_from(s, govar_of(s->side, "GOROOT"), "/bin", "goroot");
	take_from(s, value_of(s->side, "PATH"), "", "path");
	if (is_go) {
		take(s, "/usr/local/go/bin/go", "default");
		take(s, "/usr/local/bin/go", "default");
	}
}

/* Where Mason keeps what it installs and what it puts on Neovim's PATH while that runs:
 * stdpath("data")/mason/bin. */
static void take_mason(struct seeker *s) {
	struct arena *arena = s->exam->arena;
	const char *data = value_of(s->side, "XDG_DATA_HOME");
	if (data[0] != '/') {
		data = path_join(arena, value_of(s->side, "HOME"), ".local/share");
	}
	take(s, arena_printf(arena, "%s/nvim/mason/bin/%s", data, s->name), "mason");
}

static void read_build_info(struct exam *exam, struct side *side, struct side_tool *tool) {
	const struct evidence *ev = world_look(
		exam->world, LOOK_BINARY, seen_from_here(exam, side, tool->path), LOOK_CAP_SMALL);
	if (!evidence_has_bytes(ev)) {
		return;
	}
	struct binary bin = binary_from_text(exam->arena, ev->bytes);
	bool is_go = streq(tool->name, "go");
	tool->format = binary_kind_name(bin.kind);
	/* A shim that is itself a Go program is no go. */
	bool of_go = str_empty(bin.package) || streq(bin.package, "cmd/go");
	tool->version = is_go ? (of_go ? bin.go_version : "") : bin.module_version;
	tool->built_with = is_go ? "" : bin.go_version;
}

static void seek(struct exam *exam, struct side *side, enum side_tool_index index) {
	struct side_tool *tool = &side->tools[index];
	struct seeker s = {.exam = exam, .side = side, .tool = tool, .name = tool_names[index]};
	*tool = (struct side_tool){.name = s.name,
	                           .known = side->known && !side->foreign,
	                           .via = "",
	                           .real = "",
	                           .format = "",
	                           .version = "",
	                           .built_with = ""};
	if (!tool->known) {
		return;
	}
	if (index == TOOL_GCC) {
		const char *cc = govar_of(side, "CC");
		size_t len = strcspn(cc, " \t");
		s.name = len > 0 ? arena_strndup(exam->arena, cc, len) : s.name;
	}
	if (s.name[0] == '/') {
		take(&s, s.name, "env");
	} else if (side_is_vscode(side) && index <= TOOL_DLV) {
		seek_vscode(&s, index == TOOL_GO);
	} else {
		take_from(&s, value_of(side, "PATH"), "", "path");
	}
	if (!tool->path && streq(side->what, "neovim") && index <= TOOL_DLV) {
		take_mason(&s);
	}
	if (tool->path && index <= TOOL_DLV) {
		read_build_info(exam, side, tool);
	}
}

/* A process runs what it runs, wherever another would be found now; a server starts none of the
 * two. */
static void take_running(struct exam *exam, struct side *side) {
	for (size_t i = TOOL_GOPLS; side->kind == SIDE_SERVER && i <= TOOL_DLV; i++) {
		struct side_tool *tool = &side->tools[i];
		tool->known = false;
		tool->path = NULL;
		const char *exe = arena_printf(exam->arena, "/proc/%lld/exe", (long long)side->pid);
		const struct evidence *link =
			world_look(exam->world, LOOK_LINK, exe, LOOK_CAP_SMALL);
		struct file_stat st = world_stat(exam->world, exe);
		if (!streq(side->what, tool->name) || !evidence_has_bytes(link) || !st.is_file) {
			continue;
		}
		*tool = (struct side_tool){.name = tool->name, .known = true, .via = "running"};
		tool->path = arena_slicedup(exam->arena, link->bytes);
		tool->real = tool->path;
		tool->format = "";
		tool->version = "";
		tool->built_with = "";
		tool->dev = st.dev;
		tool->ino = st.ino;
		struct side as_is = {.root = ""};
		struct side_tool image = *tool;
		image.path = exe;
		read_build_info(exam, &as_is, &image);
		tool->format = image.format;
		tool->version = image.version;
		tool->built_with = image.built_with;
	}
}

/* govars_state works on an exam; this one shares everything but the facts it states and the
 * environment it judges. */
static void fill_govars(struct exam *exam, struct side *side) {
	struct facts facts = *exam->facts;
	struct target target = *exam->target;
	struct exam sub = *exam;
	size_t count = 0;
	facts.first[FACT_govar] = NULL;
	facts.last[FACT_govar] = NULL;
	facts.first[FACT_goflag_error] = NULL;
	facts.last[FACT_goflag_error] = NULL;
	/* A server got what the settings say from its editor, with all the rest. */
	if (side->kind == SIDE_SERVER) {
		envset_init(&target.judged, exam->arena);
	} else {
		target.judged = side->env;
	}
	sub.facts = &facts;
	sub.target = &target;
	govars_state(&sub, &side->tools_env, side->tools[TOOL_GO].path, NULL);
	facts_each (govar, v, &facts) {
		count++;
	}
	struct side_govar *vars = arena_array_of(exam->arena, struct side_govar, count);
	facts_each (govar, v, &facts) {
		vars[side->govar_count++] = (struct side_govar){
			.name = v->name, .value = v->value, .origin = v->origin, .where = v->where};
	}
	side->govars = vars;
}

/* Of another machine only what it says itself. */
static void fill_foreign(struct exam *exam, struct side *side) {
	struct side_govar *vars = arena_array_of(exam->arena, struct side_govar, side->env.count);
	for (size_t i = 0; i < side->env.count; i++) {
		const char *value = NULL;
		struct slice name = envset_name(&side->env, i, &value);
		if (slice_starts(name, "GO") || slice_starts(name, "CGO_")) {
			vars[side->govar_count++] =
				(struct side_govar){.name = arena_slicedup(exam->arena, name),
			                            .value = value,
			                            .origin = "env",
			                            .where = ""};
		}
	}
	side->govars = vars;
	struct side_tool *go = &side->tools[TOOL_GO];
	go->version = side_go_hint(exam->arena, &side->env);
	go->known = go->version != NULL;
	go->version = go->version ? go->version : "";
	go->via = "hint";
}

void side_tools_fill(struct exam *exam, struct side *side) {
	envset_copy(&side->tools_env, &side->env);
	if (!side->known || side->foreign) {
		for (size_t i = 0; i < TOOL_COUNT; i++) {
			seek(exam, side, (enum side_tool_index)i);
		}
		if (side->known) {
			fill_foreign(exam, side);
		}
		return;
	}
	struct target target = *exam->target;
	struct exam sub = *exam;
	const char *home = envset_get(&side->env, "HOME");
	target.judged = side->env;
	target.home = home ? home : "";
	sub.target = &target;
	if (side_is_vscode(side)) {
		vscode_tools_env(&sub, &side->tools_env);
		govars_gopls_env(&sub, &side->tools_env);
	}
	seek(&sub, side, TOOL_GO);
	fill_govars(&sub, side);
	for (size_t i = TOOL_GOPLS; i < TOOL_COUNT; i++) {
		seek(&sub, side, (enum side_tool_index)i);
	}
	take_running(&sub, side);
	const char *tmp = value_of(side, "TMPDIR");
	struct file_stat st =
		world_stat(exam->world, seen_from_here(exam, side, str_empty(tmp) ? "/tmp" : tmp));
	side->tmp_usable = st.is_dir && st.can_write;
}

/* ---- another machine ---- */

/* "1.26.8" where text begins so, up to three numbers and rc or beta; its length, or 0. */
static size_t version_len(const char *text) {
	size_t len = strspn(text, "0123456789.");
	if (text[0] != '1' || text[1] != '.' || len < 3) {
		return 0;
	}
	if (str_starts(text + len, "rc") || str_starts(text + len, "beta")) {
		len += text[len] == 'r' ? 2 : 4;
		len += strspn(text + len, "0123456789");
	}
	return text[len - 1] == '.' ? len - 1 : len;
}

/* /opt/hostedtoolcache/go/1.26.8/x64, /usr/lib/go-1.26, …/toolchain@v0.0.1-go1.26.8.linux-amd64 */
static const char *version_in_path(struct arena *arena, const char *path) {
	for (const char *p = path; (p = strstr(p, "go")); p += 2) {
		const char *digits = p + 2 + (p[2] == '/' || p[2] == '-');
		size_t len = version_len(digits);
		if (len > 0) {
			return arena_printf(arena, "go%.*s", (int)len, digits);
		}
	}
	return NULL;
}

const char *side_go_hint(struct arena *arena, const struct envset *env) {
	static const char *const names[] = {"GOLANG_VERSION", "GOVERSION", "GO_VERSION"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = envset_get(env, names[i]);
		if (!str_empty(value)) {
			value += str_starts(value, "go") ? 2 : 0;
			size_t len = version_len(value);
			if (len > 0) {
				return arena_printf(arena, "go%.*s", (int)len, value);
			}
		}
	}
	const char *path = envset_get(env, "PATH");
	struct slice rest = slice_str(path ? path : "");
	struct slice dir;
	while (slice_cut(&rest, ':', &dir)) {
		const char *found = version_in_path(arena, arena_slicedup(arena, dir));
		if (found) {
			return found;
		}
	}
	const char *goroot = envset_get(env, "GOROOT");
	return goroot ? version_in_path(arena, goroot) : NULL;
}
