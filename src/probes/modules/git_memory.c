/* SPDX-License-Identifier: MIT */
#include "probes/modules/git_memory.h"

#include "base/path.h"
#include "base/str.h"
#include "core/world.h"

#define GIT_PARENTS_MAX 32

/* Whether the last pattern of one ignore file that fits "go.sum" in this directory ignores it:
 * 1 yes, 0 no, -1 no pattern fits. Patterns with a path inside are left alone. */
static int ignored_by(struct slice text, bool same_dir) {
	static const char *const fits[] = {"go.sum", "*.sum", "**/go.sum", "go.*", "**/*.sum"};
	int verdict = -1;
	struct slice line;
	while (slice_line(&text, &line)) {
		struct slice word = slice_trim(line);
		bool negated = slice_starts(word, "!");
		if (negated) {
			word = slice_of(word.data + 1, word.len - 1);
		}
		bool fit = same_dir && (slice_eq(word, "/go.sum") || slice_eq(word, "/*.sum"));
		for (size_t i = 0; i < sizeof(fits) / sizeof(*fits); i++) {
			fit = fit || slice_eq(word, fits[i]);
		}
		if (fit) {
			verdict = negated ? 0 : 1;
		}
	}
	return verdict;
}

static int ignored_in(struct exam *exam, const char *file, bool same_dir) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SMALL);
	return evidence_has_bytes(ev) ? ignored_by(ev->bytes, same_dir) : -1;
}

/* A nearer .gitignore wins over one above it, and any over .git/info/exclude (gitignore(5)). */
bool git_ignores_gosum(struct exam *exam, const char *dir) {
	const char *start = dir;
	for (int i = 0; i < GIT_PARENTS_MAX; i++) {
		int verdict =
			ignored_in(exam, path_join(exam->arena, dir, ".gitignore"), dir == start);
		if (verdict >= 0) {
			return verdict == 1;
		}
		const char *git = path_join(exam->arena, dir, ".git");
		if (world_stat(exam->world, git).exists) {
			return ignored_in(exam, path_join(exam->arena, git, "info/exclude"),
			                  dir == start) == 1;
		}
		if (streq(dir, "/")) {
			return false;
		}
		dir = path_parent(exam->arena, dir);
	}
	return false;
}

/* The index lists paths below the top of the work tree: two bytes of flags that end in the length of
 * the name, the name, NUL (gitformat-index(5); version 4 shortens names and is not understood here). */
static bool index_names(struct exam *exam, const char *index, const char *name) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, index, LOOK_CAP_SOURCE);
	size_t len = strlen(name);
	struct slice rest = evidence_has_bytes(ev) ? ev->bytes : slice_of(NULL, 0);
	const char *hit;

	while (rest.len > len && (hit = memmem(rest.data, rest.len, name, len + 1))) {
		size_t at = (size_t)(hit - rest.data);

		if (at >= 2 && (unsigned char)hit[-1] == len && (hit[-2] & 0x0f) == 0) {
			return true;
		}
		rest = slice_of(hit + 1, rest.len - at - 1);
	}
	return false;
}

bool git_has(struct exam *exam, const char *path) {
	const char *dir = path;

	for (int i = 0; i < GIT_PARENTS_MAX && !streq(dir, "/"); i++) {
		dir = path_parent(exam->arena, dir);
		const char *git = path_join(exam->arena, dir, ".git");

		if (world_stat(exam->world, git).is_dir) {
			const char *name = path + strlen(dir) + (streq(dir, "/") ? 0 : 1);

			return index_names(exam, path_join(exam->arena, git, "index"), name);
		}
	}
	return false;
}
