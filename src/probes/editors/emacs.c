/* SPDX-License-Identifier: MIT
 * Emacs with eglot or lsp-mode. Its configuration is a program: with --trust it is run and asked;
 * without it, or when it starts nothing, what is written out in its files counts, and else the rules
 * of a plain set-up: gopls from the PATH of the editor, and the root of project.el, which is that of
 * version control (project-try-vc; eglot takes it as it is); outside a repository the directory of
 * the file.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/editor.h"
#include "probes/editors/ask_editor.h"
#include "probes/editors/emacs_config.h"

static bool configured(struct exam *exam) {
	static const char *const files[] = {".emacs",           ".emacs.el",
	                                    ".emacs.d/init.el", ".config/emacs/init.el",
	                                    ".doom.d/init.el",  ".config/doom/init.el"};
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (client_config_exists(exam, client_config_home(exam, files[i]))) {
			return true;
		}
	}
	return false;
}

static const char *const programs[] = {"emacs", "emacs-nox", NULL};
static const char *const args[] = {"-nw", NULL};
static const struct ask_spec ask = {
	.name = "emacs",
	.title = "Emacs",
	.programs = programs,
	.args = args,
	.pty = true,
	.seconds = 12,
};

static void arrange(struct exam *exam) {
	ask_editor_or_read(exam, &ask, emacs_config_read);
}

static void locate(struct exam *exam) {
	static const char *const markers[] = {".git", NULL};
	const struct fact_client *c = facts_first(client, exam->facts);
	if (!c) {
		ask_editor_plain_root(exam, markers, true);
	}
}

static const char *const kinds[] = {"emacs", NULL};

const struct editor editor_emacs = {
	.name = "emacs",
	.title = "Emacs",
	.kinds = kinds,
	.order = 30,
	.configured = configured,
	.arrange = arrange,
	.locate = locate,
};
