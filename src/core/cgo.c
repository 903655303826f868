/* SPDX-License-Identifier: MIT */
#include "core/cgo.h"

#include "base/str.h"

bool cgo_reads(const char *name) {
	return str_starts(name, "CGO_") || str_starts(name, "PKG_CONFIG");
}

const struct fact *cgo_complaint(const struct facts *facts) {
	static const char *const words[] = {"pkg-config", "CompiledGoFiles", "could not import C",
	                                    "cgo failed", "fatal error:"};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const struct fact *said = facts_said(facts, words[i], NULL);
		if (said) {
			return said;
		}
	}
	facts_each (go_run, run, facts) {
		if (str_has(run->out, "pkg-config") || str_has(run->err, "pkg-config")) {
			return &run->base;
		}
	}
	return NULL;
}
