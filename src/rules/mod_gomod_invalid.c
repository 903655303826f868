/* SPDX-License-Identifier: MIT
 * mod-gomod-invalid: go refuses to read go.mod or go.work. The file itself is the proof, so words
 * of the server are not needed. A broken file that nothing loads (a module beside the one that is
 * open) must not be blamed: with a healthy server it is a note.
 */
#include "base/path.h"
#include "core/complaint.h"
#include "core/rule.h"

#define QUOTED_MAX 100 /* bytes of a line that is short enough for a sentence */

/* " (replace example.com/a => ~/a)": the line as it stands there; "" when the file's text is not at hand. */
static const char *quoted(struct arena *arena, const struct fact *file, int64_t number) {
	struct slice rest =
		file->ev && evidence_has_bytes(file->ev) ? file->ev->bytes : slice_str("");
	struct slice line;
	while (slice_line(&rest, &line)) {
		if (--number == 0) {
			line = slice_trim(line);
			return line.len > 0 && line.len <= QUOTED_MAX
			               ? arena_printf(arena, " (%s)", arena_slicedup(arena, line))
			               : "";
		}
	}
	return "";
}

static const char *reason_of(struct arena *arena, const struct fact *file, const char *error,
                             int64_t conflict_line, int64_t error_line, bool empty) {
	if (conflict_line > 0) {
		return arena_printf(arena, "holds merge conflict markers (line %lld)",
		                    (long long)conflict_line);
	}
	if (empty) {
		return "is empty";
	}
	if (error_line > 0) {
		return arena_printf(arena, "is refused by go in line %lld%s: %s",
		                    (long long)error_line, quoted(arena, file, error_line), error);
	}
	return arena_printf(arena, "is refused by go: %s", error);
}

static void add_fix(struct findings *out, struct finding *f, const char *path,
                    int64_t conflict_line, bool empty) {
	struct arena *arena = out->arena;
	const char *dir = str_shell_quote(arena, path_parent(arena, path));
	if (conflict_line > 0) {
		finding_fix(out, f, "show the conflict, then keep one side of it",
		            "cd %s && git diff -- %s", dir, path_base(path));
	} else if (empty && streq(path_base(path), "go.mod")) {
		finding_fix(out, f, "get the file back from git", "cd %s && git checkout -- go.mod",
		            dir);
		finding_fix(out, f, "begin a new module",
		            "cd %s && rm go.mod && go mod init example.com/NAME", dir);
	} else {
		finding_fix(out, f, "see what was changed last, then correct that line",
		            "cd %s && git diff HEAD -- %s", dir, path_base(path));
	}
}

static const struct fact_gowork *active_work(const struct facts *facts) {
	facts_each (gowork, w, facts) {
		if (streq(w->role, "active")) {
			return w;
		}
	}
	return NULL;
}

static bool is_member(const struct facts *facts) {
	const struct fact_work_member *m = facts_first(work_member, facts);
	return m && m->member;
}

static bool has_file_role(const struct facts *facts) {
	facts_each (gomod, g, facts) {
		if (streq(g->role, "file")) {
			return true;
		}
	}
	return false;
}

/* Is this file read when the open file is loaded? */
static bool is_loaded(const struct facts *facts, const struct fact_gomod *g) {
	if (streq(g->role, "file")) {
		return true;
	}
	if (streq(g->role, "root")) {
		return !has_file_role(facts) || is_member(facts);
	}
	return streq(g->role, "replaced") || (streq(g->role, "member") && is_member(facts));
}

static void check_gomod(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_gomod *g) {
	bool broken = !str_empty(g->error) || g->conflict_line > 0;
	bool loaded = is_loaded(facts, g);
	const struct fact_gowork *work = active_work(facts);
	if (!broken || (streq(g->role, "replaced") && str_empty(g->error))) {
		return;
	}
	if (streq(g->role, "member") && !loaded && work && work->above_workspace) {
		return; /* read only because of a go.work that is not about this module */
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN, g->path,
	                                 "%s %s, so go loads nothing that needs it", g->path,
	                                 reason_of(out->arena, &g->base, g->error, g->conflict_line,
	                                           g->error_line, g->empty));
	finding_cites(f, g);
	add_fix(out, f, g->path, g->conflict_line, g->empty);
	if (facts_healthy(facts) || (!loaded && !facts_hurt(facts))) {
		f->severity = SEV_NOTE;
	}
}

/* What go says behind these words of the line of a file that it can read and does not take: "go.mod:7: unknown godebug".
 * Such lines depend on the release (cmd/go/internal/modload/init.go, CheckGodebug). NULL when it said no such thing. */
static const struct fact *refused_line(const struct facts *facts, const char *words,
                                       const char **ret_line) {
	struct complaint c = complaint_find(facts, words);
	if (!c.fact) {
		return NULL;
	}
	const char *line = c.at + strlen(words);
	line += strspn(line, " \t\n");
	*ret_line = arena_strndup(facts->arena, line, strcspn(line, "\n"));
	return c.fact;
}

static void add_refused(const struct rule *self, struct findings *out, const struct fact *file,
                        const char *path, const struct fact *said, const char *line) {
	struct finding *f = findings_add(out, self, CONF_CERTAIN, path,
	                                 "go does not take a line of %s: %s", path, line);
	finding_cite(f, said);
	finding_cite(f, file);
	add_fix(out, f, path, 0, false);
}

static void check_refused(const struct rule *self, const struct facts *facts, struct findings *out,
                          const struct fact_gowork *work) {
	const char *line = NULL;
	const struct fact *said = refused_line(facts, " error loading go.mod:", &line);
	facts_each (gomod, g, facts) {
		if (said && is_loaded(facts, g) && !streq(g->role, "replaced") &&
		    str_empty(g->error)) {
			add_refused(self, out, &g->base, g->path, said, line);
			break;
		}
	}
	said = refused_line(facts, " error loading go.work:", &line);
	if (said && work && str_empty(work->error)) {
		add_refused(self, out, &work->base, work->path, said, line);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_gowork *work = active_work(facts);
	check_refused(self, facts, out, work);
	facts_each (gomod, g, facts) {
		check_gomod(self, facts, out, g);
	}
	bool outside = work && (work->above_workspace || !streq(work->from, "workspace"));
	if (!work || (outside && !is_member(facts)) ||
	    (work->error_line == 0 && work->conflict_line == 0)) {
		return;
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN, work->path,
	                                 "%s %s, so go loads no module of it", work->path,
	                                 reason_of(out->arena, &work->base, work->error,
	                                           work->conflict_line, work->error_line, false));
	finding_cites(f, work);
	add_fix(out, f, work->path, work->conflict_line, false);
	if (facts_healthy(facts)) {
		f->severity = SEV_NOTE;
	}
}

const struct rule rule_mod_gomod_invalid = {
	.id = "mod-gomod-invalid",
	.title = "go.mod is empty, half written, or holds merge conflict markers",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(gomod) | FACT_BIT(gowork),
	.explains = IDS("*mod-gosum-or-gomod-stale", "*mod-no-gomod-at-root",
                        "*mod-inconsistent-vendoring", "*mod-nested-not-in-workspace",
                        "*tc-local-too-old", "*tc-download-unavailable"),
	.check = check,
};
