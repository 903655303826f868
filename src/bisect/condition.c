/* SPDX-License-Identifier: MIT
 */
#include "bisect/condition.h"

#include "base/str.h"

#include <stdlib.h>

#define PATH_ENTRIES_MAX 256 /* of one PATH; a longer one is one element */

/* In the order of enum condition_limit: as LOOK_CONTEXT names them, and for people. */
static const struct {
	const char *key, *name;
} limits[CONDITION_LIMITS] = {
	[CONDITION_NOFILE] = {"limit_nofile", "open_files"},
	[CONDITION_NPROC] = {"limit_nproc", "processes"},
	[CONDITION_AS] = {"limit_as", "address_space"},
	[CONDITION_DATA] = {"limit_data", "data"},
	[CONDITION_CPU] = {"limit_cpu", "cpu_seconds"},
	[CONDITION_FSIZE] = {"limit_fsize", "file_bytes"},
};

const char *element_kind_name(enum element_kind kind) {
	static const char *const names[] = {"variable", "path_entry", "limit",
	                                    "umask",    "cwd",        "setting"};
	return names[kind];
}

/* ---- limits and umask ---- */

static bool number_or_unlimited(struct arena *arena, struct slice text, int64_t *ret) {
	if (slice_eq(text, "unlimited")) {
		*ret = -1;
		return true;
	}
	return str_to_int64(arena_slicedup(arena, text), ret) == 0;
}

void condition_read(struct arena *arena, struct slice context, struct condition *ret) {
	const char *mask = keyline_get(arena, context, "umask");
	bool whole = mask != NULL;

	for (size_t i = 0; i < CONDITION_LIMITS; i++) {
		const char *text = keyline_get(arena, context, limits[i].key);
		struct slice rest = slice_str(text ? text : "");
		struct slice soft;

		whole = whole && slice_cut(&rest, ':', &soft) &&
		        number_or_unlimited(arena, soft, &ret->limits[i].soft) &&
		        number_or_unlimited(arena, rest, &ret->limits[i].hard);
	}
	ret->confined = whole;
	ret->umask = mask ? (unsigned)strtoul(mask, NULL, 8) & 0777 : 0;
}

/* ---- what is suspected ---- */

unsigned variable_weight(const char *name) {
	static const struct {
		const char *prefix;
		unsigned weight;
	} prefixes[] = {
		{"GOOGLE_", 1}, {"GO", 40},  {"CGO_", 30},  {"LD_", 20},    {"XDG_", 12},
		{"GIT_", 8},    {"SSL_", 6}, {"SSH_", 4},   {"MISE_", 8},   {"ASDF_", 8},
		{"SNAP", 6},    {"LC_", 4},  {"GLIBC_", 8}, {"MALLOC_", 4},
	};

	if (STR_IN(name, "GOFLAGS", "GOROOT", "GOPATH", "GOWORK", "GOENV", "GOTOOLCHAIN",
	           "GO111MODULE", "GOPACKAGESDRIVER", "GOOS", "GOARCH", "GOCACHE", "GOMODCACHE")) {
		return 60;
	}
	if (STR_IN(name, "PATH", "HOME", "TMPDIR", "CC", "CXX", "PKG_CONFIG", "PKG_CONFIG_PATH")) {
		return 30;
	}
	if (STR_IN(name, "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy",
	           "https_proxy", "no_proxy", "all_proxy", "USER", "LOGNAME", "SHELL", "LANG",
	           "BASH_ENV", "ENV", "AR", "FC", "TMP", "TEMP", "TZ", "PWD")) {
		return 5;
	}
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		if (str_starts(name, prefixes[i].prefix)) {
			return prefixes[i].weight;
		}
	}
	return 1;
}

/* ---- PATH ---- */

static size_t path_split(struct arena *arena, const char *value, const char **ret) {
	size_t count = 0;

	for (const char *from = value;; from++) {
		const char *end = strchrnul(from, ':');

		if (count == PATH_ENTRIES_MAX) {
			return 0;
		}
		ret[count++] = arena_strndup(arena, from, (size_t)(end - from));
		from = end;
		if (*end == '\0') {
			return count;
		}
	}
}

/* Lays one over the other so that as much as possible is of both (longest common subsequence). */
static void path_overlay(struct arena *arena, const char *good, const char *bad,
                         struct differences *ret) {
	const char **a = arena_array_of(arena, const char *, PATH_ENTRIES_MAX);
	const char **b = arena_array_of(arena, const char *, PATH_ENTRIES_MAX);
	size_t an = path_split(arena, good, a), bn = path_split(arena, bad, b);

	if (an == 0 || bn == 0) {
		return;
	}
	size_t wide = bn + 1;
	unsigned *common = arena_array_of(arena, unsigned, (an + 1) * wide);
	for (size_t i = an; i-- > 0;) {
		for (size_t k = bn; k-- > 0;) {
			unsigned down = common[(i + 1) * wide + k],
				 right = common[i * wide + k + 1];
			common[i * wide + k] = streq(a[i], b[k])
			                               ? common[(i + 1) * wide + k + 1] + 1
			                       : down > right ? down
			                                      : right;
		}
	}
	ret->path = arena_array_of(arena, struct path_piece, an + bn);
	for (size_t i = 0, k = 0; i < an || k < bn;) {
		struct path_piece *piece = &ret->path[ret->path_count++];

		if (i < an && k < bn && streq(a[i], b[k])) {
			*piece = (struct path_piece){a[i], true, true};
			i++;
			k++;
		} else if (i == an ||
		           (k < bn && common[i * wide + k + 1] >= common[(i + 1) * wide + k])) {
			*piece = (struct path_piece){b[k++], false, true};
		} else {
			*piece = (struct path_piece){a[i++], true, false};
		}
	}
}

/* ---- elements ---- */

static void add(struct differences *d, struct element element) {
	if (d->count == SUBSET_MAX) {
		d->more++;
		return;
	}
	d->items[d->count++] = element;
}

static void add_variable(struct arena *arena, struct differences *d, const char *name,
                         const char *good, const char *bad) {
	if (good && bad && streq(good, bad)) {
		return;
	}
	if (good && bad && streq(name, "PATH")) {
		path_overlay(arena, good, bad, d);
	}
	for (size_t i = 0; d->path && streq(name, "PATH") && i < d->path_count; i++) {
		const struct path_piece *p = &d->path[i];

		if (p->in_good != p->in_bad) {
			add(d, (struct element){.kind = ELEMENT_PATH_ENTRY,
			                        .name = p->entry,
			                        .good = p->in_good ? p->entry : NULL,
			                        .bad = p->in_bad ? p->entry : NULL,
			                        .at = i,
			                        .weight = variable_weight("PATH")});
		}
	}
	if (!d->path || !streq(name, "PATH")) {
		add(d, (struct element){.kind = ELEMENT_VARIABLE,
		                        .name = name,
		                        .good = good,
		                        .bad = bad,
		                        .weight = variable_weight(name)});
	}
}

static const char *limit_text(struct arena *arena, struct limit_pair l) {
	const char *soft =
		l.soft < 0 ? "unlimited" : arena_printf(arena, "%lld", (long long)l.soft);
	const char *hard =
		l.hard < 0 ? "unlimited" : arena_printf(arena, "%lld", (long long)l.hard);

	return l.soft == l.hard ? soft : arena_printf(arena, "%s (at most %s)", soft, hard);
}

static void add_confinement(struct arena *arena, struct differences *d,
                            const struct condition *good, const struct condition *bad) {
	for (size_t i = 0; i < CONDITION_LIMITS; i++) {
		struct limit_pair a = good->limits[i], b = bad->limits[i];

		if (a.soft != b.soft || a.hard != b.hard) {
			add(d, (struct element){.kind = ELEMENT_LIMIT,
			                        .name = limits[i].name,
			                        .good = limit_text(arena, a),
			                        .bad = limit_text(arena, b),
			                        .at = i,
			                        .weight = 12});
		}
	}
	if (good->umask != bad->umask) {
		add(d, (struct element){.kind = ELEMENT_UMASK,
		                        .name = "umask",
		                        .good = arena_printf(arena, "%04o", good->umask),
		                        .bad = arena_printf(arena, "%04o", bad->umask),
		                        .weight = 4});
	}
}

static int by_weight(const void *a, const void *b) {
	const struct element *x = a, *y = b;

	if (x->weight != y->weight) {
		return x->weight > y->weight ? -1 : 1;
	}
	if (x->kind != y->kind) {
		return x->kind < y->kind ? -1 : 1;
	}
	if (x->at != y->at) {
		return x->at < y->at ? -1 : 1;
	}
	return strcmp(x->name, y->name);
}

struct differences differences_between(struct arena *arena, const struct condition *good,
                                       const struct condition *bad) {
	struct differences d = {.items = arena_array_of(arena, struct element, SUBSET_MAX)};
	const char *value;

	for (size_t i = 0; i < good->env.count; i++) {
		const char *name = arena_slicedup(arena, envset_name(&good->env, i, &value));
		add_variable(arena, &d, name, value, envset_get(&bad->env, name));
	}
	for (size_t i = 0; i < bad->env.count; i++) {
		const char *name = arena_slicedup(arena, envset_name(&bad->env, i, &value));
		if (!envset_get(&good->env, name)) {
			add_variable(arena, &d, name, NULL, value);
		}
	}
	if (good->confined && bad->confined) {
		add_confinement(arena, &d, good, bad);
	}
	if (bad->cwd && !streq(good->cwd, bad->cwd)) {
		add(&d, (struct element){.kind = ELEMENT_CWD,
		                         .name = "cwd",
		                         .good = good->cwd,
		                         .bad = bad->cwd,
		                         .weight = 6});
	}
	qsort(d.items, d.count, sizeof *d.items, by_weight);
	return d;
}

/* ---- and back ---- */

static void put_path(struct arena *arena, const struct differences *d, const struct subset *set,
                     struct envset *env) {
	bool *taken = arena_array_of(arena, bool, d->path_count + 1);
	struct strbuf out;
	bool first = true;

	for (size_t i = 0; i < d->count; i++) {
		const struct element *e = &d->items[i];
		if (e->kind == ELEMENT_PATH_ENTRY) {
			taken[e->at] = subset_has(set, i);
		}
	}
	strbuf_init(&out, arena);
	for (size_t i = 0; i < d->path_count; i++) {
		const struct path_piece *p = &d->path[i];
		if (taken[i] ? p->in_bad : p->in_good) {
			strbuf_printf(&out, "%s%s", first ? "" : ":", p->entry);
			first = false;
		}
	}
	envset_set(env, "PATH", out.data);
}

struct condition differences_apply(struct arena *arena, const struct differences *differences,
                                   const struct condition *good, const struct condition *bad,
                                   const struct subset *set) {
	struct condition c = *good;

	envset_init(&c.env, arena);
	envset_copy(&c.env, &good->env);
	if (differences->path) {
		put_path(arena, differences, set, &c.env);
	}
	for (size_t i = 0; i < differences->count; i++) {
		const struct element *e = &differences->items[i];

		if (!subset_has(set, i)) {
			continue;
		}
		switch (e->kind) {
		case ELEMENT_VARIABLE:
			if (e->bad) {
				envset_set(&c.env, e->name, e->bad);
			} else {
				envset_unset(&c.env, e->name);
			}
			break;
		case ELEMENT_LIMIT:
			c.limits[e->at] = bad->limits[e->at];
			break;
		case ELEMENT_UMASK:
			c.umask = bad->umask;
			break;
		case ELEMENT_CWD:
			c.cwd = bad->cwd;
			break;
		case ELEMENT_PATH_ENTRY:
		case ELEMENT_SETTING:
			break;
		}
	}
	return c;
}
