/* SPDX-License-Identifier: MIT
 * The server may not open enough files.
 *
 * Go raises the soft limit to the hard one, so a low soft limit alone is harmless and nothing is said
 * of it. Not this: no descriptors in the whole system (ENFILE says "in system"), watches of inotify
 * (res-inotify: another limit), a gopls mcp that watches a whole tree (res-mcp-watch-fds).
 */
#include "core/rule.h"

#include <errno.h>

#define SMALL    256 /* a first load of a small module needs 28 (gopls v0.16 to v0.24) */
#define HEADROOM 8
#define GENEROUS "65536"

static const char emfile[] = "too many open files";

static const struct fact *complaint(const struct facts *facts) {
	const struct fact_server *server = facts_first(server, facts);
	const struct fact *said = facts_said(facts, emfile, NULL);

	if (facts_said(facts, "too many open files in system", NULL)) {
		return NULL;
	}
	/* Not even the pipes to it could be made. */
	if (server && streq(server->state, "not_executed") && server->error == EMFILE) {
		return &server->base;
	}
	if (!said && server && str_has(server->err, emfile) &&
	    !str_has(server->err, "too many open files in system")) {
		return &server->base;
	}
	return said;
}

/* The limit the trial server had: that of the judged process, else ours. */
static const struct fact_limit *limit_of(const struct facts *facts) {
	const struct fact_limit *own = NULL;

	facts_each (limit, l, facts) {
		if (!streq(l->name, "open_files")) {
			continue;
		}
		if (streq(l->scope, "judged")) {
			return l;
		}
		own = streq(l->scope, "own") ? l : own;
	}
	return own;
}

static const struct fact_limit_source *source_of(const struct facts *facts, int64_t hard) {
	const char *value = arena_printf(facts->arena, "%lld", (long long)hard);
	const struct fact_limit_source *same = NULL;

	facts_each (limit_source, s, facts) {
		if (!str_empty(s->name)) {
			continue;
		}
		if (s->script) {
			return s;
		}
		same = streq(s->value, value) ? s : same;
	}
	return same;
}

static void advise(struct findings *out, struct finding *f,
                   const struct fact_limit_source *source) {
	if (source) {
		finding_cites(f, source);
		finding_fix(out, f,
		            arena_printf(out->arena,
		                         "raise or remove it in %s line %lld, then start the "
		                         "editor again from a new session",
		                         source->file, (long long)source->line),
		            "sed -i '%llds/%s/" GENEROUS "/' %s", (long long)source->line,
		            source->value, str_shell_quote(out->arena, source->file));
		return;
	}
	finding_fix(out, f, "raise it for this user, log in again and start the editor anew",
	            "echo \"$USER - nofile " GENEROUS
	            "\" | sudo tee /etc/security/limits.d/nofile.conf");
	finding_fix(out, f, "for an editor that is a systemd service, in its unit",
	            "LimitNOFILE=" GENEROUS);
}

static void check_trial(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact *said = complaint(facts);
	const struct fact_limit *l = limit_of(facts);
	const struct fact_trial *more = facts_trial(facts, "more open files");

	if (!said || !l || facts_healthy(facts) || (more && !more->better)) {
		return;
	}
	const struct fact_limit_source *source = source_of(facts, l->hard);
	bool script = source && source->script;
	bool low = l->hard >= 0 && l->hard <= SMALL;
	const char *who =
		streq(l->scope, "judged")
			? arena_printf(out->arena, "the editor (process %lld)", (long long)l->pid)
			: "this session";
	struct finding *f;

	if (script) {
		f = findings_add(out, self, CONF_CERTAIN, source->file,
		                 "%s line %lld lets gopls have only %s files open at a time "
		                 "(RLIMIT_NOFILE), and gopls says: too many open files",
		                 source->file, (long long)source->line, source->value);
	} else {
		f = findings_add(out, self, low || more ? CONF_CERTAIN : CONF_LIKELY,
		                 arena_printf(out->arena, "RLIMIT_NOFILE %lld", (long long)l->hard),
		                 "%s, and what it starts, may have only %lld files open at a time "
		                 "(RLIMIT_NOFILE, hard limit): too many open files",
		                 who, (long long)l->hard);
		finding_about(out, f, "RLIMIT_NOFILE");
		finding_cites(f, l);
	}
	finding_cite(f, said);
	if (more) {
		finding_cites(f, more);
	}
	advise(out, f, source);
}

static void check_running(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	facts_each (running_server, s, facts) {
		facts_each (limit, l, facts) {
			if (!s->here || streq(s->role, "mcp") || !streq(l->scope, "server") ||
			    !streq(l->name, "open_files") || l->pid != s->pid || l->soft < 0 ||
			    s->fds < l->soft - HEADROOM) {
				continue;
			}
			struct finding *f = findings_add(
				out, self, CONF_CERTAIN,
				arena_printf(out->arena, "process %lld (gopls)", (long long)s->pid),
				"the running gopls (process %lld) has %lld files open and may have "
				"%lld "
				"(RLIMIT_NOFILE)",
				(long long)s->pid, (long long)s->fds, (long long)l->soft);
			/* A daemon that cannot accept gives its address up (net.Listener of Go). */
			finding_about(out, f, str_empty(s->remote) ? "RLIMIT_NOFILE" : s->remote);
			finding_cites(f, s);
			finding_cites(f, l);
			advise(out, f, source_of(facts, l->hard));
			struct fix_advice *end =
				finding_fix(out, f, "end it; the editor starts another",
			                    "kill %lld", (long long)s->pid);

			end->disruptive = true;
			end->reversible = false;
		}
	}
}

static bool is_found(const struct findings *out, const struct rule *self, const char *subject) {
	findings_each (f, out) {
		if (f->rule == self && streq(f->subject, subject)) {
			return true;
		}
	}
	return false;
}

/* One that others wait for, whoever it is. */
static void check_waiting(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	facts_each (wait_leaf, l, facts) {
		const char *end = strstr(l->name, " (pid ");
		const char *name =
			end ? arena_strndup(out->arena, l->name, (size_t)(end - l->name)) : l->name;
		const char *subject =
			arena_printf(out->arena, "process %lld (%s)", (long long)l->pid, name);

		if (!streq(l->kind, "files") ||
		    (streq(l->origin, "trial") && facts_healthy(facts)) ||
		    is_found(out, self, subject)) {
			continue;
		}
		struct finding *f = findings_add(out, self, CONF_CERTAIN, subject,
		                                 "%s (RLIMIT_NOFILE)", l->text);

		finding_about(out, f, "RLIMIT_NOFILE");
		finding_cites(f, l);
		advise(out, f, NULL);
		struct fix_advice *fix = finding_fix(out, f, "end it; what needs it starts another",
		                                     "kill %lld", (long long)l->pid);

		fix->disruptive = true;
		fix->reversible = false;
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	check_trial(self, facts, out);
	if (facts_first(health, facts)) {
		check_running(self, facts, out);
	}
	check_waiting(self, facts, out);
}

const struct rule rule_res_nofile = {
	.id = "res-nofile",
	.title = "the server may not open enough files",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(limit),
	.explains = IDS("*tc-goroot-incomplete", "*fs-disk-full-gocache",
                        "?mod-excluded-by-constraints", "*env-goroot-wrong",
                        "*cfg-bad-language-server-flags", "ipc-remote-daemon-absent"),
	.check = check,
};
