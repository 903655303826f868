/* SPDX-License-Identifier: MIT
 * Tables of system calls as the compiler makes them out of trace/calls.def and trace/numbers_*.def.
 */
#include "trace/call.h"

#include "base/arena.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>

enum call_id {
#define CALL(name, ...) ID_##name,
#define PLAIN(name)     ID_##name,
#include "trace/calls.def"
#undef CALL
#undef PLAIN
	ID_COUNT,
};

#define VALUE false
#define NEWFD true
#define A(s)                                                                                       \
	{ .shape = ARG_##s }
#define F(table)                                                                                   \
	{ .shape = ARG_FLAGS, .names = (table) }
#define E(table)                                                                                   \
	{ .shape = ARG_ENUM, .names = (table) }
#define I(size)                                                                                    \
	{ .shape = ARG_STRUCT_IN, .bytes = (size) }
#define O(size)                                                                                    \
	{ .shape = ARG_STRUCT_OUT, .bytes = (size) }
#define IS(size)                                                                                   \
	{ .shape = ARG_STRUCTS_IN, .bytes = (size) }
#define OS(size)                                                                                   \
	{ .shape = ARG_STRUCTS_OUT, .bytes = (size) }
#define CALL(n, t, fd, ...)                                                                        \
	[ID_##n] = {.name = #n, .topics = (t), .returns_fd = (fd), .args = {__VA_ARGS__}},
#define PLAIN(n) CALL(n, 0, VALUE, A(HEX), A(HEX), A(HEX), A(HEX), A(HEX), A(HEX))

static const struct call calls[ID_COUNT] = {
#include "trace/calls.def"
};

/* 1 + enum call_id by number; 0 where there is none. */
#define NUMBER(number, name) [number] = 1 + ID_##name,

static const uint16_t numbers_x86_64[CALL_NUMBER_MAX] = {
#include "trace/numbers_x86_64.def"
};
static const uint16_t numbers_i386[CALL_NUMBER_MAX] = {
#include "trace/numbers_i386.def"
};
static const uint16_t numbers_aarch64[CALL_NUMBER_MAX] = {
#include "trace/numbers_aarch64.def"
};

#define X32_BIT 0x40000000 /* __X32_SYSCALL_BIT: x32 is x86_64's table but for a few above 512 */

static const uint16_t *table_of(enum event_arch arch) {
	switch (arch) {
	case ARCH_X86_64:
	case ARCH_X32:
		return numbers_x86_64;
	case ARCH_I386:
		return numbers_i386;
	case ARCH_AARCH64:
		return numbers_aarch64;
	case ARCH_ARM:
		break;
	}
	return NULL;
}

const struct call *call_by_number(enum event_arch arch, int number) {
	const uint16_t *table = table_of(arch);
	int plain = arch == ARCH_X32 ? number & ~X32_BIT : number;

	if (!table || plain < 0 || plain >= CALL_NUMBER_MAX || table[plain] == 0) {
		return NULL;
	}
	return &calls[table[plain] - 1];
}

int call_number(enum event_arch arch, const char *name) {
	for (int i = 0; i < CALL_NUMBER_MAX; i++) {
		const struct call *call = call_by_number(arch, i);

		if (call && streq(call->name, name)) {
			return arch == ARCH_X32 ? i | X32_BIT : i;
		}
	}
	return -1;
}

const char *arch_name(enum event_arch arch) {
	switch (arch) {
	case ARCH_X86_64:
		return "x86_64";
	case ARCH_I386:
		return "i386";
	case ARCH_X32:
		return "x32";
	case ARCH_AARCH64:
		return "aarch64";
	case ARCH_ARM:
		return "arm";
	}
	return "unknown";
}

enum event_arch arch_of_audit(uint32_t audit, uint64_t number) {
	switch (audit) {
	case AUDIT_ARCH_I386:
		return ARCH_I386;
	case AUDIT_ARCH_AARCH64:
		return ARCH_AARCH64;
	case AUDIT_ARCH_ARM:
		return ARCH_ARM;
	default:
		return (number & X32_BIT) != 0 ? ARCH_X32 : ARCH_X86_64;
	}
}

/* ---- sets ---- */

enum wish {
	WISH_NOT,
	WISH_TELLING, /* by a topic: without what call_is_quiet names */
	WISH_EVERY,   /* by its name, or by "all" */
};

struct call_set {
	enum wish wish[ID_COUNT];
	bool unknown; /* numbers without a name too: all of them were asked for */
};

static const struct {
	const char *name;
	unsigned topics;
} sets[] = {
	{"anchors", TOPIC_ANCHOR}, {"file", TOPIC_FILE}, {"desc", TOPIC_DESC},
	{"net", TOPIC_NET},        {"lock", TOPIC_LOCK}, {"process", TOPIC_PROCESS},
	{"memory", TOPIC_MEMORY},  {"wait", TOPIC_WAIT}, {"all", 0},
};

#define SETS (sizeof(sets) / sizeof(sets[0]))

/* topics 0: all there are. */
static void topic_change(struct call_set *set, unsigned topics, bool in) {
	enum wish wish = topics == 0 ? WISH_EVERY : WISH_TELLING;

	for (size_t i = 0; i < ID_COUNT; i++) {
		if (topics != 0 && (calls[i].topics & topics) == 0) {
			continue;
		}
		if (!in) {
			set->wish[i] = WISH_NOT;
		} else if (set->wish[i] < wish) {
			set->wish[i] = wish;
		}
	}
	set->unknown = topics == 0 ? in : set->unknown;
}

/* Puts the calls of a set or the one of that name in (or out); false when there is none. */
static bool set_change(struct call_set *set, const char *word, bool in) {
	for (size_t s = 0; s < SETS; s++) {
		if (streq(word, sets[s].name)) {
			topic_change(set, sets[s].topics, in);
			return true;
		}
	}
	for (size_t i = 0; i < ID_COUNT; i++) {
		if (streq(calls[i].name, word)) {
			set->wish[i] = in ? WISH_EVERY : WISH_NOT;
			return true;
		}
	}
	return false;
}

static const char *nearest_name(const char *word) {
	const char *best = NULL;
	size_t least = 3; /* more edits than that are another word */

	for (size_t i = 0; i < ID_COUNT; i++) {
		size_t distance = str_distance(word, calls[i].name);

		if (distance < least) {
			least = distance;
			best = calls[i].name;
		}
	}
	return best;
}

static int no_such_call(const char *word, struct err *err) {
	const char *near = nearest_name(word);

	return err_set(err, -EINVAL, "there is no system call and no set '%s'%s%s%s", word,
	               near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int set_add(struct arena *arena, struct call_set *set, const char *text, struct err *err) {
	struct slice rest = slice_str(text), part;

	while (slice_cut(&rest, ',', &part)) {
		const char *word = arena_slicedup(arena, slice_trim(part));
		bool out = word[0] == '!';

		if (!set_change(set, word + out, !out)) {
			return no_such_call(word + out, err);
		}
	}
	return 0;
}

int call_set_parse(struct arena *arena, const char *text, const struct call_set **ret_set,
                   struct err *err) {
	struct call_set *set = arena_new_of(arena, struct call_set);

	if (text[0] == '\0') {
		return err_set(err, -EINVAL, "a set of system calls is empty");
	}
	if (text[0] == '!') {
		topic_change(set, 0, true);
	}
	int code = set_add(arena, set, text, err);

	if (code == 0) {
		*ret_set = set;
	}
	return code;
}

int call_set_with(struct arena *arena, const struct call_set *set, const char *text,
                  const struct call_set **ret_set, struct err *err) {
	struct call_set *copy = arena_new_of(arena, struct call_set);

	*copy = *set;
	*ret_set = copy;
	return set_add(arena, copy, text, err);
}

bool call_set_has(const struct call_set *set, enum event_arch arch, int number) {
	const struct call *call = call_by_number(arch, number);

	return call ? set->wish[call - calls] != WISH_NOT : set->unknown;
}

bool call_set_is_quiet(const struct call_set *set, enum event_arch arch, int number) {
	const struct call *call = call_by_number(arch, number);
	enum call_id id = call ? (enum call_id)(call - calls) : ID_COUNT;

	return (id == ID_fcntl || id == ID_fcntl64) && set->wish[id] == WISH_TELLING;
}

bool call_set_wants(const struct call_set *set, enum event_arch arch, int number,
                    const uint64_t args[6]) {
	if (call_set_is_quiet(set, arch, number) &&
	    ((int)args[1] == F_GETFL || (int)args[1] == F_SETFL)) {
		return false;
	}
	return call_set_has(set, arch, number);
}
