/* SPDX-License-Identifier: MIT
 * How long it took to look for names below a directory: the text of LOOK_LATENCY (core/look.def), out of the calls that
 * did nothing else. Only slow ones are told of: a file system of this machine takes microseconds, and a recorded call
 * that waited for a processor some milliseconds.
 */
#include "base/path.h"
#include "base/vec.h"
#include "trace/call.h"
#include "trace/testimony_work.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#define PLACES_MAX  ((size_t)20000)
#define SAMPLES_MAX 256
#define SAMPLES_MIN 5
#define SLOW_NS     5000000

struct testimony_pace {
	const char *dir;
	int64_t *samples_ns;
	size_t count, size, slow;
};

/* It asks for nothing but the name, or for what the name leads to. */
static bool looks_up(const struct event *e, const struct call *call, int *ret_at) {
	static const char *const plain[] = {"stat", "lstat", "access", "readlink"};
	static const char *const at[] = {"newfstatat", "statx", "faccessat", "faccessat2",
	                                 "readlinkat"};
	*ret_at = 0;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		if (streq(call->name, plain[i])) {
			return true;
		}
	}
	*ret_at = 1;
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		if (streq(call->name, at[i])) {
			return true;
		}
	}
	return streq(call->name, "openat") && (e->args[2] & (O_ACCMODE | O_CREAT)) == O_RDONLY;
}

static void add_sample(struct testimony *t, const char *dir, int64_t ns) {
	size_t id = dictionary_id(&t->pace_ids, slice_str(dir));
	if (id == t->pace_count) {
		t->paces = vec_room(t->arena, t->paces, t->pace_count, &t->pace_size,
		                    sizeof(*t->paces));
		t->paces[t->pace_count++] =
			(struct testimony_pace){.dir = arena_strdup(t->arena, dir)};
	}
	struct testimony_pace *p = &t->paces[id];
	if (p->count < SAMPLES_MAX) {
		p->samples_ns = vec_room(t->arena, p->samples_ns, p->count, &p->size,
		                         sizeof(*p->samples_ns));
		p->samples_ns[p->count++] = ns;
		p->slow += ns >= SLOW_NS;
	}
}

void testimony_see_pace(struct testimony *t, const struct event *e, const struct call *call) {
	int at;
	if (e->duration_ns < 0 || !looks_up(e, call, &at) || t->pace_count >= PLACES_MAX) {
		return;
	}
	const char *path = testimony_path(t, e, call, at);
	while (path && path[0] == '/' && path[1]) {
		path = path_parent(t->arena, path);
		add_sample(t, path, e->duration_ns);
	}
}

static int by_size(const void *a, const void *b) {
	const int64_t *left = a, *right = b;
	return (*left > *right) - (*left < *right);
}

void testimony_give_pace(struct testimony *t, struct evidence_store *store) {
	for (size_t i = 0; i < t->pace_count; i++) {
		struct testimony_pace *p = &t->paces[i];
		if (p->count < SAMPLES_MIN || p->slow <= p->count / 2) {
			continue;
		}
		qsort(p->samples_ns, p->count, sizeof(*p->samples_ns), by_size);
		const char *text = arena_printf(
			t->arena, "samples=%zu\nmedian_us=%" PRId64 "\nleast_us=%" PRId64 "\n",
			p->count, p->samples_ns[p->count / 2] / 1000, p->samples_ns[0] / 1000);
		testimony_put(t, store, arena_printf(t->arena, "latency:%s", p->dir), t->asof_ns,
		              slice_str(text));
	}
}
