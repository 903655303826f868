/* SPDX-License-Identifier: MIT
 * Which toolchain go.mod or go.work asks for, and whether it can be had.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "gofile/goenvfile.h"
#include "gofile/goversion.h"
#include "probes/go/goroot.h"
#include "probes/search.h"

static const char *const verdicts[] = {
	[GOSWITCH_NONE] = "none",
	[GOSWITCH_LOCAL_TOO_OLD] = "local_too_old",
	[GOSWITCH_NEEDS] = "needs",
	[GOSWITCH_INVALID] = "invalid",
};

/* Where go takes that toolchain from without a network: goX on PATH, else the module cache, whose
 * unpacked or packed copy counts only beside its recorded hash (cmd/go/internal/toolchain,
 * cmd/go/internal/modfetch.Download). */
struct source {
	bool present;
	const char *root; /* unpacked in the module cache; NULL when it is on PATH or nowhere */
};

static struct source source_of(struct exam *exam, const char *name) {
	const char *path = envset_get(&exam->target->server, "PATH");
	if (search_path_only(exam, path ? path : "", name)) {
		return (struct source){.present = true};
	}
	const char *cache = facts_govar_value(exam->facts, "GOMODCACHE");
	if (cache[0] != '/') {
		return (struct source){0};
	}
	const char *version =
		arena_printf(exam->arena, "v0.0.1-%s.linux-%s", name, goroot_host_arch());
	const char *root = arena_printf(exam->arena, "%s/golang.org/toolchain@%s", cache, version);
	const char *packed = arena_printf(
		exam->arena, "%s/cache/download/golang.org/toolchain/@v/%s", cache, version);
	bool hash = world_stat(exam->world, arena_printf(exam->arena, "%s.ziphash", packed)).exists;
	if (world_stat(exam->world, root).is_dir && hash) {
		return (struct source){.present = true, .root = root};
	}
	bool zip = world_stat(exam->world, arena_printf(exam->arena, "%s.zip", packed)).exists;
	return (struct source){.present = zip && hash};
}

struct demand {
	const char *go;
	const char *toolchain;
	const char *where;
	const struct fact *fact;
};

/* go.work decides when one is in force, else the go.mod of the workspace. */
static struct demand demand_of(struct exam *exam) {
	facts_each (gowork, w, exam->facts) {
		if (streq(w->role, "active")) {
			return (struct demand){w->go, w->toolchain, w->path, &w->base};
		}
	}
	facts_each (gomod, m, exam->facts) {
		if (streq(m->role, "root")) {
			return (struct demand){m->go, m->toolchain, m->path, &m->base};
		}
	}
	facts_each (gomod, m, exam->facts) {
		if (streq(m->role, "file")) {
			return (struct demand){m->go, m->toolchain, m->path, &m->base};
		}
	}
	return (struct demand){"", "", "", NULL};
}

static const char *local_version(struct exam *exam) {
	facts_each (go_version, v, exam->facts) {
		if (streq(v->source, "local")) {
			return v->version;
		}
	}
	facts_each (binary, b, exam->facts) {
		if (streq(b->tool, "go") && b->chosen && !str_empty(b->go_version)) {
			return b->go_version;
		}
	}
	return "";
}

/* What the installation itself says of GOTOOLCHAIN, in its go.env. */
static const char *mode_of_installation(struct exam *exam) {
	facts_each (goroot, g, exam->facts) {
		if (!g->own) {
			continue;
		}
		const char *file = path_join(exam->arena, g->root, "go.env");
		const struct evidence *ev =
			world_look(exam->world, LOOK_FILE, file, GOENVFILE_MAX_BYTES);
		if (!evidence_has_bytes(ev)) {
			return "";
		}
		struct goenvfile parsed = goenvfile_parse(exam->arena, ev->bytes);
		const struct goenvfile_entry *entry = goenvfile_find(&parsed, "GOTOOLCHAIN");
		return entry ? entry->value : "";
	}
	return "";
}

/* See the fact: would go find a toolchain if nobody had said which? */
static const char *otherwise_of(struct exam *exam, const char *local, const struct demand *d) {
	struct goswitch s = goversion_switch(exam->arena, local, d->go, d->toolchain,
	                                     mode_of_installation(exam));
	if (s.kind == GOSWITCH_NONE) {
		return "none";
	}
	bool here =
		s.kind == GOSWITCH_NEEDS && !s.then_too_old && source_of(exam, s.toolchain).present;
	return here ? "present" : "absent";
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const char *local = local_version(exam);
	if (str_empty(local)) {
		return 0;
	}
	struct demand d = demand_of(exam);
	const struct fact_govar *mode = facts_govar(exam->facts, "GOTOOLCHAIN");
	struct goswitch s =
		goversion_switch(exam->arena, local, d.go, d.toolchain, mode ? mode->value : "");
	bool by_line =
		s.source == GOSWITCH_FROM_GO_LINE || s.source == GOSWITCH_FROM_TOOLCHAIN_LINE;
	const char *where = d.where;
	if (s.source == GOSWITCH_FROM_SETTING || (s.kind == GOSWITCH_INVALID && !by_line)) {
		where = mode && !str_empty(mode->where) ? mode->where
		        : mode                          ? mode->origin
		                                        : d.where;
	}
	struct source source = {0};
	if (s.kind == GOSWITCH_NEEDS) {
		source = source_of(exam, s.toolchain);
	}
	if (source.root) {
		goroot_look(exam, source.root, true, "switched");
	}
	/* The chosen toolchain is there and refuses the go line in its turn. */
	bool refused = s.kind == GOSWITCH_NEEDS && s.then_too_old && source.present;
	const char *proxy = facts_govar_value(exam->facts, "GOPROXY");
	bool fetched = s.kind == GOSWITCH_NEEDS && source.present && !refused;
	const char *runs = s.kind == GOSWITCH_NONE ? local
	                   : fetched ? goversion_of_toolchain(exam->arena, s.toolchain)
	                             : "";
	bool by_name =
		(s.kind == GOSWITCH_NEEDS && !refused) || (s.kind == GOSWITCH_INVALID && by_line);
	const char *named = str_empty(s.toolchain) ? d.toolchain : s.toolchain;
	const char *need = by_name ? named : s.required;
	FACTS_ADD(exam->facts, toolchain, d.fact ? d.fact->ev : NULL,
	          .local = refused ? s.toolchain : local, .need = need, .runs = runs,
	          .verdict = verdicts[refused ? GOSWITCH_LOCAL_TOO_OLD : s.kind],
	          .present = source.present, .where = where, .file = d.where,
	          .mode = mode ? mode->value : "", .proxy = proxy, .proxy_off = streq(proxy, "off"),
	          .path_only = s.path_only,
	          .otherwise = s.kind == GOSWITCH_NONE ? "none" : otherwise_of(exam, local, &d));
	return 0;
}

const struct probe probe_toolchain = {
	.id = "toolchain",
	.title = "which Go version the module asks for and whether it can be had",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(toolchain) | FACT_BIT(goroot) | FACT_BIT(goroot_gap) |
                  FACT_BIT(go_version),
	.look = look,
};
