/* SPDX-License-Identifier: MIT
 * Source: cmd/go/internal/modload/init.go (setDefaultBuildMod, modulesTextIsForWorkspace) and
 * vendor.go of Go 1.26.
 */
#include "probes/modules/modules_vendor.h"

#include "base/path.h"
#include "base/str.h"
#include "gofile/goversion.h"

#define GAPS_MAX 8 /* facts about one vendor directory; the first few prove it */

static const char *const gap_words[] = {
	[MODULESTXT_NOT_EXPLICIT] = "not_explicit",
	[MODULESTXT_OTHER_VERSION] = "other_version",
	[MODULESTXT_NOT_REPLACED] = "not_replaced",
	[MODULESTXT_OTHER_REPLACEMENT] = "other_replacement",
	[MODULESTXT_NOT_REQUIRED] = "not_required",
	[MODULESTXT_NOT_IN_GOMOD] = "not_in_gomod",
};

/* Why go does not look into vendor/ although it is there, or "" when it does. */
static const char *reason_unused(const struct modules_view *view, const struct modules_vendor *v) {
	const char *go = view->is_member ? view->work.go_version : view->mains[0]->mod.go_version;
	switch (view->flag) {
	case MODULES_FLAG_MOD:
		return "-mod=mod";
	case MODULES_FLAG_READONLY:
		return "-mod=readonly";
	case MODULES_FLAG_VENDOR:
		return "";
	case MODULES_FLAG_NONE:
		break;
	}
	if (str_empty(go)) {
		return "no go line";
	}
	if (goversion_compare(go, "1.14") < 0) {
		return "go line older than 1.14";
	}
	if (v->txt.is_workspace != view->is_member) {
		return view->is_member ? "made for one module" : "made for a workspace";
	}
	return "";
}

/* A module whose packages are vendored must be required since go.mod lists all of them:
 * "vendored module M should be required explicitly in go.mod". */
static bool state_unrequired(const struct modules_view *view, const struct modules_vendor *v) {
	const struct gomod *mod = &view->mains[0]->mod;
	if (view->is_member || goversion_compare(mod->go_version, "1.17") < 0) {
		return false;
	}
	for (size_t i = 0; i < v->txt.module_count; i++) {
		const struct modulestxt_module *m = &v->txt.modules[i];
		if (m->selected && !m->is_explicit && !m->superseded &&
		    !gomod_require_find(mod, m->path)) {
			FACTS_ADD(view->exam->facts, vendor_gap, v->ev, .modules_txt = v->txt_path,
			          .gomod = v->gomod, .module = m->path, .version = m->version,
			          .kind = "not_required",
			          .text = "provides packages, but go.mod does not require it");
			return true;
		}
	}
	return false;
}

static void state_gaps(const struct modules_view *view, struct modules_vendor *v) {
	struct arena *arena = view->exam->arena;
	struct modulestxt_gaps gaps;
	if (view->is_member) {
		struct modulestxt_member members[MODULES_MEMBERS_MAX];
		for (size_t i = 0; i < view->main_count; i++) {
			members[i] = (struct modulestxt_member){.dir = view->mains[i]->dir,
			                                        .mod = &view->mains[i]->mod};
		}
		gaps = modulestxt_compare_workspace(arena, &v->txt, view->work_dir, &view->work,
		                                    members, view->main_count);
	} else {
		gaps = modulestxt_compare(arena, &v->txt, &view->mains[0]->mod);
	}
	v->gaps = gaps.count > 0 || state_unrequired(view, v);
	for (size_t i = 0; i < gaps.count && i < GAPS_MAX; i++) {
		const struct modulestxt_gap *g = &gaps.items[i];
		FACTS_ADD(view->exam->facts, vendor_gap, v->ev, .modules_txt = v->txt_path,
		          .gomod = v->gomod, .module = g->path, .version = g->version,
		          .kind = gap_words[g->kind], .text = g->text);
	}
}

void modules_vendor_state(const struct modules_view *view, struct modules_vendor *ret) {
	struct exam *exam = view->exam;
	*ret = (struct modules_vendor){0};
	if (view->main_count == 0 || view->modules_off || view->other_modfile) {
		return;
	}
	const struct modules_file *main = view->mains[0];
	ret->dir = path_join(exam->arena, view->is_member ? view->work_dir : main->dir, "vendor");
	ret->gomod = view->is_member ? view->work_path : main->path;
	ret->txt_path = path_join(exam->arena, ret->dir, "modules.txt");
	struct file_stat dir = world_stat(exam->world, ret->dir);
	if (!dir.is_dir && view->flag != MODULES_FLAG_VENDOR) {
		return;
	}
	ret->ev = world_look(exam->world, LOOK_FILE, ret->txt_path, LOOK_CAP_MODULE);
	if (ret->ev->state != EV_READ && ret->ev->state != EV_ABSENT) {
		facts_refuse(exam->facts, FACT_vendor_gap,
		             arena_printf(exam->arena, "%s cannot be read", ret->txt_path),
		             "the right to read it");
		return;
	}
	ret->txt = modulestxt_parse(exam->arena, ret->ev->bytes);
	const char *unused = reason_unused(view, ret);
	FACTS_ADD(exam->facts, vendor, dir.ev, .dir = ret->dir,
	          .mode = !str_empty(unused)                  ? "off"
	                  : view->flag == MODULES_FLAG_VENDOR ? "flag"
	                                                      : "auto",
	          .modules_txt = ret->ev->state == EV_READ, .unused = unused);
	ret->used = str_empty(unused);
	if (ret->used) {
		state_gaps(view, ret);
	}
}

static const struct modulestxt_package *find_package(const struct modulestxt *txt,
                                                     const char *import) {
	for (size_t i = 0; i < txt->package_count; i++) {
		if (streq(txt->packages[i].path, import)) {
			return &txt->packages[i];
		}
	}
	return NULL;
}

static bool holds_go(struct exam *exam, const char *dir) {
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	while (ev->state == EV_READ && slice_line(&rest, &line)) {
		if (slice_starts(line, "f ") && line.len > 5 &&
		    memcmp(line.data + line.len - 3, ".go", 3) == 0) {
			return true;
		}
	}
	return ev->state != EV_READ;
}

void modules_vendor_import(const struct modules_view *view, const struct modules_vendor *v,
                           const char *import) {
	struct exam *exam = view->exam;
	const struct modulestxt_package *p = find_package(&v->txt, import);
	const char *dir = path_join(exam->arena, v->dir, import);
	struct file_stat st = world_stat(exam->world, dir);
	if (!st.known || (p && st.is_dir && holds_go(exam, dir))) {
		return;
	}
	FACTS_ADD(exam->facts, vendor_gap, p ? st.ev : v->ev, .modules_txt = v->txt_path,
	          .gomod = v->gomod, .module = p ? v->txt.modules[p->module].path : import,
	          .version = p ? v->txt.modules[p->module].version : "",
	          .kind = p ? "no_directory" : "no_package",
	          .text = p && st.is_dir ? arena_printf(exam->arena, "%s holds no Go file", dir)
	                  : p            ? arena_printf(exam->arena, "%s does not exist", dir)
	                      : arena_printf(exam->arena, "package %s is imported, but not listed",
	                                     import));
}
