/* SPDX-License-Identifier: MIT
 * Which of the things a server said mean that it could not load the user's code. The texts are
 * those of gopls v0.16.2 to v0.24.0; they decide only whether something is wrong and when enough
 * has been heard, never what the cause is.
 */
#include "probes/server/dialogue.h"

#include "base/path.h"

static const char *message_trouble(const struct talk_message *m) {
	if (!streq(m->level, "error") || str_has(m->text, "Invalid settings")) {
		return NULL;
	}
	if (streq(m->via, "show")) {
		return str_has(m->text, "Error loading workspace") ? "load-failed" : "popup";
	}
	if (streq(m->via, "progress")) {
		return "load-failed";
	}
	if (str_has(m->text, "workspace load failed") || str_has(m->text, "loading workspace") ||
	    str_has(m->text, "packages.Load error")) {
		return "load-failed";
	}
	return NULL;
}

/* Words about the open file's place in the world; their severity is only "warning". */
static const char *orphan_trouble(const char *text) {
	static const struct {
		const char *words, *token;
	} known[] = {
		{"No packages found for open file", "no-package"},
		{"No active builds contain", "no-build"},
		{"not included in your workspace", "not-in-workspace"},
		{"initialization failed", "load-failed"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (str_has(text, known[i].words)) {
			return known[i].token;
		}
	}
	return NULL;
}

static bool is_module_file(const char *path) {
	const char *base = path_base(path);

	return streq(base, "go.mod") || streq(base, "go.work");
}

static const char *complaint_trouble(const struct talk *talk, const struct talk_complaint *c) {
	bool open = talk->script.file && streq(c->path, talk->script.file);
	bool error = streq(c->severity, "error");

	if (open && streq(c->source, "go list")) {
		const char *orphan = orphan_trouble(c->text);

		return orphan ? orphan : error ? "go-list" : NULL;
	}
	if (is_module_file(c->path) && error) {
		return streq(c->source, "go list") || streq(c->source, "syntax") ? "module-file"
		                                                                 : NULL;
	}
	if (open && error &&
	    (str_has(c->text, "could not import ") || str_has(c->text, "error while importing ") ||
	     str_has(c->text, "no required module provides package") ||
	     str_has(c->text, "is not in std") || str_has(c->text, "is not in GOROOT"))) {
		return "import";
	}
	return NULL;
}

const char *talk_load_trouble(const struct talk *talk, const char **ret_text) {
	for (const struct talk_message *m = talk->messages; m; m = m->next) {
		const char *token = message_trouble(m);

		if (token) {
			if (ret_text) {
				*ret_text = m->text;
			}
			return token;
		}
	}
	for (const struct talk_complaint *c = talk->complaints; c; c = c->next) {
		const char *token = c->stale ? NULL : complaint_trouble(talk, c);

		if (token) {
			if (ret_text) {
				*ret_text = c->text;
			}
			return token;
		}
	}
	return NULL;
}

const char *talk_settings_trouble(const struct talk *talk) {
	for (const struct talk_message *m = talk->messages; m; m = m->next) {
		if (streq(m->via, "show") && !streq(m->level, "info") &&
		    str_has(m->text, "Invalid settings")) {
			return m->text;
		}
	}
	return NULL;
}
