/* SPDX-License-Identifier: MIT */
#include "probes/changed_when.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "base/path.h"
#include "wire/dpkglog.h"

#define DPKG_LOG       "/var/log/dpkg.log"
#define APT_HISTORY    "/var/log/apt/history.log"
#define DPKG_INFO      "/var/lib/dpkg/info"
#define PACKAGES_MAX   ((size_t)24)         /* of which the lists of files are read */
#define PACKAGE_GAP_NS (10 * 60 * NS_PER_S) /* between dpkg's line and the file's being there */
#define LIST_CAP       ((size_t)4 * 1024 * 1024)

/* "path:12" without its line. */
static const char *without_line(struct arena *arena, const char *path) {
	const char *colon = strrchr(path, ':');
	if (!colon || !ascii_is_digit(colon[1])) {
		return path;
	}
	return arena_strndup(arena, path, (size_t)(colon - path));
}

static void of_file(struct exam *exam, const struct since *since, const char *path,
                    struct came_about *ret) {
	struct file_stat st = world_stat(exam->world, path);
	if (!st.known || !st.exists) {
		return;
	}
	if (since_has(since, st.mtime_ns)) {
		ret->at_ns = st.mtime_ns;
		ret->time_of = "written";
	} else if (since_has(since, st.ctime_ns)) {
		/* Unpacked or moved there with an older time. */
		ret->at_ns = st.ctime_ns;
		ret->time_of = "moved";
	}
	ret->ev = ret->at_ns > 0 ? st.ev : NULL;
}

/* ---- packages ---- */

/* The package's list has the file, under its name or the one without links ("/bin" is "/usr/bin" by now). */
static bool owns(struct exam *exam, const char *package, const char *path, const char *real) {
	const char *list = arena_printf(exam->arena, DPKG_INFO "/%s.list", package);
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, list, LIST_CAP);
	if (!evidence_has_bytes(ev)) {
		list = arena_printf(exam->arena, DPKG_INFO "/%.*s.list", (int)strcspn(package, ":"),
		                    package);
		ev = world_look(exam->world, LOOK_FILE, list, LIST_CAP);
	}
	struct slice rest = ev->bytes;
	struct slice line;
	const char *short_real = str_starts(real, "/usr/") ? real + 4 : real;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (slice_eq(line, path) || slice_eq(line, real) || slice_eq(line, short_real)) {
			return true;
		}
	}
	return false;
}

static bool is_file_name(const char *package) {
	return package[0] != '.' && !strchr(package, '/') && strlen(package) < 200;
}

/* Those that dpkg put there meanwhile, about when the file came; the latest first. */
static void of_package(struct exam *exam, const struct since *since, const char *path,
                       struct came_about *ret) {
	struct file_stat st = world_stat(exam->world, path);
	const struct evidence *ev = world_look(exam->world, LOOK_TAIL, DPKG_LOG, LOOK_CAP_TAIL);
	struct dpkg_action ring[PACKAGES_MAX] = {{0}};
	struct dpkg_action action;
	struct slice rest = ev->bytes;
	size_t count = 0;
	while (evidence_has_bytes(ev) && dpkglog_take(exam->arena, &rest, &action)) {
		int64_t gap = st.ctime_ns - action.at_ns;
		/* The log tells the second, which may have begun before and end after. */
		bool meanwhile =
			action.at_ns + NS_PER_S > since->begin_ns && action.at_ns <= since->end_ns;
		if (!streq(action.action, "remove") && is_file_name(action.package) && meanwhile &&
		    gap < PACKAGE_GAP_NS && gap > -PACKAGE_GAP_NS) {
			ring[count++ % PACKAGES_MAX] = action;
		}
	}
	size_t looked = count < PACKAGES_MAX ? count : PACKAGES_MAX;
	for (size_t i = 0; i < looked; i++) {
		const struct dpkg_action *a = &ring[(count - 1 - i) % PACKAGES_MAX];
		struct apt_run run;
		if (!owns(exam, a->package, path, st.real)) {
			continue;
		}
		const struct evidence *history =
			world_look(exam->world, LOOK_TAIL, APT_HISTORY, LOOK_CAP_TAIL);
		bool apt = evidence_has_bytes(history) &&
		           apt_history_find(exam->arena, history->bytes, a, &run);
		ret->at_ns = a->at_ns;
		ret->time_of = "package";
		ret->package = a->package;
		ret->by = apt ? "apt" : "dpkg";
		ret->command = apt ? run.command : "";
		ret->ev = ev;
		return;
	}
}

/* ---- variables ---- */

/* A file that sets the variable and was written meanwhile. */
static void of_variable(struct exam *exam, const struct since *since, const char *name,
                        struct came_about *ret) {
	facts_each (startup, s, exam->facts) {
		if (streq(s->name, name) && since_has(since, s->mtime_ns)) {
			ret->at_ns = s->mtime_ns;
			ret->time_of = "written";
			ret->file =
				arena_printf(exam->arena, "%s:%lld", s->file, (long long)s->line);
			ret->ev = s->base.ev;
			return;
		}
	}
}

struct came_about came_about_find(struct exam *exam, const struct since *since,
                                  const struct setup_item *item, bool removed) {
	struct came_about found = {
		.time_of = "", .file = "", .package = "", .by = "", .command = ""};
	const char *path = without_line(exam->arena, item->path);
	switch (item->kind) {
	case ITEM_TOOL:
	case ITEM_EDITOR:
		if (path[0] == '/' && !removed) {
			of_file(exam, since, path, &found);
		}
		if (found.at_ns > 0) {
			of_package(exam, since, path, &found);
		}
		break;
	case ITEM_FILE:
	case ITEM_STARTUP:
	case ITEM_SETTING:
	case ITEM_GOENV:
	case ITEM_EXTENSION:
		if (path[0] == '/') {
			of_file(exam, since, path, &found);
		}
		break;
	case ITEM_VARIABLE:
		of_variable(exam, since, item->name, &found);
		break;
	case ITEM_SERVER:
	case ITEM_KERNEL:
	case ITEM_PLACE:
	case ITEM_LIMIT:
	case ITEM_GOCMD:
	case ITEM_KIND_COUNT:
		break;
	}
	return found;
}
