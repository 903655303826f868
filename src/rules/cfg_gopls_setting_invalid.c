/* SPDX-License-Identifier: MIT
 * gopls rejects one of its settings: an unknown key, a wrong type, a value that is none of its
 * choice, an object where the keys need dots.
 *
 * The words come from gopls ("Invalid settings: setting option …", the same in v0.16 and v0.24);
 * the setting that carries the key must be there as well.
 */
#include "core/lore.h"
#include "core/rule.h"

#include <ctype.h>

/* The last dotted segment, which is all that gopls compares. */
static const char *last_segment(const char *key) {
	const char *dot = strrchr(key, '.');
	return dot ? dot + 1 : key;
}

/* name as a whole word of text. */
static bool has_word(const char *text, const char *name) {
	size_t n = strlen(name);
	for (const char *p = strstr(text, name); n > 0 && p; p = strstr(p + 1, name)) {
		bool begins = p == text || (!isalnum((unsigned char)p[-1]) && p[-1] != '_');
		bool ends = !isalnum((unsigned char)p[n]) && p[n] != '_';
		if (begins && ends) {
			return true;
		}
	}
	return false;
}

/* The part of the message about one option: up to the next "; ". */
static const char *next_complaint(struct arena *arena, const char **p) {
	static const char head[] = "Invalid settings: ";
	const char *s = *p;
	if (str_starts(s, head)) {
		s += strlen(head);
	}
	if (*s == '\0') {
		return NULL;
	}
	const char *end = strstr(s, "; setting option");
	const char *dup = strstr(s, "; duplicate value");
	end = !end || (dup && dup < end) ? dup : end;
	size_t len = end ? (size_t)(end - s) : strlen(s);
	*p = end ? end + 2 : s + len;
	return arena_strndup(arena, s, len);
}

/* What the complaint is about: the text between its quotes, or behind "setting option ". */
static const char *option_of(struct arena *arena, const char *complaint) {
	static const char option[] = "setting option ";
	static const char twice[] = "duplicate value for ";
	static const char old[] = "unexpected gopls setting ";
	const char *s = strstr(complaint, option);
	size_t skip = strlen(option);
	if (!s) {
		s = strstr(complaint, twice);
		skip = strlen(twice);
	}
	if (!s) {
		s = strstr(complaint, old);
		skip = strlen(old);
	}
	if (!s) {
		return NULL;
	}
	s += skip;
	s += *s == '"';
	return last_segment(arena_strndup(arena, s, strcspn(s, "\": ;")));
}

/* The settings in force that carry this key, most fitting first: NULL when there is none. */
static const struct fact_setting *setting_of(const struct facts *facts, const char *option) {
	const struct fact_setting *found = NULL;
	facts_each (setting, s, facts) {
		if (!s->effective || !str_starts(s->key, "gopls")) {
			continue;
		}
		bool whole = !option && streq(s->key, "gopls");
		if (whole ||
		    (option && streq(last_segment(s->key), option) && !streq(s->key, "gopls"))) {
			found = s;
		}
	}
	if (found || !option) {
		return found;
	}
	/* build flags and tags of the extension reach gopls as its own setting */
	bool flags = streq(option, "buildFlags");
	found = flags ? facts_setting(facts, "go.buildFlags") : NULL;
	return found || !flags ? found : facts_setting(facts, "go.buildTags");
}

static const char *equivalent(struct arena *arena, const char *option) {
	const struct lore *lore = lore_find(arena, "gopls", option);
	return lore && lore->instead[0] != '\0' ? lore->instead : NULL;
}

static const char *shorten(struct arena *arena, const char *json) {
	return strlen(json) <= 100 ? json : arena_printf(arena, "%.100s…", json);
}

/* The other one of two settings with the same name for gopls, or NULL. */
static const struct fact_setting *twin_of(const struct facts *facts, const struct fact_setting *s) {
	facts_each (setting, other, facts) {
		if (other != s && other->effective && str_starts(other->key, "gopls.") &&
		    streq(last_segment(other->key), last_segment(s->key))) {
			return other;
		}
	}
	return NULL;
}

static struct finding *report(const struct rule *self, const struct facts *facts,
                              struct findings *out, const struct fact *said,
                              const struct fact_setting *s, const char *option,
                              const char *complaint) {
	struct arena *arena = out->arena;
	struct finding *f =
		s ? findings_add(out, self, CONF_CERTAIN, s->key,
	                         "gopls rejects %s = %s (%s line %lld): %s", s->key,
	                         shorten(arena, s->json), s->file, (long long)s->line, complaint)
		  : findings_add(out, self, CONF_LIKELY, option ? option : "gopls",
	                         "gopls rejects a setting: %s", complaint);
	if (s) {
		finding_cites(f, s);
	}
	const struct fact_setting *twin =
		s && str_has(complaint, "duplicate value") ? twin_of(facts, s) : NULL;
	if (twin) {
		f->title = arena_printf(arena, "%s; %s (%s line %lld) is the same setting",
		                        f->title, twin->key, twin->file, (long long)twin->line);
		finding_cites(f, twin);
	}
	finding_cite(f, said);
	const char *instead = option ? equivalent(arena, option) : NULL;
	const char *where = s ? arena_printf(arena, "%s line %lld", s->file, (long long)s->line)
	                      : "the settings";
	if (instead) {
		finding_fix(out, f, arena_printf(arena, "replace it in %s by", where), "%s",
		            instead);
	} else if (s && streq(s->type, "object") && str_has(complaint, "unexpected setting")) {
		finding_fix(out, f,
		            arena_printf(arena, "join the keys with dots inside \"gopls\", in %s",
		                         where),
		            "\"gopls\": {\"%s.NAME\": VALUE}", option);
	} else {
		finding_fix(out, f, arena_printf(arena, "remove or correct it in %s", where), "%s",
		            "");
	}
	return f;
}

/* Build flags that gopls throws away: a file that needs their tags is left out because of that. */
static void weigh(const struct facts *facts, struct findings *out, struct finding *f,
                  const char *option) {
	const struct fact_open_file *file = facts_first(open_file, facts);
	if (streq(option, "buildFlags") && file && streq(file->reason, "tag")) {
		f->severity = SEV_ERROR;
		finding_about(out, f, file->path);
	}
}

static bool is_reported(const struct findings *out, const struct rule *self,
                        const struct fact_setting *s) {
	findings_each (f, out) {
		if (f->rule == self && s && f->cite_count > 0 && f->cites[0] == &s->base) {
			return true;
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_message *said = NULL;
	facts_each (message, m, facts) {
		bool pop_up = streq(m->via, "show") && !streq(m->level, "info");
		if (pop_up && has_word(m->text, "Invalid settings")) {
			said = m;
			break;
		}
	}
	const char *p = said ? said->text : "";
	const char *complaint = NULL;
	while ((complaint = next_complaint(out->arena, &p))) {
		const char *option = option_of(out->arena, complaint);
		const struct fact_setting *s = setting_of(facts, option);
		if (!is_reported(out, self, s)) {
			weigh(facts, out,
			      report(self, facts, out, &said->base, s, option, complaint), option);
		}
	}
}

const struct rule rule_cfg_gopls_setting_invalid = {
	.id = "cfg-gopls-setting-invalid",
	.title = "gopls rejects one of its settings",
	.wave = 1,
	.severity = SEV_WARNING,
	.needs = FACT_BIT(message) | FACT_BIT(setting),
	.explains = IDS("mod-excluded-by-constraints"),
	.check = check,
};
