/* SPDX-License-Identifier: MIT */
#include "trace/failures.h"

#include "base/ascii.h"
#include "base/path.h"
#include "base/str.h"
#include "trace/call.h"
#include "trace/dictionary.h"
#include "trace/rewind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#define HASH_DIGITS   8 /* of a hash, at least */
#define NUMBER_DIGITS 4 /* a shorter one may be a version */
#define PROGRAMS_MAX  64

struct failures {
	struct rewind *rewind;
	struct arena *arena; /* of the last failure */
};

/* ---- places ---- */

/* How many characters of a name made up by the run begin here; 0 none. Two hexadecimal digits alone are the part of a cache. */
static size_t made_up(const char *p, const char *name) {
	size_t hex = 0, digits = 0;
	while (ascii_hex(p[hex]) >= 0) {
		hex++;
	}
	while (ascii_is_digit(p[digits])) {
		digits++;
	}
	bool whole = p == name && (p[hex] == '\0' || p[hex] == '/');
	if (hex >= HASH_DIGITS || (hex == 2 && whole)) {
		return hex;
	}
	return digits >= NUMBER_DIGITS || (digits > 0 && p == name && p[digits] == '/') ? digits
	                                                                                : 0;
}

/* Of a name in a directory for temporary files only its first word says what it is. */
static bool is_temporary(const char *path, const char *name) {
	size_t len = (size_t)(name - path);
	static const char *const dirs[] = {"/tmp/", "/var/tmp/", "/dev/shm/"};
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		if (strlen(dirs[i]) == len && strncmp(path, dirs[i], len) == 0) {
			return true;
		}
	}
	return false;
}

const char *failures_place(struct arena *arena, const char *path) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (const char *p = path, *name = path; *p;) {
		size_t n = made_up(p, name);
		bool word_ends = is_temporary(path, name) && p > name && *p != '/' &&
		                 (ascii_is_digit(*p) || *p == '.' || *p == '-' || *p == '_');
		if (word_ends) {
			n = strcspn(p, "/");
		}
		if (n > 0) {
			strbuf_add_char(&out, '*');
			p += n;
			continue;
		}
		strbuf_add_char(&out, *p);
		name = *p == '/' ? p + 1 : name;
		p++;
	}
	return out.data ? out.data : "";
}

/* ---- failures ---- */

struct failures *failures_new(void) {
	struct failures *f = calloc(1, sizeof(*f));
	if (f) {
		f->rewind = rewind_new();
		f->arena = arena_new();
	}
	if (f && !f->rewind) {
		failures_free(f);
		f = NULL;
	}
	return f;
}

void failures_free(struct failures *f) {
	if (f) {
		rewind_free(f->rewind);
		arena_free(f->arena);
		free(f);
	}
}

/* It is how a program learns that it has to wait, or waited long enough. */
static bool is_by_the_way(int error) {
	return error == EAGAIN || error == EINTR || error == EINPROGRESS || error == EALREADY ||
	       error == ETIMEDOUT || error == ECHILD || error >= 512;
}

static const char *path_of(struct failures *f, const struct event *e, const struct call *call,
                           const struct rewind_process *p) {
	for (int at = 0; p && at < 6; at++) {
		const struct payload *path = event_payload(e, PAYLOAD_STRING, at);
		if (call->args[at].shape == ARG_PATH && path) {
			bool relative = at > 0 && call->args[at - 1].shape == ARG_AT_FD;
			return rewind_path(f->rewind, p, relative ? (int)e->args[at - 1] : AT_FDCWD,
			                   path->bytes);
		}
	}
	const struct rewind_fd *fd =
		p && call->args[0].shape == ARG_FD ? rewind_fd(p, (int)e->args[0]) : NULL;
	return fd ? fd->file->path : "";
}

static bool describe(struct failures *f, const struct event *e, struct failure *ret) {
	const struct call *call = event_failed(e) ? call_by_number(e->arch, e->number) : NULL;
	if (!call || is_by_the_way((int)-e->result)) {
		return false;
	}
	arena_free(f->arena);
	f->arena = arena_new();
	const struct rewind_process *p = rewind_process(f->rewind, e->pid);
	const char *path = path_of(f, e, call, p);
	*ret = (struct failure){.program = arena_strdup(f->arena, p ? path_base(p->exe) : ""),
	                        .call = call->name,
	                        .error = (int)-e->result,
	                        .path = arena_strdup(f->arena, path ? path : "")};
	ret->key = arena_printf(f->arena, "%s\t%s\t%d\t%s", ret->program, ret->call, ret->error,
	                        failures_place(f->arena, ret->path));
	return true;
}

bool failures_take(struct failures *f, const struct event *e, struct failure *ret) {
	bool failed = describe(f, e, ret);
	rewind_take(f->rewind, e);
	return failed;
}

bool failures_go_version(const struct event *e, char *words, size_t bytes) {
	const struct call *call = e->kind == EVENT_CALL ? call_by_number(e->arch, e->number) : NULL;
	const struct payload *p = call && streq(call->name, "write") && e->args[0] == 1
	                                  ? event_payload(e, PAYLOAD_BYTES, 1)
	                                  : NULL;
	struct slice line, rest = p ? p->bytes : slice_of("", 0);
	if (!slice_starts(rest, "go version go") || !slice_cut(&rest, '\n', &line) ||
	    line.len >= bytes) {
		return false;
	}
	memcpy(words, line.data, line.len);
	words[line.len] = '\0';
	return true;
}

const char *failures_program(const struct failures *f, pid_t pid) {
	const struct rewind_process *p = rewind_process(f->rewind, pid);
	return p && p->exe ? p->exe : "";
}

/* ---- the healthy run ---- */

struct baseline {
	struct failures *failures;
	struct dictionary keys;
	size_t known; /* of them; those behind were only asked for */
	struct arena *arena;
	const char *programs[PROGRAMS_MAX];
	size_t program_count;
	char go_version[100];
};

struct baseline *baseline_new(void) {
	struct baseline *b = calloc(1, sizeof(*b));
	if (b) {
		b->failures = failures_new();
		b->arena = arena_new();
	}
	if (b && !b->failures) {
		baseline_free(b);
		b = NULL;
	}
	return b;
}

void baseline_free(struct baseline *b) {
	if (b) {
		failures_free(b->failures);
		dictionary_free(&b->keys);
		arena_free(b->arena);
		free(b);
	}
}

static void learn_program(struct baseline *b, const struct event *e) {
	const char *exe = failures_program(b->failures, e->pid);
	for (size_t i = 0; i < b->program_count; i++) {
		if (streq(b->programs[i], exe)) {
			return;
		}
	}
	if (exe[0] == '/' && b->program_count < PROGRAMS_MAX) {
		b->programs[b->program_count++] = arena_strdup(b->arena, exe);
	}
}

static int learn(void *data, const struct event *e) {
	struct baseline *b = data;
	struct failure failure;
	if (failures_take(b->failures, e, &failure)) {
		(void)dictionary_id(&b->keys, slice_str(failure.key));
		b->known = b->keys.count;
	}
	if (e->kind == EVENT_EXEC) {
		learn_program(b, e);
	}
	if (b->go_version[0] == '\0') {
		(void)failures_go_version(e, b->go_version, sizeof(b->go_version));
	}
	return b->keys.failed ? -ENOMEM : 0;
}

struct event_sink baseline_sink(struct baseline *b) {
	return (struct event_sink){.data = b, .take = learn};
}

bool baseline_knows(struct baseline *b, const struct failure *failure) {
	return dictionary_id(&b->keys, slice_str(failure->key)) < b->known;
}

const char *baseline_other_program(const struct baseline *b, const char *path) {
	const char *other = NULL;
	for (size_t i = 0; i < b->program_count; i++) {
		if (streq(b->programs[i], path)) {
			return NULL;
		}
		other = !other && streq(path_base(b->programs[i]), path_base(path)) ? b->programs[i]
		                                                                    : other;
	}
	return other;
}

const char *baseline_go_version(const struct baseline *b) {
	return b->go_version;
}
