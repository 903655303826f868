/* SPDX-License-Identifier: MIT
 * Which go and which server the editor takes, with what arguments, environment and options.
 */
#include "base/str.h"
#include "core/editor.h"
#include "core/probe.h"
#include "gofile/binary.h"
#include "probes/go/shim.h"
#include "probes/go/wrapper_vars.h"
#include "probes/search.h"
#include "probes/trust.h"

#define HEAD_CAP_BYTES ((size_t)512) /* of a program that is none */

/* An amd64 kernel also runs 386 programs. Nothing is said of machines Go does not know. */
static bool runs_here(const char *goarch) {
#if defined(__x86_64__)
	return str_empty(goarch) || streq(goarch, "amd64") || streq(goarch, "386");
#elif defined(__aarch64__)
	return str_empty(goarch) || streq(goarch, "arm64") || streq(goarch, "arm");
#else
	return true;
#endif
}

/* What a file that is no program is: blocks that were never written read as zeros, a download that was
 * not unpacked or that failed. "" for text. */
static const char *what_is(struct exam *exam, const char *path) {
	static const struct {
		const char *bytes;
		size_t len;
		const char *name;
	} heads[] = {{"\x1f\x8b", 2, "packed"},
	             {"PK\3\4", 4, "packed"},
	             {"\xfd"
	              "7zXZ",
	              5, "packed"},
	             {"\x28\xb5\x2f\xfd", 4, "packed"},
	             {"<!", 2, "page"},
	             {"<html", 5, "page"},
	             {"<HTML", 5, "page"}};
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, HEAD_CAP_BYTES);
	if (!evidence_has_bytes(ev) || ev->bytes.len == 0) {
		return "";
	}
	size_t zeros = 0;
	while (zeros < ev->bytes.len && ev->bytes.data[zeros] == '\0') {
		zeros++;
	}
	if (zeros == ev->bytes.len) {
		return "zeros";
	}
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		if (ev->bytes.len >= heads[i].len &&
		    memcmp(ev->bytes.data, heads[i].bytes, heads[i].len) == 0) {
			return heads[i].name;
		}
	}
	return memchr(ev->bytes.data, '\0', ev->bytes.len) ? "data" : "";
}

static void state_binary(struct exam *exam, const char *tool, const char *path, bool chosen) {
	const struct evidence *ev = world_look(exam->world, LOOK_BINARY, path, LOOK_CAP_SMALL);
	if (!evidence_has_bytes(ev)) {
		return;
	}
	struct binary bin = binary_from_text(exam->arena, ev->bytes);
	const char *interpreter =
		bin.kind == BINARY_SCRIPT ? bin.script_interpreter : bin.interpreter;
	const char *other = bin.kind == BINARY_OTHER ? what_is(exam, path) : "";
	bool there = str_empty(interpreter) || world_stat(exam->world, interpreter).exists;
	FACTS_ADD(exam->facts, binary, ev, .tool = tool, .path = path,
	          .format = binary_kind_name(bin.kind), .machine = bin.goarch,
	          .interpreter = interpreter, .argument = bin.script_argument,
	          .interpreter_present = there, .truncated = bin.truncated,
	          .fault = str_empty(other) ? bin.fault : other,
	          .machine_ok = bin.kind != BINARY_ELF || runs_here(bin.goarch),
	          .go_version = bin.go_version, .module = bin.module, .version = bin.module_version,
	          .needs_glibc = bin.glibc, .chosen = chosen, .size = (int64_t)bin.size_bytes);
}

/* The program files behind what was found; a few, since each costs a read. */
static void state_binaries(struct exam *exam) {
	size_t budget = 12;
	facts_each (tool, t, exam->facts) {
		bool readable = !streq(t->tool, "server-go") &&
		                (streq(t->state, "ok") || streq(t->state, "noexec_mount") ||
		                 streq(t->state, "no_exec_bit"));
		if (readable && budget > 0 && !facts_binary(exam->facts, t->path)) {
			state_binary(exam, t->tool, t->path, t->chosen);
			budget--;
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	struct target *t = exam->target;
	envset_copy(&t->server, &t->judged);
	shim_keep_still(&t->server);
	t->server_cwd = t->workspace;
	t->root = t->workspace;
	t->editor->arrange(exam);
	envset_change(&t->server, t->unset);
	if (t->terms) {
		t->server_cwd = t->terms->cwd ? t->terms->cwd : t->server_cwd;
	}
	if (t->terms && t->terms->offline) {
		envset_set(&t->server, "GOPROXY", "off");
	}
	if (!t->do_not_start && !t->trusted && t->gopls_path) {
		t->do_not_start = trust_look_tool(exam, "gopls", t->gopls_path);
	}
	envset_copy(&t->launch, &t->server);
	struct wrapper_vars wrapper = wrapper_vars_of_server(exam, &t->server, t->gopls_path);
	wrapper_vars_apply(&wrapper, &t->server);
	const char *path = envset_get(&t->server, "PATH");
	t->server_go = search_path_only(exam, path ? path : "", "go");
	if (t->server_go && !t->trusted && !t->do_not_run_go && !streq(t->server_go, t->go_path)) {
		const char *why = trust_look_tool(exam, "go", t->server_go);
		t->do_not_run_go = why != NULL;
		t->do_not_start = t->do_not_start ? t->do_not_start : why;
	}
	for (size_t i = 0; i < t->server.count; i++) {
		const char *value = NULL;
		struct slice name = envset_name(&t->server, i, &value);
		if (slice_starts(name, "GO") || slice_eq(name, "PATH") || slice_eq(name, "HOME") ||
		    slice_eq(name, "TMPDIR") || slice_starts(name, "XDG_") ||
		    slice_starts(name, "CGO_") || slice_starts(name, "PKG_CONFIG")) {
			FACTS_ADD(exam->facts, var, NULL, .scope = "server",
			          .name = arena_slicedup(exam->arena, name), .value = value);
		}
	}
	FACTS_ADD(exam->facts, tool, NULL, .tool = "server-go", .path = t->server_go, .via = "path",
	          .state = t->server_go ? "ok" : "absent", .chosen = t->server_go != NULL);
	state_binaries(exam);
	return 0;
}

const struct probe probe_tools = {
	.id = "tools",
	.title = "which go and which server the editor takes, and how it starts them",
	.stage = STAGE_TOOLS,
	.yields = FACT_BIT(tool) | FACT_BIT(binary) | FACT_BIT(govar) | FACT_BIT(platform) |
                  FACT_BIT(setting_program) | FACT_BIT(window_folder),
	.required = true,
	.look = look,
};
