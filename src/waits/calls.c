/* SPDX-License-Identifier: MIT
 * What a server has asked its client and waits for: no byte in a pipe tells of it once the client has read the question,
 * but the goroutine that asked stands in the function that does so for one method (golang.org/x/tools, gopls
 * v0.16.2 to v0.24.0: internal/protocol/tsclient.go, clientDispatcher; internal/jsonrpc2/conn.go, Call). One that idles has
 * no such goroutine.
 */
#include "waits/private.h"

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
	struct goroutine_line header = {.reason = ""};
	struct slice line;
	bool calls = false, writes = false;

	while (slice_line(&text, &line) && w->call_count < WAITS_CALLS_MAX) {
		if (waits_goroutine_line(w->arena, line, &header)) {
			call.goroutine = header.number;
			call.waited_ms = header.waited_ms;
			calls = false;
			writes = false;
		}
		/* Its log, for which others of it wait then. */
		writes = writes || (streq(header.reason, "IO wait") &&
		                    slice_starts(line, "internal/poll.(*FD).Write("));
		if (writes && slice_starts(line, "os.(*File).Write(") &&
		    w->inner_count < WAITS_INNER_MAX) {
			w->inner[w->inner_count++] =
				(struct wait_inner){pid, header.number, WAITS_INNER_WRITES, "", ""};
			writes = false;
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
