/* SPDX-License-Identifier: MIT
 * Two extensions bring the same command: the one that comes second fails with "command '…' already
 * exists", and its language client gives up although gopls answers.
 *
 * An editor keeps this to itself. What can be seen: both are installed and switched on in the
 * profile that counts, and both bring the command; or the editor's log says so. An extension that
 * is switched off, of another profile or left over on disk does no harm.
 */
#include "core/rule.h"

/* They are one extension under different names, whatever their package.json says. */
static bool is_go_extension(const char *id) {
	return streq(id, "golang.go") || streq(id, "golang.go-nightly") || streq(id, "ms-vscode.go") ||
	       streq(id, "lukehoban.go");
}

/* A command that both bring, or NULL; ret_bytes long. */
static const char *common_command(const char *a, const char *b, size_t *ret_bytes) {
	while (*a) {
		size_t n = strcspn(a, " ");
		for (const char *p = b; *p; p += strspn(p, " ")) {
			size_t m = strcspn(p, " ");
			if (m == n && n > 0 && strncmp(a, p, n) == 0) {
				*ret_bytes = n;
				return a;
			}
			p += m;
		}
		a += n;
		a += strspn(a, " ");
	}
	return NULL;
}

static const char *clash_of(struct arena *arena, const struct fact_extension *a,
                            const struct fact_extension *b) {
	size_t n = 0;
	const char *command = common_command(a->commands, b->commands, &n);
	if (command) {
		return arena_strndup(arena, command, n);
	}
	bool known = str_empty(a->commands) || str_empty(b->commands);
	return known && is_go_extension(a->id) && is_go_extension(b->id) ? "go.gopath" : NULL;
}

static void add(const struct rule *self, const struct facts *facts, struct findings *out,
                const struct fact_extension *a, const struct fact_extension *b,
                const char *command) {
	/* The stable one is kept. */
	const struct fact_extension *keep = streq(b->id, "golang.go") ? b : a;
	const struct fact_extension *drop = keep == a ? b : a;
	const struct fact_install *v = facts_first(install, facts);
	const char *cli = v && !str_empty(v->cli) ? v->cli : "code";
	struct finding *f = findings_add(
		out, self, CONF_LIKELY, drop->id,
		"the extensions %s %s and %s %s are both switched on and both register the command "
		"'%s': the one that comes second fails with \"already exists\" and has no language "
		"server",
		keep->id, keep->version, drop->id, drop->version, command);
	finding_cites(f, drop);
	finding_cites(f, keep);
	finding_detail(out, f, "gopls itself is not to blame, and its answer here does not show it");
	struct fix_advice *fix =
		finding_fix(out, f, "keep one of them", "%s --uninstall-extension %s", cli, drop->id);
	fix->disruptive = false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (extension, a, facts) {
		for (const struct fact_extension *b =
		             (const struct fact_extension *)(const void *)a->base.next;
		     b && a->enabled; b = (const struct fact_extension *)(const void *)b->base.next) {
			const char *command = b->enabled ? clash_of(out->arena, a, b) : NULL;
			if (command) {
				add(self, facts, out, a, b, command);
			}
		}
	}
}

const struct rule rule_cfg_command_already_registered = {
	.id = "cfg-command-already-registered",
	.title = "two extensions register the same command, so one of them fails",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(extension),
	.check = check,
};
