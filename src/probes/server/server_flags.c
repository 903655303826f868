/* SPDX-License-Identifier: MIT
 */
#include "probes/server/server_flags.h"

#include "base/str.h"

enum taming { TAME_FILE, TAME_SOCKET, TAME_ADDRESS };

struct tamed {
	const char *name;
	enum taming how;
};

static const struct tamed tamed[] = {
	{"logfile", TAME_FILE},         {"remote.logfile", TAME_FILE}, {"profile.cpu", TAME_FILE},
	{"profile.mem", TAME_FILE},     {"profile.alloc", TAME_FILE},  {"profile.block", TAME_FILE},
	{"profile.trace", TAME_FILE},   {"listen", TAME_SOCKET},       {"debug", TAME_ADDRESS},
	{"remote.debug", TAME_ADDRESS}, {"mcp.listen", TAME_ADDRESS},
};

/* The entry for "-name=value", "--name=value" or "-name"; *ret_value points behind the '=', or is
 * NULL. */
static const struct tamed *tamed_of(const char *arg, const char **ret_value) {
	if (arg[0] != '-') {
		return NULL;
	}
	const char *name = arg + (arg[1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");

	for (size_t i = 0; i < sizeof(tamed) / sizeof(*tamed); i++) {
		if (strlen(tamed[i].name) == len && memcmp(tamed[i].name, name, len) == 0) {
			*ret_value = name[len] == '=' ? name + len + 1 : NULL;
			return &tamed[i];
		}
	}
	return NULL;
}

bool server_flags_write(const char *const *argv) {
	const char *value = NULL;

	for (size_t i = 1; argv[0] && argv[i]; i++) {
		const struct tamed *t = tamed_of(argv[i], &value);

		if (t && t->how != TAME_ADDRESS) {
			return true;
		}
	}
	return false;
}

/* The value to give instead; NULL: leave the flag out; the same pointer: as it is. */
static const char *tame_value(struct arena *arena, const struct tamed *t, const char *value,
                              const char *scratch) {
	if (*value == '\0') {
		return value; /* the default: nothing is written */
	}
	switch (t->how) {
	case TAME_FILE:
		return scratch ? arena_printf(arena, "%s/%s", scratch, t->name) : NULL;
	case TAME_SOCKET:
		if (str_has(value, "://")) {
			return value; /* no address at all: gopls stops with a sentence */
		}
		return scratch ? arena_printf(arena, "unix;%s/%s", scratch, t->name) : NULL;
	case TAME_ADDRESS:
		return "localhost:0";
	}
	return NULL;
}

const char *const *server_flags_tame(struct arena *arena, const char *const *argv,
                                     const char *scratch) {
	size_t count = 0;
	size_t out = 0;

	while (argv[count]) {
		count++;
	}
	const char **copy = arena_array_of(arena, const char *, count + 1);

	for (size_t i = 0; i < count; i++) {
		const char *value = NULL;
		const struct tamed *t = i > 0 ? tamed_of(argv[i], &value) : NULL;
		bool apart = t && !value && i + 1 < count; /* "-logfile", "FILE" */

		if (!t || (!value && !apart)) {
			copy[out++] = argv[i];
			continue;
		}
		const char *given = apart ? argv[++i] : value;
		const char *tame = tame_value(arena, t, given, scratch);

		if (tame) {
			copy[out++] = arena_printf(arena, "-%s=%s", t->name, tame);
		}
	}
	copy[out] = NULL;
	return copy;
}
