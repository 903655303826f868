/* SPDX-License-Identifier: MIT */
#include "base/path.h"

#include "base/ascii.h"
#include "base/str.h"

char *path_join(struct arena *arena, const char *dir, const char *name) {
	if (name[0] == '/' || str_empty(dir)) {
		return arena_strdup(arena, name);
	}
	return arena_printf(arena, str_ends(dir, "/") ? "%s%s" : "%s/%s", dir, name);
}

char *path_parent(struct arena *arena, const char *path) {
	const char *slash = strrchr(path, '/');
	if (!slash) {
		return arena_strdup(arena, ".");
	}
	return slash == path ? arena_strdup(arena, "/")
	                     : arena_strndup(arena, path, (size_t)(slash - path));
}

const char *path_base(const char *path) {
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Removes the last element of out, never what came before `floor` (the root or leading ".."). */
static void drop_last(struct strbuf *out, size_t floor) {
	while (out->len > floor && out->data[out->len - 1] != '/') {
		out->len--;
	}
	if (out->len > floor && out->len > 1) {
		out->len--;
	}
	out->data[out->len] = '\0';
}

char *path_clean(struct arena *arena, const char *path) {
	bool absolute = path[0] == '/';
	struct strbuf out;
	strbuf_init(&out, arena);
	if (absolute) {
		strbuf_add_char(&out, '/');
	}
	size_t floor = out.len;
	struct slice rest = slice_str(path);
	struct slice part;
	while (slice_cut(&rest, '/', &part)) {
		if (part.len == 0 || slice_eq(part, ".")) {
			continue;
		}
		bool up = slice_eq(part, "..");
		if (up && out.len > floor) {
			drop_last(&out, floor);
			continue;
		}
		if (up && absolute) {
			continue;
		}
		if (out.len > 0 && out.data[out.len - 1] != '/') {
			strbuf_add_char(&out, '/');
		}
		strbuf_add_n(&out, part.data, part.len);
		if (up) {
			floor = out.len;
		}
	}
	if (out.len == 0) {
		strbuf_add_char(&out, '.');
	}
	return out.data;
}

bool path_below(const char *path, const char *dir) {
	size_t n = strlen(dir);
	if (strncmp(path, dir, n) != 0) {
		return false;
	}
	return path[n] == '\0' || path[n] == '/' || (n > 0 && dir[n - 1] == '/');
}

static bool is_unreserved(unsigned char c) {
	return ascii_is_alnum(c) || (c != '\0' && strchr("-._~/", c) != NULL);
}

char *path_to_uri(struct arena *arena, const char *path) {
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, "file://");
	for (const char *p = path; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if (is_unreserved(c)) {
			strbuf_add_char(&out, *p);
		} else {
			strbuf_printf(&out, "%%%02X", c);
		}
	}
	return out.data;
}

char *path_from_uri(struct arena *arena, const char *uri) {
	if (!str_starts(uri, "file://")) {
		return NULL;
	}
	struct strbuf out;
	strbuf_init(&out, arena);
	for (const char *p = uri + strlen("file://"); *p; p++) {
		if (*p != '%') {
			strbuf_add_char(&out, *p);
			continue;
		}
		int high = ascii_hex(p[1]);
		int low = high < 0 ? -1 : ascii_hex(p[2]);
		if (low < 0 || (high == 0 && low == 0)) {
			return NULL;
		}
		strbuf_add_char(&out, (char)(high * 16 + low));
		p += 2;
	}
	return out.data;
}
