/* SPDX-License-Identifier: MIT
 * One gopls for several environments, and addresses that two want.
 */
#include "report/isolation.h"

#include "base/path.h"

#include <inttypes.h>

#define DIFFERENCES_MAX 8
#define WISHES_MAX      256
#define VALUE_MAX       60

/* ---- the daemon ---- */

/* What a forwarder finds with `go env` it sends along; the rest the daemon has of whoever started it. */
static bool is_sent_along(const char *name) {
	static const char *const own[] = {"GOPACKAGESDRIVER", "GOPLSCACHE",  "GOGC", "GOMEMLIMIT",
	                                  "GOMAXPROCS",       "GOTRACEBACK", NULL};

	for (size_t i = 0; own[i]; i++) {
		if (streq(name, own[i])) {
			return false;
		}
	}
	return str_starts(name, "GO") || str_starts(name, "CGO_") || streq(name, "CC") ||
	       streq(name, "CXX") || streq(name, "PKG_CONFIG");
}

/* Of those, what changes answers: which programs, networks, drivers. */
static bool matters(const char *name) {
	static const char *const names[] = {
		"GOPACKAGESDRIVER", "HOME",        "HTTP_PROXY", "HTTPS_PROXY",   "NO_PROXY",
		"http_proxy",       "https_proxy", "no_proxy",   "SSL_CERT_FILE", "SSL_CERT_DIR",
		"LD_LIBRARY_PATH",  "LD_PRELOAD",  NULL};

	for (size_t i = 0; names[i]; i++) {
		if (streq(name, names[i])) {
			return true;
		}
	}
	return str_starts(name, "PKG_CONFIG_");
}

/* The go that PATH leads to, NULL when none was seen. */
static const struct seen_place *go_of(const struct isolation_environment *e) {
	for (size_t i = 0; i < e->program_count; i++) {
		const struct seen_place *p = &e->programs[i];

		if (streq(p->state, "ok") && streq(p->type, "file") && (p->owner.mode & 0111U)) {
			return p;
		}
	}
	return NULL;
}

static const char *value_words(struct isolation *iso, const char *value) {
	return !value ? "not set"
	       : strlen(value) > VALUE_MAX
	               ? arena_printf(iso->arena, "%.*s...", VALUE_MAX - 3, value)
	               : value;
}

/* What differs and does not come along; "" nothing. */
static const char *differences(struct isolation *iso, const struct isolation_environment *has,
                               const struct isolation_environment *e) {
	struct census_split *splits;
	size_t count = census_splits(iso->arena, has->process, e->process, &splits), told = 0;
	const struct seen_place *there = go_of(has), *here = go_of(e);
	struct strbuf out;

	strbuf_init(&out, iso->arena);
	if (there && here && !seen_is_same(there, here)) {
		strbuf_printf(&out, "PATH leads to %s there, to %s here", there->path, here->path);
		told++;
	}
	for (size_t i = 0; i < count && told < DIFFERENCES_MAX; i++) {
		const char *name = splits[i].name;

		if (matters(name) && !is_sent_along(name)) {
			/* A proxy may have a password in it. */
			bool shown = !str_has(name, "roxy") && !str_has(name, "PROXY");

			strbuf_printf(&out, "%s%s", told++ ? "; " : "", name);
			if (shown) {
				strbuf_printf(&out, " is %s there, %s here",
				              value_words(iso, splits[i].a),
				              value_words(iso, splits[i].b));
			} else {
				strbuf_add(&out, " differs");
			}
		}
	}
	return out.data;
}

static void plan_daemon(struct isolation *iso, size_t environment) {
	const struct isolation_environment *e = &iso->environments[environment];
	const char *id = path_base(e->process->cwd[0] ? e->process->cwd : "own");
	const char *value = arena_printf(iso->arena, "auto;%s", id);
	bool is_code = streq(e->editor, "vscode");

	isolation_plan(
		iso,
		&(struct isolation_step){
			.environment = environment,
			.thing = THING_DAEMON,
			.name = "-remote",
			.value = value,
			.title = arena_printf(iso->arena, "a daemon of its own for %s%s",
	                                      isolation_label(iso, environment),
	                                      is_code ? "" : ": in its editor, start gopls with"),
			.command =
				is_code ? arena_printf(iso->arena,
	                                               "dialtone settings set "
	                                               "go.languageServerFlags "
	                                               "'[\"-remote=%s\"]' --layer folder %s",
	                                               value,
	                                               str_shell_quote(iso->arena, e->process->cwd))
					: arena_printf(iso->arena, "-remote='%s'", value)});
}

static bool judge_users(struct isolation *iso, struct isolation_shared *s, bool used) {
	const struct isolation_environment *first = &iso->environments[s->members[0]];

	for (size_t i = 1; i < s->member_count; i++) {
		const struct isolation_environment *e = &iso->environments[s->members[i]];

		if (e->process->uid == first->process->uid || s->place[0] != '/') {
			continue;
		}
		const char *who = arena_printf(iso->arena, "%s and %s",
		                               isolation_user(iso, first->process->uid),
		                               isolation_user(iso, e->process->uid));

		s->verdict = used ? SHARED_HARMFUL : SHARED_HARMLESS;
		s->reason = used ? arena_printf(iso->arena,
		                                "%s compute the same socket, and gopls refuses "
		                                "one of another user",
		                                who)
		                 : arena_printf(iso->arena,
		                                "%s would compute the same socket, but neither "
		                                "uses -remote=auto",
		                                who);
		if (used) {
			isolation_plan_variable(
				iso, s->members[i], THING_DAEMON, "XDG_RUNTIME_DIR",
				arena_printf(iso->arena, "/run/user/%" PRId64, e->process->uid));
		}
		return true;
	}
	return false;
}

void isolation_judge_daemon(struct isolation *iso, struct isolation_shared *s) {
	const struct isolation_environment *has = NULL;
	size_t users = 0;

	for (size_t i = 0; i < s->member_count; i++) {
		const struct isolation_environment *e = &iso->environments[s->members[i]];

		users += e->uses_daemon;
		if (e->uses_daemon && (!has || e->process->role == ROLE_DAEMON)) {
			has = e;
		}
	}
	if (judge_users(iso, s, users > 0)) {
		return;
	}
	s->verdict = SHARED_HARMLESS;
	if (users < 2) {
		s->reason = users == 0
		                    ? "where -remote=auto of all of them would lead; nobody uses it"
		                    : "only one of them uses -remote=auto";
		return;
	}
	s->reason = "one gopls for all of them: what `go env` says in each is sent along";
	for (size_t i = 0; i < s->member_count; i++) {
		const struct isolation_environment *e = &iso->environments[s->members[i]];
		const char *differs = e == has || !e->uses_daemon ? "" : differences(iso, has, e);

		if (differs[0]) {
			s->verdict = SHARED_HARMFUL;
			s->reason = arena_printf(
				iso->arena,
				"one gopls for all of them, with the environment of %s, which is "
				"not "
				"that of %s: %s",
				isolation_label(iso, (size_t)(has - iso->environments)),
				isolation_label(iso, s->members[i]), differs);
			plan_daemon(iso, s->members[i]);
			return;
		}
	}
}

/* ---- ports ---- */

struct wish {
	const struct census_process *process;
	const char *flag, *address, *port;
};

static bool is_flag(const char *word, const char *name, const char **ret_value) {
	const char *flag = word + strspn(word, "-");
	size_t len = strlen(name);

	if (flag == word || strncmp(flag, name, len) != 0 ||
	    (flag[len] != '=' && flag[len] != '\0')) {
		return false;
	}
	*ret_value = flag[len] == '=' ? flag + len + 1 : NULL;
	return true;
}

/* "localhost:6060": the port when it is a fixed one. */
static const char *fixed_port(const char *address) {
	const char *colon = strrchr(address, ':');

	return colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1) &&
	                       !streq(colon + 1, "0")
	               ? colon + 1
	               : NULL;
}

static void wishes_of(struct isolation *iso, const struct census_process *p, struct wish *list,
                      size_t *count) {
	static const char *const flags[] = {"listen", "debug", "l", "remote.listen", NULL};
	struct slice rest = slice_str(p->cmdline), part;

	slice_cut(&rest, '\x1f', &part);
	while (*count < WISHES_MAX && slice_cut(&rest, '\x1f', &part)) {
		const char *word = arena_slicedup(iso->arena, part), *value = NULL;

		if (streq(word, "--")) {
			break; /* what follows are words of the program that is debugged */
		}
		for (size_t i = 0; flags[i]; i++) {
			struct slice ahead = rest;

			if (!is_flag(word, flags[i], &value)) {
				continue;
			}
			if (!value && slice_cut(&ahead, '\x1f', &part)) {
				value = arena_slicedup(iso->arena, part);
			}
			if (value && fixed_port(value)) {
				list[(*count)++] =
					(struct wish){p, flags[i], value, fixed_port(value)};
			}
			break;
		}
	}
}

static bool listens_at(const struct census_process *p, const char *port) {
	struct slice rest = slice_str(p->listen), part;
	struct arena *arena = p->env.arena;

	while (slice_cut(&rest, '\x1f', &part)) {
		const char *address = arena_slicedup(arena, part);
		const char *colon = strrchr(address, ':');

		if (!str_starts(address, "unix;") && colon && streq(colon + 1, port)) {
			return true;
		}
	}
	return false;
}

static bool wants_same(const struct wish *a, const struct wish *b) {
	return streq(a->port, b->port) && a->process != b->process &&
	       a->process->net_ns == b->process->net_ns;
}

static void judge_port(struct isolation *iso, const struct wish *list, size_t count, size_t first) {
	const struct census_process *has = NULL, *lacks = NULL;
	int64_t *pids = arena_array_of(iso->arena, int64_t, count + 1);
	const struct wish *loser = NULL;
	size_t n = 0;

	for (size_t i = first; i < count; i++) {
		if (i != first && !wants_same(&list[first], &list[i])) {
			continue;
		}
		pids[n++] = list[i].process->pid;
		if (listens_at(list[i].process, list[i].port)) {
			has = list[i].process;
		} else if (!list[i].process->denied) {
			lacks = list[i].process;
			loser = &list[i];
		}
	}
	struct isolation_shared *s = isolation_share(iso, THING_PORT, list[first].address);

	s->pids = pids;
	s->verdict = lacks ? SHARED_HARMFUL : SHARED_HARMLESS;
	s->reason = !lacks ? "each listens at an address of its own"
	            : has  ? arena_printf(iso->arena,
	                                  "process %" PRId64
	                                  " (%s) was told to listen there with -%s and "
	                                   "does not: process %" PRId64 " (%s) does",
	                                  lacks->pid, lacks->name, loser->flag, has->pid, has->name)
	                   : "they were told to listen there, and neither does";
	if (lacks) {
		isolation_plan(iso,
		               &(struct isolation_step){
				       .environment = CENSUS_NONE,
				       .thing = THING_PORT,
				       .name = arena_printf(iso->arena, "-%s", loser->flag),
				       .value = "localhost:0",
				       .title = arena_printf(iso->arena,
		                                             "let process %" PRId64
		                                             " (%s) take any port that is free",
		                                             lacks->pid, lacks->name),
				       .command = arena_printf(iso->arena, "-%s=localhost:0",
		                                               loser->flag)});
	}
}

void isolation_ports(struct isolation *iso) {
	struct wish *list = arena_array_of(iso->arena, struct wish, WISHES_MAX);
	size_t count = 0;

	for (size_t i = 0; i < iso->census->count; i++) {
		const struct census_process *p = &iso->census->items[i];

		if (p->role == ROLE_SERVER || p->role == ROLE_FORWARDER || p->role == ROLE_DAEMON ||
		    p->role == ROLE_DEBUGGER) {
			wishes_of(iso, p, list, &count);
		}
	}
	for (size_t i = 0; i < count; i++) {
		bool told = false, shared = false;

		for (size_t k = 0; k < count; k++) {
			told = told || (k < i && wants_same(&list[i], &list[k]));
			shared = shared || (k > i && wants_same(&list[i], &list[k]));
		}
		if (shared && !told) {
			judge_port(iso, list, count, i);
		}
	}
}
