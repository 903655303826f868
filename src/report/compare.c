/* SPDX-License-Identifier: MIT */
#include "report/compare.h"

#include "base/path.h"
#include "base/vec.h"
#include "core/origin.h"

#include <stdlib.h>

#define NAMES_MAX ((size_t)20000)

const char *difference_what_name(enum difference_what what) {
	static const char *const names[] = {
		[DIFF_TOOL] = "tool",   [DIFF_GO_ENV] = "go_env",   [DIFF_VARIABLE] = "variable",
		[DIFF_LIMIT] = "limit", [DIFF_CGROUP] = "cgroup",   [DIFF_NAMESPACE] = "namespace",
		[DIFF_MOUNT] = "mount", [DIFF_PROCESS] = "process",
	};
	return names[what];
}

enum compare_verdict compare_verdict(const struct comparison *c) {
	if (c->matter_count > 0) {
		return COMPARE_DIFFERS;
	}
	for (size_t i = 1; i < c->sides->count; i++) {
		if (!c->sides->items[i].known) {
			return COMPARE_UNKNOWN;
		}
	}
	return c->sides->count < 2 ? COMPARE_UNKNOWN : COMPARE_SAME;
}

bool compare_differs(const struct difference *d, size_t a, size_t b) {
	const struct cell *x = &d->cells[a];
	const struct cell *y = &d->cells[b];
	if (x->state == CELL_UNKNOWN || y->state == CELL_UNKNOWN) {
		return false;
	}
	return x->state != y->state || !streq(x->key, y->key);
}

struct difference *compare_add(struct comparison *c, struct arena *arena, enum difference_what what,
                               const char *name) {
	VEC_ROOM(arena, c->items, c->count, &c->size);
	struct difference *d = &c->items[c->count++];
	*d = (struct difference){
		.what = what, .name = name, .rank = 90, .follows = "", .because = ""};
	d->cells = arena_array_of(arena, struct cell, c->sides->count);
	for (size_t i = 0; i < c->sides->count; i++) {
		d->cells[i] = (struct cell){
			.key = "", .value = "", .detail = "", .origin = "", .file = ""};
	}
	return d;
}

/* Values may differ where keys do not: the same program in two places. */
static bool differs_somewhere(const struct comparison *c, const struct difference *d) {
	for (size_t i = 1; i < c->sides->count; i++) {
		bool known = d->cells[0].state != CELL_UNKNOWN && d->cells[i].state != CELL_UNKNOWN;
		if (compare_differs(d, 0, i) ||
		    (known && !streq(d->cells[0].value, d->cells[i].value))) {
			return true;
		}
	}
	return false;
}

bool compare_keep(struct comparison *c, bool everything) {
	struct difference *d = &c->items[c->count - 1];
	d->equal = !differs_somewhere(c, d);
	if (d->equal && !everything) {
		c->count--;
		return false;
	}
	return true;
}

/* What the user's services get concerns editors only where one of them is a service; who asks for
 * it alone wants to know. */
bool compare_is_aside(const struct comparison *c, size_t i) {
	return c->sides->items[i].kind == SIDE_MANAGER && c->sides->count > 2;
}

static bool keys_differ(const struct comparison *c, const struct difference *d) {
	for (size_t i = 1; i < c->sides->count; i++) {
		if (!compare_is_aside(c, i) && compare_differs(d, 0, i)) {
			return true;
		}
	}
	return false;
}

/* ---- names ---- */

struct names {
	const char **items;
	size_t count;
};

static int compare_text_of(const void *a, const void *b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void names_finish(struct names *names) {
	size_t kept = 0;
	qsort(names->items, names->count, sizeof(*names->items), compare_text_of);
	for (size_t i = 0; i < names->count; i++) {
		if (kept == 0 || !streq(names->items[kept - 1], names->items[i])) {
			names->items[kept++] = names->items[i];
		}
	}
	names->count = kept;
}

static struct names govar_names(struct arena *arena, const struct sides *sides) {
	struct names names = {arena_array_of(arena, const char *, NAMES_MAX), 0};
	for (size_t i = 0; i < sides->count; i++) {
		for (size_t k = 0; k < sides->items[i].govar_count && names.count < NAMES_MAX;
		     k++) {
			names.items[names.count++] = sides->items[i].govars[k].name;
		}
	}
	names_finish(&names);
	return names;
}

static struct names variable_names(struct arena *arena, const struct sides *sides) {
	struct names names = {arena_array_of(arena, const char *, NAMES_MAX), 0};
	for (size_t i = 0; i < sides->count; i++) {
		const struct envset *env = &sides->items[i].env;
		for (size_t k = 0; k < env->count && names.count < NAMES_MAX; k++) {
			names.items[names.count++] =
				arena_slicedup(arena, envset_name(env, k, NULL));
		}
	}
	names_finish(&names);
	return names;
}

static bool has_name(const struct names *names, const char *name) {
	return bsearch(&name, names->items, names->count, sizeof(*names->items), compare_text_of) !=
	       NULL;
}

/* ---- go env ---- */

static bool is_implied(const struct side_govar *v) {
	return !v || streq(v->origin, "default") || streq(v->origin, "goroot");
}

/* GOFLAGS="-a  -b" says no more than "-a -b". */
static const char *squeeze(struct arena *arena, const char *value) {
	struct slice rest = slice_str(value), word;
	struct strbuf out;
	strbuf_init(&out, arena);
	while (slice_cut(&rest, ' ', &word)) {
		if (word.len > 0) {
			strbuf_printf(&out, "%s%.*s", out.len > 0 ? " " : "", (int)word.len,
			              word.data);
		}
	}
	return out.data;
}

static void govar_cell(struct arena *arena, struct cell *cell, const struct side *side,
                       const struct side *self, const struct compare_weight *weight) {
	const struct side_govar *v = side_govar_find(side, weight->name);
	bool masked_by_ci = v && side->kind == SIDE_FILE &&
	                    (streq(v->value, "***") || streq(v->value, "[MASKED]"));
	if (!side->known || masked_by_ci ||
	    (!v && side->foreign && str_empty(weight->fallback) &&
	     is_implied(side_govar_find(self, weight->name)))) {
		return;
	}
	cell->state = v && !str_empty(v->value) ? CELL_SET : CELL_UNSET;
	cell->value = v ? v->value : "";
	cell->key = weight->place && cell->value[0] == '/' ? path_clean(arena, cell->value)
	                                                   : squeeze(arena, cell->value);
	if (cell->state == CELL_UNSET && !str_empty(weight->fallback)) {
		cell->state = CELL_SET;
		cell->key = weight->fallback;
		cell->value = weight->fallback;
		cell->origin = "by default";
	} else if (v && streq(v->origin, "default")) {
		cell->origin = "by default";
	}
	if (v && !str_empty(v->where)) {
		const char *colon = strrchr(v->where, ':');
		size_t len = colon ? (size_t)(colon - v->where) : strlen(v->where);
		cell->file = arena_strndup(arena, v->where, len);
		cell->line = 0;
		if (!colon || str_to_int64(colon + 1, &cell->line) < 0) {
			cell->line = 0;
		}
		cell->origin =
			arena_printf(arena, "%s line %lld%s", cell->file, (long long)cell->line,
		                     streq(v->origin, "goenv") ? ", written by go env -w" : "");
	}
}

/* Every side that differs has it from a default, and so have we. */
static bool only_defaults(const struct comparison *c, const struct difference *d) {
	for (size_t i = 0; i < c->sides->count; i++) {
		if ((i == 0 || compare_differs(d, 0, i)) &&
		    !is_implied(side_govar_find(&c->sides->items[i], d->name))) {
			return false;
		}
	}
	return true;
}

static bool differs_from_foreign_only(const struct comparison *c, const struct difference *d) {
	for (size_t i = 1; i < c->sides->count; i++) {
		if (compare_differs(d, 0, i) && !c->sides->items[i].foreign) {
			return false;
		}
	}
	return true;
}

/* Older versions of go have the same default without the file. */
static const char *fallback_of(const struct comparison *c, const struct compare_weight *weight) {
	if (!streq(weight->fallback, WEIGHT_OF_GOROOT)) {
		return weight->fallback;
	}
	for (size_t i = 0; i < c->sides->count; i++) {
		const struct side_govar *v = side_govar_find(&c->sides->items[i], weight->name);
		if (v && streq(v->origin, "goroot")) {
			return v->value;
		}
	}
	return "";
}

/* The line that gives us our value was changed after the other process was started. */
static const char *stale_reason(struct arena *arena, const struct comparison *c,
                                const struct difference *d, const struct facts *facts) {
	for (size_t i = 1; facts && i < c->sides->count; i++) {
		const struct side *side = &c->sides->items[i];
		const struct fact_startup *s = origin_startup(facts, d->name, NULL);
		if (!s || !compare_differs(d, 0, i) || side->start_ns == 0 ||
		    s->mtime_ns <= side->start_ns || !streq(s->value, d->cells[0].value)) {
			continue;
		}
		return arena_printf(arena,
		                    "%s, whose line %lld sets it, was changed after %s was started",
		                    s->file, (long long)s->line, side->label);
	}
	return "";
}

static void compare_govars(struct comparison *c, struct arena *arena, const struct facts *facts,
                           const struct names *names, bool everything) {
	for (size_t n = 0; n < names->count; n++) {
		struct compare_weight weight = compare_weight_govar(names->items[n]);
		struct difference *d = compare_add(c, arena, DIFF_GO_ENV, names->items[n]);
		weight.name = names->items[n];
		weight.fallback = fallback_of(c, &weight);
		for (size_t i = 0; i < c->sides->count; i++) {
			govar_cell(arena, &d->cells[i], &c->sides->items[i], &c->sides->items[0],
			           &weight);
		}
		if (!compare_keep(c, everything)) {
			continue;
		}
		bool elsewhere = weight.place && differs_from_foreign_only(c, d);
		d->rank = weight.rank ? weight.rank : 90;
		d->matters = weight.rank > 0 && keys_differ(c, d) && !elsewhere;
		d->because = stale_reason(arena, c, d, facts);
		if (!str_empty(weight.parent) && only_defaults(c, d)) {
			d->follows = weight.parent;
		}
	}
}

/* ---- variables ---- */

/* Who fetches private modules over ssh needs the agent. */
static bool wants_agent(const struct sides *sides) {
	for (size_t i = 0; i < sides->count; i++) {
		const struct side_govar *v = side_govar_find(&sides->items[i], "GOPRIVATE");
		if (v && !str_empty(v->value)) {
			return true;
		}
	}
	return false;
}

static bool one_lacks_it(const struct comparison *c, const struct difference *d) {
	for (size_t i = 1; i < c->sides->count; i++) {
		if (compare_differs(d, 0, i) && d->cells[0].state != d->cells[i].state) {
			return true;
		}
	}
	return false;
}

/* Where Go and git look anyway: crypto/x509/root_linux.go. Naming such a place changes nothing. */
static bool is_usual_certificates(const char *value) {
	return STR_IN(value, "/etc/ssl/certs/ca-certificates.crt",
	              "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
	              "/etc/pki/tls/cacert.pem",
	              "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
	              "/etc/ssl/certs", "/etc/pki/tls/certs");
}

static bool only_usual_certificates(const struct comparison *c, const struct difference *d) {
	if (!str_starts(d->name, "SSL_CERT_") && !str_starts(d->name, "GIT_SSL_CA")) {
		return false;
	}
	for (size_t i = 0; i < c->sides->count; i++) {
		if (d->cells[i].state == CELL_SET && !is_usual_certificates(d->cells[i].value)) {
			return false;
		}
	}
	return true;
}

static void weigh_variable(struct comparison *c, struct difference *d) {
	struct compare_weight weight = compare_weight_variable(d->name);
	bool elsewhere = weight.place && differs_from_foreign_only(c, d);
	d->rank = weight.rank ? weight.rank : 90;
	d->matters = weight.rank > 0 && keys_differ(c, d) && !elsewhere &&
	             !only_usual_certificates(c, d);
	if (streq(d->name, "SSH_AUTH_SOCK")) {
		d->rank = 50;
		d->matters = wants_agent(c->sides) && one_lacks_it(c, d) &&
		             !differs_from_foreign_only(c, d);
	}
	if (streq(d->name, "TMPDIR")) {
		d->rank = 34;
		for (size_t i = 1; i < c->sides->count; i++) {
			bool ours = c->sides->items[0].tmp_usable;
			d->matters = d->matters ||
			             (compare_differs(d, 0, i) && !c->sides->items[i].foreign &&
			              c->sides->items[i].tmp_usable != ours);
		}
	}
}

static void compare_variables(struct comparison *c, struct arena *arena, const struct facts *facts,
                              const struct names *govars, bool everything) {
	struct names names = variable_names(arena, c->sides);
	for (size_t n = 0; n < names.count; n++) {
		if (has_name(govars, names.items[n])) {
			continue; /* told with its effective value */
		}
		struct difference *d = compare_add(c, arena, DIFF_VARIABLE, names.items[n]);
		bool is_place = compare_weight_variable(names.items[n]).place;
		for (size_t i = 0; i < c->sides->count; i++) {
			const struct side *side = &c->sides->items[i];
			const char *value = envset_get(&side->tools_env, d->name);
			if (side->known) {
				d->cells[i].state = value ? CELL_SET : CELL_UNSET;
				d->cells[i].value = value ? value : "";
				d->cells[i].key = is_place && d->cells[i].value[0] == '/'
				                          ? path_clean(arena, d->cells[i].value)
				                          : d->cells[i].value;
			}
			if (streq(d->name, "TMPDIR") && side->known && !side->foreign &&
			    !side->tmp_usable) {
				d->cells[i].detail = "not usable";
			}
		}
		if (compare_keep(c, everything)) {
			weigh_variable(c, d);
			d->because = stale_reason(arena, c, d, facts);
		}
	}
}

/* ---- all ---- */

static struct difference *find(const struct comparison *c, const char *name) {
	for (size_t i = 0; i < c->count; i++) {
		if (streq(c->items[i].name, name) && c->items[i].what <= DIFF_VARIABLE) {
			return &c->items[i];
		}
	}
	return NULL;
}

/* What only follows from another difference is told there. Without that one (XDG_CACHE_HOME moves
 * GOCACHE) it stands for itself. */
static void settle_consequences(struct comparison *c) {
	for (size_t i = 0; i < c->count; i++) {
		struct difference *d = &c->items[i];
		const struct difference *parent =
			str_empty(d->follows) ? NULL : find(c, d->follows);
		bool explained = parent && !parent->equal;
		if (explained || streq(d->follows, "go")) {
			d->matters = false;
		} else {
			d->follows = "";
		}
	}
}

static int compare_order(const void *a, const void *b) {
	const struct difference *x = a, *y = b;
	if (x->matters != y->matters) {
		return x->matters ? -1 : 1;
	}
	if (x->equal != y->equal) {
		return x->equal ? 1 : -1;
	}
	if (x->rank != y->rank) {
		return x->rank < y->rank ? -1 : 1;
	}
	if (x->what != y->what) {
		return x->what < y->what ? -1 : 1;
	}
	return strcmp(x->name, y->name);
}

struct comparison compare_sides(struct arena *arena, const struct sides *sides,
                                const struct facts *facts, const char *workspace, bool everything) {
	struct comparison c = {.sides = sides};
	if (sides->count == 0) {
		return c;
	}
	struct names govars = govar_names(arena, sides);
	compare_tools(&c, arena, facts, everything);
	compare_govars(&c, arena, facts, &govars, everything);
	compare_variables(&c, arena, facts, &govars, everything);
	compare_context(&c, arena, workspace, everything);
	settle_consequences(&c);
	qsort(c.items, c.count, sizeof(*c.items), compare_order);
	for (size_t i = 0; i < c.count; i++) {
		c.matter_count += c.items[i].matters;
	}
	return c;
}

void compare_mask(struct comparison *c, struct arena *arena, compare_mask_fn *mask) {
	for (size_t i = 0; i < c->count; i++) {
		struct difference *d = &c->items[i];
		const char *seen[SIDES_MAX];
		size_t seen_count = 0;
		for (size_t k = 0; k < c->sides->count; k++) {
			struct cell *cell = &d->cells[k];
			bool secret = false;
			if (cell->state != CELL_SET || d->what > DIFF_VARIABLE) {
				continue;
			}
			const char *shown = mask(arena, d->name, cell->value, &secret);
			if (streq(shown, cell->value)) {
				continue;
			}
			size_t n = 0;
			while (n < seen_count && !streq(seen[n], cell->key)) {
				n++;
			}
			if (n == seen_count) {
				seen[seen_count++] = cell->key;
			}
			cell->masked = true;
			cell->value =
				n == 0 ? shown : arena_printf(arena, "%s (%zu)", shown, n + 1);
		}
	}
}
