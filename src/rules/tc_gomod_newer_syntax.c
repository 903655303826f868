/* SPDX-License-Identifier: MIT
 * go.mod or go.work has a line that came with a newer Go than the one that reads it: go refuses the
 * whole file. Or go reads it, and the gopls with its own, older parser does not.
 *
 * Not this: a line no Go knows (mod-gomod-invalid); a go line that a Go from 1.21 on understands and
 * finds too new (tc-local-too-old, tc-download-unavailable): then nothing runs, and
 * toolchain.runs is empty.
 */
#include "core/gopls_choice.h"
#include "core/rule.h"
#include "gofile/goversion.h"

struct reader {
	const char *path; /* the go.mod or go.work */
	const char *since;
	const char *word;
	int64_t line;
	const struct fact *proof;
};

static bool is_member(const struct facts *facts) {
	const struct fact_work_member *m = facts_first(work_member, facts);
	return m && m->member;
}

/* What go reads for the open file; the root's go.mod only when the file has none of its own. */
static bool is_loaded(const struct facts *facts, const struct fact_gomod *g) {
	bool has_file = false;
	facts_each (gomod, other, facts) {
		has_file = has_file || streq(other->role, "file");
	}
	return streq(g->role, "file") || (streq(g->role, "root") && !has_file) ||
	       (streq(g->role, "member") && is_member(facts));
}

/* The file in force that needs the newest Go. */
static struct reader newest(const struct facts *facts) {
	struct reader r = {.since = ""};
	facts_each (gowork, w, facts) {
		if (streq(w->role, "active") && is_member(facts) && !str_empty(w->since)) {
			r = (struct reader){w->path, w->since, w->since_word, w->since_line,
			                    &w->base};
		}
	}
	facts_each (gomod, g, facts) {
		if (is_loaded(facts, g) && !str_empty(g->since) &&
		    (str_empty(r.since) || goversion_compare(g->since, r.since) > 0)) {
			r = (struct reader){g->path, g->since, g->since_word, g->since_line,
			                    &g->base};
		}
	}
	return r;
}

static void add_upgrade(struct findings *out, struct finding *f, const struct reader *r) {
	finding_fix(
		out, f,
		arena_printf(out->arena, "install Go %s or newer and restart the editor", r->since),
		"%s", "");
	finding_fix(out, f,
	            arena_printf(out->arena,
	                         "if the module must stay readable for that Go, take line %lld "
	                         "(%s) out of %s",
	                         (long long)r->line, r->word, r->path),
	            "%s", "");
}

static void check_go(const struct rule *self, const struct facts *facts, struct findings *out,
                     const struct fact_toolchain *t, const struct reader *r) {
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN,
	                     arena_printf(out->arena, "%s:%lld", r->path, (long long)r->line),
	                     "%s line %lld (%s) can be read from Go %s on, and this is Go %s",
	                     r->path, (long long)r->line, r->word, r->since, t->runs);
	finding_about(out, f, r->path);
	finding_cite(f, r->proof);
	facts_each (go_version, v, facts) {
		finding_cites(f, v);
	}
	finding_cite(f, facts_said(facts, "unknown directive", NULL));
	finding_cite(f, facts_said(facts, "invalid go version", NULL));
	const struct fact_tool *go = facts_chosen(facts, "server-go");
	if (go) {
		finding_detail(out, f, "the go in use is %s", go->path);
		finding_cites(f, go);
	}
	add_upgrade(out, f, r);
}

/* A Go before 1.21 reads a go line it does not know and tries; gopls shows what comes of it. */
static void check_language(const struct rule *self, const struct facts *facts, struct findings *out,
                           const struct fact_toolchain *t) {
	const struct fact *said = facts_said(facts, "cannot compile Go 1.", NULL);
	if (goversion_compare(t->runs, "1.21") >= 0 || (!said && !facts_healthy(facts))) {
		return;
	}
	facts_each (gomod, g, facts) {
		if (!is_loaded(facts, g) || goversion_minor(g->go) <= goversion_minor(t->runs)) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, CONF_CERTAIN, g->path,
			"%s asks for Go %s, and Go %s is too old to fetch a newer one by itself",
			g->path, g->go, t->runs);
		/* gopls marks the first file of each package, when it gets round to it. */
		f->severity = said ? SEV_ERROR : SEV_NOTE;
		finding_cites(f, g);
		finding_cite(f, said);
		facts_each (go_version, v, facts) {
			finding_cites(f, v);
		}
		finding_fix(out, f,
		            arena_printf(out->arena,
		                         "install Go %s or newer and restart the editor", g->go),
		            "%s", "");
		return;
	}
}

/* What gopls says at a go.mod that go itself reads. */
static const struct fact_diagnostic *parser_says(const struct facts *facts, const char *path) {
	facts_each (diagnostic, d, facts) {
		bool words = str_has(d->text, "unknown directive") ||
		             str_has(d->text, "unknown block type") ||
		             str_has(d->text, "invalid go version");
		if (streq(d->severity, "error") && streq(d->path, path) && words) {
			return d;
		}
	}
	return NULL;
}

static void check_gopls(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct reader *r) {
	const struct fact_server_age *age = facts_first(server_age, facts);
	const struct fact_diagnostic *d = parser_says(facts, r->path);
	bool by_release =
		age && !str_empty(age->reads) && goversion_compare(age->reads, r->since) < 0;
	if (!age || (!d && !by_release)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, by_release ? CONF_CERTAIN : CONF_LIKELY,
		arena_printf(out->arena, "%s:%lld", r->path, (long long)r->line),
		"%s line %lld (%s, since Go %s) is right for Go %s, but gopls %s (%s) cannot read "
		"it",
		r->path, (long long)r->line, r->word, r->since, age->runs, age->version, age->path);
	/* It marks go.mod when it gets round to it; the features may have answered by then. */
	f->severity = d || facts_hurt(facts) ? SEV_ERROR : SEV_WARNING;
	finding_about(out, f, r->path);
	finding_cite(f, r->proof);
	finding_cite(f, d ? &d->base : NULL);
	finding_cites(f, age);
	finding_fix(out, f, "install a newer gopls, then restart the server",
	            "go install golang.org/x/tools/gopls@%s", gopls_choose_newer(age));
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	if (!t || str_empty(t->runs)) {
		return;
	}
	struct reader r = newest(facts);
	bool newer = !str_empty(r.since) && goversion_compare(t->runs, r.since) < 0;
	if (newer && !facts_healthy(facts)) {
		check_go(self, facts, out, t, &r);
	} else if (!newer && !str_empty(r.since)) {
		check_gopls(self, facts, out, &r);
	}
	if (!newer) {
		check_language(self, facts, out, t);
	}
}

const struct rule rule_tc_gomod_newer_syntax = {
	.id = "tc-gomod-newer-syntax",
	.title = "go.mod has lines that this Go or gopls is too old to read",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(gomod) | FACT_BIT(toolchain),
	.explains = IDS("mod-gomod-invalid", "*mod-no-gomod-at-root", "*tc-gopls-too-old-for-go",
                        "*tc-tools-need-recompile"),
	.check = check,
};
