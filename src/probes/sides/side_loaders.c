/* SPDX-License-Identifier: MIT */
#include "probes/sides/side_loaders.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "probes/search.h"
#include "wire/jsonc.h"

#define LOADER_DEADLINE_NS (8 * NS_PER_S)
#define LOADER_CAP_BYTES   ((size_t)1024 * 1024)
#define PARENTS_MAX        32

struct loader {
	const char *name;
	const char *const *files; /* one of them, in the workspace or above it */
	const char *const *argv;  /* behind the program */
};

static const char *const direnv_files[] = {".envrc", NULL};
static const char *const direnv_argv[] = {"export", "json", NULL};
static const char *const mise_files[] = {"mise.toml",         ".mise.toml",
                                         "mise.local.toml",   ".config/mise/config.toml",
                                         ".config/mise.toml", NULL};
static const char *const mise_argv[] = {"env", "--json", NULL};
static const char *const nix_files[] = {"flake.nix", "shell.nix", NULL};

static const struct loader loaders[] = {
	{"direnv", direnv_files, direnv_argv},
	{"mise", mise_files, mise_argv},
	{"nix", nix_files, NULL},
};

/* Like direnv: the nearest one of the workspace and the directories above. */
static const char *find_above(struct exam *exam, const char *const *files) {
	const char *dir = exam->target->workspace;
	for (int i = 0; i < PARENTS_MAX; i++) {
		for (size_t k = 0; files[k]; k++) {
			const char *path = path_join(exam->arena, dir, files[k]);
			if (world_stat(exam->world, path).is_file) {
				return path;
			}
		}
		if (streq(dir, "/") || streq(dir, exam->target->home)) {
			return NULL;
		}
		dir = path_parent(exam->arena, dir);
	}
	return NULL;
}

bool side_loader_apply(struct arena *arena, struct envset *env, struct slice json) {
	struct slice text = slice_trim(json);
	if (text.len == 0) {
		return true; /* direnv: nothing to change */
	}
	const struct jsonc_doc *doc = jsonc_parse(arena, text);
	if (!doc->root || doc->root->type != JSONC_OBJECT) {
		return false;
	}
	for (const struct jsonc_node *m = doc->root->first_child; m; m = m->next) {
		const char *value = jsonc_string(m);
		if (m->key && m->key[0] && !strchr(m->key, '=') && value) {
			envset_set(env, m->key, value);
		} else if (m->key && m->type == JSONC_NULL) {
			envset_unset(env, m->key);
		}
	}
	return true;
}

/* Our own environment as it was before direnv loaded anything is not to be had; but direnv must not
 * take what is loaded for granted. */
static void start_env(struct exam *exam, struct envset *env) {
	static const char *const marks[] = {"DIRENV_DIR", "DIRENV_DIFF", "DIRENV_WATCHES",
	                                    "DIRENV_FILE"};
	envset_copy(env, &exam->target->own);
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		envset_unset(env, marks[i]);
	}
}

static const char *first_line(struct arena *arena, struct slice text) {
	struct slice line;
	while (slice_line(&text, &line)) {
		line = slice_trim(line);
		if (line.len > 0) {
			return arena_slicedup(arena, line);
		}
	}
	return "";
}

static void evaluate(struct exam *exam, struct sides *sides, const struct loader *loader,
                     const char *program, const char *file) {
	struct arena *arena = exam->arena;
	const char *argv[8] = {program};
	struct envset start;
	for (size_t i = 0; i < 6 && loader->argv[i]; i++) {
		argv[i + 1] = loader->argv[i];
	}
	start_env(exam, &start);
	struct run_result run = world_run(exam->world, &(struct run_spec){
							       .label = loader->name,
							       .argv = argv,
							       .env = &start,
							       .cwd = exam->target->workspace,
							       .deadline_ns = LOADER_DEADLINE_NS,
							       .cap_bytes = LOADER_CAP_BYTES,
						       });
	struct side *side = &sides->items[sides->count];
	*side = (struct side){.kind = SIDE_LOADER,
	                      .id = loader->name,
	                      .label = loader->name,
	                      .what = loader->name,
	                      .source = run.ev->source,
	                      .known = true,
	                      .why = arena_printf(arena, "with %s", file),
	                      .root = "",
	                      .unit = ""};
	envset_copy(&side->env, &start);
	if (run.exit_code == 0 && side_loader_apply(arena, &side->env, run.out)) {
		sides->count++;
		return;
	}
	sides_gap(sides, loader->name,
	          arena_printf(arena, "%s did not evaluate %s: %s", loader->name, file,
	                       run.timed_out     ? "no end within 8 s"
	                       : run.err.len > 0 ? first_line(arena, run.err)
	                                         : "it gave no variables"),
	          streq(loader->name, "direnv")
	                  ? arena_printf(arena, "direnv allow %s", str_shell_quote(arena, file))
	                  : "");
}

void side_loaders_collect(struct exam *exam, struct sides *sides) {
	struct arena *arena = exam->arena;
	const struct envset *own = &exam->target->own;
	for (size_t i = 0; i < sizeof(loaders) / sizeof(*loaders); i++) {
		const struct loader *loader = &loaders[i];
		const char *file = find_above(exam, loader->files);
		if (!file || sides->count >= SIDES_MAX) {
			continue;
		}
		const char *dir = envset_get(own, "DIRENV_DIR");
		bool loaded = streq(loader->name, "direnv") && dir && dir[0] == '-' &&
		              streq(dir + 1, path_parent(arena, file));
		if (loaded || (streq(loader->name, "nix") && envset_get(own, "IN_NIX_SHELL"))) {
			sides->items[0].why =
				arena_printf(arena, "%s has loaded %s here", loader->name, file);
			continue;
		}
		if (!loader->argv) {
			sides_gap(sides, loader->name,
			          arena_printf(arena,
			                       "%s may describe an environment; "
			                       "building it is not dialtone's job",
			                       file),
			          "nix develop -c env -0 > F, then --against file:F");
			continue;
		}
		const char *path = envset_get(own, "PATH");
		const char *program = search_path_only(exam, path ? path : "", loader->name);
		if (!program) {
			sides_gap(sides, loader->name,
			          arena_printf(arena, "%s is there, but no %s on PATH to load it",
			                       file, loader->name),
			          loader->name);
		} else if (!exam->target->trusted) {
			sides_gap(sides, loader->name,
			          arena_printf(arena,
			                       "%s is a program of the workspace and was not "
			                       "evaluated",
			                       file),
			          "--trust");
		} else {
			evaluate(exam, sides, loader, program, file);
		}
	}
}
