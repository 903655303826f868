/* SPDX-License-Identifier: MIT
 * `dialtone settings`: are the settings even real? Lint, and reading and writing of single settings.
 */
#include "cmd/settings.h"

#include "base/clock.h"
#include "base/str.h"
#include "cmd/check_options.h"
#include "cmd/exam.h"
#include "cmd/failure.h"
#include "core/registry.h"
#include "report/harmless.h"
#include "world/live.h"

#define LIMIT_NS        (20 * NS_PER_S)
#define LIMIT_TEXT      "20"
#define BISECT_LIMIT_NS (60 * NS_PER_S)

#define AT(member) offsetof(struct settings_options, member)
static const struct option_spec specs[] = {
	{"layer", 'l', "user|workspace|folder", OPTION_TEXT, AT(layer), "set, unset: which file"},
	{"yes", 'y', NULL, OPTION_FLAG, AT(yes), "set, unset: write, do not only show"},
	{"json", 'j', NULL, OPTION_FLAG, AT(json), "the report for programs"},
	{"sarif", 0, NULL, OPTION_FLAG, AT(sarif), "the report for code hosts, SARIF 2.1.0"},
	{"fail-on", 0, "error|warning|note", OPTION_TEXT, AT(fail_on), "exit 1 from this level on"},
	{"environment", 'E', "SPEC", OPTION_TEXT, AT(environment),
         "self, shell, desktop, pid:N or file:F (of env -0)"},
	{"bisect", 0, NULL, OPTION_FLAG, AT(bisect), "which key breaks the server? real trials"},
	{"verbose", 'v', NULL, OPTION_FLAG, AT(verbose), "--bisect: each trial as well"},
	{"trust", 0, NULL, OPTION_FLAG, AT(trust), "run programs that files of the workspace name"},
	{"color", 0, "WHEN", OPTION_TEXT, AT(color), "auto, always or never"},
	{0},
};
#undef AT

/* The probes that look at environment, settings and tools: no server is started. */
static const struct probe *const *early_probes(struct arena *arena) {
	size_t n = 0;
	while (registry_probes[n]) {
		n++;
	}
	const struct probe **early = arena_array_of(arena, const struct probe *, n + 1);
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		if (registry_probes[i]->stage <= STAGE_TOOLS) {
			early[count++] = registry_probes[i];
		}
	}
	return early;
}

static void fill_where(struct settings_view *view) {
	const struct target *t = &view->target;
	view->where = (struct layers_where){
		.home = target_home(t),
		.config = envset_get(&t->judged, "XDG_CONFIG_HOME"),
		.data = envset_get(&t->judged, "XDG_DATA_HOME"),
		.portable = envset_get(&t->judged, "VSCODE_PORTABLE"),
		.workspace = t->workspace,
	};
	const struct fact_install *install = facts_first(install, &view->facts);
	if (install) {
		view->where.user = install->settings;
		view->where.machine = install->machine;
	}
	if (!view->where.home) {
		view->where.home = "";
	}
}

static int look(struct settings_view *view, const char *dir) {
	struct err err;
	struct option_list without = {.count = 0};
	struct check_options options = {.environment = view->options->environment,
	                                .editor = "vscode",
	                                .trust = view->options->trust,
	                                .no_server = true};
	struct target *t = &view->target;
	if (check_options_validate(view->arena, &options, 1, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_USAGE;
	}
	if (check_target_fill(view->arena, view->exam.world, &options, dir, t, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	int status = failure_of_folder(view->exam.world, view->target.workspace, dir);
	if (status != STATUS_HEALTHY) {
		return status;
	}
	struct exam_plan plan = {
		.probes = early_probes(view->arena), .without = &without, .limit = LIMIT_TEXT};
	int r = exam_run(&view->exam, &plan, &err);
	if (r < 0) {
		return failure_of_target(&err, r);
	}
	fill_where(view);
	layers_read(&view->layers, view->arena, view->exam.world, &view->where);
	schema_init(&view->schema, view->arena);
	settings_schema_fill(view);
	int signal = interrupt_signal(&view->interrupt);
	if (signal != 0) {
		output_complain("stopped (%s)", strsignal(signal));
		return STATUS_SIGNAL_BASE + signal;
	}
	return STATUS_HEALTHY;
}

int settings_view_open(struct settings_view *view, struct arena *arena,
                       const struct settings_options *options, const char *dir) {
	struct err err;
	int64_t deadline_ns = clock_now_ns() + (options->bisect ? BISECT_LIMIT_NS : LIMIT_NS);
	*view = (struct settings_view){
		.arena = arena,
		.options = options,
		.interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1},
	};
	exam_init(&view->exam, arena, &view->facts, &view->target);
	view->exam.deadline_ns = deadline_ns;
	view->exam.rules = registry_rules;
	evidence_store_init(&view->store, arena);
	interrupt_open(&view->interrupt, deadline_ns);
	view->exam.world = world_live_open(arena, &view->store, view->interrupt.fd, &err);
	if (!view->exam.world) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	return look(view, dir);
}

void settings_view_close(struct settings_view *view) {
	world_close(view->exam.world);
	view->exam.world = NULL;
	interrupt_close(&view->interrupt);
}

static int lint_status(const struct issues *issues, const char *fail_on) {
	size_t found = issues->counts[SEV_ERROR];
	if (!streq(fail_on, "error") && fail_on) {
		found += issues->counts[SEV_WARNING];
	}
	if (streq(fail_on, "note")) {
		found += issues->counts[SEV_NOTE];
	}
	for (const struct issue *i = issues->first; i; i = i->next) {
		if (i->kind == ISSUE_UNREADABLE) {
			return STATUS_UNKNOWN;
		}
	}
	return found > 0 ? STATUS_FOUND : STATUS_HEALTHY;
}

static int lint(struct settings_view *view) {
	const struct settings_options *o = view->options;
	struct lint lint = {
		.arena = view->arena,
		.issues = {.arena = view->arena},
		.schema = &view->schema,
		.layers = &view->layers,
		.where = &view->where,
		.env = &view->target.judged,
		.is_secret = name_is_secret,
	};
	lint_layers(&lint);
	lint_files(&lint, view->exam.world);
	lint_constraints(&lint, &view->facts, view->exam.world);
	issues_sort(&lint.issues);
	struct strbuf out;
	strbuf_init(&out, view->arena);
	if (o->sarif) {
		settings_write_sarif(&out, view, &lint.issues);
	} else if (o->json) {
		settings_write_json(&out, view, &lint.issues);
	} else {
		struct terminal terminal = terminal_find(o->color);
		settings_write_text(&out, view, &lint.issues, &terminal);
	}
	return output_write(&out, lint_status(&lint.issues, o->fail_on));
}

enum verb { VERB_LINT, VERB_GET, VERB_SET, VERB_UNSET };

struct order {
	enum verb verb;
	const char *key;
	const char *json;
	const char *dir;
};

static bool parse_order(const char *const *operands, size_t count, struct order *ret) {
	*ret = (struct order){.verb = VERB_LINT, .dir = count > 0 ? operands[0] : NULL};
	const char *word = count > 0 ? operands[0] : "";
	size_t wanted = 0;
	if (streq(word, "get") || streq(word, "unset")) {
		ret->verb = streq(word, "get") ? VERB_GET : VERB_UNSET;
		wanted = 2;
	} else if (streq(word, "set")) {
		ret->verb = VERB_SET;
		wanted = 3;
	} else if (count > 1) {
		output_complain("'%s' is one argument too many; usage: dialtone settings [DIR], or "
		                "get, set or "
		                "unset with a KEY",
		                operands[1]);
		return false;
	} else {
		return true;
	}
	if (count < wanted || count > wanted + 1) {
		output_complain("usage: dialtone settings %s KEY%s [DIR]", word,
		                wanted == 3 ? " JSON-VALUE" : "");
		return false;
	}
	ret->key = operands[1];
	ret->json = wanted == 3 ? operands[2] : NULL;
	ret->dir = count > wanted ? operands[wanted] : NULL;
	return true;
}

static bool options_make_sense(const struct settings_options *o, enum verb verb) {
	static const char *const levels[] = {"error", "warning", "note", NULL};
	static const char *const layers[] = {"user", "workspace", "folder", NULL};
	bool writes = verb == VERB_SET || verb == VERB_UNSET;
	bool level_known = !o->fail_on;
	bool layer_known = !o->layer;
	for (size_t i = 0; levels[i]; i++) {
		level_known = level_known || streq(levels[i], o->fail_on);
		layer_known = layer_known || streq(layers[i], o->layer);
	}
	if (!color_is_valid(o->color)) {
		return false;
	}
	if (!level_known) {
		output_complain("option '--fail-on': expected error, warning or note, got '%s'",
		                o->fail_on);
		return false;
	}
	if (!layer_known) {
		output_complain("option '--layer': expected user, workspace or folder, got '%s'",
		                o->layer);
		return false;
	}
	if (o->json && o->sarif) {
		output_complain("'--json' and '--sarif' do not go together");
		return false;
	}
	if ((o->bisect && (verb != VERB_LINT || o->sarif || o->fail_on)) ||
	    (o->verbose && !o->bisect)) {
		output_complain(o->bisect ? "'--bisect' goes with no get, set, unset, --sarif or "
		                            "--fail-on"
		                          : "option '--verbose' only goes with '--bisect'");
		return false;
	}
	if ((o->layer || o->yes) && !writes) {
		output_complain("option '%s' only goes with set and unset",
		                o->layer ? "--layer" : "--yes");
		return false;
	}
	if ((o->sarif || o->fail_on) && verb != VERB_LINT) {
		output_complain("option '%s' does not go with get, set and unset",
		                o->sarif ? "--sarif" : "--fail-on");
		return false;
	}
	return true;
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	struct order order;
	int64_t start_ns = clock_now_ns();
	if (!parse_order(operands, operand_count, &order) ||
	    !options_make_sense(options, order.verb)) {
		return STATUS_USAGE;
	}
	struct arena *arena = arena_new();
	struct settings_view *view = arena_new_of(arena, struct settings_view);
	int status = settings_view_open(view, arena, options, order.dir);
	if (status == STATUS_HEALTHY) {
		switch (order.verb) {
		case VERB_LINT:
			status = view->options->bisect ? settings_bisect(view, start_ns)
			                               : lint(view);
			break;
		case VERB_GET:
			status = settings_get(view, order.key);
			break;
		case VERB_SET:
		case VERB_UNSET:
			status = settings_change(view, order.key, order.json);
			break;
		}
	}
	settings_view_close(view);
	arena_free(arena);
	return status;
}

const struct command command_settings = {
	.name = "settings",
	.synopsis = "[VERB] [DIR]",
	.summary = "Lint the editor's settings; get, set, unset one",
	.notes = "dialtone settings [DIR]                 lint every layer VS Code and its kin "
		 "read\n"
		 "dialtone settings get KEY [DIR]         the value in force and who says it\n"
		 "dialtone settings set KEY JSON [DIR]    show the change; with --yes write it\n"
		 "dialtone settings unset KEY [DIR]       the same for taking a key away\n"
		 "\n"
		 "A directory that is called like a verb: ./get\n"
		 "With --bisect the exit status is 1 found, 0 they do no harm, 3 cannot tell.\n"
		 "Exit status: 0 nothing of that level, 1 found, 2 usage, 3 a file could not be\n"
		 "read, 4 not written.\n",
	.options = specs,
	.options_size = sizeof(struct settings_options),
	.max_operands = 4,
	.run = run,
};
