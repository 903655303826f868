/* SPDX-License-Identifier: MIT
 * What would keep an environment apart, in the words of its editor. Sources: the configuration of each editor: VS Code's
 * go.toolsEnvVars; cmd_env of Neovim's language clients; environment of a language server in Helix' languages.toml.
 */
#include "report/isolation.h"

#include "base/path.h"
#include "base/vec.h"

#include <inttypes.h>

const char *isolation_label(const struct isolation *iso, size_t environment) {
	const struct census_process *p = iso->environments[environment].process;

	return arena_printf(iso->arena, "%zu (%s%s%s)", environment + 1,
	                    isolation_user(iso, p->uid), p->cwd[0] ? ", " : "", p->cwd);
}

/* Below the user's own cache directory when HOME is theirs, else below /var/tmp. */
const char *isolation_own_dir(const struct isolation *iso, size_t environment, const char *leaf) {
	const struct isolation_environment *e = &iso->environments[environment];
	const struct thing_value *home = &e->values[THING_HOME];
	const char *own = home->path[0] && home->place.known && streq(home->place.state, "ok") &&
	                                  home->place.owner.uid == e->process->uid
	                          ? path_join(iso->arena, home->path, ".cache")
	                          : arena_printf(iso->arena, "/var/tmp/%s",
	                                         isolation_user(iso, e->process->uid));

	/* A workspace apart from the user's others. */
	const char *name = path_base(e->process->cwd[0] ? e->process->cwd : "go");

	own = path_join(iso->arena, own, arena_printf(iso->arena, "%s-apart", name));
	return leaf[0] ? path_join(iso->arena, own, leaf) : own;
}

void isolation_plan(struct isolation *iso, const struct isolation_step *step) {
	for (size_t i = 0; i < iso->step_count; i++) {
		const struct isolation_step *old = &iso->steps[i];

		if (old->environment == step->environment && streq(old->title, step->title) &&
		    streq(old->command, step->command)) {
			return;
		}
	}
	VEC_ROOM(iso->arena, iso->steps, iso->step_count, &iso->step_size);
	iso->steps[iso->step_count++] = *step;
}

/* A string of Lua, TOML and JSON alike. */
static const char *quoted(struct arena *arena, const char *value) {
	struct strbuf out;

	strbuf_init(&out, arena);
	strbuf_add_char(&out, '"');
	for (; *value; value++) {
		if (*value == '"' || *value == '\\') {
			strbuf_add_char(&out, '\\');
		}
		strbuf_add_char(&out, *value);
	}
	strbuf_add_char(&out, '"');
	return out.data;
}

void isolation_plan_variable(struct isolation *iso, size_t environment, enum thing thing,
                             const char *name, const char *value) {
	const struct isolation_environment *e = &iso->environments[environment];
	struct arena *a = iso->arena;
	const char *cwd = e->process->cwd, *where, *command;

	if (streq(e->editor, "vscode")) {
		where = ", in the settings of its folder";
		command = arena_printf(
			a, "dialtone settings set go.toolsEnvVars.%s %s --layer folder %s", name,
			str_shell_quote(a, quoted(a, value)), str_shell_quote(a, cwd));
	} else if (streq(e->editor, "neovim")) {
		where = ", in its configuration of gopls";
		command = arena_printf(a, "cmd_env = { %s = %s }", name, quoted(a, value));
	} else if (streq(e->editor, "helix")) {
		where = ", in .helix/languages.toml";
		command = arena_printf(a, "language-server.gopls.environment.%s = %s", name,
		                       quoted(a, value));
	} else if (streq(e->editor, "emacs")) {
		where = ", before its server starts";
		command = arena_printf(a, "(setenv \"%s\" %s)", name, quoted(a, value));
	} else {
		where = ", in the shell or .envrc that it is started from";
		command = arena_printf(a, "export %s=%s", name, str_shell_quote(a, value));
	}
	isolation_plan(iso, &(struct isolation_step){
				    .environment = environment,
				    .thing = thing,
				    .name = name,
				    .value = value,
				    .title = arena_printf(a, "%s of its own for %s%s", name,
	                                                  isolation_label(iso, environment), where),
				    .command = command});
}
