/* SPDX-License-Identifier: MIT */
#include "probes/go/wrapper_vars.h"

#include "base/str.h"
#include "probes/go/govars.h"
#include "probes/go/shim.h"
#include "probes/search.h"

/* The script at path, when it is one and belongs to no version manager. */
static struct wrapper_vars read_script(struct exam *exam, const struct envset *env,
                                       const char *path, const char *tool,
                                       struct shim_identity *ret_id) {
	struct wrapper_vars ret = {0};
	if (!shim_identify(exam, path, ret_id) || !str_empty(ret_id->manager)) {
		return ret;
	}
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, SCRIPT_ENV_MAX_BYTES);
	if (!evidence_has_bytes(ev) || !slice_starts(ev->bytes, "#!")) {
		return ret;
	}
	ret.script = path;
	ret.ev = ev;
	ret.vars = script_env_parse(exam->arena, ev->bytes, env, tool);
	return ret;
}

struct wrapper_vars wrapper_vars_of_server(struct exam *exam, const struct envset *env,
                                           const char *server) {
	struct shim_identity id;
	return server && server[0] == '/' ? read_script(exam, env, server, "gopls", &id)
	                                  : (struct wrapper_vars){0};
}

struct wrapper_vars wrapper_vars_of(struct exam *exam, const struct envset *env,
                                    const char *go_path) {
	const char *path = envset_get(env, "PATH");
	const char *found = path ? search_path_only(exam, path, "go") : NULL;
	const char *go = found ? found : go_path;
	struct shim_identity id;
	if (!go || govars_own_goroot(exam, go)) {
		return (struct wrapper_vars){0};
	}
	struct wrapper_vars ret = read_script(exam, env, go, "go", &id);
	if (!ret.script) {
		return ret;
	}
	ret.go = ret.vars.program;
	/* A bare name is searched on the PATH it was started with, if it leaves that alone. */
	if (ret.go && ret.go[0] != '/') {
		bool same_path = !ret.vars.opaque && !slice_has(ret.ev->bytes, "PATH");
		ret.go = same_path ? found : NULL;
	}
	ret.itself = ret.go && streq(world_stat(exam->world, ret.go).real, id.real);
	ret.go = ret.itself ? NULL : ret.go;
	return ret;
}

void wrapper_vars_apply(const struct wrapper_vars *wrapper, struct envset *env) {
	if (wrapper->vars.cleared_line > 0) {
		envset_init(env, env->arena);
	}
	for (size_t i = 0; i < wrapper->vars.count; i++) {
		const struct script_set *set = &wrapper->vars.sets[i];
		if (set->value) {
			envset_set(env, set->name, set->value);
		} else {
			envset_unset(env, set->name);
		}
	}
}
