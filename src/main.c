/* SPDX-License-Identifier: MIT
 *
 * dialtone: is there a dial tone between your editor and its language server? If not: why not, and
 * what proves it?
 *
 *          kernel, editor, language server, disk, network
 *              | looks
 *          +---+----+   every look, run and conversation goes through core/world.h, so that
 *          | world/ |   a case file (world/replay) can stand in for the machine (world/live)
 *          +---+----+
 *              |
 *   probes/ -> EVIDENCE -> FACTS -> rules/ -> FINDINGS -> core/infer -> DIAGNOSIS -> report/
 *
 *   base/     the foundation: errors, slices, arena, strings, paths; knows no doctor
 *   core/     the nouns and the seams: evidence, fact.def, finding, rule, probe, world, infer
 *   wire/     what a server speaks: frames, JSON-RPC, JSON with comments, transcripts
 *   gofile/   what Go keeps in files: go.mod, go.work, go.sum, versions, program files
 *   world/    windows: files, processes, running programs; live or replayed
 *   probes/   look and state facts; one file each; do not judge
 *   rules/    judge facts; one file per cause id; do not look
 *   client/   a client that asks any language server for everything
 *   settings/ lint of the editor's settings: layers, schemas, issues
 *   apply/    the only room that changes files: journal first, then write; undo
 *   report/   text and JSON from one model
 *   cmd/      one file per command; only here and in this file are texts printed and exit
 *             statuses chosen
 *
 * Which rules, probes and commands there are follows from the file names (core/registry.h). This
 * file only finds the command and hands over.
 */
#include "cmd/check_trace.h"
#include "cmd/help.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/traced.h"
#include "cmd/witness.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

/* A closed 0, 1 or 2 would become some file of ours, and a message would end up in it. */
static void keep_standard_fds_busy(void) {
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) {
			_exit(STATUS_UNKNOWN);
		}
	}
}

static int print_version(void) {
	struct arena *arena = arena_new();
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, "dialtone " DIALTONE_VERSION "\n");
	int status = output_write(&out, STATUS_HEALTHY);
	arena_free(arena);
	return status;
}

static int run_command(struct arena *arena, const struct command *command, const char *const *args,
                       size_t count) {
	struct parsed_options parsed;
	struct err err;
	if (options_parse(arena, command, args, count, &parsed, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_USAGE;
	}
	switch (parsed.wish) {
	case OPTIONS_HELP:
		return help_print(command);
	case OPTIONS_VERSION:
		return print_version();
	case OPTIONS_RUN:
		break;
	}
	return command->run(parsed.options, parsed.operands, parsed.operand_count);
}

int main(int argc, char **argv) {
	keep_standard_fds_busy();
	signal(SIGPIPE, SIG_IGN);
	setlocale(LC_CTYPE, "");
	const char *const *args = (const char *const *)argv + (argc > 0);
	size_t count = argc > 0 ? (size_t)argc - 1 : 0;
	if (count > 0 && (streq(args[0], "--help") || streq(args[0], "-h"))) {
		return help_print(NULL);
	}
	if (count > 0 && streq(args[0], "--witness")) {
		return witness_main(argc, argv);
	}
	if (count > 0 && streq(args[0], "--ask-editor")) {
		return ask_editor_main(argc, argv);
	}
	if (count > 0 && streq(args[0], TRACED_OPTION)) {
		return traced_main(argc, argv);
	}
	if (count > 0 && streq(args[0], "--version")) {
		return print_version();
	}
	const struct command *command = count > 0 ? help_find_command(args[0]) : NULL;
	if (command) {
		args++;
		count--;
	} else {
		command = help_find_command("check");
	}
	if (!command) {
		return STATUS_BUG;
	}
	struct arena *arena = arena_new();
	int status = run_command(arena, command, args, count);
	arena_free(arena);
	return status;
}
