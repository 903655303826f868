/* SPDX-License-Identifier: MIT
 */
#include "world/redact_names.h"

#include "base/path.h"
#include "base/str.h"

#include <ctype.h>

#define UID_PEOPLE_MIN   1000 /* UID_MIN of login.defs(5) */
#define UID_PEOPLE_MAX   60000
#define ANYWHERE_LEN_MIN 4
#define PASSWD_SOURCE    "file:/etc/passwd"
#define ENVIRON_SOURCE   "proc:self/environ"

static bool is_word(char c) {
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Words that mean something else as well: replaced only where they can only be a name. */
static bool is_ordinary(struct slice name) {
	static const char *const words[] = {
		"home",    "user",   "users",   "test",      "tests",   "code",    "data",
		"main",    "work",   "build",   "admin",     "guest",   "local",   "share",
		"file",    "files",  "node",    "golang",    "gopls",   "module",  "modules",
		"vendor",  "source", "cache",   "tools",     "temp",    "space",   "workspace",
		"project", "server", "client",  "debian",    "ubuntu",  "runner",  "docker",
		"nobody",  "daemon", "mail",    "proxy",     "games",   "backup",  "system",
		"default", "public", "private", "string",    "error",   "hello",   "world",
		"example", "vscode", "editor",  "developer", "package", "process", "linux",
		"true",    "false",  "null",    "none",      "read",    "text"};

	if (name.len < ANYWHERE_LEN_MIN) {
		return true;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (slice_eq(name, words[i])) {
			return true;
		}
	}
	return false;
}

static struct redact_name *names_find(struct redact_names *names, struct slice name) {
	for (size_t i = 0; i < names->count; i++) {
		const struct redact_name *item = &names->items[i];

		if (name.len > 0 && item->name.len == name.len &&
		    memcmp(item->name.data, name.data, name.len) == 0) {
			return &names->items[i];
		}
	}
	return NULL;
}

static void names_push(struct redact_names *names, struct slice name, const char *token,
                       const char *parent) {
	if (names->count < REDACT_NAMES_MAX) {
		names->items[names->count++] = (struct redact_name){.name = name,
		                                                    .token = token,
		                                                    .parent = parent,
		                                                    .anywhere = !is_ordinary(name)};
	}
}

/* The name as it stands in a URI when that is another text. */
static void names_push_uri(struct redact_names *names, const struct redact_name *plain) {
	struct arena *arena = names->arena;
	const char *path = arena_printf(arena, "/%.*s", (int)plain->name.len, plain->name.data);
	const char *uri = path_to_uri(arena, path) + strlen("file:///");

	if (!slice_eq(plain->name, uri) && !names_find(names, slice_str(uri))) {
		names_push(names, slice_str(uri), plain->token, plain->parent);
	}
}

static void names_add(struct redact_names *names, struct slice name, const char *parent) {
	struct redact_name *known;

	if (name.len == 0 || memchr(name.data, '\0', name.len) || slice_eq(name, "root") ||
	    slice_starts(name, "user-")) {
		return;
	}
	known = names_find(names, name);
	if (known) {
		known->parent = known->parent ? known->parent : parent;
		return;
	}
	name = slice_str(arena_slicedup(names->arena, name));
	names_push(names, name, arena_printf(names->arena, "user-%u", ++names->tokens), parent);
	names_push_uri(names, &names->items[names->count - 1]);
}

static void names_add_home(struct redact_names *names, const char *home) {
	const char *clean;

	if (home[0] != '/' || streq(home, "/")) {
		return;
	}
	clean = path_clean(names->arena, home);
	names_add(names, slice_str(path_base(clean)), path_parent(names->arena, clean));
}

static struct slice variable_of(struct slice block, const char *name) {
	struct slice var, key;

	while (slice_cut(&block, '\0', &var)) {
		if (slice_cut(&var, '=', &key) && slice_eq(key, name)) {
			return var;
		}
	}
	return slice_of("", 0);
}

struct passwd_line {
	struct slice fields[7];
	int64_t uid;
};

static bool passwd_line_parse(struct arena *arena, struct slice line, struct passwd_line *ret) {
	size_t count = 0;

	for (size_t i = 0; i < 7; i++) {
		ret->fields[i] = slice_of("", 0);
	}
	while (count < 7 && slice_cut(&line, ':', &ret->fields[count])) {
		count++;
	}
	return count >= 6 && str_to_int64(arena_slicedup(arena, ret->fields[2]), &ret->uid) == 0;
}

static bool uid_is_person(int64_t uid) {
	return uid >= UID_PEOPLE_MIN && uid < UID_PEOPLE_MAX;
}

static void names_add_passwd(struct redact_names *names, struct slice text, int64_t own_uid) {
	struct passwd_line pw;
	struct slice line;

	while (slice_line(&text, &line)) {
		if (passwd_line_parse(names->arena, line, &pw) &&
		    (uid_is_person(pw.uid) || (pw.uid == own_uid && pw.uid != 0))) {
			const char *home = arena_slicedup(names->arena, pw.fields[5]);

			names_add(names, pw.fields[0],
			          home[0] == '/' ? path_parent(names->arena, home) : NULL);
			names_add_home(names, home);
		}
	}
}

void redact_names_collect(struct redact_names *names, struct arena *arena,
                          const struct evidence_store *store, const char *home, int64_t uid) {
	const struct evidence *passwd = evidence_find(store, PASSWD_SOURCE);
	const struct evidence *variables = evidence_find(store, ENVIRON_SOURCE);

	*names = (struct redact_names){.arena = arena};
	names_add_home(names, home);
	if (variables) {
		names_add_home(names, arena_slicedup(arena, variable_of(variables->bytes, "HOME")));
		names_add(names, variable_of(variables->bytes, "USER"), NULL);
		names_add(names, variable_of(variables->bytes, "LOGNAME"), NULL);
	}
	if (passwd) {
		names_add_passwd(names, passwd->bytes, uid);
	}
}

static bool ends_with(struct slice bytes, size_t at, const char *text) {
	size_t len = strlen(text);

	return at >= len && memcmp(bytes.data + at - len, text, len) == 0;
}

/* True where a name, ordinary as the word may be, is meant as a name. */
static bool is_place_of_name(const struct redact_name *item, struct slice bytes, size_t at) {
	static const char *const places[] = {"USER=", "LOGNAME=", "USERNAME=", "~"};
	size_t end = at + item->name.len;

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (ends_with(bytes, at, places[i])) {
			return true;
		}
	}
	if (item->parent && at > 0 && bytes.data[at - 1] == '/' &&
	    (streq(item->parent, "/") ? at == 1 : ends_with(bytes, at - 1, item->parent))) {
		return true;
	}
	return (at == 0 || bytes.data[at - 1] == '\n') && bytes.len - end >= 3 &&
	       memcmp(bytes.data + end, ":x:", 3) == 0;
}

/* The name that stands at `at`, or NULL. */
static const struct redact_name *name_at(const struct redact_names *names, struct slice bytes,
                                         size_t at) {
	for (size_t i = 0; i < names->count; i++) {
		const struct redact_name *item = &names->items[i];
		size_t end = at + item->name.len;

		if (bytes.data[at] != item->name.data[0] || end > bytes.len ||
		    memcmp(bytes.data + at, item->name.data, item->name.len) != 0 ||
		    (end < bytes.len && is_word(bytes.data[end]))) {
			continue;
		}
		if ((item->anywhere && (at == 0 || !is_word(bytes.data[at - 1]))) ||
		    is_place_of_name(item, bytes, at)) {
			return item;
		}
	}
	return NULL;
}

struct slice redact_names_apply(const struct redact_names *names, struct slice bytes) {
	bool first[256] = {false};
	struct strbuf out;
	size_t copied = 0;

	for (size_t i = 0; i < names->count; i++) {
		first[(unsigned char)names->items[i].name.data[0]] = true;
	}
	for (size_t i = 0; i < bytes.len; i++) {
		const struct redact_name *item =
			first[(unsigned char)bytes.data[i]] ? name_at(names, bytes, i) : NULL;

		if (!item) {
			continue;
		}
		if (copied == 0) {
			strbuf_init(&out, names->arena);
		}
		strbuf_add_n(&out, bytes.data + copied, i - copied);
		strbuf_add(&out, item->token);
		copied = i + item->name.len;
		i = copied - 1;
	}
	if (copied == 0) {
		return bytes;
	}
	strbuf_add_n(&out, bytes.data + copied, bytes.len - copied);
	return slice_of(out.data, out.len);
}

struct slice redact_passwd(struct arena *arena, struct slice text) {
	struct strbuf out;
	struct slice line;

	strbuf_init(&out, arena);
	while (slice_line(&text, &line)) {
		struct passwd_line pw;

		if (passwd_line_parse(arena, line, &pw) && uid_is_person(pw.uid)) {
			pw.fields[4] = slice_of("", 0);
			for (size_t i = 0; i < 7; i++) {
				strbuf_add(&out, i ? ":" : "");
				strbuf_add_n(&out, pw.fields[i].data, pw.fields[i].len);
			}
		} else {
			strbuf_add_n(&out, line.data, line.len);
		}
		strbuf_add_char(&out, '\n');
	}
	return slice_of(out.data, out.len);
}
