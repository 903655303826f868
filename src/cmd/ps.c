/* SPDX-License-Identifier: MIT
 * `dialtone ps`: every editor, language server, debugger and go command, and what they are to each other.
 */
#include "cmd/ps.h"

#include "base/clock.h"
#include "cmd/check_options.h"
#include "cmd/env_mask.h"
#include "cmd/failure.h"
#include "cmd/ps_leaks.h"
#include "core/census.h"
#include "core/gopls_call.h"
#include "core/world.h"
#include "report/ps.h"
#include "world/codec.h"
#include "world/live.h"
#include "world/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define PS_EVERY_DEFAULT "2"

#define AT(member) offsetof(struct ps_options, member)
static const struct option_spec ps_specs[] = {
	{"tree", 't', NULL, OPTION_FLAG, AT(tree), "with what is above them"},
	{"json", 'j', NULL, OPTION_FLAG, AT(json), "for programs: dialtone.ps/1"},
	{"watch", 'w', NULL, OPTION_FLAG, AT(watch), "draw it again and again; q ends it"},
	{"every", 0, "S", OPTION_TEXT, AT(every), "seconds between (" PS_EVERY_DEFAULT ")"},
	{"all", 'a', NULL, OPTION_FLAG, AT(all), "processes of all users"},
	{"leaks", 0, NULL, OPTION_FLAG, AT(leaks), "does a server use more and more? (PID)"},
	{"isolation", 0, NULL, OPTION_FLAG, AT(isolation),
         "what do environments share, and is it safe?"},
	{"for", 0, "S", OPTION_TEXT, AT(seconds), "with --leaks: seconds to look at it (10)"},
	{"restarts", 0, "N", OPTION_TEXT, AT(restarts), "with --leaks: start it N times beside"},
	{"save", 0, "FILE", OPTION_TEXT, AT(save), "also record what was seen in a case file"},
	{"raw", 0, NULL, OPTION_FLAG, AT(raw), "with --save: keep home and user names"},
	{"from", 0, "FILE", OPTION_TEXT, AT(from), "show what a case file holds"},
	{"color", 0, "WHEN", OPTION_TEXT, AT(color), "auto, always or never"},
	{0},
};
#undef AT

const char *ps_user_name(void *data, int64_t uid) {
	struct ps_run *r = data;
	struct slice line, name, field;

	if (!r->passwd) {
		r->passwd = world_look(r->world, LOOK_FILE, "/etc/passwd", LOOK_CAP_SETTINGS);
	}
	const char *number = arena_printf(r->arena, "%lld", (long long)uid);
	struct slice rest = evidence_has_bytes(r->passwd) ? r->passwd->bytes : slice_of(NULL, 0);

	while (slice_line(&rest, &line)) {
		if (slice_cut(&line, ':', &name) && slice_cut(&line, ':', &field) &&
		    slice_cut(&line, ':', &field) && slice_eq(field, number)) {
			return arena_slicedup(r->arena, name);
		}
	}
	return NULL;
}

const char *const *ps_sockets(struct arena *arena, const struct census *c) {
	const char **sockets = arena_array_of(arena, const char *, c->count);
	struct codec *codec = codec_open(NULL);

	for (size_t i = 0; codec && i < c->count; i++) {
		const struct census_process *p = &c->items[i];
		char hash[SHA256_HEX_SIZE];

		if (!streq(p->name, "gopls") || p->role == ROLE_TELEMETRY || !p->exe[0] ||
		    !p->build_id[0] || p->denied) {
			continue;
		}
		const char *said = arena_printf(arena, "%s\n", p->build_id);
		struct gopls_socket place = gopls_socket_place(
			arena, envset_get(&p->env, "XDG_RUNTIME_DIR"),
			envset_get(&p->env, "TMPDIR"), envset_get(&p->env, "USER"),
			p->role == ROLE_FORWARDER ? p->remote : "auto");

		codec_sha256(codec, slice_str(said), hash);
		sockets[i] = gopls_socket_path(arena, &place, p->exe, hash);
	}
	codec_close(codec);
	return sockets;
}

/* Only when there is a daemon or is meant to be one. */
static bool has_daemon(const struct census *c) {
	for (size_t i = 0; i < c->count; i++) {
		if (c->items[i].role == ROLE_DAEMON || c->items[i].role == ROLE_FORWARDER) {
			return true;
		}
	}
	return false;
}

static void put_form(struct ps_run *r, const struct ps_options *o, const struct terminal *terminal,
                     const struct evidence *ev, size_t rows, int64_t start_ns, struct strbuf *out) {
	struct census census = census_read(r->arena, ev->bytes);
	const char *home = o->from ? NULL : getenv("HOME");
	struct ps_view view = {
		.census = &census,
		.sockets = o->json || has_daemon(&census) ? ps_sockets(r->arena, &census) : NULL,
		.mask_fn = env_mask,
		.user_fn = ps_user_name,
		.user_data = r,
		.home = home ? home : "",
		.for_terminal = isatty(STDOUT_FILENO) == 1,
		.tree = o->tree,
		.rows = rows,
	};
	struct report_style style = {
		.colour = terminal->colour, .utf8 = terminal->utf8, .columns = terminal->columns};

	if (!view.for_terminal) {
		style.columns = SIZE_MAX / 2; /* a line stays one, for grep */
	}
	view.timings = report_timings_since(start_ns);
	if (o->json) {
		ps_json(out, &view);
	} else {
		ps_text(out, &view, &style);
	}
}

static int open_world(struct ps_run *r, struct ps_options *o, const struct interrupt *interrupt,
                      struct evidence_store *store, struct evidence_store *recorded) {
	struct err err = {0};
	int code = 0;

	evidence_store_init(store, r->arena);
	if (o->from) {
		evidence_store_init(recorded, r->arena);
		code = ps_case_open(r->arena, recorded, o, &err);
		if (code == 0) {
			r->world = world_replay_open(r->arena, store, recorded);
		}
	} else {
		r->world = world_live_open(r->arena, store, interrupt->fd, &err);
	}
	if (r->world) {
		return STATUS_HEALTHY;
	}
	return failure_of_file(&err, code);
}

static int look_and_put(struct ps_run *r, const struct ps_options *o,
                        const struct terminal *terminal, size_t rows, int64_t start_ns,
                        struct strbuf *out) {
	bool all = o->all || o->isolation;
	const struct evidence *ev =
		world_look(r->world, LOOK_CENSUS, all ? "all" : "own", CENSUS_CAP);

	if (!evidence_has_bytes(ev)) {
		output_complain("the running processes could not be seen: %s",
		                ev->error == ENOSYS ? "/proc is not mounted"
		                                    : evidence_refusal(ev));
		return STATUS_UNKNOWN;
	}
	if (o->isolation) {
		struct census census = census_read(r->arena, ev->bytes);

		return ps_isolation(r, o, &census, terminal, start_ns, out);
	}
	put_form(r, o, terminal, ev, rows, start_ns, out);
	return STATUS_HEALTHY;
}

int ps_once(struct arena *arena, const struct ps_options *options,
            const struct interrupt *interrupt, const struct terminal *terminal, size_t rows,
            struct strbuf *out) {
	struct ps_options o = *options;
	struct ps_run r = {.arena = arena};
	struct evidence_store store, recorded;
	struct err err = {0};
	int64_t start_ns = clock_now_ns();
	int status = open_world(&r, &o, interrupt, &store, &recorded);

	if (status != STATUS_HEALTHY) {
		return status;
	}
	status = look_and_put(&r, &o, terminal, rows, start_ns, out);
	world_close(r.world);
	if (status != STATUS_UNKNOWN && o.save && ps_case_save(arena, &o, &store, &err) < 0) {
		output_complain("the case was not saved: %s", err.msg);
		return STATUS_UNKNOWN;
	}
	return status;
}

static bool is_sensible(const struct ps_options *o) {
	if (o->from && (o->all || o->save || o->watch)) {
		output_complain("'--from' goes with no --all, --save or --watch: the case file "
		                "says what was seen");
	} else if (o->raw && !o->save) {
		output_complain("option '--raw' only goes with '--save'");
	} else if (o->every && !o->watch) {
		output_complain("option '--every' only goes with '--watch'");
	} else if ((o->seconds || o->restarts) && !o->leaks) {
		output_complain("options '--for' and '--restarts' only go with '--leaks'");
	} else if (o->leaks && (o->watch || o->save || o->from || o->tree || o->all)) {
		output_complain("'--leaks' goes with no --watch, --save, --from, --tree or --all");
	} else if (o->isolation && (o->watch || o->leaks || o->tree || o->all)) {
		output_complain("'--isolation' goes with no --watch, --leaks, --tree or --all: it "
		                "is about all users");
	} else if (o->watch && (o->json || o->save)) {
		output_complain("'--watch' goes with no --json or --save");
	} else if (o->watch && isatty(STDOUT_FILENO) != 1) {
		output_complain("'--watch' needs a terminal to draw on");
	} else {
		return color_is_valid(o->color);
	}
	return false;
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct ps_options *o = options;
	const char *every = o->every ? o->every : PS_EVERY_DEFAULT;
	int64_t every_ns = 0;
	if (!is_sensible(o)) {
		return STATUS_USAGE;
	}
	if (o->leaks) {
		return ps_leaks(o, operand_count > 0 ? operands[0] : NULL);
	}
	if (operand_count > 0) {
		output_complain("a PID only goes with '--leaks'");
		return STATUS_USAGE;
	}
	if (seconds_parse(every, &every_ns) < 0) {
		output_complain("option '--every': expected seconds, more than 0, got '%s'", every);
		return STATUS_USAGE;
	}
	if (o->watch) {
		return ps_watch(o, every_ns);
	}
	struct interrupt interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1};
	struct arena *arena = arena_new();
	struct terminal terminal = terminal_find(o->color);
	struct strbuf out;

	strbuf_init(&out, arena);
	int status = ps_once(arena, o, &interrupt, &terminal, 0, &out);

	status = status == STATUS_HEALTHY || status == STATUS_FOUND ? output_write(&out, status)
	                                                            : status;
	arena_free(arena);
	return status;
}

const struct command command_ps = {
	.name = "ps",
	.synopsis = "",
	.summary = "Show editors, servers and go commands",
	.options = ps_specs,
	.options_size = sizeof(struct ps_options),
	.max_operands = 1,
	.run = run,
};
