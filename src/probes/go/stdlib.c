/* SPDX-License-Identifier: MIT
 * When something is wrong: is the standard library of the installation in force whole?
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "gofile/goversion.h"
#include "gofile/stdlist.h"

#define GAPS_MAX        8 /* of one installation; the first few prove it */
#define BLAMED_MAX      6
#define BEGINNING_BYTES ((size_t)256) /* of a source file: enough to see that it holds no text */

/* A directory of a package holds at least one Go file. */
static bool has_go_file(const struct evidence *ev) {
	struct slice rest = ev->bytes;
	struct slice line;
	while (slice_line(&rest, &line)) {
		if (line.len > 5 && line.data[0] != 'd' &&
		    slice_eq(slice_of(line.data + line.len - 3, 3), ".go")) {
			return true;
		}
	}
	return false;
}

/* Whether a release of Go (its minor version, below 0: unknown) has the package. */
static bool has_package(int minor, const struct stdlist_entry *entry) {
	return entry->since <= (minor < 0 ? 18 : minor);
}

/* Whether the directory of a package is as it must be; if not, that is stated. */
static bool look_directory(struct exam *exam, const struct fact_goroot *root, const char *import) {
	const char *part = path_join(exam->arena, "src", import);
	const char *dir = path_join(exam->arena, root->root, part);
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	const char *fault = ev->state == EV_ABSENT                     ? ""
	                    : ev->state == EV_DENIED                   ? " (not readable)"
	                    : ev->state == EV_READ && !has_go_file(ev) ? " (empty)"
	                                                               : NULL;
	if (fault) {
		FACTS_ADD(exam->facts, goroot_gap, ev, .root = root->root,
		          .part = arena_printf(exam->arena, "%s%s", part, fault), .own = root->own);
	}
	return !fault;
}

static void look_root(struct exam *exam, const struct fact_goroot *root) {
	int minor = goversion_minor(root->version);
	size_t count = 0;
	size_t gaps = 0;
	const struct stdlist_entry *all = stdlist_all(&count);
	for (size_t i = 0; i < count && gaps < GAPS_MAX; i++) {
		if (has_package(minor, &all[i]) && !look_directory(exam, root, all[i].path)) {
			gaps++;
		}
	}
}

/* "package X is not in std (GOROOT/src/X)" where X is internal: only the library itself can ask for
 * those. */
static void look_internal(struct exam *exam, const struct fact_goroot *root) {
	static const char *const parts[] = {"src/internal/goarch",
	                                    "src/internal/bytealg",
	                                    "src/internal/poll",
	                                    "src/internal/race",
	                                    "src/internal/reflectlite",
	                                    "src/runtime/internal/sys",
	                                    "src/internal/runtime/sys",
	                                    "src/vendor/golang.org/x/net",
	                                    "src/vendor/golang.org/x/crypto"};
	int minor = goversion_minor(root->version);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		bool old_place = streq(parts[i], "src/runtime/internal/sys");
		bool new_place = streq(parts[i], "src/internal/runtime/sys");
		if (minor < 0 || (old_place && minor > 23) || (new_place && minor < 24)) {
			continue;
		}
		const char *path = path_join(exam->arena, root->root, parts[i]);
		struct file_stat st = world_stat(exam->world, path);
		if (st.known && !st.exists) {
			FACTS_ADD(exam->facts, goroot_gap, st.ev, .root = root->root,
			          .part = parts[i], .own = root->own);
		}
	}
}

/* What keeps the compiler from reading a source file that is there, or NULL. */
static const char *file_fault(struct exam *exam, const char *path, const struct evidence **ret_ev) {
	struct file_stat st = world_stat(exam->world, path);
	*ret_ev = st.ev;
	if (!st.known || (st.exists && !st.is_file)) {
		return NULL;
	}
	if (!st.exists) {
		return "dangling link";
	}
	if (st.size == 0) {
		return "empty";
	}
	if (!st.can_read) {
		return "not readable";
	}
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, BEGINNING_BYTES);
	if (!evidence_has_bytes(ev) || !memchr(ev->bytes.data, 0, ev->bytes.len)) {
		return NULL;
	}
	*ret_ev = ev;
	return "filled with zero bytes";
}

/* The files of one package, when something was said about it. */
static void look_package(struct exam *exam, const struct fact_goroot *root, const char *import) {
	const char *part = path_join(exam->arena, "src", import);
	const char *dir = path_join(exam->arena, root->root, part);
	const struct evidence *list = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = list->bytes;
	struct slice line;
	size_t gaps = 0;
	while (evidence_has_bytes(list) && gaps < GAPS_MAX && slice_line(&rest, &line)) {
		const char *name = line.len > 2 ? arena_slicedup(exam->arena, line) + 2 : "";
		if (!str_ends(name, ".go") || str_ends(name, "_test.go")) {
			continue;
		}
		const struct evidence *ev = NULL;
		const char *fault = file_fault(exam, path_join(exam->arena, dir, name), &ev);
		if (fault) {
			FACTS_ADD(
				exam->facts, goroot_gap, ev, .root = root->root,
				.part = arena_printf(exam->arena, "%s/%s (%s)", part, name, fault),
				.own = root->own);
			gaps++;
		}
	}
}

/* Each standard package that go list or a diagnostic complains about, once. */
struct blamed {
	const char *names[BLAMED_MAX];
	size_t count;
};

static void blame(struct blamed *all, const char *name) {
	for (size_t i = 0; i < all->count; i++) {
		if (streq(all->names[i], name)) {
			return;
		}
	}
	if (all->count < BLAMED_MAX && !str_empty(name) && !strchr(name, '.')) {
		all->names[all->count++] = name;
	}
}

static void blame_words(struct exam *exam, struct blamed *all, const char *text,
                        const char *before) {
	const char *at = strstr(text, before);
	if (at) {
		at += strlen(before);
		blame(all, arena_strndup(exam->arena, at, strcspn(at, " :\t\n")));
	}
}

static void blame_listed(struct exam *exam, struct blamed *all) {
	const struct fact_go_run *list = facts_run(exam->facts, "list");
	struct slice rest = slice_str(list ? list->out : "");
	struct slice line;
	while (slice_line(&rest, &line)) {
		struct slice word;
		if (slice_cut(&line, '\t', &word)) {
			blame(all, arena_slicedup(exam->arena, word));
		}
	}
}

static void blame_diagnosed(struct exam *exam, struct blamed *all) {
	facts_each (diagnostic, d, exam->facts) {
		blame_words(exam, all, d->text, "error while importing ");
		blame_words(exam, all, d->text, "could not import ");
	}
}

/* Something is wrong: the whole library is looked at. */
static void look_all(struct exam *exam, const struct fact_goroot *root) {
	struct blamed all = {0};

	look_root(exam, root);
	look_internal(exam, root);
	blame_listed(exam, &all);
	blame_diagnosed(exam, &all);
	for (size_t i = 0; i < all.count; i++) {
		look_package(exam, root, all.names[i]);
	}
}

/* The open file is well. What the server says of other files is the user's own affair, unless it is a package that this
 * release of Go has. */
static void look_elsewhere(struct exam *exam, const struct fact_goroot *root) {
	int minor = goversion_minor(root->version);
	struct blamed all = {0};

	blame_diagnosed(exam, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct stdlist_entry *entry = stdlist_find(all.names[i]);
		if (entry && has_package(minor, entry) && look_directory(exam, root, entry->path)) {
			look_package(exam, root, entry->path);
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	facts_each (goroot, root, exam->facts) {
		if (!root->is_dir || !root->complete) {
			continue;
		}
		if (facts_healthy(exam->facts)) {
			look_elsewhere(exam, root);
		} else {
			look_all(exam, root);
		}
	}
	return 0;
}

const struct probe probe_stdlib = {
	.id = "stdlib",
	.title = "whether the standard library is whole",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(goroot_gap),
	.look = look,
};
