/* SPDX-License-Identifier: MIT */
#include "gofile/goflags.h"

#include "base/str.h"
#include "base/vec.h"

/* Every flag some command of go1.26.8 accepts from GOFLAGS; sorted. */
static const char *const known_flags[] = {
	"C",
	"a",
	"artifacts",
	"asan",
	"asmflags",
	"bench",
	"benchmem",
	"benchtime",
	"blockprofile",
	"blockprofilerate",
	"buildmode",
	"buildvcs",
	"c",
	"cache",
	"changed",
	"compat",
	"compiled",
	"compiler",
	"count",
	"cover",
	"covermode",
	"coverpkg",
	"coverprofile",
	"cpu",
	"cpuprofile",
	"d",
	"debug-actiongraph",
	"debug-runtime-trace",
	"debug-trace",
	"deps",
	"diff",
	"dropexclude",
	"dropgodebug",
	"dropignore",
	"dropreplace",
	"droprequire",
	"dropretract",
	"droptool",
	"dropuse",
	"e",
	"exclude",
	"exec",
	"export",
	"f",
	"failfast",
	"find",
	"fix",
	"fmt",
	"fullpath",
	"fuzz",
	"fuzzcache",
	"fuzzminimizetime",
	"fuzztime",
	"gccgoflags",
	"gcflags",
	"go",
	"godebug",
	"i",
	"ignore",
	"insecure",
	"installsuffix",
	"json",
	"ldflags",
	"linkshared",
	"list",
	"m",
	"memprofile",
	"memprofilerate",
	"mod",
	"modcache",
	"modcacherw",
	"modfile",
	"module",
	"msan",
	"mutexprofile",
	"mutexprofilefraction",
	"n",
	"o",
	"outputdir",
	"overlay",
	"p",
	"parallel",
	"pgo",
	"pkgdir",
	"print",
	"r",
	"race",
	"replace",
	"require",
	"retract",
	"retracted",
	"reuse",
	"run",
	"short",
	"shuffle",
	"skip",
	"t",
	"tags",
	"test",
	"test.artifacts",
	"test.bench",
	"test.benchmem",
	"test.benchtime",
	"test.blockprofile",
	"test.blockprofilerate",
	"test.count",
	"test.coverprofile",
	"test.cpu",
	"test.cpuprofile",
	"test.failfast",
	"test.fullpath",
	"test.fuzz",
	"test.fuzzminimizetime",
	"test.fuzztime",
	"test.list",
	"test.memprofile",
	"test.memprofilerate",
	"test.mutexprofile",
	"test.mutexprofilefraction",
	"test.outputdir",
	"test.parallel",
	"test.run",
	"test.short",
	"test.shuffle",
	"test.skip",
	"test.timeout",
	"test.trace",
	"test.v",
	"testcache",
	"timeout",
	"tool",
	"toolchain",
	"toolexec",
	"trace",
	"trimpath",
	"u",
	"use",
	"v",
	"vendor",
	"versions",
	"vet",
	"w",
	"work",
	"x",
};

static bool is_blank(char c) {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_known(const char *name) {
	size_t low = 0;
	size_t high = sizeof(known_flags) / sizeof(known_flags[0]);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = strcmp(known_flags[middle], name);
		if (c == 0) {
			return true;
		}
		if (c < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return false;
}

/* A quote counts only at the start of a word, and nothing is escaped in it. */
static void split(struct arena *arena, const char *s, struct goflags *flags) {
	size_t slots = 0;
	for (;;) {
		while (*s && is_blank(*s)) {
			s++;
		}
		if (*s == '\0') {
			return;
		}
		const char *end = s;
		bool quoted = *s == '"' || *s == '\'';
		if (quoted) {
			end = strchr(s + 1, *s);
			if (!end) {
				flags->fault = GOFLAGS_UNTERMINATED;
				flags->bad = arena_strndup(arena, s, 1);
				return;
			}
			s++;
		} else {
			while (*end && !is_blank(*end)) {
				end++;
			}
		}
		VEC_ROOM(arena, flags->words, flags->count, &slots);
		flags->words[flags->count++] = arena_strndup(arena, s, (size_t)(end - s));
		s = end + (quoted ? 1 : 0);
	}
}

static bool looks_like_flag(const char *w) {
	return w[0] == '-' && !streq(w, "-") && !streq(w, "--") && !str_starts(w, "---") &&
	       !str_starts(w, "-=") && !str_starts(w, "--=");
}

/* "name" of "-name", "--name" and "-name=value". */
static struct slice flag_name(const char *w) {
	const char *start = w + 1 + (w[1] == '-');
	return slice_of(start, strcspn(start, "="));
}

struct goflags goflags_parse(struct arena *arena, const char *text) {
	struct goflags flags = {.bad = ""};
	split(arena, text, &flags);
	for (size_t i = 0; i < flags.count && flags.fault == GOFLAGS_OK; i++) {
		const char *w = flags.words[i];
		if (!looks_like_flag(w)) {
			flags.fault = GOFLAGS_NON_FLAG;
			flags.bad = w;
			break;
		}
		const char *name = arena_slicedup(arena, flag_name(w));
		if (!is_known(name)) {
			flags.fault = GOFLAGS_UNKNOWN;
			flags.bad = arena_printf(arena, "-%s", name);
		}
	}
	return flags;
}

const char *goflags_value(const struct goflags *flags, const char *name) {
	const char *value = NULL;
	for (size_t i = 0; i < flags->count; i++) {
		if (!looks_like_flag(flags->words[i])) {
			continue;
		}
		struct slice got = flag_name(flags->words[i]);
		if (slice_eq(got, name)) {
			const char *behind = got.data + got.len;
			value = *behind == '=' ? behind + 1 : "true";
		}
	}
	return value;
}
