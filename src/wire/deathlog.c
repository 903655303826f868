/* SPDX-License-Identifier: MIT
 */
#include "wire/deathlog.h"

#include "base/ascii.h"
#include "base/str.h"

#include <signal.h>
#include <stdlib.h>

/* What follows the first mark in line; false when there is none. */
static bool behind(struct slice line, const char *mark, struct slice *ret) {
	size_t len = strlen(mark);
	const char *at = memmem(line.data ? line.data : "", line.len, mark, len);

	if (!at) {
		return false;
	}
	*ret = slice_of(at + len, (size_t)(line.data + line.len - at) - len);
	return true;
}

static int64_t number(struct slice text) {
	int64_t value = 0;

	for (size_t i = 0; i < text.len && i < 18 && ascii_is_digit(text.data[i]); i++) {
		value = value * 10 + (text.data[i] - '0');
	}
	return value;
}

static const char *until(struct arena *arena, struct slice text, const char *stops) {
	size_t len = 0;

	while (len < text.len && !strchr(stops, text.data[len])) {
		len++;
	}
	return arena_strndup(arena, text.data ? text.data : "", len);
}

static const char *value_of(struct arena *arena, struct slice line, const char *key) {
	struct slice rest;

	if (!behind(line, key, &rest)) {
		return "";
	}
	if (rest.len > 0 && rest.data[0] == '"') {
		return until(arena, slice_from(rest, 1), "\"");
	}
	return until(arena, rest, " ,");
}

static int64_t number_of(struct slice line, const char *key) {
	struct slice rest;

	return behind(line, key, &rest) ? number(rest) : 0;
}

/* "123 (gopls) …" */
static void take_process(struct arena *arena, struct slice rest, struct deathlog *ret) {
	struct slice name;

	ret->pid = number(rest);
	ret->comm = behind(rest, "(", &name) ? until(arena, name, ")") : "";
}

static bool takes_oom(struct arena *arena, struct slice line, struct deathlog *ret) {
	struct slice rest;

	if (behind(line, "oom-kill:", &rest)) {
		const char *limit = value_of(arena, rest, "oom_memcg=");

		ret->pid = number_of(rest, ",pid=");
		ret->comm = value_of(arena, rest, "task=");
		ret->group = str_empty(limit) ? value_of(arena, rest, "task_memcg=") : limit;
	} else if (behind(line, "ut of memory: Killed process ", &rest)) {
		take_process(arena, rest, ret);
	} else {
		return false;
	}
	ret->how = "oom";
	ret->by = "kernel";
	ret->signal = SIGKILL;
	return true;
}

static bool takes_daemon(struct arena *arena, struct slice line, struct deathlog *ret) {
	struct slice rest;

	if (behind(line, "earlyoom", &rest) && behind(rest, "sending SIG", &rest)) {
		ret->signal = slice_starts(rest, "TERM") ? SIGTERM : SIGKILL;
		ret->pid = number_of(rest, "process ");
		ret->comm = behind(rest, "\"", &rest) ? until(arena, rest, "\"") : "";
		ret->by = "earlyoom";
	} else if (behind(line, "systemd-oomd", &rest) && behind(rest, "Killed ", &rest)) {
		ret->group = until(arena, rest, " ");
		ret->signal = SIGKILL;
		ret->by = "systemd-oomd";
	} else {
		return false;
	}
	ret->how = "oom-daemon";
	return true;
}

/* "gopls[123]: segfault at …", "traps: gopls[123] trap invalid opcode ip:…" */
static bool takes_fault(struct arena *arena, struct slice line, struct deathlog *ret) {
	static const struct {
		const char *words;
		int signal;
	} faults[] = {{": segfault at ", SIGSEGV},
	              {" general protection", SIGSEGV},
	              {" trap invalid opcode", SIGILL},
	              {" trap int3", SIGTRAP},
	              {" trap divide error", SIGFPE}};

	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		const char *at = memmem(line.data ? line.data : "", line.len, faults[i].words,
		                        strlen(faults[i].words));
		size_t end = at ? (size_t)(at - line.data) : 0;
		size_t open = end;

		while (open > 0 && line.data[open - 1] != '[') {
			open--;
		}
		if (!at || open == 0 || end == 0 || line.data[end - 1] != ']') {
			continue;
		}
		size_t name = open - 1;

		while (name > 0 && line.data[name - 1] != ' ') {
			name--;
		}
		ret->pid = number(slice_of(line.data + open, end - open));
		ret->comm = arena_strndup(arena, line.data + name, open - 1 - name);
		ret->how = "fault";
		ret->by = "kernel";
		ret->signal = faults[i].signal;
		return true;
	}
	return false;
}

static bool takes_audit(struct arena *arena, struct slice line, struct deathlog *ret) {
	bool seccomp = slice_has(line, "type=1326") || slice_has(line, "type=SECCOMP");

	if (!seccomp && !slice_has(line, "type=1701") && !slice_has(line, "type=ANOM_ABEND")) {
		return false;
	}
	ret->pid = number_of(line, " pid=");
	ret->comm = value_of(arena, line, "comm=");
	ret->signal = number_of(line, " sig=");
	ret->syscall = seccomp ? number_of(line, " syscall=") : -1;
	ret->how = seccomp ? "seccomp" : "abend";
	ret->by = "kernel";
	/* A filter that only logs, or refuses, ends nobody. */
	return !seccomp || ret->signal != 0;
}

/* "systemd[1]: app.scope: A process of this unit has been killed by the OOM killer." */
static bool takes_unit(struct arena *arena, struct slice line, struct deathlog *ret) {
	struct slice rest;

	if (behind(line, "]: ", &rest) &&
	    slice_has(rest, ": A process of this unit has been killed by the OOM killer")) {
		ret->how = "oom";
		ret->signal = SIGKILL;
	} else if (behind(line, "]: ", &rest) && slice_has(rest, "process exited, code=killed")) {
		ret->how = "unit";
		ret->signal = number_of(rest, "status=");
	} else {
		return false;
	}
	ret->by = "systemd";
	ret->group = until(arena, rest, ":");
	return true;
}

static bool takes_core(struct arena *arena, struct slice line, struct deathlog *ret) {
	struct slice rest;

	if (!slice_has(line, "dumped core") && !slice_has(line, "terminated abnormally")) {
		return false;
	}
	if (!behind(line, "Process ", &rest)) {
		return false;
	}
	take_process(arena, rest, ret);
	ret->how = "core";
	ret->by = "kernel";
	return ret->pid > 0;
}

bool deathlog_parse(struct arena *arena, struct slice line, struct deathlog *ret) {
	*ret = (struct deathlog){.how = "", .by = "", .comm = "", .group = "", .syscall = -1};
	return takes_oom(arena, line, ret) || takes_daemon(arena, line, ret) ||
	       takes_audit(arena, line, ret) || takes_fault(arena, line, ret) ||
	       takes_unit(arena, line, ret) || takes_core(arena, line, ret);
}
