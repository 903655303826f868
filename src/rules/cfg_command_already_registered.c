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
	return streq(id, "golang.go") || streq(id, "golang.go-nightly") ||
	       streq(id, "ms-vscode.go") || streq(id, "lukehoban.go");
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
                const struct fact_extension *a, const struct fact_extension *b, const char *command,
                const struct fact_log_event *log) {
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
	if (log) {
		finding_cites(f, log);
	}
	finding_detail(out, f,
	               "gopls itself is not to blame, and its answer here does not show it");
	struct fix_advice *fix = finding_fix(out, f, "keep one of them",
	                                     "%s --uninstall-extension %s", cli, drop->id);
	fix->disruptive = false;
}

/* What the newest run of the editor wrote about it, unless the server came up after it. */
static const struct fact_log_event *logged(const struct facts *facts) {
	const struct fact_log_event *found = NULL;
	facts_each (log_event, l, facts) {
		bool exists =
			streq(l->kind, "command-exists") || str_has(l->text, "already exists");
		if (l->current && exists) {
			found = l;
		} else if (found && l->current && streq(l->kind, "started") &&
		           streq(l->session, found->session) && l->at_ns >= found->at_ns) {
			found = NULL;
		}
	}
	return found;
}

/* Only the log tells: the second extension is one that does not declare the command, or one that is
 * not seen from here. */
static void add_logged(const struct rule *self, struct findings *out,
                       const struct fact_log_event *l) {
	const char *open = strchr(l->text, '\'');
	const char *close = open ? strchr(open + 1, '\'') : NULL;
	const char *command =
		close ? arena_strndup(out->arena, open + 1, (size_t)(close - open) - 1)
		      : "(see the log)";
	struct finding *f =
		findings_add(out, self, CONF_LIKELY, command,
	                     "the editor's log says that the command '%s' already exists (%s): a "
	                     "second extension "
	                     "has registered it, and the one that came later fails with it",
	                     command, l->file);
	finding_cites(f, l);
	finding_fix(out, f, "find the second one: switch the others off, half of them at a time",
	            "%s", "");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_log_event *log = logged(facts);
	bool any = false;
	/* One pair says it: with the one gone, a further one shows at the next check. */
	facts_each (extension, a, facts) {
		for (const struct fact_extension *b =
		             (const struct fact_extension *)(const void *)a->base.next;
		     b && a->enabled && !any;
		     b = (const struct fact_extension *)(const void *)b->base.next) {
			const char *command = b->enabled ? clash_of(out->arena, a, b) : NULL;
			if (command) {
				add(self, facts, out, a, b, command, log);
				any = true;
			}
		}
	}
	if (log && !any) {
		add_logged(self, out, log);
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
