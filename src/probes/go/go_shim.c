/* SPDX-License-Identifier: MIT
 * When go or gopls is a shim or a wrapper: what stands behind it. And does a version manager have
 * another Go for this workspace than the one the server gets?
 */
#include "base/ascii.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "gofile/goversion.h"
#include "probes/go/go_run.h"
#include "probes/go/goroot.h"
#include "probes/go/govars.h"
#include "probes/go/shim.h"
#include "probes/go/wrapper_vars.h"

#define DEADLINE_NS      (1500 * NS_PER_MS)
#define SCRIPT_CAP_BYTES ((size_t)16 * 1024)

struct behind {
	bool answered;
	const char *goroot;
	const char *version;
};

/* GOTOOLCHAIN=local: the go of the shim itself, whatever go.mod asks for. */
static struct behind ask_behind(struct exam *exam) {
	const struct target *t = exam->target;
	struct behind behind = {.goroot = "", .version = ""};
	const struct fact_go_run *before = facts_run(exam->facts, "version");
	if (t->do_not_run_go || (before && before->timed_out)) {
		return behind;
	}
	struct envset env;
	envset_copy(&env, &t->server);
	envset_set(&env, "GOTOOLCHAIN", "local");
	const char *const argv[] = {t->server_go, "env", "GOROOT", "GOVERSION", NULL};
	struct run_result run =
		go_run_state(exam, "behind the shim", argv, &env, t->workspace, DEADLINE_NS);
	/* The last two lines: a wrapper may have said something before. */
	struct slice rest = run.out;
	struct slice line;
	struct slice root = {0};
	struct slice version = {0};
	struct goversion_output out;
	while (slice_line(&rest, &line)) {
		root = version;
		version = line;
	}
	if (!run.started || run.exit_code != 0 || root.len == 0 || root.data[0] != '/' ||
	    !goversion_parse_output(exam->arena, version, &out)) {
		return behind;
	}
	behind.answered = true;
	behind.goroot = arena_slicedup(exam->arena, root);
	behind.version = out.version;
	return behind;
}

/* The installation behind the shim is judged as that of a go which is found directly. */
static void state_installation(struct exam *exam, const struct behind *behind) {
	const struct fact_govar *v = facts_govar(exam->facts, "GOROOT");
	const char *named = envset_get(&exam->target->server, "GOROOT");
	bool by_script = v && streq(v->origin, "wrapper") && streq(v->value, behind->goroot);
	if (!behind->answered) {
		return;
	}
	if (by_script || streq(named, behind->goroot)) {
		FACTS_ADD(exam->facts, go_version, NULL, .source = "local",
		          .version = behind->version, .path = exam->target->server_go);
	} else {
		goroot_look(exam, path_clean(exam->arena, behind->goroot), true, "local");
	}
}

static bool only_in_shell(const struct target *t, const char *name) {
	const char *value = envset_get(&t->own, name);
	const char *other = envset_get(&t->server, name);
	return value && !streq(name, "PWD") && !streq(value, other);
}

/* $NAME or ${NAME of a script, where NAME is set in the shell and not, or not so, for the server. */
static const char *variable_in_script(struct exam *exam, const char *path) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, SCRIPT_CAP_BYTES);
	const char *p = evidence_has_bytes(ev) && ev->bytes.len > 0 ? ev->bytes.data : "";
	while ((p = strchr(p, '$'))) {
		p += p[1] == '{' ? 2 : 1;
		size_t n = 0;
		while (ascii_is_word(p[n])) {
			n++;
		}
		const char *name = arena_strndup(exam->arena, p, n);
		if (n > 1 && only_in_shell(exam->target, name)) {
			return name;
		}
		p += n;
	}
	return "";
}

/* What a manager reads itself. */
static const char *variable_of_manager(struct exam *exam, const char *manager) {
	static const char *const known[][2] = {
		{"asdf", "ASDF_GOLANG_VERSION"},
		{"asdf", "ASDF_DATA_DIR"},
		{"asdf", "ASDF_DIR"},
		{"mise", "MISE_GO_VERSION"},
		{"mise", "MISE_DATA_DIR"},
		{"mise", "MISE_CONFIG_DIR"},
		{"mise", "MISE_ENV"},
		{"goenv", "GOENV_VERSION"},
		{"goenv", "GOENV_ROOT"},
		{"gvm", "GVM_ROOT"},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (streq(known[i][0], manager) && only_in_shell(exam->target, known[i][1])) {
			return known[i][1];
		}
	}
	return "";
}

static const char *line_text(struct exam *exam, struct slice rest, int number) {
	struct slice line = {0};
	while (number > 0 && slice_line(&rest, &line)) {
		number--;
	}
	return arena_slicedup(exam->arena, slice_trim(line));
}

/* What the text of the script alone shows to be fatal: it starts itself, or the server has a HOME and go
 * behind the script has none, and so no place for its caches. */
static const char *fault_of_wrapper(struct exam *exam, const struct wrapper_vars *wrapper,
                                    int *ret_line) {
	const struct script_set *home = script_env_find(&wrapper->vars, "HOME");
	const struct fact_govar *cache = facts_govar(exam->facts, "GOCACHE");
	bool none = cache && streq(cache->value, "off") && streq(cache->origin, "default");
	if (wrapper->itself) {
		*ret_line = wrapper->vars.program_line;
		return "itself";
	}
	*ret_line = wrapper->vars.cleared_line > 0 ? wrapper->vars.cleared_line
	            : home                         ? home->line
	                                           : 0;
	bool stripped =
		none && *ret_line > 0 && !str_empty(envset_get(&exam->target->server, "HOME"));
	return stripped ? "strips" : NULL;
}

static void state_shim(struct exam *exam, const char *tool, const char *path) {
	struct shim_identity id;
	if (!path || !shim_identify(exam, path, &id)) {
		return;
	}
	struct shim_choice choice = shim_choose(exam, id.manager, &exam->target->server);
	struct behind behind = {.goroot = "", .version = ""};
	struct file_stat st = world_stat(exam->world, path);
	struct wrapper_vars wrapper = {0};
	if (streq(tool, "go")) {
		wrapper = wrapper_vars_of(exam, &exam->target->server, path);
	}
	int line = 0;
	const char *fault = fault_of_wrapper(exam, &wrapper, &line);
	if (fault && wrapper.ev) {
		FACTS_ADD(exam->facts, wrapper, wrapper.ev, .path = path, .differs = fault,
		          .line = line, .text = line_text(exam, wrapper.ev->bytes, line));
	}
	if (wrapper.itself) {
		/* asked, it would not answer */
	} else if (streq(tool, "go")) {
		behind = ask_behind(exam);
		state_installation(exam, &behind);
	}
	const char *variable = variable_of_manager(exam, id.manager);
	variable = str_empty(variable) ? variable_in_script(exam, path) : variable;
	FACTS_ADD(exam->facts, shim, st.ev, .tool = tool, .path = path, .real = id.real,
	          .manager = id.manager, .version = choice.version, .where = choice.where,
	          .root = choice.root, .answered = behind.answered, .goroot = behind.goroot,
	          .go_version = behind.version, .variable = variable,
	          .value = envset_get(&exam->target->own, variable));
}

static bool is_shim_of(struct exam *exam, const char *manager) {
	facts_each (shim, s, exam->facts) {
		if (streq(s->manager, manager) && streq(s->tool, "go")) {
			return true;
		}
	}
	return false;
}

/* Managers that are there for the user and not for the server. */
static void state_managed(struct exam *exam) {
	const struct target *t = exam->target;
	const char *own = t->server_go ? govars_own_goroot(exam, t->server_go) : NULL;
	for (const char *const *m = shim_managers; *m; m++) {
		const char *data = shim_data_dir(exam, *m, &t->own);
		struct file_stat st = {0};
		if (data) {
			st = world_stat(exam->world, data);
		}
		if (!st.is_dir || is_shim_of(exam, *m)) {
			continue;
		}
		struct shim_choice choice = shim_choose(exam, *m, &t->own);
		if (str_empty(choice.root)) {
			continue;
		}
		struct file_stat root = world_stat(exam->world, choice.root);
		if (!streq(root.real, own)) {
			FACTS_ADD(exam->facts, managed_go, root.ev, .manager = *m,
			          .version = choice.version, .where = choice.where,
			          .root = choice.root);
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	bool in_goroot = t->server_go && govars_own_goroot(exam, t->server_go);
	if (!in_goroot) {
		state_shim(exam, "go", t->server_go);
	}
	state_shim(exam, "gopls", t->gopls_path);
	state_managed(exam);
	return 0;
}

const struct probe probe_go_shim = {
	.id = "go_shim",
	.title = "what stands behind a shim, and what version managers have",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(shim) | FACT_BIT(wrapper) | FACT_BIT(managed_go) | FACT_BIT(go_version),
	.look = look,
};
