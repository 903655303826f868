/* SPDX-License-Identifier: MIT
 * What a server has asked its client and waits for: no byte in a pipe tells of it once the client has read the question,
 * but the goroutine that asked stands in the function that does so for one method (golang.org/x/tools, gopls
 * v0.16.2 to v0.24.0: internal/protocol/tsclient.go, clientDispatcher; internal/jsonrpc2/conn.go, Call). One that idles has
 * no such goroutine.
 */
#include "waits/private.h"

#include "base/ascii.h"

#include <stdlib.h>

static const struct {
	const char *function, *method;
	bool of_person; /* the client shows it to somebody, who may take any time */
} methods[] = {
	{"Configuration", "workspace/configuration", false},
	{"WorkDoneProgressCreate", "window/workDoneProgress/create", false},
	{"RegisterCapability", "client/registerCapability", false},
	{"UnregisterCapability", "client/unregisterCapability", false},
	{"WorkspaceFolders", "workspace/workspaceFolders", false},
	{"CodeLensRefresh", "workspace/codeLens/refresh", false},
	{"DiagnosticRefresh", "workspace/diagnostic/refresh", false},
	{"FoldingRangeRefresh", "workspace/foldingRange/refresh", false},
	{"InlayHintRefresh", "workspace/inlayHint/refresh", false},
	{"InlineValueRefresh", "workspace/inlineValue/refresh", false},
	{"SemanticTokensRefresh", "workspace/semanticTokens/refresh", false},
	{"ApplyEdit", "workspace/applyEdit", true},
	{"ShowDocument", "window/showDocument", true},
	{"ShowMessageRequest", "window/showMessageRequest", true},
};

/* "goroutine 7 [select, 3 minutes]:" */
static bool header_of(struct arena *a, struct slice line, struct wait_call *ret) {
	struct slice number;

	if (!slice_starts(line, "goroutine ")) {
		return false;
	}
	line = slice_from(line, 10);
	if (!slice_cut(&line, ' ', &number) ||
	    str_to_int64(arena_slicedup(a, number), &ret->goroutine) < 0) {
		return false;
	}
	const char *rest = arena_slicedup(a, line);
	const char *comma = strstr(rest, ", ");

	ret->waited_ms = -1;
	if (comma && strstr(comma, " minutes") && ascii_is_digit(comma[2])) {
		ret->waited_ms = strtoll(comma + 2, NULL, 10) * 60000;
	}
	return true;
}

/* The method of a line "…/protocol.(*clientDispatcher).Configuration(...)", NULL when it is none, or asks a person. */
static const char *method_of(struct arena *a, struct slice line) {
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		if (slice_has(line, arena_printf(a, "/protocol.(*clientDispatcher).%s(",
		                                 methods[i].function))) {
			return methods[i].of_person ? NULL : methods[i].method;
		}
	}
	return NULL;
}

void waits_take_goroutines(struct waits *w, int64_t pid, struct slice text) {
	struct wait_call call = {.pid = pid};
	struct slice line;
	bool calls = false;

	while (slice_line(&text, &line) && w->call_count < WAITS_CALLS_MAX) {
		if (header_of(w->arena, line, &call)) {
			calls = false;
		}
		/* What it waits in is further in than who asked. */
		calls = calls || slice_has(line, "/jsonrpc2.(*conn).Call(");
		call.method = calls && slice_has(line, "clientDispatcher")
		                      ? method_of(w->arena, line)
		                      : NULL;
		if (call.method) {
			w->calls[w->call_count++] = call;
			calls = false;
		}
	}
}
