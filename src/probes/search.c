/* SPDX-License-Identifier: MIT */
#include "probes/search.h"

#include "base/path.h"
#include "base/str.h"
#include "probes/latency.h"

#include <errno.h>

#define LIST_MAX    200 /* directories of one PATH that are looked at */
#define SUBDIRS_MAX 64

void search_begin(struct search *s, struct exam *exam, const char *tool) {
	*s = (struct search){.exam = exam, .tool = tool, .name = tool};
}

/* Why a file that exists cannot be executed. The extension asks access(2) for X, which a noexec
 * mount denies as well. */
static const char *exec_state(struct exam *exam, const char *path, const struct file_stat *st) {
	if (st->is_dir) {
		return "directory";
	}
	if (!st->is_file) {
		return "special";
	}
	if (st->can_exec) {
		return "ok";
	}
	if ((st->mode & 0111) == 0) {
		return "no_exec_bit";
	}
	struct mount_stat mount = world_mount(exam->world, path);
	return mount.known && mount.noexec ? "noexec_mount" : "no_exec_bit";
}

static const char *place_state(struct exam *exam, const char *path, const struct file_stat *st) {
	if (st->exists) {
		return exec_state(exam, path, st);
	}
	if (!st->known) {
		return st->ev->state == EV_DENIED      ? "unreachable"
		       : st->ev->state == EV_TIMED_OUT ? "hung"
		                                       : "unknown";
	}
	const struct evidence *link = world_look(exam->world, LOOK_LINK, path, LOOK_CAP_SMALL);
	return evidence_has_bytes(link) ? "dangling" : "absent";
}

/* The directory on the way to path that does not let this user in, or "". */
static const char *shut_parent(struct exam *exam, const char *path) {
	for (const char *dir = path; dir[0] == '/' && dir[1];) {
		dir = path_parent(exam->arena, dir);
		struct file_stat st = world_stat(exam->world, dir);
		if (st.known) {
			return st.is_dir && !st.can_exec ? dir : "";
		}
	}
	return "";
}

static void place(struct search *s, const char *path, const char *via,
                  const struct fact_setting *setting, bool state_absent) {
	struct exam *exam = s->exam;
	struct file_stat st = world_stat(exam->world, path);
	const char *state = place_state(exam, path, &st);
	s->order++;
	if (streq(state, "absent") && !state_absent) {
		return;
	}
	if (streq(state, "hung") && !s->found) {
		(void)latency_stuck(exam, s->tool, path, st.ev, 0, false);
	}
	bool elsewhere = streq(via, "elsewhere");
	bool chosen = !elsewhere && !s->found && streq(state, "ok");
	if (chosen) {
		s->found = arena_strdup(exam->arena, path);
	}
	struct mount_stat mount = {0};
	if (streq(state, "noexec_mount")) {
		mount = world_mount(exam->world, path);
	}
	bool hidden = streq(state, "unreachable");
	if (streq(state, "dangling") || hidden) {
		const struct evidence *link =
			world_look(exam->world, LOOK_LINK, path, LOOK_CAP_SMALL);
		st.real = evidence_has_bytes(link) ? arena_slicedup(exam->arena, link->bytes) : "";
	}
	FACTS_ADD(exam->facts, tool, st.ev, .tool = s->tool, .path = path, .via = via,
	          .order = s->order, .state = state, .chosen = chosen,
	          .configured = setting != NULL, .setting = setting ? setting->key : "",
	          .file = setting ? setting->file : "", .line = setting ? setting->line : 0,
	          .in_list = setting && streq(setting->type, "array"), .mount = mount.mount,
	          .real = st.real,
	          .shut = hidden ? shut_parent(exam, str_empty(st.real) ? path : st.real) : "");
}

void search_file(struct search *s, const char *path, const char *via, bool state_absent) {
	place(s, path, via, NULL, state_absent);
}

void search_configured(struct search *s, const char *path, const struct fact_setting *setting) {
	place(s, path, "alternate", setting, true);
}

void search_dir(struct search *s, const char *dir, const char *via, bool state_absent) {
	if (dir && dir[0] == '/') {
		place(s, path_join(s->exam->arena, dir, s->name), via, NULL, state_absent);
	}
}

void search_list(struct search *s, const char *list, const char *suffix, const char *via) {
	struct slice rest = slice_str(list);
	struct slice dir;
	for (size_t i = 0; i < LIST_MAX && slice_cut(&rest, ':', &dir); i++) {
		if (dir.len > 0 && dir.data[0] == '/') {
			const char *path = arena_printf(s->exam->arena, "%.*s%s", (int)dir.len,
			                                dir.data, suffix);
			search_dir(s, path, via, suffix[0] != '\0');
		}
	}
}

const char *search_path_only(struct exam *exam, const char *list, const char *name) {
	bool known;
	return search_path_known(exam, list, name, &known);
}

const char *search_program(struct exam *exam, const char *program, const struct envset *env) {
	const char *path = envset_get(env, "PATH");
	return strchr(program, '/') ? program : search_path_only(exam, path ? path : "", program);
}

const char *search_path_known(struct exam *exam, const char *list, const char *name,
                              bool *ret_known) {
	struct slice rest = slice_str(list);
	struct slice dir;
	*ret_known = true;
	for (size_t i = 0; i < LIST_MAX && slice_cut(&rest, ':', &dir); i++) {
		if (dir.len == 0 || dir.data[0] != '/') {
			continue;
		}
		const char *path = path_join(exam->arena, arena_slicedup(exam->arena, dir), name);
		struct file_stat st = world_stat(exam->world, path);
		if (st.is_file && st.can_exec) {
			return path;
		}
		*ret_known = *ret_known && st.known;
	}
	return NULL;
}

static void elsewhere_dir(struct search *s, const char *dir) {
	const char *path = path_join(s->exam->arena, dir, s->name);
	facts_each (tool, t, s->exam->facts) {
		if (streq(t->path, path)) {
			return; /* known already */
		}
	}
	search_dir(s, dir, "elsewhere", false);
}

static void elsewhere_list(struct search *s, const char *list) {
	struct slice rest = slice_str(list);
	struct slice dir;
	for (size_t i = 0; i < LIST_MAX && slice_cut(&rest, ':', &dir); i++) {
		if (dir.len > 0 && dir.data[0] == '/') {
			elsewhere_dir(s, arena_slicedup(s->exam->arena, dir));
		}
	}
}

void search_list_elsewhere(struct exam *exam, const char *tool, const char *list) {
	struct search s;
	search_begin(&s, exam, tool);
	elsewhere_list(&s, list);
}

/* A GOBIN that was meant as a list: go install takes it for the name of one directory. */
static void elsewhere_literal(struct search *s, const char *gobin) {
	if (gobin && gobin[0] == '/' && strchr(gobin, ':')) {
		elsewhere_dir(s, gobin);
	}
}

/* Subdirectories of dir (versions kept side by side), each with a suffix; no hidden ones unless the
 * prefix says so. */
static void elsewhere_versions(struct search *s, const char *dir, const char *prefix,
                               const char *suffix) {
	struct arena *arena = s->exam->arena;
	const struct evidence *ev = world_look(s->exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	for (size_t i = 0; i < SUBDIRS_MAX && evidence_has_bytes(ev) && slice_line(&rest, &line);) {
		if (line.len > 2 && line.data[0] != 'f' && (*prefix || line.data[2] != '.') &&
		    slice_starts(slice_of(line.data + 2, line.len - 2), prefix)) {
			i++;
			elsewhere_dir(s, arena_printf(arena, "%s/%.*s%s", dir, (int)line.len - 2,
			                              line.data + 2, suffix));
		}
	}
}

/* Version managers keep what `go install` makes apart for each Go, so a new Go has none of it: goenv's
 * GOPATH, mise's GOBIN, asdf's packages, gvm's package sets. */
static void elsewhere_managed(struct search *s, const char *home) {
	static const char *const kept[][2] = {
		{"go", "/bin"},
		{".goenv/versions", "/bin"},
		{".local/share/mise/installs/go", "/bin"},
		{".local/share/mise/installs/gopls", "/bin"},
		{".asdf/installs/golang", "/packages/bin"},
		{".asdf/installs/golang", "/go/bin"},
		{".gvm/pkgsets", "/global/bin"},
	};
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		elsewhere_versions(s, path_join(s->exam->arena, home, kept[i][0]), "", kept[i][1]);
	}
}

static void elsewhere_home(struct search *s, const char *home) {
	static const char *const below[] = {
		"go/bin",
		"go/bin/linux_amd64",
		"go/bin/linux_arm64",
		"bin",
		".local/bin",
		".local/go/bin",
		".go/bin",
		".local/share/nvim/mason/bin",
		".local/share/mise/shims",
		".asdf/shims",
		".goenv/shims",
		".nix-profile/bin",
	};
	for (size_t i = 0; i < sizeof(below) / sizeof(*below); i++) {
		elsewhere_dir(s, path_join(s->exam->arena, home, below[i]));
	}
	elsewhere_versions(s, path_join(s->exam->arena, home, "sdk"), "go", "/bin");
	if (streq(s->tool, "gopls")) {
		elsewhere_managed(s, home);
	}
	/* A GOBIN or go.toolsGopath of former days: ~/gotools/bin, ~/.local/gobin. */
	elsewhere_versions(s, home, "", "/bin");
	elsewhere_versions(s, path_join(s->exam->arena, home, ".local"), "", "");
	elsewhere_versions(s, path_join(s->exam->arena, home, ".local"), "", "/bin");
}

/* GOPATH/bin/<os_arch>: where `go install` puts programs for another GOOS or GOARCH. */
static void elsewhere_gopath(struct search *s, const char *gopath) {
	struct slice rest = slice_str(gopath);
	struct slice dir;
	while (slice_cut(&rest, ':', &dir)) {
		if (dir.len > 0 && dir.data[0] == '/') {
			const char *bin =
				arena_printf(s->exam->arena, "%.*s/bin", (int)dir.len, dir.data);
			elsewhere_dir(s, bin);
			elsewhere_versions(s, bin, "", "");
		}
	}
}

void search_elsewhere(struct search *s) {
	struct target *t = s->exam->target;
	static const char *const common[] = {"/usr/local/go/bin",
	                                     "/usr/local/bin",
	                                     "/usr/bin",
	                                     "/opt/go/bin",
	                                     "/usr/lib/go/bin",
	                                     "/snap/bin",
	                                     "/root/go/bin",
	                                     "/usr/lib/golang/bin",
	                                     "/home/linuxbrew/.linuxbrew/bin",
	                                     "/run/current-system/sw/bin",
	                                     "/nix/var/nix/profiles/default/bin"};
	elsewhere_list(s, envset_get(&t->own, "PATH"));
	elsewhere_list(s, envset_get(&t->own, "GOBIN"));
	elsewhere_list(s, envset_get(&t->judged, "GOBIN"));
	elsewhere_literal(s, envset_get(&t->own, "GOBIN"));
	elsewhere_literal(s, envset_get(&t->judged, "GOBIN"));
	facts_each (startup, line, s->exam->facts) {
		bool bin = streq(line->name, "PATH") || streq(line->name, "GOBIN");
		if (bin && line->value[0] == '/') {
			elsewhere_list(s, line->value);
		}
		if (streq(line->name, "GOPATH")) {
			elsewhere_gopath(s, line->value);
		}
	}
	facts_each (govar, v, s->exam->facts) {
		if (streq(v->name, "GOBIN")) {
			elsewhere_list(s, v->value);
			elsewhere_literal(s, v->value);
		}
		if (streq(v->name, "GOPATH")) {
			elsewhere_gopath(s, v->value);
		}
	}
	const char *own_gopath = envset_get(&t->own, "GOPATH");
	if (own_gopath) {
		elsewhere_gopath(s, own_gopath);
	}
	if (!str_empty(t->home)) {
		elsewhere_home(s, t->home);
		elsewhere_gopath(s, path_join(s->exam->arena, t->home, "go"));
	}
	if (!str_empty(t->passwd_home) && !streq(t->passwd_home, t->home)) {
		elsewhere_home(s, t->passwd_home);
	}
	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++) {
		elsewhere_dir(s, common[i]);
	}
	elsewhere_versions(s, "/usr/lib", "go-1.", "/bin");
	elsewhere_versions(s, "/opt", "", "");
	elsewhere_versions(s, "/opt", "", "/bin");
	elsewhere_versions(s, "/usr/local", "go", "/bin");
}

void search_path(struct search *s, const struct envset *env) {
	const char *path = envset_get(env, "PATH");
	search_list(s, path ? path : "", "", "path");
}

const char *search_on_path(struct exam *exam, const char *tool, const struct envset *env) {
	struct search s;
	search_begin(&s, exam, tool);
	search_path(&s, env);
	if (!s.found) {
		search_elsewhere(&s);
	}
	return s.found;
}
