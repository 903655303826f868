/* SPDX-License-Identifier: MIT
 * What the guard tells without being asked: a line in a file, and a notification where a desktop is there to show it.
 * Sources: Desktop Notifications Specification 1.2 (org.freedesktop.Notifications; the body is markup), notify-send(1),
 * busctl(1); the bus of a user's session is $DBUS_SESSION_BUS_ADDRESS, else $XDG_RUNTIME_DIR/bus (sd_bus_open_user(3)).
 */
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/guard.h"
#include "report/harmless.h"
#include "world/live.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_NAME      "guard.log"
#define LOG_MAX_BYTES (256 * 1024)
#define NOTIFY_NS     (3 * NS_PER_S)
#define NOTIFIED_MAX  4 /* at a time; the rest is in the file */

const char *guard_log_path(const struct guard *g) {
	return path_join(g->arena, g->state_dir, LOG_NAME);
}

const char *guard_time_text(struct arena *arena, int64_t wall_ns) {
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm tm;
	char text[64] = "";
	if (!localtime_r(&seconds, &tm) || strftime(text, sizeof(text), "%F %T", &tm) == 0) {
		return "";
	}
	return arena_strdup(arena, text);
}

/* ---- the file ---- */

static void add_lines(struct strbuf *out, const char *word, const struct precautions *list) {
	const char *now = guard_time_text(out->arena, clock_wall_ns());
	for (size_t i = 0; i < list->count; i++) {
		const struct precaution *p = &list->items[i];
		strbuf_printf(out, "%s %s %s: %s\n", now, word, p->id,
		              harmless(out->arena, p->title, true));
	}
}

static void write_log(const struct guard *g, const struct precautions *fresh,
                      const struct precautions *over) {
	const char *path = guard_log_path(g);
	struct strbuf out;
	struct stat st;
	strbuf_init(&out, g->arena);
	add_lines(&out, "true", fresh);
	add_lines(&out, "over", over);
	if (lstat(path, &st) == 0 && st.st_size > LOG_MAX_BYTES) {
		(void)rename(path, arena_printf(g->arena, "%s.old", path));
	}
	CLEANUP(fd_closep)
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
	              0600);
	if (fd >= 0) {
		(void)fd_write_all(fd, out.data, out.len);
	}
}

/* ---- the desktop ---- */

static const char *on_path(const struct guard *g, const char *name) {
	const char *path = envset_get(&g->own, "PATH");
	struct slice rest = slice_str(path ? path : "");
	struct slice dir;
	while (slice_cut(&rest, ':', &dir)) {
		const char *file = path_join(g->arena, arena_slicedup(g->arena, dir), name);
		if (file[0] == '/' && access(file, X_OK) == 0) {
			return file;
		}
	}
	return NULL;
}

/* cron says nothing of a session; its bus has a known place. False: there is none. */
static bool find_bus(const struct guard *g, struct envset *env) {
	struct stat st;
	const char *runtime = envset_get(env, "XDG_RUNTIME_DIR");
	if (!str_empty(envset_get(env, "DBUS_SESSION_BUS_ADDRESS"))) {
		return true;
	}
	if (str_empty(runtime)) {
		runtime = arena_printf(g->arena, "/run/user/%u", (unsigned)geteuid());
	}
	const char *bus = path_join(g->arena, runtime, "bus");
	if (stat(bus, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_uid != geteuid()) {
		return false;
	}
	envset_set(env, "XDG_RUNTIME_DIR", runtime);
	envset_set(env, "DBUS_SESSION_BUS_ADDRESS", arena_printf(g->arena, "unix:path=%s", bus));
	return true;
}

static const char *markup(struct arena *arena, const char *text) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (; *text; text++) {
		if (*text == '<') {
			strbuf_add(&out, "&lt;");
		} else if (*text == '>') {
			strbuf_add(&out, "&gt;");
		} else if (*text == '&') {
			strbuf_add(&out, "&amp;");
		} else {
			strbuf_add_char(&out, *text);
		}
	}
	return out.data;
}

static void notify(const struct guard *g, const struct envset *env,
                   const struct precautions *fresh) {
	const char *send = on_path(g, "notify-send");
	const char *busctl = send ? NULL : on_path(g, "busctl");
	struct evidence_store store;
	struct err err;
	if (!send && !busctl) {
		return;
	}
	evidence_store_init(&store, g->arena);
	struct world *world = world_live_open(g->arena, &store, g->interrupt.fd, &err);
	for (size_t i = 0; world && i < fresh->count && i < NOTIFIED_MAX; i++) {
		const struct precaution *p = &fresh->items[i];
		const char *head = arena_printf(g->arena, "dialtone: %s", p->id);
		const char *body = markup(g->arena, harmless(g->arena, p->title, true));
		const char *const by_send[] = {
			send, "--app-name=dialtone", "--urgency=normal", "--", head, body, NULL};
		const char *const by_bus[] = {busctl,
		                              "--user",
		                              "call",
		                              "org.freedesktop.Notifications",
		                              "/org/freedesktop/Notifications",
		                              "org.freedesktop.Notifications",
		                              "Notify",
		                              "susssasa{sv}i",
		                              "dialtone",
		                              "0",
		                              "",
		                              head,
		                              body,
		                              "0",
		                              "0",
		                              "-1",
		                              NULL};
		const struct run_spec spec = {
			.label = arena_printf(g->arena, "notify %zu", i),
			.argv = send ? by_send : by_bus,
			.env = env,
			.cwd = "/",
			.deadline_ns = NOTIFY_NS,
			.cap_bytes = LOOK_CAP_SMALL,
		};
		(void)world_run(world, &spec);
	}
	world_close(world);
}

void guard_tell(struct guard *g, const struct precautions *fresh, const struct precautions *over) {
	struct envset env;
	if (fresh->count > 0 || over->count > 0) {
		write_log(g, fresh, over);
	}
	envset_copy(&env, &g->own);
	if (fresh->count > 0 && find_bus(g, &env)) {
		notify(g, &env, fresh);
	}
}
