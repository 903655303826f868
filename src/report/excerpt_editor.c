/* SPDX-License-Identifier: MIT
 * Facts about editors, their extensions, settings and tools as one line of proof.
 */
#include "base/str.h"
#include "core/editor.h"
#include "report/excerpt_private.h"
#include "report/history.h"

#define AS(kind) ((const struct fact_##kind *)fact)

static const char *client_line(struct arena *a, const struct fact_client *c) {
	struct strbuf out;
	strbuf_init(&out, a);
	const char *from = streq(c->from, "asked")    ? "asked itself"
	                   : streq(c->from, "config") ? "by its configuration"
	                                              : "as it is documented";
	strbuf_printf(&out, "%s (%s) starts %s", c->editor, from, c->command);
	if (!str_empty(c->root)) {
		strbuf_printf(&out, " with the root %s%s", c->root,
		              streq(c->root_state, "absent")    ? ", which does not exist"
		              : streq(c->root_state, "not_dir") ? ", which is no directory"
		                                                : "");
	}
	if (streq(c->reply, "error")) {
		strbuf_printf(&out, "; to workspace/configuration it answers the error %s",
		              c->answer);
	} else if (streq(c->reply, "silent")) {
		strbuf_add(&out, "; to workspace/configuration it never answers");
	} else if (streq(c->reply, "result") && !c->fits) {
		strbuf_printf(&out, "; to workspace/configuration it answers %s",
		              excerpt_value(a, "", c->answer));
	}
	if (!str_empty(c->file)) {
		strbuf_printf(&out, " (%s)", excerpt_place(a, c->file, c->line));
	}
	return out.data;
}

static const char *install_line(struct arena *a, const struct fact_install *i) {
	return arena_printf(a, "%s with its data in %s%s%s, %s", i->name, i->data,
	                    *i->profile ? ", profile " : "", i->profile,
	                    streq(i->from, "process")
	                            ? arena_printf(a, "running as process %lld", (long long)i->pid)
	                            : "the one used last");
}

static const char *trust_line(struct arena *a, const struct fact_folder_trust *t) {
	const char *by = str_empty(t->by) ? "" : arena_printf(a, " (by %s)", t->by);
	const char *state = streq(t->state, "trusted")     ? "is trusted"
	                    : streq(t->state, "untrusted") ? "is marked as not trusted"
	                    : streq(t->state, "disabled")  ? "needs no trust: it is switched off"
	                                                   : "is in no list of trusted folders";
	return arena_printf(a, "%s %s%s", t->folder, state, by);
}

static const char *window_folder_line(struct arena *a, const struct fact_window_folder *w) {
	const char *from = streq(w->from, "environment") ? "the environment"
	                   : str_empty(w->file)          ? w->from
	                                                 : arena_printf(a, "%s in %s", w->from,
	                                                                excerpt_place(a, w->file, w->line));
	return arena_printf(a, "%s: %s%s, from %s", w->folder, *w->gopath ? "GOPATH=" : "no GOPATH",
	                    w->gopath, from);
}

static const char *capture_line(struct arena *a, const struct fact_shell_capture *s) {
	const char *said = str_empty(s->said) ? ""
	                                      : arena_printf(a, ", it says: %s",
	                                                     excerpt_value(a, "", s->said));
	if (streq(s->state, "hangs")) {
		return arena_printf(a, "%s as a login shell had not ended after %lld ms%s",
		                    s->shell, (long long)s->ms, said);
	}
	if (streq(s->state, "fails")) {
		return arena_printf(a, "%s as a login shell ended with status %lld%s", s->shell,
		                    (long long)s->exit_code, said);
	}
	return arena_printf(a, "%s as a login shell gives %s", s->shell,
	                    s->has_go ? "a PATH with go" : "a PATH without go");
}

static const char *wrapper_line(struct arena *a, const struct fact_wrapper *w) {
	static const char *const words[][2] = {
		{"splits", "takes an argument with a blank apart"},
		{"chatter", "prints words of its own on stdout"},
		{"silent", "ends well and prints nothing"},
		{"elsewhere", "runs go in another directory"},
		{"far", "has a GOROOT that is not on this machine"},
		{"fails", "fails"},
		{"hangs", "does not come to an end"},
	};
	const char *differs = "does as go does";
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		differs = streq(w->differs, words[i][0]) ? words[i][1] : differs;
	}
	const char *line = w->line > 0 ? arena_printf(a, "; line %lld: %s", (long long)w->line,
	                                              excerpt_value(a, "", w->text))
	                               : "";
	return arena_printf(a, "%s %s%s%s%s", w->path, differs, line, *w->said ? "; it says: " : "",
	                    excerpt_value(a, "", w->said));
}

static const char *managed_install_line(struct arena *a, const struct fact_managed_install *m) {
	const char *state = streq(m->state, "ok")            ? "is whole"
	                    : streq(m->state, "absent")      ? "does not exist"
	                    : streq(m->state, "dangling")    ? "is a link to nothing"
	                    : streq(m->state, "empty")       ? "is empty"
	                    : streq(m->state, "no_exec_bit") ? "must not be executed"
	                                                     : "is cut short";
	return arena_printf(a, "%s, which %s installed, %s%s%s", m->path, m->editor, state,
	                    *m->link ? ": " : "", m->link);
}

static const char *debugger_line(struct arena *a, const struct fact_debugger *d) {
	const char *state = streq(d->state, "ok")            ? "is there"
	                    : streq(d->state, "absent")      ? "is not there"
	                    : streq(d->state, "no_exec_bit") ? "must not be executed"
	                                                     : "is a directory";
	return arena_printf(a, "dlv%s%s %s; looked for at %s and on PATH", *d->path ? ": " : "",
	                    d->path, state, d->looked);
}

static const char *wiring_line(struct arena *a, const struct fact_wiring *w) {
	const char *what = streq(w->state, "wired")          ? "starts the server"
	                   : streq(w->state, "no_entry")     ? "has no entry for Go"
	                   : streq(w->state, "disabled")     ? "has it switched off"
	                   : streq(w->state, "no_program")   ? "names a program that is not there"
	                   : streq(w->state, "no_extension") ? "names no ending of Go files"
	                                                     : "says nothing about Go";
	return arena_printf(a, "%s: %s%s%s%s%s", w->agent, *w->subject ? w->subject : "it",
	                    *w->file ? " in " : "",
	                    *w->file ? excerpt_place(a, excerpt_path(a, &w->base, w->file), w->line)
	                             : "",
	                    " ", what);
}

static const char *age_line(struct arena *a, const struct fact_server_age *s) {
	struct strbuf out;
	strbuf_init(&out, a);
	strbuf_printf(&out, "%s: gopls %s", s->path, *s->version ? s->version : "of no release");
	if (!str_empty(s->built)) {
		strbuf_printf(&out, ", compiled with Go %s", s->built);
	}
	if (!str_empty(s->knows)) {
		strbuf_printf(&out, ", knows Go up to %s", s->knows);
	}
	if (!str_empty(s->runs)) {
		strbuf_printf(&out, "; Go here is %s", s->runs);
	}
	if (!str_empty(s->language)) {
		strbuf_printf(&out, ", the code asks for %s", s->language);
	}
	return out.data;
}

const char *excerpt_editor(struct arena *a, const struct fact *fact) {
	switch (fact->kind) {
	case FACT_editor:
		return arena_printf(a, "the editor is %s", AS(editor)->name);
	case FACT_client:
		return client_line(a, AS(client));
	case FACT_install:
		return install_line(a, AS(install));
	case FACT_extension:
		return arena_printf(a, "%s %s in %s%s", AS(extension)->id, AS(extension)->version,
		                    AS(extension)->dir,
		                    AS(extension)->enabled ? "" : ", switched off");
	case FACT_folder_trust:
		return trust_line(a, AS(folder_trust));
	case FACT_window_folder:
		return window_folder_line(a, AS(window_folder));
	case FACT_setting_program:
		return arena_printf(
			a, "%s runs %s%s", AS(setting_program)->key, AS(setting_program)->program,
			AS(setting_program)->inside ? ", which comes with the workspace" : "");
	case FACT_shell_capture:
		return capture_line(a, AS(shell_capture));
	case FACT_wrapper:
		return wrapper_line(a, AS(wrapper));
	case FACT_log_event:
		return history_line(a, AS(log_event));
	case FACT_managed_install:
		return managed_install_line(a, AS(managed_install));
	case FACT_debug_config:
		return arena_printf(a, "\"%s\" debugs a program of this machine (%s)",
		                    AS(debug_config)->name,
		                    excerpt_place(a, excerpt_path(a, fact, AS(debug_config)->file),
		                                  AS(debug_config)->line));
	case FACT_launch_lore:
		return arena_printf(a, "%s of \"%s\" (%s)", AS(launch_lore)->key,
		                    AS(launch_lore)->name,
		                    excerpt_place(a, excerpt_path(a, fact, AS(launch_lore)->file),
		                                  AS(launch_lore)->line));
	case FACT_debugger:
		return debugger_line(a, AS(debugger));
	case FACT_wiring:
		return wiring_line(a, AS(wiring));
	case FACT_tool_source:
		return arena_printf(a, "%s@%s lies below %s", AS(tool_source)->module,
		                    AS(tool_source)->version, AS(tool_source)->dir);
	case FACT_installer:
		return arena_printf(a, "%s in %s puts programs into %s", AS(installer)->name,
		                    AS(installer)->path, AS(installer)->dir);
	case FACT_server_age:
		return age_line(a, AS(server_age));
	case FACT_gopls_offer:
		return arena_printf(a, "gopls %s asks for Go %s", AS(gopls_offer)->version,
		                    AS(gopls_offer)->go);
	default:
		return NULL;
	}
}
