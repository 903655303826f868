/* SPDX-License-Identifier: MIT
 * Settings from hostile bytes: the go env file, GOFLAGS, versions. Versions are ordered the same
 * both ways.
 */
#include "gofile/goenvfile.h"
#include "gofile/goflags.h"
#include "gofile/goversion.h"
#include "gofile/semver.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int sign(int c) {
	return (c > 0) - (c < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct slice text = slice_of((const char *)data, size);
	struct slice rest = text;
	struct slice words[2] = {{0}};
	slice_cut(&rest, '\n', &words[0]);
	slice_cut(&rest, '\n', &words[1]);
	const char *a = arena_slicedup(arena, words[0]);
	const char *b = arena_slicedup(arena, words[1]);
	if (sign(goversion_compare(a, b)) != -sign(goversion_compare(b, a)) ||
	    semver_compare(a, b) != -semver_compare(b, a)) {
		abort();
	}
	struct slice major;
	if (semver_path_major(a, &major)) {
		semver_check_major(arena, b, major);
	}
	goversion_switch(arena, "1.26.8", a, b, "auto");
	goversion_switch(arena, a, "1.26", NULL, b);
	struct goversion_output output;
	goversion_parse_output(arena, text, &output);
	goflags_parse(arena, arena_slicedup(arena, text));
	struct envset vars;
	envset_init(&vars, arena);
	envset_set(&vars, "HOME", b);
	struct goenv env = goenv_of(arena, &vars, text, text, a, "linux", "amd64");
	static const char *const names[] = {"GOROOT", "GOPATH", "GOMODCACHE", "GOCACHE", "GOBIN"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		goenv_get(&env, names[i]);
	}
	arena_free(arena);
	return 0;
}
