/* SPDX-License-Identifier: MIT
 * What the files that set up sessions and shells say about Go: who would set PATH, GOROOT …, and
 * since when. They are read as text; nothing of them is executed.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "probes/startup_line.h"

#define LINES_MAX   4000
#define PARENTS_MAX 40

/* Debian's /usr/lib/environment.d/99-environment.conf is a link to /etc/environment. */
static bool is_read_already(const struct startup_reader *r, const char *path, const char *real) {
	facts_each (startup_file, f, r->exam->facts) {
		if (!str_empty(real) && !streq(path, real) && streq(f->file, real)) {
			return true;
		}
	}
	return false;
}

static void read_file(struct startup_reader *r, const char *path, const char *kind) {
	struct exam *exam = r->exam;
	struct file_stat st = world_stat(exam->world, path);
	if (!st.is_file || is_read_already(r, path, st.real)) {
		return;
	}
	r->ev = world_look(exam->world, LOOK_FILE, path, LOOK_CAP_SETTINGS);
	r->file = path;
	r->kind = kind;
	r->mtime_ns = st.mtime_ns;
	r->line = 0;
	r->loop_name = NULL;
	bool pam = str_ends(path, "/pam_env.conf") || str_ends(path, "/.pam_environment");
	bool universal = str_ends(path, "/fish_variables");
	if (!universal) { /* fish writes it for its own ends as well */
		FACTS_ADD(exam->facts, startup_file, st.ev, .file = path, .kind = kind,
		          .mtime_ns = st.mtime_ns);
	}
	struct slice rest = r->ev->bytes;
	struct slice line;
	while (evidence_has_bytes(r->ev) && r->line < LINES_MAX && slice_line(&rest, &line)) {
		r->line++;
		bool cr = line.data + line.len < rest.data && line.data[line.len] == '\r';
		const char *text = arena_slicedup(exam->arena, slice_trim(line));
		if (cr && !universal && startup_knows_tilde(r)) {
			text = arena_printf(exam->arena, "%s\r", text); /* as the shell does */
		}
		if (universal) {
			startup_read_fish_universal(r, text);
			continue;
		}
		if (pam && startup_read_pam(r, text)) {
			continue;
		}
		startup_read_line(r, text);
		startup_state_hook(r, text);
	}
}

/* Every *.conf or *.sh of a directory. The directory itself is younger when one was removed. */
static void read_dir(struct startup_reader *r, const char *dir, const char *suffix,
                     const char *kind) {
	struct file_stat st = world_stat(r->exam->world, dir);
	if (st.is_dir) {
		FACTS_ADD(r->exam->facts, startup_file, st.ev, .file = dir, .kind = kind,
		          .mtime_ns = st.mtime_ns);
	}
	const struct evidence *ev = world_look(r->exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *name = line.len > 2 ? arena_slicedup(r->exam->arena, line) + 2 : "";
		if (str_ends(name, suffix)) {
			read_file(r, path_join(r->exam->arena, dir, name), kind);
		}
	}
}

/* What direnv or nix would load for the workspace: the nearest of each at or above it. HOME and what
 * is above belong to no project. */
static void read_project(struct startup_reader *r) {
	static const char *const of_nix[] = {"devenv.nix", "flake.nix", "shell.nix"};
	struct exam *exam = r->exam;
	const struct target *t = exam->target;
	const char *dir = t->workspace;
	bool envrc = false;
	for (size_t i = 0; i < PARENTS_MAX && !streq(dir, "/") && !streq(dir, t->passwd_home);
	     i++) {
		const char *file = path_join(exam->arena, dir, ".envrc");
		if (!envrc && world_stat(exam->world, file).is_file) {
			envrc = true;
			read_file(r, file, "project");
		}
		for (size_t k = 0; k < sizeof(of_nix) / sizeof(*of_nix); k++) {
			file = path_join(exam->arena, dir, of_nix[k]);
			struct file_stat st = world_stat(exam->world, file);
			if (st.is_file) {
				FACTS_ADD(exam->facts, startup_file, st.ev, .file = file,
				          .kind = "project", .mtime_ns = st.mtime_ns);
			}
		}
		if (world_stat(exam->world, path_join(exam->arena, dir, ".git")).exists) {
			return;
		}
		dir = path_parent(exam->arena, dir);
	}
}

/* What holds for all users: pam_env(8), environment.d(5), the global files of bash(1), zsh(1) and
 * fish(1), where Debian, Fedora and Arch have them. */
static void read_machine(struct startup_reader *r) {
	static const struct {
		const char *path;
		const char *kind;
	} files[] = {
		{"/etc/security/pam_env.conf", "session"},
		{"/etc/environment", "session"},
		{"/etc/profile", "login"},
		{"/etc/zsh/zshenv", "login"},
		{"/etc/zshenv", "login"},
		{"/etc/zsh/zprofile", "login"},
		{"/etc/zsh/zshrc", "interactive"},
		{"/etc/bash.bashrc", "interactive"},
		{"/etc/bashrc", "interactive"},
		{"/etc/fish/config.fish", "login"},
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		read_file(r, files[i].path, files[i].kind);
	}
	read_dir(r, "/usr/lib/environment.d", ".conf", "session");
	read_dir(r, "/etc/environment.d", ".conf", "session");
	read_dir(r, "/etc/profile.d", ".sh", "login");
	read_dir(r, "/etc/fish/conf.d", ".fish", "login");
}

/* What holds for this user, whose home is known. */
static void read_home(struct startup_reader *r, const char *home) {
	static const struct {
		const char *name;
		const char *kind;
	} files[] = {
		{".profile", "login"},
		{".bash_profile", "login"},
		{".bash_login", "login"},
		{".zshenv", "login"},
		{".zprofile", "login"},
		{".zlogin", "login"},
		{".xprofile", "session"},
		{".xsessionrc", "session"},
		{".pam_environment", "session"},
		{".bashrc", "interactive"},
		{".zshrc", "interactive"},
		{".config/fish/config.fish", "interactive"},
		{".bash_aliases", "interactive"},
		{".cshrc", "interactive"},
		{".tcshrc", "interactive"},
		{".config/fish/fish_variables", "login"},
	};
	struct arena *arena = r->exam->arena;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		read_file(r, path_join(arena, home, files[i].name), files[i].kind);
	}
	read_dir(r, path_join(arena, home, ".config/environment.d"), ".conf", "session");
	read_dir(r, path_join(arena, home, ".config/fish/conf.d"), ".fish", "interactive");
	read_dir(r, path_join(arena, home, ".config/plasma-workspace/env"), ".sh", "session");
}

static void read_zdotdir(struct startup_reader *r, const char *home) {
	static const char *const files[] = {".zshenv", ".zprofile", ".zshrc", ".zlogin"};
	const char *dir = envset_get(&r->exam->target->own, "ZDOTDIR");
	if (!dir || dir[0] != '/' || streq(dir, home)) {
		return;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		read_file(r, path_join(r->exam->arena, dir, files[i]),
		          streq(files[i], ".zshrc") ? "interactive" : "login");
	}
}

static void read_sourced(struct startup_reader *r) {
	for (size_t i = 0; i < r->sourced_count; i++) {
		bool known = false;
		facts_each (startup_file, f, r->exam->facts) {
			known = known || streq(f->file, r->sourced[i]);
		}
		if (!known) {
			read_file(r, r->sourced[i], r->sourced_kind[i]);
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	struct startup_reader *r = arena_new_of(exam->arena, struct startup_reader);
	const struct target *t = exam->target;
	const char *home = str_empty(t->passwd_home) ? t->home : t->passwd_home;
	r->exam = exam;
	envset_init(&r->seen, exam->arena);
	read_machine(r);
	if (!str_empty(home)) {
		read_home(r, home);
	}
	read_zdotdir(r, home);
	read_project(r);
	read_sourced(r);
	return 0;
}

const struct probe probe_startup = {
	.id = "startup",
	.title = "what shell and session start-up files say about Go",
	.stage = STAGE_ENVIRONMENT,
	.yields = FACT_BIT(startup) | FACT_BIT(startup_file),
	.look = look,
};
