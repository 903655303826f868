/* SPDX-License-Identifier: MIT
 * The environment has been put right, but the running editor still carries the old one.
 *
 * Proof: a start-up file is newer than the process, and the bad value is in the process and not in
 * what a new session gets. Without the newer file a restart of the editor would change nothing.
 */
#include "core/origin.h"
#include "core/refused.h"
#include "core/rule.h"

/* The kernel tells when a process began in hundredths of a second. */
#define TICKS_NS (INT64_C(20) * 1000 * 1000)

static bool is_newer(int64_t mtime_ns, int64_t start_ns) {
	return start_ns > 0 && mtime_ns > start_ns + TICKS_NS;
}

/* What a new session has: the start-up files' last word, else dialtone's own environment. */
static const char *fresh_value(const struct facts *facts, const char *name) {
	const struct fact_startup *line = origin_startup(facts, name, NULL);
	return line ? line->value : facts_var(facts, "own", name);
}

static bool place_is_bad(const struct facts *facts, const char *name) {
	const struct fact_place *p = facts_place(facts, name);
	return p && (!streq(p->state, "ok") || !p->write) &&
	       !(streq(p->state, "absent") && p->write && !streq(name, "TMPDIR") &&
	         !streq(name, "GOTMPDIR"));
}

/* The judged value of this variable is what breaks the server. */
static bool is_at_fault(const struct facts *facts, const char *name) {
	if (streq(name, "GOROOT")) {
		facts_each (goroot, root, facts) {
			if (!root->own && !root->complete) {
				return true;
			}
		}
		return false;
	}
	if (streq(name, "GOFLAGS")) {
		const struct fact_open_file *file = facts_first(open_file, facts);
		facts_each (goflag_error, e, facts) {
			if (streq(e->source, "GOFLAGS")) {
				return true;
			}
		}
		const struct fact_trial *without = facts_trial(facts, "without GOFLAGS");
		return facts_first(vendor_gap, facts) || (file && !str_empty(file->excluded_by)) ||
		       (without && without->better);
	}
	if (streq(name, "GOTOOLCHAIN") || streq(name, "GOPROXY")) {
		const struct fact_toolchain *t = facts_first(toolchain, facts);
		bool stuck = t && !streq(t->verdict, "none") && !t->present;
		return stuck || (streq(name, "GOPROXY") && facts_first(mod_absent, facts));
	}
	if (streq(name, "GOBIN")) {
		return !facts_chosen(facts, "gopls");
	}
	if (streq(name, "GOPATH") && !facts_chosen(facts, "gopls")) {
		return true;
	}
	if (streq(name, "GOWORK")) {
		facts_each (gowork, w, facts) {
			if (streq(w->role, "missing")) {
				return true;
			}
		}
	}
	if (streq(name, "GOOS") || streq(name, "GOARCH") || streq(name, "CGO_ENABLED")) {
		const struct fact_platform *pair = facts_first(platform, facts);
		bool none = pair && !pair->known && !streq(name, "CGO_ENABLED");
		return none || origin_excluded(facts, name, facts_var(facts, "judged", name));
	}
	return refused_variable(facts, name, NULL) || place_is_bad(facts, name);
}

/* The start-up file that changed after the process began: the one that sets the variable now, else
 * any (it may be the one the variable was removed from). */
static const struct fact *newer_file(const struct facts *facts, const char *name,
                                     int64_t start_ns) {
	const struct fact *any = NULL;
	facts_each (startup, s, facts) {
		if (streq(s->name, name) && !streq(s->kind, "project") &&
		    is_newer(s->mtime_ns, start_ns)) {
			return &s->base;
		}
	}
	facts_each (startup_file, s, facts) {
		if (!streq(s->kind, "project") && is_newer(s->mtime_ns, start_ns)) {
			any = &s->base;
		}
	}
	return origin_startup(facts, name, NULL) ? NULL : any;
}

static const char *file_of(const struct fact *fact) {
	return fact->kind == FACT_startup ? ((const struct fact_startup *)fact)->file
	                                  : ((const struct fact_startup_file *)fact)->file;
}

static void report(const struct rule *self, const struct facts *facts, struct findings *out,
                   const char *name, const char *old, const char *now, const struct fact *newer) {
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN,
		arena_printf(out->arena, "%s of process %lld (%s)", name, (long long)p->pid,
	                     p->comm),
		!old  ? "the running editor (process %lld, %s) has no %s%s%s; %s, changed "
			"since it was started, sets it to %s"
		: now ? "the running editor (process %lld, %s) still has the old %s%s%s; "
			"%s has changed since it was started, a new session has %s"
		      : "the running editor (process %lld, %s) still has %s%s%s; %s has "
			"changed since it was started and nothing sets it any more%s",
		(long long)p->pid, p->comm, name,
		!old                  ? ""
		: streq(name, "PATH") ? " " /* old says what is on it */
				      : "=",
		old ? old : "", file_of(newer), now ? now : "");
	finding_about(out, f, name);
	if (!streq(name, "PATH")) {
		f->explains = origin_explains(
			name, arena_printf(out->arena, "%s %s", old ? old : "", now ? now : ""));
	}
	finding_cites(f, p);
	origin_cite_judged(facts, f, name);
	finding_cite(f, newer);
	finding_detail(out, f, "reloading its window keeps the old environment");
	struct fix_advice *fix = finding_fix(
		out, f, "quit every window of the editor, log out and in again, start it anew",
		"%s", "");
	fix->disruptive = true;
}

static void check_path(const struct rule *self, const struct facts *facts, struct findings *out,
                       const struct fact_editor_process *p) {
	const struct fact_tool *go = origin_go_off_path(facts);
	const struct fact_tool *tool = go ? go : origin_gopls_off_path(facts);
	const struct fact_startup *line = tool ? origin_path_line(facts, tool) : NULL;
	if (!line || !is_newer(line->mtime_ns, p->start_ns)) {
		return;
	}
	/* A remote server never reads the interactive file, however new. */
	if (streq(line->kind, "interactive") && origin_is_remote(facts)) {
		return;
	}
	report(self, facts, out, "PATH", go ? "without go" : "without gopls",
	       arena_printf(out->arena, "%s on it", line->value), &line->base);
}

/* PATH was turned to a newer Go since, and the one the editor gets is too old. */
static void check_version(const struct rule *self, const struct facts *facts, struct findings *out,
                          const struct fact_editor_process *p) {
	const struct fact_trial *shell = facts_trial(facts, "go of the shell");
	const struct fact_tool *go = facts_chosen(facts, "server-go");
	if (!shell || !shell->better || !go || streq(shell->subject, go->path)) {
		return;
	}
	const struct fact_tool wanted = {.path = shell->subject};
	const struct fact_startup *line = origin_path_line(facts, &wanted);
	if (!line || !is_newer(line->mtime_ns, p->start_ns) ||
	    (streq(line->kind, "interactive") && origin_is_remote(facts))) {
		return;
	}
	report(self, facts, out, "PATH", arena_printf(out->arena, "with %s", go->path),
	       arena_printf(out->arena, "%s on it", line->value), &line->base);
	finding_cites(out->last, shell);
}

/* A variable that was put into a start-up file since, and whose absence is what hurts. */
static void check_added(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_editor_process *p, const char *name) {
	const struct fact_startup *line = origin_startup(facts, name, NULL);
	if (!line || !is_newer(line->mtime_ns, p->start_ns) || str_empty(line->value) ||
	    (streq(line->kind, "interactive") && origin_is_remote(facts))) {
		return;
	}
	const struct fact_govar *var = facts_govar(facts, name);
	bool elsewhere = var && (streq(var->origin, "goenv") || streq(var->origin, "settings"));
	const struct fact *need = elsewhere ? NULL : origin_need(facts, name, line->value);
	bool told = out->last && out->last->rule == self; /* one variable more for the same need */
	if (need && !told) {
		report(self, facts, out, name, NULL, line->value, &line->base);
		finding_cite(out->last, need);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	static const char *const names[] = {
		"GOROOT",      "GOFLAGS",   "GOTMPDIR",    "TMPDIR",      "GOCACHE",
		"GOMODCACHE",  "GOPATH",    "GOTOOLCHAIN", "GOPROXY",     "GOBIN",
		"GOWORK",      "GOOS",      "GOARCH",      "CGO_ENABLED", "GOPRIVATE",
		"GONOSUMDB",   "GOSUMDB",   "HTTPS_PROXY", "https_proxy", "GOEXPERIMENT",
		"GO111MODULE", "GOFIPS140", "GOCACHEPROG", "GOMEMLIMIT",  "GODEBUG"};
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	if (!p || facts_healthy(facts)) {
		return;
	}
	check_path(self, facts, out, p);
	check_version(self, facts, out, p);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *old = facts_var(facts, "judged", names[i]);
		const char *now = fresh_value(facts, names[i]);
		const struct fact_govar *var = facts_govar(facts, names[i]);
		bool in_force = !var || streq(var->origin, "env");
		if (!old) {
			check_added(self, facts, out, p, names[i]);
			continue;
		}
		if (streq(old, now) || !in_force || !is_at_fault(facts, names[i])) {
			continue;
		}
		const struct fact *newer = newer_file(facts, names[i], p->start_ns);
		if (newer) {
			report(self, facts, out, names[i], old, now, newer);
		}
	}
}

const struct rule rule_env_stale_editor_process = {
	.id = "env-stale-editor-process",
	.title = "the running editor still carries an environment that has been corrected since",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(var) | FACT_BIT(startup_file),
	.explains = IDS("env-go-not-on-path-gui", "env-remote-noninteractive-shell",
                        "*tc-download-unavailable", "*tc-local-too-old", "*bin-wrong-bin-dir",
                        "*bin-gopls-missing"), /* of PATH; else origin_explains */
	.check = check,
};
