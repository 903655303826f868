/* SPDX-License-Identifier: MIT
 * `dialtone probe [DIR] [-- CMD...]`: what works with this server, how fast, and at what cost.
 */
#include "client/language.h"
#include "cmd/check_options.h"
#include "cmd/exam.h"
#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "cmd/probe_costs.h"
#include "cmd/probe_result.h"
#include "cmd/progress.h"
#include "core/registry.h"
#include "probes/scratch.h"
#include "probes/search.h"
#include "probes/server/server_flags.h"
#include "world/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PROBE_TIMEOUT_DEFAULT "60"
#define SAMPLE_NS             (50 * NS_PER_MS)
#define COMPARE_CAP           ((size_t)4 * 1024 * 1024)

struct probe_options {
	const char *tcp, *unix_path, *file, *at, *init, *repeat, *compare, *tolerance, *timeout;
	const char *editor, *environment, *color;
	bool cold, json, verbose, trust;
	const char *const *program;
};

#define AT(member) offsetof(struct probe_options, member)
static const struct option_spec probe_specs[] = {
	{"tcp", 0, "HOST:PORT", OPTION_TEXT, AT(tcp), "a server that listens there"},
	{"unix", 0, "PATH", OPTION_TEXT, AT(unix_path), "a server that listens on this socket"},
	{"file", 'f', "F", OPTION_TEXT, AT(file), "the file to open (else one is chosen)"},
	{"at", 0, "LINE:COL", OPTION_TEXT, AT(at), "ask there, counted from 1 (else found)"},
	{"init", 0, "JSON", OPTION_TEXT, AT(init), "initializationOptions and settings"},
	{"repeat", 'n', "N", OPTION_TEXT, AT(repeat), "ask each feature N more times (20)"},
	{"cold", 0, NULL, OPTION_FLAG, AT(cold), "a start with empty caches first, in scratch"},
	{"compare", 0, "FILE", OPTION_TEXT, AT(compare), "status 1 when worse than this --json"},
	{"tolerance", 0, "X", OPTION_TEXT, AT(tolerance),
         "times slower that --compare allows (1.5)"},
	{"editor", 'e', "NAME", OPTION_TEXT, AT(editor), "as for check, without CMD"},
	{"environment", 'E', "SPEC", OPTION_TEXT, AT(environment), "as for check"},
	{"trust", 0, NULL, OPTION_FLAG, AT(trust), "as for check"},
	{"timeout", 't', "S", OPTION_TEXT, AT(timeout), "seconds for everything (60)"},
	{"json", 'j', NULL, OPTION_FLAG, AT(json), "for programs"},
	{"verbose", 'v', NULL, OPTION_FLAG, AT(verbose), "features that were left out as well"},
	{"color", 0, "WHEN", OPTION_TEXT, AT(color), "auto, always or never"},
	{"", 0, "CMD...", OPTION_REST, AT(program), "the server and its arguments"},
	{0},
};
#undef AT

struct probe_run {
	const struct probe_options *options;
	struct arena *arena;
	struct interrupt interrupt;
	struct evidence_store store;
	struct facts facts;
	struct target target;
	struct exam exam;
	struct survey_script script;
	struct session_spec spec;
	const char *shown; /* the program or address */
	const char *scratch;
	int64_t samples;
	struct terminal terminal;
	struct progress progress;
};

/* ---- what is asked for ---- */

static int parse_count(const char *text, size_t *ret) {
	int64_t n = 20;
	if (text && (str_to_int64(text, &n) < 0 || n < 0 || n > SURVEY_REPEAT_MAX)) {
		return -EINVAL;
	}
	*ret = (size_t)n;
	return 0;
}

static int parse_place(const char *text, struct spot *ret) {
	char rest = '\0';
	if (text && (sscanf(text, "%u:%u%c", &ret->line, &ret->character, &rest) != 2 ||
	             ret->line == 0 || ret->character == 0)) {
		return -EINVAL;
	}
	ret->known = text != NULL;
	ret->line -= ret->known;
	ret->character -= ret->known;
	return 0;
}

static int validate(struct probe_run *p, struct err *err) {
	const struct probe_options *o = p->options;
	int64_t ns = 0;
	int ways = (o->tcp != NULL) + (o->unix_path != NULL) + (o->program != NULL);
	if (ways > 1) {
		return err_set(err, -EINVAL,
		               "--tcp, --unix and a program behind -- exclude each other");
	}
	if (o->program && !o->program[0]) {
		return err_set(err, -EINVAL, "expected the server's program behind '--'");
	}
	if (o->tcp && !strchr(o->tcp, ':')) {
		return err_set(err, -EINVAL, "option '--tcp': expected HOST:PORT, got '%s'",
		               o->tcp);
	}
	if (parse_count(o->repeat, &p->script.repeat) < 0) {
		return err_set(err, -EINVAL, "option '--repeat': expected 0 to %d, got '%s'",
		               SURVEY_REPEAT_MAX, o->repeat);
	}
	if (parse_place(o->at, &p->script.at) < 0) {
		return err_set(err, -EINVAL, "option '--at': expected LINE:COL from 1, got '%s'",
		               o->at);
	}
	if (o->timeout && seconds_parse(o->timeout, &ns) < 0) {
		return err_set(err, -EINVAL, "option '--timeout': expected seconds, got '%s'",
		               o->timeout);
	}
	if (o->tolerance && !(strtod(o->tolerance, NULL) >= 1)) {
		return err_set(err, -EINVAL, "option '--tolerance': expected 1 or more, got '%s'",
		               o->tolerance);
	}
	if (o->init) {
		struct json_object *json = json_tokener_parse(o->init);
		bool is_object = json_object_is_type(json, json_type_object);
		json_object_put(json);
		if (!is_object) {
			return err_set(err, -EINVAL, "option '--init': expected a JSON object");
		}
	}
	return 0;
}

/* ---- how the server is started ---- */

/* As the editor would start gopls: the same stages as a check, up to the start. */
static int arrange_gopls(struct probe_run *p, struct err *err) {
	struct target *t = &p->target;
	size_t count = 0, kept = 0;
	while (registry_probes[count]) {
		count++;
	}
	const struct probe **probes = arena_array_of(p->arena, const struct probe *, count + 1);
	for (size_t i = 0; i < count; i++) {
		if (registry_probes[i]->stage < STAGE_START) {
			probes[kept++] = registry_probes[i];
		}
	}
	struct exam_plan plan = {.probes = probes, .limit = PROBE_TIMEOUT_DEFAULT};
	int r = exam_run(&p->exam, &plan, err);
	if (r < 0) {
		return r;
	}
	if (t->do_not_start || !t->gopls_path) {
		return err_set(err, -ENOENT, "%s; `dialtone check` says more",
		               t->do_not_start ? t->do_not_start : "no gopls was found");
	}
	p->script.options = t->init_options;
	p->script.configuration = t->init_options;
	p->script.file = t->open_file;
	p->shown = t->gopls_path;
	p->spec.argv = server_flags_tame(p->arena, t->server_argv, p->scratch);
	p->spec.env = &t->launch;
	p->spec.cwd = t->server_cwd;
	return 0;
}

static int arrange_program(struct probe_run *p, struct err *err) {
	const char *const *argv = p->options->program;
	const char *path = argv[0];
	if (!strchr(path, '/')) {
		const char *list = getenv("PATH");
		path = search_path_only(&p->exam, list ? list : "", argv[0]);
	}
	if (!path) {
		return err_set(err, -ENOENT, "there is no program '%s' on PATH", argv[0]);
	}
	size_t count = 0;
	while (argv[count]) {
		count++;
	}
	const char **copy = arena_array_of(p->arena, const char *, count + 1);
	memcpy(copy, argv, count * sizeof(*copy));
	copy[0] = path;
	p->shown = path;
	p->spec.argv = copy;
	return 0;
}

static void take_own_environment(struct probe_run *p) {
	const struct evidence *ev =
		world_look(p->exam.world, LOOK_ENVIRON, "self", LOOK_CAP_SETTINGS);
	envset_add_block(&p->target.own, ev->bytes);
	envset_copy(&p->target.server, &p->target.own);
	p->spec.env = &p->target.server;
	p->spec.cwd = p->target.workspace;
}

static int arrange(struct probe_run *p, struct err *err) {
	const struct probe_options *o = p->options;
	if (!o->tcp && !o->unix_path && !o->program) {
		return arrange_gopls(p, err);
	}
	take_own_environment(p);
	if (o->program) {
		int r = arrange_program(p, err);
		if (r < 0) {
			return r;
		}
	} else {
		p->shown = o->tcp ? arena_printf(p->arena, "tcp:%s", o->tcp)
		                  : arena_printf(p->arena, "unix:%s", o->unix_path);
		p->spec.address = p->shown;
	}
	p->script.file = p->target.file ? p->target.file
	                                : language_sample(p->arena, p->exam.world,
	                                                  p->target.workspace, p->shown);
	return 0;
}

static int read_file(struct probe_run *p, struct err *err) {
	struct survey_script *s = &p->script;
	s->root = p->target.workspace;
	s->process_id = getpid();
	if (p->options->init) {
		s->options = s->configuration = p->options->init;
	}
	if (!s->file) {
		return 0;
	}
	const struct evidence *ev = world_look(p->exam.world, LOOK_FILE, s->file, LOOK_CAP_SOURCE);
	if (!evidence_has_bytes(ev)) {
		return err_set(err, -ENOENT, "cannot read '%s': %s", s->file, evidence_refusal(ev));
	}
	s->text = ev->bytes;
	s->language = language_of_file(s->file);
	return 0;
}

/* ---- the conversation ---- */

static struct survey *converse(struct probe_run *p, const char *label,
                               struct probe_costs *ret_costs) {
	struct world *world = p->exam.world;
	struct survey *survey = survey_new(p->arena, &p->script);
	struct probe_sampler *sampler = probe_sampler_new(p->exam.world, p->arena, ret_costs);
	p->spec.label = label;
	p->spec.dialogue = &survey->base;
	struct session *session = world_session_start(world, &p->spec);
	while (!survey_is_over(survey) && !world->interrupted && survey->life != SURVEY_EXITED &&
	       clock_now_ns() < p->exam.deadline_ns) {
		world_session_wait(world, session, clock_now_ns() + SAMPLE_NS);
		if (session->pid != 0 && !p->spec.address) {
			probe_sample(sampler, session->pid, p->samples++);
		}
		if (survey_rests(survey)) {
			survey_exit(survey, session);
		}
	}
	world_session_stop(world, session);
	return survey;
}

/* The server and go write their caches where nobody else's are. */
static const struct survey *converse_cold(struct probe_run *p) {
	static const char *const names[] = {"XDG_CACHE_HOME", "GOCACHE", "GOPLSCACHE"};
	struct probe_costs unused = {0};
	struct envset env;
	const struct envset *before = p->spec.env;
	size_t repeat = p->script.repeat;
	envset_init(&env, p->arena);
	envset_copy(&env, before);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		envset_set(&env, names[i], p->scratch);
	}
	p->spec.env = &env;
	p->script.repeat = 0;
	const struct survey *cold = converse(p, "cold", &unused);
	p->spec.env = before;
	p->script.repeat = repeat;
	return cold;
}

/* ---- the answer ---- */

static int compare(struct probe_run *p, const struct probe_result *result, struct strbuf *out,
                   struct err *err) {
	const char *path = NULL;
	double tolerance = p->options->tolerance ? strtod(p->options->tolerance, NULL) : 1.5;
	int r = user_path_absolute(p->arena, p->exam.world, p->options->compare, &path, err);
	if (r < 0) {
		return r;
	}
	const struct evidence *ev = world_look(p->exam.world, LOOK_FILE, path, COMPARE_CAP);
	if (!evidence_has_bytes(ev)) {
		return err_set(err, -ENOENT, "option '--compare': cannot read '%s': %s", path,
		               evidence_refusal(ev));
	}
	return probe_compare(out, result, ev->bytes, tolerance, err);
}

static int report(struct probe_run *p, const struct probe_result *result, struct err *err) {
	struct strbuf out, worse;
	strbuf_init(&out, p->arena);
	strbuf_init(&worse, p->arena);
	struct report_style style = {.verbose = p->options->verbose,
	                             .colour = p->terminal.colour,
	                             .utf8 = p->terminal.utf8,
	                             .columns = p->terminal.columns};
	int regressions = p->options->compare ? compare(p, result, &worse, err) : 0;
	if (regressions < 0) {
		return regressions;
	}
	if (p->options->json) {
		probe_json(&out, result);
	} else {
		probe_text(&out, result, &style);
	}
	int status = p->options->compare     ? (regressions > 0 ? STATUS_FOUND : STATUS_HEALTHY)
	             : probe_is_hurt(result) ? STATUS_FOUND
	                                     : STATUS_HEALTHY;
	status = output_write(&out, status);
	if (worse.len > 0) {
		output_complain("worse than in %s:\n%s", p->options->compare, worse.data);
	}
	return status;
}

static int probe_in_world(struct probe_run *p, struct err *err) {
	struct probe_result result = {.dir = p->target.workspace};
	int r = arrange(p, err);
	if (r == 0) {
		r = read_file(p, err);
	}
	if (r < 0) {
		return r;
	}
	result.server = p->shown;
	if (p->terminal.progress) {
		p->progress.columns = p->terminal.columns;
		p->exam.world->on_wait = progress_tick;
		p->exam.world->wait_context = &p->progress;
		progress_begin(&p->progress, arena_printf(p->arena, "asking %s", p->shown));
	}
	if (p->options->cold && !p->spec.address) {
		result.cold = converse_cold(p);
	}
	result.survey = converse(p, "probe", &result.costs);
	if (p->terminal.progress) {
		progress_end(&p->progress);
	}
	int signal = interrupt_signal(&p->interrupt);
	if (signal != 0) {
		output_complain("stopped before the server was through (%s)", strsignal(signal));
		return STATUS_SIGNAL_BASE + signal;
	}
	return report(p, &result, err);
}

static int prepare(struct probe_run *p, const char *dir, struct err *err) {
	const struct probe_options *o = p->options;
	struct check_options as_check = {.editor = o->editor,
	                                 .environment = o->environment,
	                                 .file = o->file,
	                                 .trust = o->trust};
	p->exam.world = world_live_open(p->arena, &p->store, p->interrupt.fd, err);
	if (!p->exam.world) {
		return -EIO;
	}
	int r = check_options_validate(p->arena, &as_check, dir != NULL, err);
	if (r == 0) {
		r = check_target_fill(p->arena, p->exam.world, &as_check, dir, &p->target, err);
	}
	if (r == 0 && !world_stat(p->exam.world, p->target.workspace).is_dir) {
		r = err_set(err, -ENOTDIR, "there is no directory '%s'", p->target.workspace);
	}
	return r;
}

static int run_in(struct arena *arena, const struct probe_options *o, const char *dir) {
	struct probe_run p = {
		.options = o,
		.arena = arena,
		.interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1},
	};
	struct err err;
	int64_t limit_ns = 0;
	int r = validate(&p, &err);
	(void)seconds_parse(o->timeout ? o->timeout : PROBE_TIMEOUT_DEFAULT, &limit_ns);
	exam_init(&p.exam, arena, &p.facts, &p.target);
	evidence_store_init(&p.store, arena);
	p.exam.deadline_ns = clock_now_ns() + limit_ns;
	if (r == 0) {
		interrupt_open(&p.interrupt, p.exam.deadline_ns);
		p.scratch = scratch_make(arena, getenv("TMPDIR"));
		p.terminal = terminal_find(o->color);
		r = prepare(&p, dir, &err);
	}
	if (r == 0) {
		r = probe_in_world(&p, &err);
	}
	world_close(p.exam.world);
	scratch_remove(p.scratch);
	interrupt_close(&p.interrupt);
	if (r < 0) {
		output_complain("%s", err.msg);
		return r == -EIO ? STATUS_UNKNOWN : STATUS_USAGE;
	}
	return r;
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct probe_options *o = options;
	if (!color_is_valid(o->color)) {
		return STATUS_USAGE;
	}
	struct arena *arena = arena_new();
	int status = run_in(arena, o, operand_count > 0 ? operands[0] : NULL);
	arena_free(arena);
	return status;
}

const struct command command_probe = {
	.name = "probe",
	.synopsis = "[DIR] [-- CMD]",
	.summary = "Ask a language server for each feature",
	.options = probe_specs,
	.options_size = sizeof(struct probe_options),
	.max_operands = 1,
	.run = run,
};
