/* SPDX-License-Identifier: MIT */
#include "report/changes.h"

#include "base/clock.h"

#include <time.h>

#define SECONDS_PER_DAY ((int64_t)86400)
#define WEEKDAY_DAYS    6
#define VALUE_WORDS_MAX ((size_t)120) /* longer values are not for a sentence */

/* ---- times ---- */

const char *when_in_words(struct arena *arena, int64_t at_ns, int64_t now_ns) {
	time_t at = (time_t)(at_ns / NS_PER_S);
	time_t now = (time_t)(now_ns / NS_PER_S);
	struct tm then;
	struct tm today;
	char text[64] = "";
	if (at_ns <= 0 || !localtime_r(&at, &then) || !localtime_r(&now, &today)) {
		return "at a time that is not known";
	}
	bool same_day = then.tm_yday == today.tm_yday && then.tm_year == today.tm_year;
	bool near = now >= at && now - at < WEEKDAY_DAYS * SECONDS_PER_DAY;
	size_t len = same_day ? strftime(text, sizeof(text), "today %H:%M", &then)
	             : near   ? strftime(text, sizeof(text), "on %A %H:%M", &then)
	                      : strftime(text, sizeof(text), "on %F %H:%M", &then);
	return len > 0 ? arena_strdup(arena, text) : "";
}

const char *duration_in_words(struct arena *arena, int64_t ns) {
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {{"day", SECONDS_PER_DAY}, {"hour", 3600}, {"minute", 60}, {"second", 1}};
	int64_t seconds = ns / NS_PER_S;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		int64_t n = seconds / units[i].seconds;
		if (n >= 2 || (n == 1 && i > 0)) {
			return arena_printf(arena, "%lld %s%s", (long long)n, units[i].name,
			                    n == 1 ? "" : "s");
		}
	}
	return "less than a second";
}

/* ---- what ---- */

static bool how(const struct fact_changed *c, const char *word) {
	return streq(c->how, word);
}

/* "" is a value, too; one that is not kept begins with '#'. */
static const char *value_in_words(struct arena *arena, const char *value) {
	if (value[0] == '#') {
		return "a value that is not kept";
	}
	if (value[0] == '\0') {
		return "nothing";
	}
	return strlen(value) > VALUE_WORDS_MAX
	               ? arena_printf(arena, "%.*s...", (int)VALUE_WORDS_MAX, value)
	               : value;
}

static const char *from_to(struct arena *arena, const char *name, const struct fact_changed *c) {
	if (streq(c->old, c->new) || (c->old[0] == '#' && c->new[0] == '#')) {
		return arena_printf(arena, "%s has another value", name);
	}
	if (how(c, "added")) {
		return arena_printf(arena, "%s is new: %s", name, value_in_words(arena, c->new));
	}
	if (how(c, "removed")) {
		return arena_printf(arena, "%s is gone; it was %s", name,
		                    value_in_words(arena, c->old));
	}
	return arena_printf(arena, "%s went from %s to %s", name, value_in_words(arena, c->old),
	                    value_in_words(arena, c->new));
}

static const char *with_version(struct arena *arena, const char *path, const char *version) {
	return *version ? arena_printf(arena, "%s (%s)", path, version) : path;
}

static const char *tool_in_words(struct arena *arena, const struct fact_changed *c) {
	const char *name = streq(c->name, "toolchain")   ? "the Go that does the work"
	                   : streq(c->name, "server-go") ? "the go that the server finds"
	                                                 : c->name;
	if (how(c, "removed")) {
		return arena_printf(arena, "%s is not found any more; it was %s", name,
		                    with_version(arena, c->old_path, c->old));
	}
	if (how(c, "added")) {
		return arena_printf(arena, "%s is found now: %s", name,
		                    with_version(arena, c->path, c->new));
	}
	if (!streq(c->path, c->old_path)) {
		return arena_printf(arena, "%s is %s now; it was %s", name,
		                    with_version(arena, c->path, c->new),
		                    with_version(arena, c->old_path, c->old));
	}
	if (streq(c->old, c->new)) {
		return arena_printf(arena, "%s is another build than it was",
		                    with_version(arena, c->path, c->new));
	}
	return from_to(arena, *c->path ? arena_printf(arena, "%s (%s)", name, c->path) : name, c);
}

static bool list_has(const char *list, struct slice entry) {
	struct slice rest = slice_str(list);
	struct slice part;
	while (slice_cut(&rest, ':', &part)) {
		if (part.len == entry.len && memcmp(part.data, entry.data, part.len) == 0) {
			return true;
		}
	}
	return false;
}

static size_t add_entries(struct strbuf *out, const char *in, const char *not_in,
                          const char *word) {
	struct slice rest = slice_str(in);
	struct slice part;
	size_t count = 0;
	while (slice_cut(&rest, ':', &part)) {
		if (part.len > 0 && !list_has(not_in, part)) {
			strbuf_printf(out, "%s%.*s", count > 0 ? ", " : word, (int)part.len,
			              part.data);
			count++;
		}
	}
	return count;
}

static const char *list_in_words(struct arena *arena, const struct fact_changed *c) {
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, c->name);
	size_t lost = add_entries(&out, c->old, c->new, " lost ");
	size_t gained = add_entries(&out, c->new, c->old, lost > 0 ? " and gained " : " gained ");
	if (lost + gained == 0) {
		strbuf_printf(&out, " has the same directories in another order: %s",
		              value_in_words(arena, c->new));
	}
	return out.data;
}

static const char *variable_in_words(struct arena *arena, const struct fact_changed *c) {
	bool known = *c->old || *c->new;
	if (streq(c->name, "PATH") && *c->old && *c->new) {
		return list_in_words(arena, c);
	}
	if (known) {
		return from_to(arena, c->name, c);
	}
	return arena_printf(arena,
	                    how(c, "added")     ? "%s is new in the environment"
	                    : how(c, "removed") ? "%s is gone from the environment"
	                                        : "%s has another value",
	                    c->name);
}

static const char *file_in_words(struct arena *arena, const struct fact_changed *c) {
	if (!how(c, "changed")) {
		return arena_printf(arena, "%s is %s", c->name, how(c, "added") ? "new" : "gone");
	}
	return streq(c->old, c->new)
	               ? arena_printf(arena, "%s was changed", c->name)
	               : arena_printf(arena, "%s was changed (from %s to %s)", c->name,
	                              value_in_words(arena, c->old), value_in_words(arena, c->new));
}

const char *change_without_time(struct arena *arena, const struct fact_changed *c) {
	if (streq(c->what, "tool")) {
		return tool_in_words(arena, c);
	}
	if (streq(c->what, "variable")) {
		return variable_in_words(arena, c);
	}
	if (streq(c->what, "file") || streq(c->what, "startup")) {
		return file_in_words(arena, c);
	}
	if (streq(c->what, "place")) {
		return arena_printf(arena, "%s (%s) is on %s now; it was %s%s%s", c->name, c->path,
		                    c->new, c->old, streq(c->path, c->old_path) ? "" : " at ",
		                    streq(c->path, c->old_path) ? "" : c->old_path);
	}
	if (streq(c->what, "editor") && streq(c->name, "program")) {
		return streq(c->path, c->old_path)
		               ? arena_printf(arena, "the editor's program %s was replaced",
		                              c->path)
		               : arena_printf(arena, "the editor is %s now; it was %s", c->path,
		                              c->old_path);
	}
	static const struct {
		const char *what;
		const char *name;
	} names[] = {
		{"setting", "the setting %s"},
		{"extension", "the extension %s"},
		{"limit", "the limit of %s"},
		{"server", "what the server is started with (%s)"},
		{"kernel", "the kernel's %s"},
		{"editor", "the editor's %s"},
		{"goenv", "%s of the go command"},
		{"gocmd", "%s of the go command"},
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (streq(names[i].what, c->what)) {
			const char *sign = strstr(names[i].name, "%s");
			return from_to(arena,
			               arena_printf(arena, "%.*s%s%s", (int)(sign - names[i].name),
			                            names[i].name, c->name, sign + 2),
			               c);
		}
	}
	return from_to(arena, c->name, c);
}

/* ---- when, and by whom ---- */

static void add_time(struct strbuf *out, const struct fact_changed *c, int64_t now_ns) {
	struct arena *arena = out->arena;
	const char *when = when_in_words(arena, c->at_ns, now_ns);
	if (streq(c->time_of, "package")) {
		strbuf_printf(out, ", %s (%s%s%s%s%s)", when, c->by, *c->package ? ": " : "",
		              c->package, *c->command ? ", " : "", c->command);
	} else if (streq(c->what, "variable")) {
		strbuf_printf(out, "; %s, which sets it, was written %s", c->path, when);
	} else if (STR_IN(c->what, "setting", "goenv")) {
		strbuf_printf(out, "; %s was last written %s", c->path, when);
	} else if (streq(c->time_of, "moved")) {
		strbuf_printf(out, ", put there or given other rights %s", when);
	} else {
		strbuf_printf(out, ", written %s", when);
	}
}

const char *change_in_words(struct arena *arena, const struct fact_changed *change,
                            const struct fact_last_good *good, int64_t now_ns) {
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, change_without_time(arena, change));
	if (change->at_ns > 0) {
		add_time(&out, change, now_ns);
	}
	if (change->at_ns > 0 && good->asked_ns == 0) {
		int64_t gap = change->at_ns - good->until_ns;
		strbuf_printf(&out, ", %s %s the last good answer",
		              duration_in_words(arena, gap < 0 ? -gap : gap),
		              gap < 0 ? "before" : "after");
	}
	if (change->worked_ns > 0) {
		strbuf_printf(&out, "; it was already so %s, when all worked",
		              when_in_words(arena, change->worked_ns, now_ns));
	}
	return out.data;
}

const char *const *changes_in_words(struct arena *arena, const struct facts *facts,
                                    const struct diagnosis *diagnosis, size_t max, int64_t now_ns,
                                    size_t *ret_more) {
	const struct fact_last_good *good = facts_first(last_good, facts);
	const char **lines = arena_array_of(arena, const char *, max + 2);
	size_t total = 0;
	size_t count = 0;
	*ret_more = 0;
	if (!good) {
		return lines;
	}
	struct ranked_change *all = changes_rank(arena, facts, diagnosis, &total);
	while (count < total && count < max &&
	       (all[count].explains || all[count].weight >= CHANGE_TELLS)) {
		lines[count] = change_in_words(arena, all[count].change, good, now_ns);
		count++;
	}
	*ret_more = total - count;
	if (count == 0) {
		lines[0] = arena_printf(
			arena,
			"nothing that dialtone keeps an eye on and that could explain it changed "
			"since it last worked, %s",
			when_in_words(arena, good->until_ns, now_ns));
	}
	return lines;
}

/* ---- for programs ---- */

static void put_ms(struct json *json, const char *key, int64_t ns) {
	json_put_ms(json, key, ns > 0 ? ns / NS_PER_MS : -1);
}

static void put_change(struct json *json, const struct ranked_change *r) {
	const struct fact_changed *c = r->change;
	json_newline(json, 2);
	json_open_element(json, '{');
	json_put(json, "what", c->what);
	json_put(json, "name", c->name);
	json_put(json, "how", c->how);
	json_put_or_null(json, "old", c->old[0] == '#' ? NULL : c->old);
	json_put_or_null(json, "new", c->new[0] == '#' ? NULL : c->new);
	json_put_or_null(json, "path", c->path);
	json_put_or_null(json, "old_path", c->old_path);
	put_ms(json, "at_ms", c->at_ns);
	json_put_or_null(json, "time_of", c->time_of);
	json_put_or_null(json, "package", c->package);
	json_put_or_null(json, "by", c->by);
	json_put_or_null(json, "command", c->command);
	put_ms(json, "worked_at_ms", c->worked_ns);
	json_put_number(json, "weight", (int64_t)r->weight);
	json_put(json, "explains", r->explains ? r->explains->rule->id : NULL);
	json_close(json, '}');
}

void changes_put(struct json *json, struct arena *arena, const struct facts *facts,
                 const struct diagnosis *diagnosis) {
	const struct fact_last_good *good = facts_first(last_good, facts);
	size_t count = 0;
	struct ranked_change *all = changes_rank(arena, facts, diagnosis, &count);
	json_newline(json, 1);
	if (!good) {
		json_put(json, "last_good", NULL);
	} else {
		json_open_member(json, "last_good", '{');
		put_ms(json, "from_ms", good->at_ns);
		put_ms(json, "until_ms", good->until_ns);
		json_put(json, "editor", good->editor);
		json_put(json, "environment", good->side);
		json_put_bool(json, "same_side", good->same_side);
		json_put_bool(json, "older_than_asked", good->older);
		json_put_number(json, "states", good->states);
		json_close(json, '}');
	}
	json_newline(json, 1);
	json_open_member(json, "changes", '[');
	for (size_t i = 0; i < count; i++) {
		put_change(json, &all[i]);
	}
	json_close(json, ']');
}
