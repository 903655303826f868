/* SPDX-License-Identifier: MIT */
#include "cmd/check_options.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/fail_on.h"
#include "cmd/options.h"
#include "core/editor.h"
#include "core/probe.h"
#include "core/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define TIMEOUT_MAX_S 86400

#define AT(member) offsetof(struct check_options, member)
const struct option_spec check_option_specs[] = {
	{"file", 'f', "F", OPTION_TEXT, AT(file), "the file you have open (else one is chosen)"},
	{"editor", 'e', "NAME", OPTION_TEXT, AT(editor),
         "whose rules count: vscode, neovim, emacs ... none"},
	{"environment", 'E', "SPEC", OPTION_TEXT, AT(environment),
         "self, shell, desktop, pid:N or file:F (of env -0)"},
	{"json", 'j', NULL, OPTION_FLAG, AT(json), "the report for programs"},
	{"fail-on", 0, "WHAT", OPTION_LIST, AT(fail_on),
         "exit 1 only then: broken, degraded, note, ids; never"},
	{"quiet", 'q', NULL, OPTION_FLAG, AT(quiet), "print nothing when the exit status is 0"},
	{"html", 0, "FILE", OPTION_TEXT, AT(html), "the report as a page for a browser as well"},
	{"verbose", 'v', NULL, OPTION_FLAG, AT(verbose), "every feature, fact and doubt as well"},
	{"timeout", 't', "S", OPTION_TEXT, AT(timeout),
         "seconds for everything (" CHECK_TIMEOUT_DEFAULT "; 0.5 is fine)"},
	{"trust", 0, NULL, OPTION_FLAG, AT(trust), "run what the workspace names; ask the editor"},
	{"no-server", 0, NULL, OPTION_FLAG, AT(no_server), "do not start the server"},
	{"prove", 0, NULL, OPTION_FLAG, AT(prove),
         "end each cause in a rehearsal: does that cure it?"},
	{"no-remember", 0, NULL, OPTION_FLAG, AT(no_remember),
         "do not keep what it is like when all works"},
	{"once", 0, NULL, OPTION_FLAG, AT(once),
         "no second look without the variables that stop go"},
	{"logs", 0, "FILE", OPTION_LIST, AT(logs),
         "a log somebody sent: look into it as well (repeatable)"},
	{"without", 0, "PROBE", OPTION_LIST, AT(without), "leave a probe out (repeatable)"},
	{"list-probes", 0, NULL, OPTION_FLAG, AT(list_probes), "what is looked at, by which probe"},
	{"save", 0, "FILE", OPTION_TEXT, AT(save), "also record all evidence in a case file"},
	{"raw", 0, NULL, OPTION_FLAG, AT(raw), "with --save: keep home and user names"},
	{"from", 0, "FILE", OPTION_TEXT, AT(from), "diagnose from a case file, not this machine"},
	{"from-trace", 0, "FILE", OPTION_TEXT, AT(from_trace),
         "diagnose from a recording of `dialtone trace -o` alone"},
	{"trace", 0, NULL, OPTION_FLAG, AT(trace),
         "record the system calls, too: do they say the same?"},
	{"save-trace", 0, "FILE", OPTION_TEXT, AT(save_trace), "the same, and keep the recording"},
	{"color", 0, "WHEN", OPTION_TEXT, AT(color), "auto, always or never"},
	{0},
};
#undef AT

int seconds_parse(const char *text, int64_t *ret_ns) {
	int64_t ns = 0;
	int64_t digit_ns = NS_PER_S;
	const char *p = text;
	size_t digits = 0;
	for (; ascii_is_digit(*p); p++, digits++) {
		ns = ns * 10 + (*p - '0') * NS_PER_S;
		if (ns > TIMEOUT_MAX_S * NS_PER_S) {
			return -EINVAL;
		}
	}
	if (*p == '.') {
		for (p++; ascii_is_digit(*p); p++, digits++) {
			digit_ns /= 10;
			ns += (*p - '0') * digit_ns;
		}
	}
	if (*p != '\0' || digits == 0 || ns == 0) {
		return -EINVAL;
	}
	*ret_ns = ns;
	return 0;
}

static int validate_environment(const char *spec, struct err *err) {
	int64_t pid = 0;
	if (streq(spec, "self") || streq(spec, "shell") || streq(spec, "desktop")) {
		return 0;
	}
	if (str_starts(spec, "pid:") && str_to_int64(spec + 4, &pid) == 0 && pid > 0 &&
	    pid <= INT32_MAX) {
		return 0;
	}
	if (str_starts(spec, "file:") && spec[5] != '\0') {
		return 0;
	}
	return err_set(err, -EINVAL,
	               "option '--environment': expected self, shell, desktop, pid:N or file:F, "
	               "got '%s'",
	               spec);
}

static int validate_without(struct arena *arena, const struct option_list *without,
                            struct err *err) {
	size_t n = 0;
	while (registry_probes[n]) {
		n++;
	}
	const char **ids = arena_array_of(arena, const char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		ids[i] = registry_probes[i]->id;
	}
	for (size_t i = 0; i < without->count; i++) {
		bool known = false;
		for (size_t k = 0; k < n; k++) {
			known = known || streq(ids[k], without->items[i]);
		}
		if (!known) {
			const char *near = options_nearest(without->items[i], ids);
			return err_set(err, -EINVAL,
			               "option '--without': there is no probe '%s'; %s%s%s",
			               without->items[i], near ? "did you mean '" : "",
			               near ? near : "`dialtone check --list-probes` lists them",
			               near ? "'?" : "");
		}
	}
	return 0;
}

bool check_options_trace(const struct check_options *o) {
	return o->trace || o->save_trace;
}

bool check_options_replay(const struct check_options *o) {
	return o->from || o->from_trace;
}

/* The first option that says something about a target which the case file already knows. */
static const char *clashes_with_from(const struct check_options *o, size_t operand_count) {
	const struct {
		bool given;
		const char *name;
	} clashes[] = {
		{operand_count > 0, "DIR"},      {o->file != NULL, "--file"},
		{o->editor != NULL, "--editor"}, {o->environment != NULL, "--environment"},
		{o->logs.count > 0, "--logs"},   {o->trust, "--trust"},
		{o->no_server, "--no-server"},   {o->save != NULL, "--save"},
		{o->prove, "--prove"},           {o->from && o->from_trace, "--from-trace"},
		{o->trace, "--trace"},           {o->save_trace != NULL, "--save-trace"},
	};
	for (size_t i = 0; i < sizeof(clashes) / sizeof(clashes[0]); i++) {
		if (clashes[i].given) {
			return clashes[i].name;
		}
	}
	return NULL;
}

static int validate_texts(const struct check_options *o, struct err *err) {
	const struct {
		const char *name;
		const char *value;
	} texts[] = {{"--file", o->file},
	             {"--save", o->save},
	             {"--from", o->from},
	             {"--from-trace", o->from_trace},
	             {"--save-trace", o->save_trace}};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].value && *texts[i].value == '\0') {
			return err_set(err, -EINVAL, "option '%s': expected a file, got ''",
			               texts[i].name);
		}
	}
	return 0;
}

int check_options_validate(struct arena *arena, const struct check_options *o, size_t operand_count,
                           struct err *err) {
	int64_t ns = 0;
	if (o->editor && !editor_find(o->editor)) {
		char names[200];
		editor_names(names, sizeof(names));
		return err_set(err, -EINVAL, "option '--editor': expected one of %s, got '%s'",
		               names, o->editor);
	}
	if (o->timeout && seconds_parse(o->timeout, &ns) < 0) {
		return err_set(err, -EINVAL,
		               "option '--timeout': expected seconds, more than 0 and at most %d, "
		               "got '%s'",
		               TIMEOUT_MAX_S, o->timeout);
	}
	int r = o->environment ? validate_environment(o->environment, err) : 0;
	if (r == 0) {
		r = validate_without(arena, &o->without, err);
	}
	if (r == 0) {
		r = fail_on_validate(arena, &o->fail_on, registry_rules, err);
	}
	if (r == 0) {
		r = validate_texts(o, err);
	}
	if (r < 0) {
		return r;
	}
	const char *clash = check_options_replay(o) ? clashes_with_from(o, operand_count) : NULL;
	if (clash) {
		return err_set(err, -EINVAL,
		               "'%s' and '%s' do not go together: the file says what was examined",
		               o->from ? "--from" : "--from-trace", clash);
	}
	if (check_options_trace(o) && o->prove) {
		return err_set(err, -EINVAL,
		               "'--prove' and '%s' do not go together: what is tried in a "
		               "rehearsal is no part of the examination",
		               o->trace ? "--trace" : "--save-trace");
	}
	if (o->raw && !o->save) {
		return err_set(err, -EINVAL, "option '--raw' only goes with '--save'");
	}
	return 0;
}

/* The working directory as the user sees it, or NULL with errno. PWD counts when it leads to the
 * same place. */
static const char *working_dir(struct arena *arena, struct world *world) {
	char *cwd = getcwd(NULL, 0);
	if (!cwd) {
		return NULL;
	}
	const char *dir = arena_strdup(arena, cwd);
	free(cwd);
	if (dir[0] != '/') { /* "(unreachable)...", getcwd(3) */
		errno = ENOENT;
		return NULL;
	}
	const char *pwd = getenv("PWD");
	if (pwd && pwd[0] == '/' && !streq(pwd, dir) && streq(world_stat(world, pwd).real, dir)) {
		return arena_strdup(arena, pwd);
	}
	return dir;
}

int user_path_absolute(struct arena *arena, struct world *world, const char *path, const char **ret,
                       struct err *err) {
	const char *base = "/";
	if (path[0] != '/') {
		base = working_dir(arena, world);
		if (!base) {
			return err_set(err, -errno, "cannot find out the working directory: %s",
			               strerror(errno));
		}
	}
	*ret = path_clean(arena, path_join(arena, base, path));
	return 0;
}

int check_target_fill(struct arena *arena, struct world *world, const struct check_options *o,
                      const char *dir, struct target *ret, struct err *err) {
	int r = user_path_absolute(arena, world, dir ? dir : ".", &ret->workspace, err);
	if (r < 0) {
		return r;
	}
	const char *base = str_ends(ret->workspace, ".code-workspace")
	                           ? path_parent(arena, ret->workspace)
	                           : ret->workspace;
	ret->file = o->file ? path_clean(arena, path_join(arena, base, o->file)) : NULL;
	ret->environment = o->environment;
	if (o->environment && str_starts(o->environment, "file:")) {
		const char *path = NULL;
		r = user_path_absolute(arena, world, o->environment + 5, &path, err);
		ret->environment = path ? arena_printf(arena, "file:%s", path) : NULL;
	}
	ret->editor_name = o->editor;
	ret->trusted = o->trust;
	ret->no_server = o->no_server;
	const char **logs = arena_array_of(arena, const char *, o->logs.count + 1);
	for (size_t i = 0; r == 0 && i < o->logs.count; i++) {
		r = user_path_absolute(arena, world, o->logs.items[i], &logs[i], err);
	}
	ret->logs = o->logs.count > 0 ? logs : NULL;
	return r;
}
