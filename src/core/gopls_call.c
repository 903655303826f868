/* SPDX-License-Identifier: MIT */
#include "core/gopls_call.h"

#include "base/path.h"
#include "base/str.h"

/* The value of "-name=value" or "-name", "value"; NULL when word is not that flag. */
static const char *flag_value(const char *word, const char *name, const char *next) {
	const char *flag = word + strspn(word, "-");
	size_t len = strlen(name);

	if (flag == word || strncmp(flag, name, len) != 0) {
		return NULL;
	}
	return flag[len] == '=' ? flag + len + 1 : flag[len] == '\0' && next ? next : NULL;
}

/* -name value: a word that is no flag but belongs to one. */
static bool takes_next(const char *word) {
	const char *flag = word + strspn(word, "-");

	if (flag == word || strchr(flag, '=')) {
		return false;
	}
	return !STR_IN(flag, "rpc.trace", "v", "verbose", "vv", "veryverbose", "h", "help");
}

static void call_take_word(struct gopls_call *call, const char *word, const char *next,
                           bool *is_flags) {
	const char *remote = flag_value(word, "remote", next);
	const char *listen = flag_value(word, "listen", next);

	if (remote || listen) {
		call->role = remote ? "forwarder" : "daemon";
		call->remote = remote ? remote : listen;
	} else if (*is_flags && word[0] != '-') {
		*is_flags = streq(word, "serve");
		call->role = *is_flags ? call->role : streq(word, "mcp") ? "mcp" : "command";
	}
}

struct gopls_call gopls_call_read(struct arena *arena, struct slice cmdline) {
	struct gopls_call call = {.program = "", .role = "server", .remote = ""};
	const char *list[GOPLS_CALL_WORDS_MAX] = {0};
	struct strbuf words;
	struct slice part;
	size_t count = 0;
	bool is_flags = true, is_value = false;

	strbuf_init(&words, arena);
	while (count < GOPLS_CALL_WORDS_MAX - 1 && slice_cut(&cmdline, '\x1f', &part)) {
		list[count++] = arena_slicedup(arena, part);
	}
	for (size_t i = 1; i < count; i++) {
		strbuf_printf(&words, "%s%s", i > 1 ? " " : "", list[i]);
		if (i == 1 && streq(list[i], "** telemetry **")) {
			call.role = NULL;
			return call;
		}
		if (is_flags && !is_value) {
			call_take_word(&call, list[i], list[i + 1], &is_flags);
			is_value = takes_next(list[i]);
		} else {
			is_value = false;
		}
	}
	call.program = count > 0 ? list[0] : "";
	call.words = words.data;
	return call;
}

struct gopls_socket gopls_socket_place(struct arena *arena, const char *runtime_dir,
                                       const char *tmpdir, const char *user, const char *address) {
	const char *id = address ? strchr(address, ';') : NULL;
	struct gopls_socket place = {
		.dir = !str_empty(runtime_dir) ? runtime_dir
	               : !str_empty(tmpdir)    ? tmpdir
	                                       : "/tmp",
		.origin = !str_empty(runtime_dir) ? "XDG_RUNTIME_DIR"
	                  : !str_empty(tmpdir)    ? "TMPDIR"
	                                          : "default",
		.user = str_empty(user) ? "shared" : user,
	};

	place.tail =
		arena_printf(arena, "-daemon.%s%s%s", place.user, id ? "-" : "", id ? id + 1 : "");
	return place;
}

const char *gopls_socket_path(struct arena *arena, const struct gopls_socket *place,
                              const char *program, const char *hash) {
	return arena_printf(arena, "%s/%s-%.*s%s", place->dir, path_base(program),
	                    GOPLS_SOCKET_HASH_DIGITS, hash, place->tail);
}
