/* SPDX-License-Identifier: MIT */
#include "trace/inject.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "trace/call.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>

#define ERRNO_MAX 134 /* EHWPOISON + 1; strerrorname_np names those below */

static int errno_of(const char *name) {
	int64_t number;

	for (int i = 1; i < ERRNO_MAX; i++) {
		if (streq(strerrorname_np(i), name)) {
			return i;
		}
	}
	return str_to_int64(name, &number) == 0 && number > 0 && number < 4096 ? (int)number : 0;
}

static int signal_of(const char *name) {
	const char *plain = str_starts(name, "SIG") ? name + 3 : name;
	int64_t number;

	for (int i = 1; i < NSIG; i++) {
		if (streq(sigabbrev_np(i), plain)) {
			return i;
		}
	}
	return str_to_int64(name, &number) == 0 && number > 0 && number < NSIG ? (int)number : 0;
}

/* "250ms", "2s", "100us"; 0 when it is none. */
static int64_t time_of(struct arena *arena, const char *text) {
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = {{"us", 1000}, {"ms", NS_PER_MS}, {"s", NS_PER_S}};
	int64_t number;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!str_ends(text, units[i].unit)) {
			continue;
		}
		char *digits = arena_strndup(arena, text, strlen(text) - strlen(units[i].unit));

		if (str_to_int64(digits, &number) == 0 && number > 0 &&
		    number <= 3600 * NS_PER_S / units[i].ns) {
			return number * units[i].ns;
		}
	}
	return 0;
}

/* N, N+ or N+STEP. */
static bool when_of(struct arena *arena, const char *text, struct inject *inject) {
	const char *plus = strchr(text, '+');
	char *first = arena_strndup(arena, text, plus ? (size_t)(plus - text) : strlen(text));
	int64_t from, step = plus ? 1 : 0;

	if (str_to_int64(first, &from) < 0 || from < 1 ||
	    (plus && plus[1] && (str_to_int64(plus + 1, &step) < 0 || step < 1))) {
		return false;
	}
	inject->first = (uint64_t)from;
	inject->every = (uint64_t)step;
	return true;
}

static bool take_part(struct arena *arena, const char *key, const char *value,
                      struct inject *inject) {
	int64_t bytes;

	if (streq(key, "path")) {
		inject->path = value;
		return value[0] != '\0';
	}
	if (streq(key, "program")) {
		inject->program = value;
		return value[0] != '\0';
	}
	if (streq(key, "errno")) {
		return (inject->error = errno_of(value)) != 0;
	}
	if (streq(key, "delay")) {
		return (inject->delay_ns = time_of(arena, value)) != 0;
	}
	if (streq(key, "kill")) {
		return (inject->kill_signal = signal_of(value)) != 0;
	}
	if (streq(key, "short")) {
		inject->short_bytes = str_to_int64(value, &bytes) == 0 && bytes > 0 ? bytes : 0;
		return inject->short_bytes != 0;
	}
	return streq(key, "when") && when_of(arena, value, inject);
}

/* The calls whose third argument is how many bytes. */
static bool can_be_short(const char *call) {
	return STR_IN(call, "read", "write", "pread64", "pwrite64", "recvfrom", "sendto",
	              "getdents64");
}

static int check(const struct inject *i, struct err *err) {
	int faults = (i->error != 0) + (i->delay_ns != 0) + (i->kill_signal != 0) +
	             (i->short_bytes != 0);

	if (faults != 1) {
		return err_set(
			err, -EINVAL,
			"a fault for '%s' needs one of errno=, delay=, kill= and short=", i->call);
	}
	if (i->short_bytes != 0 && !can_be_short(i->call)) {
		return err_set(err, -EINVAL,
		               "'%s' cannot be made short: it reads and writes nothing", i->call);
	}
	return 0;
}

static bool is_call(const char *name) {
	return call_number(ARCH_X86_64, name) >= 0 || call_number(ARCH_AARCH64, name) >= 0 ||
	       call_number(ARCH_I386, name) >= 0;
}

int inject_parse(struct arena *arena, const char *text, struct inject *ret_inject,
                 struct err *err) {
	struct inject inject = {.first = 1, .every = 1};
	struct slice rest = slice_str(text), part;

	if (!slice_cut(&rest, ':', &part) || !is_call(inject.call = arena_slicedup(arena, part))) {
		return err_set(err, -EINVAL, "'%s' does not begin with the name of a system call",
		               text);
	}
	while (slice_cut(&rest, ':', &part)) {
		char *key = arena_slicedup(arena, part);
		char *equals = strchr(key, '=');

		if (equals) {
			*equals = '\0';
		}
		if (!equals || !take_part(arena, key, equals + 1, &inject)) {
			return err_set(
				err, -EINVAL,
				"'%.*s' is no part of a fault: path=, program=, errno=NAME, "
				"delay=TIME (us, ms, s), kill=SIGNAL, short=BYTES, when=N, N+ "
				"or N+STEP",
				(int)(part.len < 100 ? part.len : 100), part.data);
		}
	}
	int code = check(&inject, err);

	if (code == 0) {
		*ret_inject = inject;
	}
	return code;
}

bool inject_names(const struct inject *injects, size_t count, const char *call) {
	for (size_t i = 0; i < count; i++) {
		if (streq(injects[i].call, call)) {
			return true;
		}
	}
	return false;
}

struct slice inject_path(const struct payload *payloads, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (payloads[i].kind == PAYLOAD_STRING) {
			return payloads[i].bytes;
		}
	}
	return (struct slice){0};
}

static bool path_matches(const char *pattern, struct slice path) {
	char text[PATH_MAX];

	if (!path.data || path.len >= sizeof(text)) {
		return false;
	}
	memcpy(text, path.data, path.len);
	text[path.len] = '\0';
	return fnmatch(pattern, text, 0) == 0;
}

bool inject_is_due(const struct inject *inject, const struct inject_call *call, uint64_t *seen) {
	if (!streq(inject->call, call->name) ||
	    (inject->path && !path_matches(inject->path, call->path)) ||
	    (inject->program && fnmatch(inject->program, path_base(call->program), 0) != 0)) {
		return false;
	}
	uint64_t turn = ++*seen;

	if (turn < inject->first) {
		return false;
	}
	return turn == inject->first ||
	       (inject->every > 0 && (turn - inject->first) % inject->every == 0);
}
