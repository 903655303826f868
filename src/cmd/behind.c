/* SPDX-License-Identifier: MIT */
#include "cmd/behind.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/origin.h"
#include "core/registry.h"
#include "world/live.h"
#include "world/replay.h"

#define NAMES_MAX 8
#define LEAST_NS  (1500 * NS_PER_MS) /* a second look takes about half a second */
#define LIMIT_NS  (4 * NS_PER_S)

struct names {
	const char *items[NAMES_MAX + 1];
	size_t count;
};

/* An item is "NAME", or "NAME=value" for one that is set instead. */
static bool has_name(const struct names *names, const char *name) {
	size_t len = strlen(name);

	for (size_t i = 0; i < names->count; i++) {
		const char *item = names->items[i];

		if (strncmp(item, name, len) == 0 && (item[len] == '\0' || item[len] == '=')) {
			return true;
		}
	}
	return false;
}

/* Variables that stop go by their value, and without which it neither fetches anything nor writes into other caches than
 * the server does. */
static bool may_go(const char *name) {
	static const char *const all[] = {
		"GOFLAGS",      "GOROOT",       "GOTMPDIR",    "TMPDIR",
		"GOOS",         "GOARCH",       "GOWORK",      "GOPACKAGESDRIVER",
		"GOEXPERIMENT", "GODEBUG",      "GOAMD64",     "CC",
		"CXX",          "PKG_CONFIG",   "CGO_ENABLED", "CGO_CFLAGS",
		"CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS",
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (streq(name, all[i])) {
			return true;
		}
	}
	return false;
}

/* go env -w has it, and nothing else: then go can be told to pass over that file. */
static bool file_holds_only(const struct facts *facts, const struct names *names) {
	facts_each (govar, v, facts) {
		if (streq(v->origin, "goenv") && !has_name(names, v->name)) {
			return false;
		}
	}
	return true;
}

/* "PATH=…" with the go that the PATH misses, and with the gopls that it misses likewise; NULL when it misses none. */
static const char *longer_path(const struct behind *b) {
	const struct fact_tool *go = origin_go_off_path(b->facts);
	const struct fact_tool *gopls = origin_gopls_elsewhere(b->facts);
	const char *path = envset_get(&b->target->judged, "PATH");

	if (!go || facts_setting(b->facts, "go.toolsEnvVars.PATH")) {
		return NULL;
	}
	return arena_printf(b->arena, "PATH=%s:%s%s%s", path ? path : "",
	                    path_parent(b->arena, go->path), gopls ? ":" : "",
	                    gopls ? path_parent(b->arena, gopls->path) : "");
}

/* What is taken away, or set instead, for the variable that a cause is about; NULL: nothing can be. */
static const char *item_for(const struct behind *b, const char *name, bool filed) {
	if (streq(name, "PATH")) {
		return longer_path(b);
	}
	return may_go(name) && (filed || envset_get(&b->target->server, name)) ? name : NULL;
}

/* False when a cause is no such variable's: it would stand in the way of the second look as of the first. */
static bool find_names(const struct behind *b, const struct diagnosis *diagnosis,
                       struct names *ret) {
	bool of_file = false;

	for (size_t i = 0; i < diagnosis->cause_count; i++) {
		const char *name = diagnosis->causes[i]->about;
		const struct fact_govar *var = facts_govar(b->facts, name);
		bool filed = var && streq(var->origin, "goenv");

		if (diagnosis->causes[i]->severity != SEV_ERROR || has_name(ret, name)) {
			continue;
		}
		const char *item = item_for(b, name, filed);
		if (!item || ret->count + 1 >= NAMES_MAX) {
			return false;
		}
		of_file = of_file || filed;
		ret->items[ret->count++] = item;
	}
	if (of_file && !file_holds_only(b->facts, ret)) {
		return false;
	}
	if (of_file) {
		ret->items[ret->count++] = "GOENV=off";
	}
	return ret->count > 0;
}

/* What may only show because the variable is not set: tags that it names, another value of it. All else about the
 * environment, and who may be trusted, shows at first sight, if there is a go that can be asked. */
static bool is_of_the_look(const struct behind *b, const struct names *names,
                           const struct finding *f) {
	const struct fact_open_file *file = finding_first(open_file, f);
	const struct fact_excluded *excluded = finding_first(excluded, f);
	const char *reason = excluded ? excluded->reason : file ? file->reason : "";
	bool tags = has_name(names, "GOFLAGS") &&
	            str_has(facts_govar_value(b->facts, "GOFLAGS"), "-tags");

	return (tags && streq(reason, "tag")) || has_name(names, f->about) ||
	       (str_starts(f->rule->id, "env-") && !has_name(names, "PATH")) ||
	       finding_first(setting_program, f);
}

static bool is_known(const struct diagnosis *d, const struct finding *f) {
	findings_each (known, &d->all) {
		if (known->rule == f->rule && known->severity == SEV_ERROR) {
			return true;
		}
	}
	return false;
}

static void take_over(struct behind *b, const struct names *names) {
	const struct target *t = b->target;

	b->as.workspace = t->workspace;
	b->as.file = t->file;
	b->as.environment = t->environment;
	b->as.editor_name = t->editor_name;
	b->as.window_file = t->window_file;
	b->as.window_folders = t->window_folders;
	b->as.window_missing = t->window_missing;
	b->as.trusted = t->trusted;
	b->as.logs = t->logs;
	b->as.environment_change = t->environment_change;
	b->as.unset = names->items;
}

/* What comes of go and of servers, which the variables change; an editor's answer about its configuration, a shell's and
 * the journal's stay what they were. */
static bool is_of_program(const struct evidence *ev) {
	return str_starts(ev->source, "session:") ||
	       (str_starts(ev->source, "run:") && !str_starts(ev->source, "run:ask ") &&
	        !str_starts(ev->source, "run:journal") && !streq(ev->source, "run:login shell"));
}

static void keep_files(const struct behind *b, struct evidence_store *store) {
	for (size_t i = 0; i < b->first->count; i++) {
		const struct evidence *ev = b->first->items[i];

		if (!is_of_program(ev)) {
			evidence_add_copy(store, ev->source, ev)->at_ns = 0;
		}
	}
}

/* What the case file holds of the second look; false: there was none. */
static bool recorded_part(const struct behind *b, struct evidence_store *ret) {
	evidence_store_init(ret, b->arena);
	ret->start_wall_ns = b->recorded->start_wall_ns;
	for (size_t i = 0; i < b->recorded->count; i++) {
		const struct evidence *ev = b->recorded->items[i];

		if (str_starts(ev->source, EVIDENCE_BEHIND)) {
			evidence_add_copy(ret, evidence_plain_source(ev->source), ev);
		}
	}
	return ret->count > 0;
}

static struct world *open_world(struct behind *b, struct evidence_store *part) {
	struct err err;

	keep_files(b, &b->store);
	if (!b->recorded) {
		return world_live_open(b->arena, &b->store, b->interrupt_fd, &err);
	}
	return recorded_part(b, part) ? world_replay_open(b->arena, &b->store, part) : NULL;
}

/* "GOFLAGS and TMPDIR": what the causes are about. */
static const char *in_words(struct arena *arena, const struct names *names) {
	const char *words = "";

	for (size_t i = 0; i < names->count; i++) {
		if (!str_starts(names->items[i], "GOENV=")) {
			words = arena_printf(arena, "%s%s%.*s", words, *words ? " and " : "",
			                     (int)strcspn(names->items[i], "="), names->items[i]);
		}
	}
	return words;
}

static bool is_cause(const struct diagnosis *d, const struct finding *f) {
	for (size_t i = 0; i < d->cause_count; i++) {
		if (d->causes[i] == f) {
			return true;
		}
	}
	return false;
}

static void say_more(struct diagnosis *d, struct finding *f, const char *words) {
	finding_detail(&d->all, f, "%s%s%s", f->detail, str_empty(f->detail) ? "" : "; ", words);
}

static void add_causes(struct behind *b, const struct names *names, struct diagnosis *second,
                       struct diagnosis *ret) {
	const char *words = arena_printf(b->arena, "it shows only once %s is put right",
	                                 in_words(b->arena, names));
	const struct finding **causes = arena_array_of(b->arena, const struct finding *,
	                                               ret->cause_count + second->cause_count + 1);

	memcpy(causes, ret->causes, ret->cause_count * sizeof(*causes));
	ret->causes = causes;
	findings_each (f, &second->all) {
		if (is_cause(second, f) && f->severity == SEV_ERROR &&
		    f->confidence != CONF_POSSIBLE && !is_known(ret, f) &&
		    !is_of_the_look(b, names, f)) {
			say_more(second, f, words);
			ret->causes[ret->cause_count++] = f;
		}
	}
}

/* Nothing else is wrong. */
static void say_proven(struct behind *b, const struct names *names, struct diagnosis *d) {
	const char *words =
		arena_printf(b->arena, "%s everything answers, a second look showed",
	                     has_name(names, "PATH") ? "with it on the PATH"
	                                             : arena_printf(b->arena, "without %s",
	                                                            in_words(b->arena, names)));

	findings_each (f, &d->all) {
		if (is_cause(d, f) && has_name(names, f->about)) {
			say_more(d, f, words);
		}
	}
}

struct diagnosis behind_look(struct behind *b, const struct diagnosis *diagnosis) {
	struct diagnosis d = *diagnosis;
	struct evidence_store part;
	struct exam exam;
	struct err err;
	struct names *names = arena_new_of(b->arena, struct names);

	exam_init(&exam, b->arena, &b->seen, &b->as);
	evidence_store_init(&b->store, b->arena);
	if (b->target->no_server || d.verdict == VERDICT_HEALTHY ||
	    !find_names(b, diagnosis, names) ||
	    (!b->recorded && b->deadline_ns - clock_now_ns() < LEAST_NS)) {
		return d;
	}
	take_over(b, names);
	exam.rules = registry_rules;
	exam.world = open_world(b, &part);
	if (!exam.world) {
		return d;
	}
	exam.deadline_ns = exam.world->start_ns + LIMIT_NS;
	if (!b->recorded && b->deadline_ns < exam.deadline_ns) {
		exam.deadline_ns = b->deadline_ns;
	}
	if (exam_run(&exam, b->plan, &err) == 0) {
		struct diagnosis second = infer(registry_rules, &b->seen);
		fix_advise(registry_fixes, &b->seen, &second.all, b->target->workspace);
		if (second.verdict == VERDICT_HEALTHY) {
			say_proven(b, names, &d);
		} else if (second.verdict != VERDICT_UNKNOWN) {
			add_causes(b, names, &second, &d);
		}
	}
	world_close(exam.world);
	return d;
}

void behind_keep(const struct behind *b, struct evidence_store *store) {
	for (size_t i = 0; i < b->store.count; i++) {
		const struct evidence *ev = b->store.items[i];

		evidence_add_copy(store, arena_printf(b->arena, EVIDENCE_BEHIND "%s", ev->source),
		                  ev);
	}
}
