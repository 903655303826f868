/* SPDX-License-Identifier: MIT
 * The Go installation itself lacks parts: a half unpacked archive, a removed directory, damaged
 * tools.
 */
#include "core/origin.h"
#include "core/rule.h"

static void add_fix(struct findings *out, struct finding *f, const char *root) {
	const char *quoted = str_shell_quote(out->arena, root);
	const char *name = strstr(root, "/golang.org/toolchain@v0.0.1-");
	const char *end = strstr(root, ".linux-");
	if (name && end) {
		name += strlen("/golang.org/toolchain@v0.0.1-");
		finding_fix(out, f,
		            "take the damaged copy out of the module cache and fetch it again",
		            "chmod -R u+w %s && rm -r %s && GOTOOLCHAIN=%.*s go version", quoted,
		            quoted, (int)(end - name), name);
		return;
	}
	finding_fix(out, f,
	            "install Go again into an empty directory (an archive unpacked over an old one "
	            "mixes both)",
	            "%smv %s %s.broken   # then unpack or install the same Go version there",
	            str_starts(root, "/home/") ? "" : "sudo ", quoted, quoted);
}

/* The go program lies alone, without the tree it belongs to: it says so itself. */
static void check_lone_program(const struct rule *self, const struct facts *facts,
                               struct findings *out) {
	const struct fact_go_run *version = facts_run(facts, "version");
	const struct fact_go_run *run = version ? version : facts_run(facts, "env");
	const struct fact_tool *go = facts_chosen(facts, "server-go");
	if (!run || !go || !str_has(run->err, "binary is trimmed and GOROOT is not set")) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, go->path,
		"%s is the go program alone, without the installation it belongs to", go->path);
	finding_detail(out, f,
	               "it looks for src and pkg beside its own directory; link it, do "
	               "not copy it");
	finding_cites(f, run);
	finding_cites(f, go);
	finding_fix(out, f, "put it aside and link to the go of a whole installation",
	            "mv %s %s.alone && ln -s /usr/local/go/bin/go %s",
	            str_shell_quote(out->arena, go->path), str_shell_quote(out->arena, go->path),
	            str_shell_quote(out->arena, go->path));
}

/* Where all else is well, only what the server misses counts: "could not import bufio (…)". */
static bool missed(const struct facts *facts, const struct fact_goroot_gap *gap) {
	if (!facts_healthy(facts)) {
		return true;
	}
	facts_each (diagnostic, d, facts) {
		const char *name = strstr(d->text, "could not import ");
		if (!name || !str_starts(gap->part, "src/")) {
			continue;
		}
		name += strlen("could not import ");
		size_t len = strcspn(name, " ");
		const char *part = gap->part + strlen("src/");
		if (strncmp(part, name, len) == 0 &&
		    (part[len] == '\0' || part[len] == ' ' || part[len] == '/')) {
			return true;
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_goroot_gap *first = NULL;
	size_t count = 0;
	facts_each (goroot_gap, gap, facts) {
		if (gap->own && missed(facts, gap)) {
			first = first ? first : gap;
			count++;
		}
	}
	/* With a variable that names another installation, ours is not the one in use. */
	bool other_in_use = false;
	facts_each (goroot, root, facts) {
		other_in_use = other_in_use || (!root->own && root->complete);
	}
	if (!first && !facts_healthy(facts)) {
		check_lone_program(self, facts, out);
	}
	if (!first || other_in_use) {
		return;
	}
	bool damaged = str_ends(first->part, ")"); /* "src/fmt/print.go (empty)" */
	struct finding *f = findings_add(out, self, CONF_CERTAIN, first->root,
	                                 damaged ? "the Go installation %s is damaged: %s"
	                                         : "the Go installation %s lacks %s",
	                                 first->root, first->part);
	if (count > 1) {
		finding_detail(out, f,
		               "%zu parts that every installation has are missing or damaged",
		               count);
	}
	facts_each (goroot_gap, gap, facts) {
		if (gap->own && missed(facts, gap)) {
			finding_cites(f, gap);
		}
	}
	if (str_ends(first->part, "(not for this user)") ||
	    str_ends(first->part, "(not readable)")) {
		finding_fix(out, f, "let everybody read and run it", "sudo chmod -R a+rX %s",
		            str_shell_quote(out->arena, first->root));
	}
	add_fix(out, f, first->root);
}

const struct rule rule_tc_goroot_incomplete = {
	.id = "tc-goroot-incomplete",
	.title = "the Go installation lacks files",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(goroot) | FACT_BIT(goroot_gap),
	.explains = IDS("*tc-gopls-too-old-for-go", "*tc-download-unavailable"),
	.check = check,
};
