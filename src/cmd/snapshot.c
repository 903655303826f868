/* SPDX-License-Identifier: MIT
 * `dialtone snapshot`: everything diagnostic about a process tree at one instant, in a case file.
 */
#include "cmd/snapshot.h"

#include "base/clock.h"
#include "cmd/case.h"
#include "cmd/check_options.h"
#include "cmd/failure.h"
#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "core/picture.h"
#include "core/world.h"
#include "world/live.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define TIME_LIMIT_NS (20 * NS_PER_S)
#define ROOTS_MAX     16

#define AT(member) offsetof(struct snapshot_options, member)
static const struct option_spec snapshot_specs[] = {
	{"workspace", 'w', "DIR", OPTION_TEXT, AT(workspace),
         "the editors and servers that have DIR open"},
	{"output", 'o', "FILE", OPTION_TEXT, AT(output), "the case file to write"},
	{"raw", 0, NULL, OPTION_FLAG, AT(raw), "keep home and user names (secrets are masked)"},
	{"diff", 'd', NULL, OPTION_FLAG, AT(diff), "what differs between the files A and B"},
	{"from", 0, "FILE", OPTION_TEXT, AT(from), "show what a snapshot holds"},
	{"json", 'j', NULL, OPTION_FLAG, AT(json), "with --diff or --from: for programs"},
	{"color", 0, "WHEN", OPTION_TEXT, AT(color), "auto, always or never"},
	{0},
};
#undef AT

struct snap {
	const struct snapshot_options *options;
	struct arena *arena;
	struct interrupt interrupt;
	struct evidence_store store;
	struct world *world;
	const char *roots; /* pids, blanks between */
};

/* ---- whom it is about ---- */

static void add_root(struct strbuf *roots, struct slice pid) {
	strbuf_printf(roots, "%s%.*s", roots->len > 0 ? " " : "", (int)pid.len, pid.data);
}

/* The editors first: most servers are below them. */
static const char *roots_of_workspace(struct snap *s, const char *workspace) {
	const struct evidence *editors =
		world_look(s->world, LOOK_EDITORS, workspace, LOOK_CAP_SMALL);
	const struct evidence *servers =
		world_look(s->world, LOOK_GOPLS, workspace, LOOK_CAP_SETTINGS);
	struct slice rest = editors->bytes, line, pid, block;
	struct strbuf roots;
	size_t count = 0;

	strbuf_init(&roots, s->arena);
	while (evidence_has_bytes(editors) && slice_line(&rest, &line) && count < ROOTS_MAX) {
		if (slice_cut(&line, ' ', &pid)) {
			add_root(&roots, pid);
			count++;
		}
	}
	rest = servers->bytes;
	while (evidence_has_bytes(servers) && keyline_block(&rest, &block) && count < ROOTS_MAX) {
		if (streq(keyline_text(s->arena, block, "here"), "1")) {
			add_root(&roots, slice_str(keyline_text(s->arena, block, "pid")));
			count++;
		}
	}
	return roots.data;
}

static int find_roots(struct snap *s, const char *operand) {
	const char *workspace;
	struct err err = {0};

	if (operand) {
		s->roots = operand;
		return STATUS_HEALTHY;
	}
	if (user_path_absolute(s->arena, s->world, s->options->workspace, &workspace, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	int status = failure_of_folder(s->world, workspace, NULL);

	if (status != STATUS_HEALTHY) {
		return status;
	}
	s->roots = roots_of_workspace(s, workspace);
	if (s->roots[0] == '\0') {
		output_complain("no editor and no gopls of this user has '%s' open", workspace);
		return STATUS_USAGE;
	}
	return STATUS_HEALTHY;
}

/* ---- taking and keeping it ---- */

static int refused(const struct snap *s, const struct evidence *ev) {
	if (ev->state == EV_ABSENT) {
		output_complain("there is no process %s", s->roots);
		return STATUS_USAGE;
	}
	output_complain("the processes could not be seen: %s",
	                ev->error == ENOSYS ? "/proc is not mounted" : evidence_refusal(ev));
	return STATUS_UNKNOWN;
}

/* A process whose memory is locked by the kernel lets nobody read its arguments: then it is left alone with that. */
static const struct evidence *take(struct snap *s) {
	const struct evidence *ev = world_look(s->world, LOOK_PICTURE, s->roots, PICTURE_CAP);

	if (ev->state == EV_TIMED_OUT && ev->error != EINTR) {
		ev = world_look(s->world, LOOK_PICTURE,
		                arena_printf(s->arena, "careful %s", s->roots), PICTURE_CAP);
	}
	return ev;
}

static int save(struct snap *s) {
	const char *home = getenv("HOME");
	const char *const args[] = {command_snapshot.name, "--", s->roots, NULL};
	struct evidence_store masked;
	struct case_wish wish = {
		.path = s->options->output,
		.raw = s->options->raw,
		.home = home ? home : "",
		.args = args,
	};
	struct err err = {0};

	evidence_store_init(&masked, s->arena);
	snapshot_mask(&s->store, &masked);
	if (case_save(s->arena, &wish, &masked, &err) < 0) {
		output_complain("the snapshot was not saved: %s", err.msg);
		return STATUS_UNKNOWN;
	}
	return STATUS_HEALTHY;
}

static int take_and_save(struct snap *s, const char *operand) {
	int status = find_roots(s, operand);

	if (status != STATUS_HEALTHY) {
		return status;
	}
	const struct evidence *ev = take(s);
	int stopped = failure_of_interrupt(&s->interrupt);

	if (stopped != STATUS_HEALTHY) {
		return stopped;
	}
	if (!evidence_has_bytes(ev)) {
		return refused(s, ev);
	}
	world_look(s->world, LOOK_FILE, "/etc/passwd", LOOK_CAP_SETTINGS);
	return save(s);
}

static int run_live(struct snap *s, const char *operand) {
	struct err err = {0};
	int status = STATUS_UNKNOWN;

	evidence_store_init(&s->store, s->arena);
	interrupt_open(&s->interrupt, clock_now_ns() + TIME_LIMIT_NS);
	s->world = world_live_open(s->arena, &s->store, s->interrupt.fd, &err);
	if (s->world) {
		status = take_and_save(s, operand);
	} else {
		output_complain("%s", err.msg);
	}
	world_close(s->world);
	interrupt_close(&s->interrupt);
	return status;
}

/* STATUS_HEALTHY, or a sentence about what makes no sense. */
static int check_take(const struct snapshot_options *o, const char *const *operands,
                      size_t operand_count) {
	int64_t pid;

	if (operand_count > 1 || (operand_count == 1) == (o->workspace != NULL)) {
		output_complain("expected one of PID, --workspace DIR, --diff A B and --from FILE");
	} else if (operand_count == 1 &&
	           (str_to_int64(operands[0], &pid) < 0 || pid <= 0 || pid > INT32_MAX)) {
		output_complain("expected the number of a process, got '%s'", operands[0]);
	} else if (!o->output) {
		output_complain("expected '-o FILE', the case file to write");
	} else if (o->json) {
		output_complain("'--json' only goes with '--diff' and '--from'");
	} else {
		return STATUS_HEALTHY;
	}
	return STATUS_USAGE;
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct snapshot_options *o = options;
	struct snap s = {
		.options = o,
		.interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1},
	};
	bool reads = o->diff || o->from;

	if (!color_is_valid(o->color)) {
		return STATUS_USAGE;
	}
	if (reads && (o->workspace || o->output || o->raw || (o->diff && o->from) ||
	              operand_count != (o->diff ? 2 : 0))) {
		output_complain("'--diff' takes two files and '--from' one, and neither goes with "
		                "--workspace, -o or --raw");
		return STATUS_USAGE;
	}
	if (reads) {
		return o->diff ? snapshot_diff(o, operands) : snapshot_show(o);
	}
	int status = check_take(o, operands, operand_count);

	if (status != STATUS_HEALTHY) {
		return status;
	}
	s.arena = arena_new();
	status = run_live(&s, operand_count == 1 ? operands[0] : NULL);
	arena_free(s.arena);
	return status;
}

const struct command command_snapshot = {
	.name = "snapshot",
	.synopsis = "PID -o FILE",
	.summary = "Record all about a process tree at an instant",
	.options = snapshot_specs,
	.options_size = sizeof(struct snapshot_options),
	.notes =
		"dialtone snapshot --diff A B: what differs between two of them, in sentences.\n"
		"Nothing is attached to, signalled or changed; secrets in variables and arguments\n"
		"are masked. Status of --diff: 0 the same, 1 something differs.\n",
	.max_operands = 2,
	.run = run,
};
