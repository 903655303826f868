/* SPDX-License-Identifier: MIT
 */
#include "probes/modules/cgo_env.h"

#include "base/str.h"
#include "probes/go/goroot.h"
#include "probes/go/govars.h"
#include "probes/search.h"

#define DEFAULT_CC "gcc" /* internal/platform and cmd/dist: DefaultCC on Linux */
#define LINUX      "linux"

/* The first program of that name on the server's PATH, "" when there is none; *ret_known is false
 * when a directory could not be looked into. */
static const char *find_program(struct exam *exam, const struct envset *env, const char *name,
                                bool *ret_known) {
	const char *list = envset_get(env, "PATH");
	if (name[0] == '/') {
		struct file_stat st = world_stat(exam->world, name);
		*ret_known = st.known;
		return st.is_file && st.can_exec ? name : "";
	}
	const char *found = search_path_known(exam, list ? list : "", name, ret_known);
	return found ? found : "";
}

static bool is_native(struct exam *exam) {
	const char *os = facts_govar_value(exam->facts, "GOOS");
	const char *arch = facts_govar_value(exam->facts, "GOARCH");
	return (str_empty(os) || streq(os, LINUX)) &&
	       (str_empty(arch) || streq(arch, goroot_host_arch()));
}

/* The first word of CC, as cmd/go splits it (quotes keep blanks). */
static const char *first_word(struct arena *arena, const char *text) {
	text += strspn(text, " \t");
	if (*text == '\'' || *text == '"') {
		const char *end = strchr(text + 1, *text);
		return end ? arena_strndup(arena, text + 1, (size_t)(end - text - 1)) : text;
	}
	return arena_strndup(arena, text, strcspn(text, " \t"));
}

struct cgo_env cgo_env(struct exam *exam) {
	const struct fact_govar *cc = facts_govar(exam->facts, "CC");
	const struct fact_govar *flag = facts_govar(exam->facts, "CGO_ENABLED");
	const char *value = flag && !streq(flag->origin, "default") ? flag->value : "";
	struct envset env;
	envset_copy(&env, &exam->target->server);
	govars_gopls_env(exam, &env);
	const char *set = envset_get(&env, "CC");
	bool named = cc && !str_empty(cc->value) && !streq(cc->origin, "default");
	const char *word = named ? first_word(exam->arena, cc->value) : DEFAULT_CC;
	struct cgo_env ret = {.enabled = true, .why = "default", .cc = word, .path = ""};
	ret.origin = named ? cc->origin : "default";
	ret.path = find_program(exam, &env, word, &ret.path_known);
	if (streq(value, "0") || streq(value, "1")) {
		ret.enabled = streq(value, "1");
		ret.why = "variable";
	} else if (!is_native(exam)) {
		ret.enabled = false;
		ret.why = "cross";
	} else if (str_empty(set)) {
		bool known = true;
		if (str_empty(find_program(exam, &env, DEFAULT_CC, &known)) && known) {
			ret.enabled = false;
			ret.why = "no_compiler";
		}
	}
	return ret;
}
