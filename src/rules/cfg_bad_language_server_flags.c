/* SPDX-License-Identifier: MIT
 * go.languageServerFlags, or what another editor calls it, makes gopls end, or do something else than serve the editor.
 *
 * Exit 2 before the first message has other fathers too: no daemon behind -remote
 * (ipc-remote-daemon-absent). The same server without the flags decides.
 */
#include "core/rule.h"

struct culprit {
	const struct fact_go_flag_setting *setting;
	const struct fact_trial *trial;
};

static const struct fact_go_flag_setting *setting_of(const struct facts *facts, const char *value) {
	facts_each (go_flag_setting, s, facts) {
		if (streq(s->value, value)) {
			return s;
		}
	}
	return NULL;
}

/* The first line that says something. */
static const char *first_words(struct arena *arena, const char *err) {
	struct slice rest = slice_str(err);
	struct slice line;
	while (slice_line(&rest, &line)) {
		line = slice_trim(line);
		if (line.len > 0) {
			return arena_strndup(arena, line.data, line.len < 160 ? line.len : 160);
		}
	}
	return "";
}

/* Does gopls speak of this flag: "for flag -remote.listen.timeout: parse error"? */
static bool speaks_of(struct arena *arena, const char *words, const char *value) {
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t dashes = strspn(value, "-");
	const char *name = arena_strndup(arena, value, strcspn(value, "= "));
	const char *at = dashes > 0 && name[dashes] ? strstr(words, name + dashes - 1) : NULL;
	for (; at; at = strstr(at + 1, name + dashes - 1)) {
		const char *end = at + strlen(name + dashes - 1);
		bool longer = *end && (strchr(letters, *end) ||
		                       (*end == '.' && end[1] && strchr(letters, end[1])));
		if (!longer) {
			return true;
		}
	}
	return false;
}

/* The one that gopls names when it ends; a flag that would start a daemon is not tried alone. */
static const struct fact_go_flag_setting *named_by_server(const struct facts *facts) {
	const struct fact_server *server = facts_first(server, facts);
	const char *words = server ? first_words(facts->arena, server->err) : "";
	const struct fact_go_flag_setting *found = NULL;
	facts_each (go_flag_setting, s, facts) {
		if (speaks_of(facts->arena, words, s->value)) {
			if (found) {
				return NULL;
			}
			found = s;
		}
	}
	return found;
}

/* The member without which the server works. */
static struct culprit find_culprit(const struct facts *facts) {
	struct culprit found = {0};
	facts_each (trial, t, facts) {
		if (streq(t->what, "without flag") && t->better) {
			found.trial = t;
			found.setting = setting_of(facts, t->subject);
			return found;
		}
	}
	const struct fact_go_flag_setting *first = facts_first(go_flag_setting, facts);
	found.setting = first && !first->base.next ? first : named_by_server(facts);
	return found;
}

static const char *all_members(const struct facts *facts, struct arena *arena) {
	struct strbuf out;
	strbuf_init(&out, arena);
	facts_each (go_flag_setting, s, facts) {
		strbuf_printf(&out, "%s\"%s\"", out.len ? ", " : "", s->value);
	}
	return out.data;
}

static const char *key_of(const struct fact_go_flag_setting *s) {
	return str_empty(s->key) ? "go.languageServerFlags" : s->key;
}

static const char *place(struct arena *arena, const struct fact_go_flag_setting *s) {
	return s->line > 0 ? arena_printf(arena, "%s line %lld", s->file, (long long)s->line)
	                   : s->file;
}

/* What stands before the list in a settings file. */
static const char *lead(struct arena *arena, const struct fact_go_flag_setting *s) {
	return arena_printf(arena, str_ends(s->file, ".toml") ? "%s =" : "\"%s\":", key_of(s));
}

static void advise(struct findings *out, struct finding *f, const struct fact_go_flag_setting *s,
                   const char *value) {
	const char *where = place(out->arena, s);
	const char *blank = strstr(value, " -");
	if (blank) {
		finding_fix(
			out, f,
			arena_printf(out->arena, "write each flag as its own text in %s", where),
			"%s [\"%.*s\", \"%s\"]", lead(out->arena, s), (int)(blank - value), value,
			blank + 1);
		return;
	}
	if (str_starts(value, "-mod=") || str_starts(value, "-tags")) {
		finding_fix(out, f,
		            arena_printf(out->arena, "take it out of %s; build flags belong into",
		                         where),
		            "\"go.buildFlags\": [\"%s\"]", value);
		return;
	}
	finding_fix(out, f,
	            arena_printf(out->arena, "take %s out of %s in %s", value, key_of(s), where),
	            "%s", "");
}

static void report_type(const struct rule *self, struct findings *out,
                        const struct fact_go_flag_setting *s) {
	struct finding *f = findings_add(out, self, CONF_CERTAIN,
	                                 arena_printf(out->arena, "%s: %s", key_of(s), s->value),
	                                 s->index < 0 ? "%s in %s is %s, but must be a list of "
	                                                "texts: the editor cannot start gopls"
	                                              : "%s in %s holds %s, which is no text: "
	                                                "the editor cannot start gopls",
	                                 key_of(s), place(out->arena, s), s->value);
	finding_cites(f, s);
	const char *member =
		s->value[0] == '"' ? s->value : arena_printf(out->arena, "\"%s\"", s->value);
	finding_fix(
		out, f,
		arena_printf(out->arena, "make it a list of texts in %s, or remove it", s->file),
		"%s [%s]", lead(out->arena, s), s->value[0] == '[' ? "" : member);
}

static void report_flags(const struct rule *self, const struct facts *facts, struct findings *out,
                         enum confidence conf, const struct fact *proof) {
	const struct fact_server *server = facts_first(server, facts);
	struct culprit c = find_culprit(facts);
	const struct fact_go_flag_setting *any =
		c.setting ? c.setting : facts_first(go_flag_setting, facts);
	const char *value = c.setting ? c.setting->value : all_members(facts, out->arena);
	const char *words = first_words(out->arena, server->err);
	const char *effect =
		streq(server->state, "exited")
			? arena_printf(out->arena, "gopls ends with status %lld%s%s",
	                               (long long)server->exit_code, *words ? ": " : "", words)
			: "gopls does not answer the editor";
	struct finding *f = findings_add(
		out, self, conf, arena_printf(out->arena, "%s: %s", key_of(any), value),
		"%s (%s) gives gopls %s: %s", key_of(any), place(out->arena, any), value, effect);
	finding_cites(f, any);
	finding_cites(f, server);
	finding_cite(f, proof);
	if (c.trial) {
		finding_cites(f, c.trial);
	}
	if (strstr(value, " -") && c.setting) {
		finding_detail(out, f,
		               "it is one text, so gopls sees one flag with a blank in its name");
	}
	advise(out, f, any, value);
}

/* A file named by a flag of the user's cannot be made: our own server was given another one, so the
 * directory itself decides. */
static void report_file(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (trial, t, facts) {
		if (!streq(t->what, "flag file") || t->better) {
			continue;
		}
		const struct fact_go_flag_setting *s = setting_of(facts, t->subject);
		s = s ? s : facts_first(go_flag_setting, facts);
		if (!s) {
			continue;
		}
		struct finding *f =
			findings_add(out, self, CONF_CERTAIN,
		                     arena_printf(out->arena, "%s: %s", key_of(s), t->subject),
		                     "%s (%s) has %s, but %s: gopls ends at once", key_of(s),
		                     place(out->arena, s), t->subject, t->detail);
		finding_cites(f, t);
		finding_cites(f, s);
		finding_fix(out, f, "let gopls choose the place", "%s [\"-logfile=auto\"]",
		            lead(out->arena, s));
	}
}

/* -listen with an address: gopls serves that address and never reads its standard input. */
static const struct fact_go_flag_setting *find_listen(const struct facts *facts) {
	facts_each (go_flag_setting, s, facts) {
		const char *flag = s->value + strspn(s->value, "-");
		bool given = flag != s->value && str_starts(flag, "listen") && flag[6] != '.';
		if (given && !streq(flag, "listen=") && !strchr(flag, ' ')) {
			return s;
		}
	}
	return NULL;
}

static void report_listen(const struct rule *self, const struct facts *facts, struct findings *out,
                          const struct fact_go_flag_setting *s) {
	struct finding *f = findings_add(out, self, CONF_CERTAIN,
	                                 arena_printf(out->arena, "%s: %s", key_of(s), s->value),
	                                 "%s (%s) gives gopls %s: it listens there and never "
	                                 "to the editor",
	                                 key_of(s), place(out->arena, s), s->value);
	finding_cites(f, s);
	const struct fact_server *server = facts_first(server, facts);
	if (server) {
		finding_cites(f, server);
	}
	finding_fix(out, f, "remove it; one gopls for several editors is had with",
	            "%s [\"-remote=auto\"]", lead(out->arena, s));
}

/* Flags of any gopls from v0.11 on (gopls/internal/cmd/usage of each tag), without their dashes. */
static bool ever_was_flag(const char *flag) {
	static const char *const names[] = {
		"listen",
		"listen.timeout",
		"logfile",
		"rpc.trace",
		"debug",
		"mode",
		"port",
		"remote",
		"ocagent",
		"remote.debug",
		"otel",
		"remote.listen.timeout",
		"mcp",
		"mcp.listen",
		"profile.cpu",
		"remote.logfile",
		"profile.mem",
		"profile.trace",
		"profile.alloc",
		"profile.block",
		"v",
		"verbose",
		"vv",
		"veryverbose",
		"h",
		"help",
	};
	size_t len = strcspn(flag, "=");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strlen(names[i]) == len && strncmp(names[i], flag, len) == 0) {
			return true;
		}
	}
	return false;
}

/* No server could be tried, for reasons of its own. What never was a flag of any gopls will stop
 * the next one. */
static void check_unseen(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (go_flag_setting, s, facts) {
		size_t dashes = strspn(s->value, "-");
		if (dashes == 0 && streq(s->value, "serve")) {
			continue;
		}
		if (dashes == 1 || dashes == 2 ? ever_was_flag(s->value + dashes) : s->index > 0) {
			continue; /* a word further back may be the value of the flag before it */
		}
		struct finding *f =
			findings_add(out, self, CONF_CERTAIN,
		                     arena_printf(out->arena, "%s: %s", key_of(s), s->value),
		                     "%s (%s) has \"%s\", which no gopls knows", key_of(s),
		                     place(out->arena, s), s->value);
		finding_cites(f, s);
		advise(out, f, s, s->value);
		return;
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_server *server = facts_first(server, facts);
	if (facts_first(setting_program, facts)) {
		return;
	}
	facts_each (go_flag_setting, s, facts) {
		if (!s->is_string) {
			report_type(self, out, s);
			return;
		}
	}
	report_file(self, facts, out);
	const struct fact_go_flag_setting *listen = find_listen(facts);
	if (listen &&
	    (!server || streq(server->state, "silent") || streq(server->state, "stopped_by_us"))) {
		report_listen(self, facts, out, listen);
		return;
	}
	if (!server || !facts_first(go_flag_setting, facts) || streq(server->state, "answered")) {
		return;
	}
	if (streq(server->state, "not_executed") || streq(server->state, "not_started") ||
	    streq(server->state, "signaled")) {
		check_unseen(self, facts, out);
		return;
	}
	facts_each (remote, r, facts) {
		if (!r->reachable) {
			return;
		}
	}
	/* It waits for somebody else, who is named: a daemon that stands still. */
	facts_each (wait_leaf, l, facts) {
		if (streq(l->origin, "trial") && !l->healthy && l->settled && l->pid != l->target) {
			return;
		}
	}
	const struct fact_trial *without = facts_trial(facts, "without flags");
	if (without && without->better) {
		report_flags(self, facts, out, CONF_CERTAIN, &without->base);
	} else if (!without && streq(server->state, "exited") && server->exit_code == 2 &&
	           (str_has(server->err, "Usage:") || str_has(server->err, "flag "))) {
		report_flags(self, facts, out, CONF_LIKELY, &server->base);
	}
}

const struct rule rule_cfg_bad_language_server_flags = {
	.id = "cfg-bad-language-server-flags",
	.title = "A flag in the settings makes gopls fail",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(setting),
	.explains = IDS("*ipc-stdout-pollution"),
	.check = check,
};
