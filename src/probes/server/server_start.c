/* SPDX-License-Identifier: MIT
 */
#include "base/clock.h"
#include "core/editor.h"
#include "gofile/gosource.h"
#include "gofile/stdlist.h"
#include "probes/modules/module_path.h"
#include "probes/modules/modules_shield.h"
#include "probes/scratch.h"
#include "probes/server/handshake.h"
#include "probes/server/limits.h"
#include "probes/server/server_flags.h"

#include <unistd.h>

static struct talk_spot spot_at(struct gosource_pos pos) {
	return (struct talk_spot){
		.known = pos.line > 0,
		.line = pos.line > 0 ? (unsigned)pos.line - 1 : 0,
		.character = (unsigned)pos.character,
	};
}

/* Between the quotes of the import of path. */
static struct talk_spot spot_in_import(const struct gosource *source, struct slice text,
                                       const char *path) {
	struct slice line;
	int at = 0;

	for (size_t i = 0; i < source->import_count && at == 0; i++) {
		at = streq(source->imports[i].path, path) ? source->imports[i].line : 0;
	}
	for (int i = 0; i < at; i++) {
		if (!slice_line(&text, &line)) {
			return (struct talk_spot){0};
		}
	}
	const char *quote = at > 0 ? memchr(line.data, '"', line.len) : NULL;

	return quote ? (struct talk_spot){.known = true,
	                                  .line = (unsigned)at - 1,
	                                  .character = (unsigned)(quote + 1 - line.data)}
	             : (struct talk_spot){0};
}

/* What to ask about the open file. A client stands behind the dot of pkg.Name when it completes. */
static void choose_spots(struct exam *exam, struct talk_script *script) {
	const struct fact_open_file *open = facts_first(open_file, exam->facts);
	const char *dir = open ? open->module_dir : "";
	struct gosource source =
		gosource_parse(exam->arena, script->text, module_path_in(exam, dir));

	script->own = spot_at(source.own.pos.line > 0 ? source.own.pos : source.own_declared);
	script->own_again = spot_at(source.own_declared);
	/* A file that only uses other packages: what it takes from one of them is as good. */
	if (!script->own.known && source.other.pos.line > 0) {
		script->own = spot_at(source.other.pos);
		script->own_again = spot_in_import(&source, script->text, source.other.path);
		script->own_is_imported = true;
	}
	if (source.standard.pos.line > 0 && stdlist_find(source.standard.path)) {
		script->std = spot_at(source.standard.pos);
		script->std_again = spot_in_import(&source, script->text, source.standard.path);
	}
	script->completion = script->std.known ? script->std : spot_at(source.other.pos);
}

static const char *reason_not_to_start(const struct target *target) {
	if (target->no_server) {
		return "--no-server";
	}
	if (target->do_not_start) {
		return target->do_not_start;
	}
	if (target->server_flags_error) {
		return target->server_flags_error;
	}
	return target->server_argv && target->server_argv[0] ? NULL : "no gopls was found";
}

static struct talk_script script_of(struct exam *exam) {
	const struct target *target = exam->target;
	struct talk_script script = {
		.root = target->root,
		.client_folders = target->client_folders,
		.client_name = target->client_name,
		.init_options = target->init_options,
		.configuration = target->configuration,
		.configuration_reply = target->configuration_reply,
		.no_configuration = target->no_configuration,
		.no_watched_files = target->no_watched_files,
		.process_id = getpid(),
		.unasked = target->unasked,
	};

	if (target->open_file) {
		const struct evidence *ev =
			world_look(exam->world, LOOK_FILE, target->open_file, LOOK_CAP_SOURCE);

		if (evidence_has_bytes(ev)) {
			script.file = target->open_file;
			script.text = ev->bytes;
			choose_spots(exam, &script);
		}
	}
	return script;
}

static int look(struct exam *exam, struct err *err) {
	struct target *target = exam->target;
	struct handshake *h = arena_new_of(exam->arena, struct handshake);

	(void)err;
	exam->handshake = h;
	if (target->editor && target->editor->locate) {
		target->editor->locate(exam);
	}
	h->why_not = reason_not_to_start(target);
	if (h->why_not) {
		return 0;
	}
	struct talk_script script = script_of(exam);

	modules_shield(exam);
	if (server_flags_write(target->server_argv)) {
		h->scratch = scratch_make(exam->arena, envset_get(&target->own, "TMPDIR"));
	}
	h->talk = talk_new(exam->arena, &script);
	target->nofile = limits_lower(exam);
	target->fatal_limits = limits_fatal(exam);
	target->nproc = limits_lower_tasks(exam);
	h->session = world_session_start(
		exam->world,
		&(struct session_spec){
			.label = "gopls",
			.argv = server_flags_tame(exam->arena, target->server_argv, h->scratch),
			.env = &target->launch,
			.cwd = target->server_cwd ? target->server_cwd : target->workspace,
			.dialogue = &h->talk->base,
			.nofile = target->nofile,
			.fatal = target->fatal_limits,
			.nproc = target->nproc,
		});
	h->start_ns = world_now_ns(exam->world);
	return 0;
}

const struct probe probe_server_start = {
	.id = "server_start",
	.title = "starts the language server as the editor would",
	.stage = STAGE_START,
	.yields = FACT_BIT(client),
	.look = look,
};
