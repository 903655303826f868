/* SPDX-License-Identifier: MIT */
#include "core/refused.h"

#include "base/str.h"

/* What is said of each: internal/buildcfg/exp.go, cmd/go/internal/modload/init.go (Init),
 * cmd/go/internal/fips140/fips140.go, cmd/go/internal/cache/prog.go; in every program of Go:
 * runtime/mgcpacer.go (readGOMEMLIMIT), crypto/internal/fips140/fips140.go; of unbalanced quotes:
 * cmd/go/internal/work/init.go (BuildInit) and, as a panic, exec.go (envList). */
static const struct {
	const char *name;
	const char *words;
} known[] = {
	{"GOEXPERIMENT", "unknown GOEXPERIMENT"},
	{"GO111MODULE", "unknown environment setting GO111MODULE"},
	{"GOFIPS140", "invalid GOFIPS140"},
	{"GOCACHEPROG", "GOCACHEPROG program"},
	{"GOMEMLIMIT", "malformed GOMEMLIMIT"},
	{"GODEBUG", "unknown GODEBUG setting"},
	{"CC", "CC environment variable could not be parsed"},
	{"CXX", "CXX environment variable could not be parsed"},
	{"CGO_CFLAGS", "could not parse environment variable CGO_CFLAGS"},
	{"CGO_CPPFLAGS", "could not parse environment variable CGO_CPPFLAGS"},
	{"CGO_CXXFLAGS", "could not parse environment variable CGO_CXXFLAGS"},
	{"CGO_LDFLAGS", "could not parse environment variable CGO_LDFLAGS"},
	{"PKG_CONFIG", "could not parse environment variable PKG_CONFIG"},
};

const char *refused_name(size_t i) {
	return i < sizeof(known) / sizeof(*known) ? known[i].name : NULL;
}

static const char *words_of(const char *name) {
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (streq(known[i].name, name)) {
			return known[i].words;
		}
	}
	return NULL;
}

/* The line of text that has the words, which are in it. */
static const char *line_with(struct arena *arena, const char *text, const char *wanted) {
	const char *at = strstr(text, wanted);
	while (at > text && at[-1] != '\n') {
		at--;
	}
	return arena_strndup(arena, at, strcspn(at, "\n"));
}

const struct fact *refused_variable(const struct facts *facts, const char *name,
                                    const char **ret_line) {
	const char *wanted = words_of(name);
	const char *unused = NULL;
	const char **line = ret_line ? ret_line : &unused;
	if (!wanted) {
		return NULL;
	}
	facts_each (go_run, run, facts) {
		if (run->started && run->exit_code != 0 && str_has(run->err, wanted)) {
			*line = line_with(facts->arena, run->err, wanted);
			return &run->base;
		}
	}
	facts_each (crash, c, facts) {
		if (streq(c->source, "trial") && str_has(c->text, wanted)) {
			*line = c->text;
			return &c->base;
		}
	}
	return NULL;
}

const struct fact *refused_modfile(const struct facts *facts) {
	const struct fact_govar *flags = facts_govar(facts, "GOFLAGS");
	const struct fact_govar *modules = facts_govar(facts, "GO111MODULE");

	/* A placeholder that nobody expanded is a cause of its own. */
	if (!flags || !str_has(flags->value, "-modfile=") || str_has(flags->value, "${") ||
	    (modules && streq(modules->value, "off"))) {
		return NULL;
	}
	return facts_said(facts, "-modfile only valid when using modules", NULL);
}
