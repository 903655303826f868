/* SPDX-License-Identifier: MIT
 */
#include "cmd/witness.h"

#include "base/clock.h"
#include "base/envset.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "wire/frame.h"
#include "wire/rpc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BODY_BYTES_MAX  ((size_t)16 << 20)
#define NOTE_BYTES_MAX  ((size_t)256 << 10) /* of one line; a longer one is left out */
#define ENV_BYTES_MAX   ((size_t)1 << 20)
#define ANSWER_LIMIT_NS (3 * NS_PER_S) /* for workspace/configuration */
#define ASK_ID          1

struct witness {
	struct arena *arena;
	const char *notes;
	const char *root; /* URI for the question, or NULL */
	bool announces;   /* workspace/configuration */
	bool asked;
	bool answered;
	int64_t asked_ns;
};

/* One write, so that two witnesses do not mix. */
static void note(const struct witness *w, const char *key, struct json_object *value) {
	CLEANUP(fd_closep) int fd = open(w->notes, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	struct json_object *line = json_object_new_object();
	size_t len = 0;

	json_object_object_add(line, "witness", json_object_new_int(getpid()));
	json_object_object_add(line, key, value);
	const char *text = json_object_to_json_string_length(line, JSON_C_TO_STRING_PLAIN, &len);
	if (fd >= 0 && len < NOTE_BYTES_MAX) {
		char *whole = arena_printf(w->arena, "%s\n", text);
		(void)!write(fd, whole, len + 1);
	}
	json_object_put(line);
}

static struct slice read_block(struct arena *arena, const char *path) {
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *data = arena_alloc(arena, ENV_BYTES_MAX);
	size_t len = 0;

	while (fd >= 0 && len < ENV_BYTES_MAX) {
		ssize_t n = read(fd, data + len, ENV_BYTES_MAX - len);
		if (n <= 0) {
			break;
		}
		len += (size_t)n;
	}
	return slice_of(data, len);
}

/* What the editor changed: compared with NOTES.env, the environment it was started with. */
static struct json_object *env_changes(const struct witness *w) {
	struct json_object *changes = json_object_new_object();
	struct envset before;
	struct envset now;

	envset_init(&before, w->arena);
	envset_init(&now, w->arena);
	envset_add_block(&before, read_block(w->arena, arena_printf(w->arena, "%s.env", w->notes)));
	for (char **var = environ; *var; var++) {
		envset_add_block(&now, slice_str(*var));
	}
	for (size_t i = 0; i < now.count; i++) {
		const char *value = NULL;
		const char *name = arena_slicedup(w->arena, envset_name(&now, i, &value));
		if (!streq(envset_get(&before, name), value)) {
			json_object_object_add(changes, name, json_object_new_string(value));
		}
	}
	for (size_t i = 0; i < before.count; i++) {
		const char *value = NULL;
		const char *name = arena_slicedup(w->arena, envset_name(&before, i, &value));
		if (!envset_get(&now, name)) {
			json_object_object_add(changes, name, NULL);
		}
	}
	return changes;
}

static void note_start(const struct witness *w, int argc, char **argv) {
	struct json_object *start = json_object_new_object();
	struct json_object *words = json_object_new_array();
	char cwd[PATH_MAX];

	for (int i = 0; i < argc; i++) {
		json_object_array_add(words, json_object_new_string(argv[i]));
	}
	json_object_object_add(start, "argv", words);
	json_object_object_add(start, "cwd",
	                       json_object_new_string(getcwd(cwd, sizeof cwd) ? cwd : ""));
	json_object_object_add(start, "env", env_changes(w));
	note(w, "start", start);
}

static void send_body(const char *body) {
	char header[FRAME_HEADER_SIZE];
	size_t len = strlen(body);
	size_t n = frame_header(header, len);

	if (fd_write_all(STDOUT_FILENO, header, n) == 0) {
		fd_write_all(STDOUT_FILENO, body, len);
	}
}

static struct json_object *member(struct json_object *of, const char *key) {
	struct json_object *value = NULL;

	json_object_object_get_ex(of, key, &value);
	return value;
}

static const char *text_of(struct json_object *of, const char *key) {
	struct json_object *value = member(of, key);

	return value && json_object_is_type(value, json_type_string) ? json_object_get_string(value)
	                                                             : NULL;
}

static void take_initialize(struct witness *w, const struct rpc_message *m) {
	struct json_object *folders = member(m->params, "workspaceFolders");
	struct json_object *workspace = member(member(m->params, "capabilities"), "workspace");
	const char *root = text_of(m->params, "rootUri");

	if (json_object_is_type(folders, json_type_array) &&
	    json_object_array_length(folders) > 0) {
		root = text_of(json_object_array_get_idx(folders, 0), "uri");
	}
	w->root = root ? arena_strdup(w->arena, root) : NULL;
	w->announces = json_object_get_boolean(member(workspace, "configuration"));
	note(w, "initialize", json_object_get(m->params));
	send_body(rpc_result(w->arena, m->id,
	                     "{\"capabilities\":{\"textDocumentSync\":1,\"hoverProvider\":true,"
	                     "\"workspace\":{\"workspaceFolders\":{\"supported\":true}}},"
	                     "\"serverInfo\":{\"name\":\"gopls\"}}"));
}

static void note_answer(struct witness *w, const char *key, struct json_object *value) {
	struct json_object *answer = json_object_new_object();

	json_object_object_add(answer, key, value);
	note(w, "configuration", answer);
	w->answered = true;
}

/* As gopls asks: the section gopls of the folder (gopls/internal/server, fetchFolderOptions). */
static void ask_configuration(struct witness *w) {
	struct json_object *scope = w->root ? json_object_new_string(w->root) : NULL;

	if (!w->announces) {
		note_answer(w, "unasked", json_object_new_boolean(true));
		return;
	}
	w->asked = true;
	w->asked_ns = clock_now_ns();
	send_body(rpc_request(w->arena, ASK_ID, "workspace/configuration",
	                      arena_printf(w->arena, "{\"items\":[{%s%s%s\"section\":\"gopls\"}]}",
	                                   scope ? "\"scopeUri\":" : "",
	                                   scope ? json_object_to_json_string(scope) : "",
	                                   scope ? "," : "")));
	json_object_put(scope);
}

static bool take_message(struct witness *w, struct slice body) {
	CLEANUP(rpc_message_release) struct rpc_message m = {0};

	switch (rpc_parse(body, &m)) {
	case RPC_REQUEST:
		if (streq(m.method, "initialize")) {
			take_initialize(w, &m);
		} else {
			send_body(rpc_result(w->arena, m.id, "null"));
		}
		break;
	case RPC_NOTIFICATION:
		if (streq(m.method, "initialized")) {
			ask_configuration(w);
		} else if (streq(m.method, "workspace/didChangeConfiguration")) {
			note(w, "changed", json_object_get(member(m.params, "settings")));
		}
		return !streq(m.method, "exit");
	case RPC_RESPONSE:
		if (w->asked && !w->answered && rpc_has_id(&m, ASK_ID)) {
			bool bad = m.error != NULL;
			note_answer(w, bad ? "error" : "result",
			            bad ? json_object_new_int64(m.error_code)
			                : json_object_get(m.result));
		}
		break;
	case RPC_INVALID:
		break;
	}
	return true;
}

static bool take_frames(struct witness *w, struct frame_reader *reader) {
	struct frame frame;

	while (frame_next(reader, &frame) != FRAME_MORE) {
		if (frame.kind == FRAME_ERROR ||
		    (frame.kind == FRAME_BODY && !take_message(w, frame.bytes))) {
			return false;
		}
	}
	return true;
}

static void converse(struct witness *w, struct frame_reader *reader) {
	char chunk[65536];

	for (;;) {
		struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
		int ready = poll(&in, 1, 100);
		if (w->asked && !w->answered && clock_now_ns() - w->asked_ns > ANSWER_LIMIT_NS) {
			note_answer(w, "silent", json_object_new_boolean(true));
		}
		if (ready == 0 || (ready < 0 && errno == EINTR)) {
			continue;
		}
		ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);
		if (n <= 0 || frame_feed(reader, slice_of(chunk, (size_t)n)) < 0 ||
		    !take_frames(w, reader)) {
			return;
		}
	}
}

int witness_main(int argc, char **argv) {
	struct witness w = {.arena = arena_new()};
	struct frame_reader reader;

	if (argc < 4) {
		arena_free(w.arena);
		return 2;
	}
	w.notes = argv[2];
	/* `gopls version` and the like: no conversation. */
	if (argc > 4 && argv[4][0] != '-' && !streq(argv[4], "serve")) {
		puts("golang.org/x/tools/gopls v0.0.0");
		arena_free(w.arena);
		return 0;
	}
	note_start(&w, argc - 3, argv + 3);
	frame_reader_init(&reader, BODY_BYTES_MAX);
	converse(&w, &reader);
	frame_reader_release(&reader);
	arena_free(w.arena);
	return 0;
}
