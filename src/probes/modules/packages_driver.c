/* SPDX-License-Identifier: MIT
 * Another program than go that gopls asks for packages.
 * Source: golang.org/x/tools/go/packages/external.go (findExternalDriver): GOPACKAGESDRIVER of the
 * environment, then a gopackagesdriver on PATH; "off" is none. go env -w has no say: gopls v0.16 to
 * v0.24 load with go list when only the file of go env -w names a driver.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "probes/go/govars.h"
#include "probes/search.h"
#include "probes/trust.h"

#define VARIABLE     "GOPACKAGESDRIVER"
#define DEFAULT_NAME "gopackagesdriver"

static const char *state_of(struct exam *exam, const char *path) {
	struct file_stat st = world_stat(exam->world, path);
	const struct evidence *link = NULL;
	if (!st.known) {
		return "unknown";
	}
	if (!st.exists) {
		link = world_look(exam->world, LOOK_LINK, path, LOOK_CAP_SMALL);
		return evidence_has_bytes(link) ? "dangling" : "absent";
	}
	if (!st.is_file) {
		return st.is_dir ? "directory" : "special";
	}
	if (st.can_exec) {
		return "ok";
	}
	struct mount_stat mount = world_mount(exam->world, path);
	return mount.known && mount.noexec ? "noexec_mount" : "no_exec_bit";
}

/* A bare name is looked for on PATH, one with a slash from the directory that is loaded. */
static const char *place_of(struct exam *exam, const struct envset *env, const char *value) {
	if (str_has(value, "/")) {
		return path_clean(exam->arena,
		                  path_join(exam->arena, exam->target->workspace, value));
	}
	const char *list = envset_get(env, "PATH");
	const char *found = search_path_only(exam, list ? list : "", value);
	return found ? found : "";
}

/* gopls' own env setting goes before the environment. */
static const char *origin_of(struct exam *exam, const char *value, const char **ret_where) {
	static const char *const keys[] = {"gopls.build.env", "gopls.env"};
	const char *judged = envset_get(&exam->target->judged, VARIABLE);
	const struct fact_setting *s = NULL;
	const char *from = "gopls";
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys) && !s; i++) {
		s = facts_setting(exam->facts, keys[i]);
		s = s && str_has(s->json, "\"" VARIABLE "\"") ? s : NULL;
	}
	if (!s && !streq(judged, value)) {
		s = facts_setting(exam->facts, "go.toolsEnvVars." VARIABLE);
		from = "settings";
	}
	*ret_where = s ? arena_printf(exam->arena, "%s:%lld", s->file, (long long)s->line) : "";
	return s ? from : "env";
}

static int look(struct exam *exam, struct err *err) {
	struct envset env;
	(void)err;
	envset_copy(&env, &exam->target->server);
	govars_gopls_env(exam, &env);
	const char *value = envset_get(&env, VARIABLE);
	const char *where = "";
	const char *from = "path";
	if (streq(value, "off")) {
		return 0;
	}
	if (!str_empty(value)) {
		from = origin_of(exam, value, &where);
	}
	const char *path = place_of(exam, &env, str_empty(value) ? DEFAULT_NAME : value);
	if (str_empty(value) && str_empty(path)) {
		return 0;
	}
	FACTS_ADD(exam->facts, packages_driver,
	          str_empty(path) ? NULL : world_stat(exam->world, path).ev,
	          .value = value ? value : "", .path = path, .from = from, .where = where,
	          .state = str_empty(path) ? "absent" : state_of(exam, path),
	          .inside = !str_empty(path) && trust_inside(exam, path));
	return 0;
}

const struct probe probe_packages_driver = {
	.id = "packages_driver",
	.title = "another program than go that the server asks for packages",
	.stage = STAGE_SOURCE,
	.yields = FACT_BIT(packages_driver),
	.look = look,
};
