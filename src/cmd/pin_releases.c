/* SPDX-License-Identifier: MIT
 * Releases of gopls for `dialtone pin --bisect`: which there are, and how one is had.
 */
#include "base/path.h"
#include "base/vec.h"
#include "cmd/pin_bisect.h"
#include "cmd/pin_known.h"
#include "core/lore.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

struct names {
	const char **items; /* oldest first */
	size_t count, slots;
};

static const struct pin_tool *gopls(void) {
	return pin_tool_find("gopls");
}

static void add_name(struct pin_run *run, struct names *names, const char *text) {
	struct pin_spec spec;
	struct err ignored;
	size_t i = names->count;

	if (pin_spec_parse(run->arena, arena_printf(run->arena, "gopls@%s", text), &spec,
	                   &ignored) < 0 ||
	    pin_is_none(&spec)) {
		return;
	}
	for (size_t k = 0; k < names->count; k++) {
		if (streq(names->items[k], spec.version)) {
			return;
		}
	}
	VEC_ROOM(run->arena, names->items, names->count, &names->slots);
	for (; i > 0 && pin_version_compare(gopls(), names->items[i - 1], spec.version) > 0; i--) {
		names->items[i] = names->items[i - 1];
	}
	names->items[i] = spec.version;
	names->count++;
}

/* ---- which there are ---- */

/* "v0.99.1" of the file v0.99.1.zip of a proxy; and folders named by versions. */
static void add_files(struct pin_run *run, struct names *names, const char *dir,
                      const char *suffix) {
	const struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d))) {
		size_t len = strlen(entry->d_name), end = strlen(suffix);
		if (entry->d_name[0] == 'v' && len > end && str_ends(entry->d_name, suffix)) {
			add_name(run, names, arena_strndup(run->arena, entry->d_name, len - end));
		}
	}
	if (d) {
		closedir(d);
	}
}

/* The folder that --from names, absolute, or NULL. */
static const char *from_dir(const struct pin_run *run) {
	const char *from = run->options->from;
	char *real =
		!from ? NULL
		      : realpath(str_starts(from, "file:///") ? from + strlen("file://") : from,
	                         NULL);
	const char *copy = real ? arena_strdup(run->arena, real) : NULL;

	free(real);
	return copy;
}

static struct names all_names(struct pin_bisect *b) {
	struct pin_run *run = b->run;
	struct names names = {0};
	struct matrix matrix = matrix_parse(run->arena, slice_str(lore_data("gopls-releases.tsv")));
	const char *const *versions = store_versions(run->arena, run->root, gopls());
	const char *from = from_dir(run);

	for (size_t i = 0; i < matrix.count; i++) {
		add_name(run, &names, matrix.rows[i].release);
	}
	for (size_t i = 0; versions[i]; i++) {
		add_name(run, &names, versions[i]);
	}
	if (from) {
		add_files(run, &names, from, "");
		add_files(run, &names, arena_printf(run->arena, "%s/%s/@v", from, gopls()->module),
		          ".zip");
	}
	add_name(run, &names, b->in_use);
	return names;
}

/* ---- where one is ---- */

static bool take_ready(struct pin_bisect *b, struct pin_release *r, const char *dir,
                       const char *source) {
	const struct pin_spec spec = {gopls(), r->version};
	const char *program = path_join(b->run->arena, dir, gopls()->programs[0]);
	struct binary bin;
	struct err ignored;

	if (pin_check_program(b->run, &spec, dir, program, &bin, &ignored) < 0) {
		return false;
	}
	r->has = true;
	r->program = program;
	r->source = source;
	return true;
}

static bool is_here(struct pin_bisect *b, struct pin_release *r) {
	struct pin_run *run = b->run;
	const char *from = from_dir(run);
	const char *found = pin_on_path(run, "gopls");
	struct pin_item item = {
		.spec = {gopls(), r->version},
		.dir = store_version_dir(run->arena, run->root, gopls(), r->version),
	};
	struct pin_kept kept;

	if (streq(r->version, b->in_use)) {
		r->has = true;
		r->source = "in use";
		return true;
	}
	pin_check_installed(run, &item);
	if (item.state == PIN_INSTALLED) {
		return take_ready(b, r, item.dir, "installed");
	}
	if (from && (take_ready(b, r, path_join(run->arena, from, r->version), "--from") ||
	             take_ready(b, r, from, "--from"))) {
		return true;
	}
	return (found && take_ready(b, r, path_parent(run->arena, found), "on PATH")) ||
	       (pin_last_good(run, gopls(), b->in_use, &kept) && kept.still_there &&
	        streq(kept.version, r->version) &&
	        take_ready(b, r, path_parent(run->arena, kept.path), "where it worked"));
}

bool pin_release_get(struct pin_bisect *b, struct pin_release *r) {
	struct pin_run *run = b->run;
	struct pin_item item = {.spec = {gopls(), r->version}, .damage = "", .verified = ""};
	struct err err = {0};

	if (r->has || *r->left_out) {
		return r->has;
	}
	if (is_here(b, r)) {
		return true;
	}
	item.dir = store_version_dir(run->arena, run->root, gopls(), r->version);
	int got = pin_install_plan(run, &item, &err);
	if (got == 0 && !run->options->yes) {
		got = err_set(&err, -ENOENT, "it is not here; --yes installs it (from %s)",
		              item.source);
	}
	got = got < 0 ? got : pin_install(run, &item, &err);
	if (got < 0 || !take_ready(b, r, item.dir, "installed now")) {
		r->left_out = got < 0 ? arena_strdup(run->arena, err.msg) : "it cannot be read";
		return false;
	}
	return true;
}

/* ---- the ends ---- */

static int end_of(struct pin_bisect *b, const char *option, const char *text, const char **ret,
                  struct err *err) {
	struct pin_spec spec;
	const char *word =
		str_starts(text, "gopls@") ? text : arena_printf(b->run->arena, "gopls@%s", text);

	if (pin_spec_parse(b->run->arena, word, &spec, err) < 0 || pin_is_none(&spec)) {
		return err_set(err, -EINVAL,
		               "option '%s': expected a release of gopls like v0.20.0, got '%s'",
		               option, text);
	}
	*ret = spec.version;
	return 0;
}

/* The one with which all worked last; else the oldest that is here or that the Go here builds. */
static const char *default_good(struct pin_bisect *b, const struct names *names, const char *bad) {
	struct pin_run *run = b->run;
	struct matrix matrix = matrix_parse(run->arena, slice_str(lore_data("gopls-releases.tsv")));
	struct pin_kept kept;
	struct err ignored;
	bool has_go = pin_go_ask(run, &ignored) == 0;

	if (pin_last_good(run, gopls(), bad, &kept)) {
		return kept.version;
	}
	for (size_t i = 0; i < names->count && !streq(names->items[i], bad); i++) {
		struct pin_release r = {.version = names->items[i], .source = "", .left_out = ""};
		const struct matrix_row *row = matrix_find(&matrix, r.version);
		const struct matrix_want want = {.builder = run->go.version,
		                                 .serves = run->go.version};
		bool builds = has_go && run->options->yes && row &&
		              !*matrix_why_not(run->arena, row, &want);

		if (is_here(b, &r) || builds) {
			return r.version;
		}
	}
	return NULL;
}

int pin_releases_find(struct pin_bisect *b, struct err *err) {
	const struct pin_options *o = b->run->options;
	const char *good = NULL, *bad = *b->in_use ? b->in_use : NULL;
	struct names names = all_names(b);
	int r = o->bad ? end_of(b, "--bad", o->bad, &bad, err) : 0;

	r = r == 0 && o->good ? end_of(b, "--good", o->good, &good, err) : r;
	if (r < 0) {
		return r;
	}
	if (!bad) {
		return err_set(err, -ENOENT,
		               "'%s' has no release in it that could be compared; --bad names one",
		               b->program);
	}
	add_name(b->run, &names, bad);
	good = good ? good : default_good(b, &names, bad);
	if (!good || streq(good, bad)) {
		return err_set(err, -ENOENT,
		               "%s; --good names one, --yes installs what is not here, --from says "
		               "where others are",
		               good ? "both ends are the same release"
		                    : "no other gopls is here that may be good");
	}
	add_name(b->run, &names, good);
	bool upwards = pin_version_compare(gopls(), good, bad) < 0;
	const char *low = upwards ? good : bad, *high = upwards ? bad : good;
	for (size_t i = 0; i < names.count; i++) {
		const char *version = names.items[upwards ? i : names.count - 1 - i];
		bool named = streq(version, good) || streq(version, bad);

		if (named ||
		    (pin_version_compare(gopls(), version, low) > 0 &&
		     pin_version_compare(gopls(), version, high) < 0 && !strchr(version, '-'))) {
			VEC_ROOM(b->run->arena, b->releases, b->count, &b->slots);
			b->releases[b->count++] = (struct pin_release){
				.version = version, .source = "", .left_out = ""};
		}
	}
	return 0;
}
