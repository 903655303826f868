/* SPDX-License-Identifier: MIT
 * The Go installations involved: that of the go which is found, and the one a variable names. Is
 * something missing?
 */
#include "probes/go/goroot.h"
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "gofile/binary.h"
#include "gofile/goversion.h"
#include "gofile/stdlist.h"
#include "probes/go/govars.h"
#include "probes/go/wrapper_vars.h"

/* What every installation since Go 1.18 has, seen in all releases from 1.19 to 1.27. */
static const char *const always[] = {
	"bin/go",      "src",         "src/runtime",      "src/unsafe",
	"src/builtin", "src/fmt",     "src/errors",       "src/io",
	"src/os",      "src/strings", "src/sync",         "src/internal/abi",
	"src/reflect", "src/unicode", "src/internal/cpu", "src/unicode/utf8",
};

static const char *const tools[] = {"compile", "asm", "cgo", "link"};

const char *goroot_host_arch(void) {
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#elif defined(__i386__)
	return "386";
#else
	return "arm";
#endif
}

static void gap(struct exam *exam, const char *root, const char *part, bool own,
                const struct evidence *ev) {
	FACTS_ADD(exam->facts, goroot_gap, ev, .root = root, .part = part, .own = own);
}

/* A tool must be there, be executable and be a whole program. */
static size_t look_tool(struct exam *exam, const char *root, const char *name, bool own) {
	const char *path = arena_printf(exam->arena, "%s/pkg/tool/linux_%s/%s", root,
	                                goroot_host_arch(), name);
	const char *part = path + strlen(root) + 1;
	struct file_stat st = world_stat(exam->world, path);
	if (st.known && !st.exists) {
		gap(exam, root, part, own, st.ev);
		return 1;
	}
	bool denied = !st.known && st.ev->state == EV_DENIED;
	bool for_others = st.is_file && !st.can_exec && (st.mode & 0111) != 0;
	if (denied || (for_others && !world_mount(exam->world, path).noexec)) {
		gap(exam, root, arena_printf(exam->arena, "%s (not for this user)", part), own,
		    st.ev);
		return 1;
	}
	if (st.is_file && (st.mode & 0111) == 0) {
		gap(exam, root, arena_printf(exam->arena, "%s (not executable)", part), own, st.ev);
		return 1;
	}
	const struct evidence *ev = world_look(exam->world, LOOK_BINARY, path, LOOK_CAP_SMALL);
	if (!evidence_has_bytes(ev)) {
		return 0;
	}
	struct binary bin = binary_from_text(exam->arena, ev->bytes);
	bool program = bin.kind == BINARY_ELF || bin.kind == BINARY_SCRIPT;
	bool whole = program && !bin.truncated && str_empty(bin.fault);
	if (!whole) {
		gap(exam, root, arena_printf(exam->arena, "%s (damaged)", part), own, ev);
	}
	return !whole;
}

/* No call reads that file: go has its version in itself, and said it when it was asked. */
static const char *told_version(struct exam *exam, const char *root, const char *source) {
	const char *const argv[] = {"go", NULL};
	const struct run_spec spec = {
		.label = "go own version", .argv = argv, .env = &exam->target->server};
	struct goversion_output out;
	if (!exam->target->recorded || !streq(source, "local")) {
		return "";
	}
	struct run_result run = world_run(exam->world, &spec);
	if (!goversion_parse_output(exam->arena, run.out, &out)) {
		return "";
	}
	FACTS_ADD(exam->facts, go_version, run.ev, .source = source, .version = out.version,
	          .path = root);
	return out.version;
}

static const char *read_version(struct exam *exam, const char *root, const char *source) {
	const char *file = path_join(exam->arena, root, "VERSION");
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SMALL);
	struct goversion_output out;
	if (!evidence_has_bytes(ev) || !goversion_parse_output(exam->arena, ev->bytes, &out)) {
		return told_version(exam, root, source);
	}
	FACTS_ADD(exam->facts, go_version, ev, .source = source, .version = out.version,
	          .path = root);
	return out.version;
}

void goroot_look(struct exam *exam, const char *root, bool own, const char *source) {
	struct file_stat st = world_stat(exam->world, root);
	size_t gaps = 0;
	const char *version = "";
	if (st.is_dir) {
		version = read_version(exam, root, source);
		for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++) {
			const char *path = path_join(exam->arena, root, always[i]);
			struct file_stat part = world_stat(exam->world, path);
			if (part.known && !part.exists) {
				gap(exam, root, always[i], own, part.ev);
				gaps++;
			}
		}
		for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++) {
			gaps += look_tool(exam, root, tools[i], own);
		}
	}
	FACTS_ADD(exam->facts, goroot, st.ev, .root = root, .exists = st.exists,
	          .is_dir = st.is_dir, .own = own, .complete = st.is_dir && gaps == 0,
	          .version = version);
}

/* A shim that sets GOROOT itself: what the variable names is not in use. */
static bool is_overridden(struct exam *exam, const char *named) {
	facts_each (shim, s, exam->facts) {
		if (streq(s->tool, "go") && s->answered && !streq(s->goroot, named)) {
			return true;
		}
	}
	return false;
}

static bool is_stated(const struct facts *facts, const char *root) {
	facts_each (goroot, g, facts) {
		if (g->own && streq(g->root, root)) {
			return true;
		}
	}
	return false;
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	const char *go = t->server_go ? t->server_go : t->go_path;
	const char *own = go ? govars_own_goroot(exam, go) : NULL;
	if (go && !own) {
		const char *behind = wrapper_vars_of(exam, &t->server, go).go;
		own = behind ? govars_own_goroot(exam, behind) : NULL;
	}
	if (own && !is_stated(exam->facts, own)) {
		goroot_look(exam, own, true, "local");
	}
	const struct fact_govar *v = facts_govar(exam->facts, "GOROOT");
	bool named = v && !str_empty(v->value) && !streq(v->origin, "default");
	if (named && is_overridden(exam, v->value)) {
		return 0;
	}
	if (named && v->value[0] == '/') {
		struct file_stat st = world_stat(exam->world, v->value);
		const char *root = path_clean(exam->arena, v->value);
		bool same =
			own && (streq(root, own) || (!str_empty(st.real) && streq(st.real, own)));
		if (!same) {
			goroot_look(exam, root, false, "goroot");
		}
	} else if (named) {
		FACTS_ADD(exam->facts, goroot, NULL, .root = v->value);
	}
	return 0;
}

const struct probe probe_goroot = {
	.id = "goroot",
	.title = "the Go installations and what they lack",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(goroot) | FACT_BIT(goroot_gap) | FACT_BIT(go_version),
	.look = look,
};
