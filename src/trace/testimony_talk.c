/* SPDX-License-Identifier: MIT
 * What went through the first three descriptors of processes: the server's conversation as a
 * transcript, and what short runs of go wrote.
 */
#include "base/path.h"
#include "base/vec.h"
#include "trace/call.h"
#include "trace/testimony_work.h"
#include "wire/frame.h"
#include "wire/rpc.h"
#include "wire/transcript.h"

#include <sys/wait.h>

#define FLOW_MAX       ((size_t)16 << 20)
#define IDS_MAX        256
#define ALL_QUESTIONS  0xffu
#define DIAGNOSTICS_ID 7

/* What was not recorded of a buffer stands as NULs, which JSON has not; so frames keep their places. */
static void flow_add(struct testimony *t, struct flow *flow, const struct event *e,
                     struct slice bytes) {
	size_t whole = (size_t)e->result;
	if (flow->bytes.len + whole > FLOW_MAX) {
		flow->cut = true;
		return;
	}
	flow->pieces = vec_room(t->arena, flow->pieces, flow->piece_count, &flow->piece_size,
	                        sizeof(*flow->pieces));
	flow->pieces[flow->piece_count++] = (struct flow_piece){
		.at_ns = e->start_ns + e->duration_ns, .begin = flow->bytes.len};
	strbuf_add_n(&flow->bytes, bytes.data, bytes.len < whole ? bytes.len : whole);
	for (size_t i = bytes.len; i < whole; i++) {
		strbuf_add_char(&flow->bytes, '\0');
		flow->cut = true;
	}
}

struct flow *testimony_flow_new(struct testimony *t) {
	struct flow *flow = arena_new_of(t->arena, struct flow);
	strbuf_init(&flow->bytes, t->arena);
	return flow;
}

static uint64_t pipe_of(struct testimony *t, pid_t pid, int fd) {
	const struct rewind_process *p = rewind_process(t->rewind, pid);
	const struct rewind_fd *found = p ? rewind_fd(p, fd) : NULL;
	return found ? found->file->pair : 0;
}

/* The output that goes through this pipe; *slot is NULL until a program is known that writes it. */
static struct flow **pipe_slot(struct testimony *t, uint64_t pipe) {
	size_t id = dictionary_id(&t->pipe_ids, slice_of((const char *)&pipe, sizeof(pipe)));
	if (id == t->pipe_count) {
		t->pipes = vec_room(t->arena, t->pipes, t->pipe_count, &t->pipe_size,
		                    sizeof(struct flow *));
		t->pipes[t->pipe_count++] = NULL;
	}
	return &t->pipes[id];
}

void testimony_share_flows(struct testimony *t, struct witness *w) {
	for (int fd = 1; fd < 3; fd++) {
		w->outputs[fd] = testimony_fd_path(t, w->pid, fd);
		uint64_t pipe = pipe_of(t, w->pid, fd);
		struct flow **slot = pipe != 0 ? pipe_slot(t, pipe) : NULL;
		if (slot) {
			*slot = *slot ? *slot : w->flows[fd];
			w->flows[fd] = *slot;
		}
	}
}

/* Where this write goes, by whichever number: an output that belongs to a program, or NULL. */
static struct flow *output_of(struct testimony *t, pid_t pid, int fd) {
	uint64_t pipe = pipe_of(t, pid, fd);
	struct flow **slot = pipe != 0 ? pipe_slot(t, pipe) : NULL;
	struct flow *joined = slot ? *slot : NULL;
	if (joined) {
		return joined;
	}
	if (fd != 1 && fd != 2) {
		return NULL;
	}
	struct witness *w = testimony_witness(t, pid);
	const char *path = testimony_fd_path(t, pid, fd);
	bool redirected =
		path && path[0] == '/' && (!w->outputs[fd] || !streq(path, w->outputs[fd]));
	return redirected ? NULL : w->flows[fd];
}

void testimony_hear(struct testimony *t, const struct event *e, const struct call *call) {
	bool reads = streq(call->name, "read") || streq(call->name, "readv") ||
	             streq(call->name, "recvfrom");
	bool writes = streq(call->name, "write") || streq(call->name, "writev") ||
	              streq(call->name, "sendto");
	uint64_t fd = e->args[0];
	struct witness *w = fd == 0 && reads ? testimony_witness(t, e->pid) : NULL;
	if (w && w->first_read_ns == 0) {
		w->first_read_ns = e->start_ns;
	}
	if ((!w && !writes) || e->duration_ns < 0 || e->result <= 0) {
		return;
	}
	struct flow *flow = w ? w->flows[0] : output_of(t, e->pid, (int)fd);
	const struct payload *p = flow ? event_payload(e, PAYLOAD_BYTES, 1) : NULL;
	if (flow) {
		flow_add(t, flow, e, p ? p->bytes : slice_of("", 0));
	}
}

/* When the byte at this place came. */
static int64_t flow_time(const struct flow *flow, size_t at) {
	size_t low = 0;
	size_t high = flow->piece_count;
	while (low + 1 < high) {
		size_t middle = low + (high - low) / 2;
		if (flow->pieces[middle].begin <= at) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return flow->piece_count > 0 ? flow->pieces[low].at_ns : 0;
}

/* ---- the conversation ---- */

/* One thing of the transcript, before they are sorted by time. */
struct said {
	int64_t at_ns;
	size_t order;
	enum transcript_kind kind;
	struct slice bytes;
};

struct asked {
	const char *id; /* as JSON */
	const char *method;
	int64_t ours; /* 0: a question of the client's own */
};

struct hearing {
	struct testimony *t;
	struct said *said;
	size_t count, size;
	struct asked ids[IDS_MAX]; /* of the client's requests that answer a question of ours */
	size_t id_count;
	unsigned definitions;
	unsigned asked; /* bits: the number of our own question, less one */
	bool is_ours;   /* the client is dialtone: its numbers are right already */
	struct testimony_about *about;
	struct evidence_store *store;
};

static void add(struct hearing *h, int64_t at_ns, enum transcript_kind kind, struct slice bytes) {
	h->said = vec_room(h->t->arena, h->said, h->count, &h->size, sizeof(*h->said));
	h->said[h->count] =
		(struct said){.at_ns = at_ns, .order = h->count, .kind = kind, .bytes = bytes};
	h->count++;
}

/* The id that probes/server/dialogue.h gives to the same question, 0 when it does not ask it. */
static int64_t id_of_method(struct hearing *h, const char *method) {
	static const struct {
		const char *method;
		int64_t id;
	} questions[] = {
		{"initialize", 1},
		{"textDocument/completion", 4},
		{"textDocument/hover", 5},
		{"textDocument/documentSymbol", 6},
		{"textDocument/diagnostic", DIAGNOSTICS_ID},
		{"textDocument/codeLens", 8},
	};
	if (streq(method, "textDocument/definition")) {
		return h->definitions < 2 ? 2 + (int64_t)h->definitions++ : 0;
	}
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		if (streq(method, questions[i].method)) {
			return questions[i].id;
		}
	}
	return 0;
}

static const char *text_at(struct json_object *object, const char *key) {
	struct json_object *value = NULL;
	return json_object_object_get_ex(object, key, &value) &&
	                       json_object_is_type(value, json_type_string)
	               ? json_object_get_string(value)
	               : NULL;
}

static void learn_client(struct hearing *h, struct json_object *params) {
	struct json_object *info = NULL;
	const char *name = json_object_object_get_ex(params, "clientInfo", &info)
	                           ? text_at(info, "name")
	                           : NULL;
	h->is_ours = name && streq(name, "dialtone");
}

static const char *json_text(struct hearing *h, struct json_object *value) {
	return arena_strdup(h->t->arena,
	                    json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

static void learn_options(struct hearing *h, struct json_object *params) {
	struct json_object *options = NULL;
	if (json_object_object_get_ex(params, "initializationOptions", &options) &&
	    json_object_is_type(options, json_type_object)) {
		h->t->init_options = json_text(h, options);
	}
}

/* The answer to workspace/configuration is a list of objects; that to workspaceFolders has uris. */
static void learn_configuration(struct hearing *h, struct json_object *result) {
	struct json_object *uri = NULL;
	bool is_list = result && json_object_is_type(result, json_type_array) &&
	               json_object_array_length(result) > 0;
	struct json_object *first = is_list ? json_object_array_get_idx(result, 0) : NULL;
	if (first && json_object_is_type(first, json_type_object) &&
	    !json_object_object_get_ex(first, "uri", &uri)) {
		h->t->configuration = json_text(h, first);
	}
}

static void learn_workspace(struct hearing *h, struct json_object *params) {
	struct json_object *folders = NULL;
	const char *uri = NULL;
	if (json_object_object_get_ex(params, "workspaceFolders", &folders) &&
	    json_object_is_type(folders, json_type_array) &&
	    json_object_array_length(folders) > 0) {
		uri = text_at(json_object_array_get_idx(folders, 0), "uri");
	}
	uri = uri ? uri : text_at(params, "rootUri");
	const char *path = uri ? path_from_uri(h->t->arena, uri) : text_at(params, "rootPath");
	if (path && str_empty(h->about->workspace)) {
		h->about->workspace = arena_strdup(h->t->arena, path);
	}
}

static void learn_file(struct hearing *h, struct json_object *params, int64_t at_ns) {
	struct json_object *document = NULL;
	if (!json_object_object_get_ex(params, "textDocument", &document)) {
		return;
	}
	const char *uri = text_at(document, "uri");
	const char *text = text_at(document, "text");
	const char *path = uri ? path_from_uri(h->t->arena, uri) : NULL;
	if (!path || !text || !str_ends(path, ".go") || !str_empty(h->about->file)) {
		return;
	}
	h->about->file = arena_strdup(h->t->arena, path);
	testimony_put(h->t, h->store, arena_printf(h->t->arena, "file:%s", path), at_ns,
	              slice_str(text));
}

static void message(struct hearing *h, int64_t at_ns, bool from_client, const char *name,
                    const char *text, size_t bytes) {
	struct testimony *t = h->t;
	t->messages = vec_room(t->arena, t->messages, t->message_count, &t->message_size,
	                       sizeof(*t->messages));
	t->messages[t->message_count++] =
		(struct testimony_message){.at_ns = at_ns,
	                                   .from_client = from_client,
	                                   .name = arena_strdup(t->arena, name ? name : ""),
	                                   .text = arena_strdup(t->arena, text ? text : ""),
	                                   .bytes = bytes};
}

/* The Debug Adapter Protocol has "command" and "event" where LSP has "method". */
static const char *debug_name(struct hearing *h, struct slice body) {
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *root =
		tokener ? json_tokener_parse_ex(tokener, body.data, (int)body.len) : NULL;
	const char *type = root ? text_at(root, "type") : NULL;
	const char *command = root ? text_at(root, "command") : NULL;
	const char *event = root ? text_at(root, "event") : NULL;
	const char *name = type && streq(type, "response") && command
	                           ? arena_printf(h->t->arena, "answer to %s", command)
	                   : command ? arena_strdup(h->t->arena, command)
	                   : event   ? arena_strdup(h->t->arena, event)
	                             : NULL;
	json_object_put(root);
	json_tokener_free(tokener);
	return name;
}

static void ask(struct hearing *h, const struct rpc_message *m) {
	if (h->id_count < IDS_MAX) {
		h->ids[h->id_count++] = (struct asked){
			.id = arena_strdup(h->t->arena, json_object_to_json_string(m->id)),
			.method = arena_strdup(h->t->arena, m->method),
			.ours = id_of_method(h, m->method)};
	}
}

static void client_said(struct hearing *h, int64_t at_ns, struct slice body) {
	struct rpc_message m;
	enum rpc_kind kind = rpc_parse(body, &m);
	const char *name = kind == RPC_RESPONSE  ? "answer"
	                   : kind == RPC_INVALID ? debug_name(h, body)
	                                         : m.method;
	if (kind == RPC_REQUEST) {
		ask(h, &m);
		h->asked |= h->ids[h->id_count - 1].ours > 0
		                    ? 1u << (h->ids[h->id_count - 1].ours - 1)
		                    : 0;
	}
	if (kind == RPC_RESPONSE) {
		learn_configuration(h, m.result);
	} else if (kind == RPC_REQUEST && m.params && streq(m.method, "initialize")) {
		learn_client(h, m.params);
		learn_workspace(h, m.params);
		learn_options(h, m.params);
	} else if (kind == RPC_NOTIFICATION && m.params &&
	           streq(m.method, "textDocument/didOpen")) {
		learn_file(h, m.params, at_ns);
	}
	message(h, at_ns, true, name, NULL, body.len);
	rpc_message_release(&m);
	add(h, at_ns, TRANSCRIPT_SENT, body);
}

/* What a message says to people: of window/logMessage, showMessage and progress. */
static const char *words_of(struct json_object *params) {
	struct json_object *value = NULL;
	const char *text = params ? text_at(params, "message") : NULL;
	if (!text && params && json_object_object_get_ex(params, "value", &value)) {
		text = text_at(value, "title");
		text = text ? text : text_at(value, "message");
	}
	return text;
}

static const struct asked *question_of(const struct hearing *h, struct json_object *id) {
	const char *text = json_object_to_json_string(id);
	for (size_t i = 0; i < h->id_count; i++) {
		if (streq(h->ids[i].id, text)) {
			return &h->ids[i];
		}
	}
	return NULL;
}

/* An answer gets the id of our own question, or one that we never use. */
static void server_said(struct hearing *h, int64_t at_ns, struct slice body) {
	struct rpc_message m;
	enum rpc_kind kind = rpc_parse(body, &m);
	const char *name = kind == RPC_INVALID ? debug_name(h, body) : m.method;
	size_t bytes = body.len;
	if (kind == RPC_RESPONSE && m.id) {
		const struct asked *asked = question_of(h, m.id);
		int64_t id = asked && asked->ours > 0 ? asked->ours : INT32_MAX;
		name = arena_printf(h->t->arena, "answer to %s", asked ? asked->method : "nothing");
		if (!h->is_ours) {
			json_object_object_add(m.root, "id", json_object_new_int64(id));
		}
		body = slice_str(arena_strdup(
			h->t->arena,
			json_object_to_json_string_ext(m.root, JSON_C_TO_STRING_PLAIN)));
	}
	message(h, at_ns, false, name, words_of(m.params), bytes);
	rpc_message_release(&m);
	add(h, at_ns, TRANSCRIPT_RECEIVED, body);
}

/* flow: 0 what the client said, 1 what the server did. */
static void hear_frames(struct hearing *h, const struct flow *flow, int which) {
	struct frame_reader reader;
	struct frame frame;
	size_t at = 0;
	frame_reader_init(&reader, 0);
	for (size_t i = 0; i < flow->piece_count; i++) {
		size_t end =
			i + 1 < flow->piece_count ? flow->pieces[i + 1].begin : flow->bytes.len;
		size_t begin = flow->pieces[i].begin;
		if (frame_feed(&reader, slice_of(flow->bytes.data + begin, end - begin)) < 0) {
			break;
		}
		while (frame_next(&reader, &frame) != FRAME_MORE) {
			bool whole = !memchr(frame.bytes.data, '\0', frame.bytes.len);
			struct slice body =
				slice_of(arena_slicedup(h->t->arena, frame.bytes), frame.bytes.len);
			at = begin;
			if (frame.kind == FRAME_BODY && whole && which == 0) {
				client_said(h, flow_time(flow, at), body);
			} else if (frame.kind == FRAME_BODY && whole) {
				server_said(h, flow_time(flow, at), body);
			} else if (frame.kind == FRAME_JUNK && whole && which == 1) {
				add(h, flow_time(flow, at), TRANSCRIPT_JUNK, body);
			}
		}
	}
	frame_reader_release(&reader);
}

static void hear_errors(struct hearing *h, const struct flow *flow) {
	for (size_t i = 0; i < flow->piece_count; i++) {
		size_t begin = flow->pieces[i].begin;
		size_t end =
			i + 1 < flow->piece_count ? flow->pieces[i + 1].begin : flow->bytes.len;
		add(h, flow->pieces[i].at_ns, TRANSCRIPT_STDERR,
		    slice_of(flow->bytes.data + begin, end - begin));
	}
}

static int by_time(const void *a, const void *b) {
	const struct said *left = a;
	const struct said *right = b;
	if (left->at_ns != right->at_ns) {
		return left->at_ns < right->at_ns ? -1 : 1;
	}
	return (left->order > right->order) - (left->order < right->order);
}

static const char *end_of(struct testimony *t, int status) {
	return WIFSIGNALED(status) ? arena_printf(t->arena, "signal %d", WTERMSIG(status))
	                           : arena_printf(t->arena, "exit %d", WEXITSTATUS(status));
}

int64_t testimony_session_pid(const struct witness *server) {
	return server->ppid > 0 ? server->ppid : 1;
}

/* Once: when the client's signal comes before this time. */
static bool stops(const struct witness *server, int64_t before_ns, bool *stopped) {
	bool now = !*stopped && server->stopped_ns > 0 && server->stopped_ns <= before_ns;
	*stopped |= now;
	return now;
}

static void write_transcript(struct hearing *h, const struct witness *server) {
	struct testimony *t = h->t;
	struct transcript transcript;
	bool stopped = false;
	transcript_init(&transcript);
	(void)transcript_add(&transcript, TRANSCRIPT_NOTE, 0,
	                     slice_str(arena_printf(t->arena, "pid %lld",
	                                            (long long)testimony_session_pid(server))));
	if (server->exec_error != 0) {
		(void)transcript_add(
			&transcript, TRANSCRIPT_EXIT, 0,
			slice_str(arena_printf(t->arena, "errno %d", server->exec_error)));
	} else {
		(void)transcript_add(&transcript, TRANSCRIPT_NOTE, 0, slice_str("started"));
	}
	for (size_t i = 0; i < h->count; i++) {
		if (stops(server, h->said[i].at_ns, &stopped)) {
			(void)transcript_add(&transcript, TRANSCRIPT_NOTE,
			                     server->stopped_ns - server->start_ns,
			                     slice_str("stop"));
		}
		(void)transcript_add(&transcript, h->said[i].kind,
		                     h->said[i].at_ns - server->start_ns, h->said[i].bytes);
	}
	if (stops(server, INT64_MAX, &stopped)) {
		(void)transcript_add(&transcript, TRANSCRIPT_NOTE,
		                     server->stopped_ns - server->start_ns, slice_str("stop"));
	}
	if (server->ended) {
		(void)transcript_add(&transcript, TRANSCRIPT_EXIT,
		                     server->end_ns - server->start_ns,
		                     slice_str(end_of(t, server->status)));
	}
	testimony_put(t, h->store, "session:gopls", server->start_ns,
	              transcript_bytes(&transcript));
	transcript_release(&transcript);
}

void testimony_give_talk(struct testimony *t, struct evidence_store *store,
                         struct testimony_about *about) {
	const struct witness *server = t->server;
	if (!server) {
		return;
	}
	struct hearing h = {.t = t, .about = about, .store = store};
	hear_frames(&h, server->flows[0], 0);
	hear_frames(&h, server->flows[1], 1);
	hear_errors(&h, server->flows[2]);
	if (h.count > 0) {
		qsort(h.said, h.count, sizeof(*h.said), by_time);
	}
	/* Whether there are diagnostics needs no question. */
	about->unasked = ALL_QUESTIONS & ~h.asked & ~(1u << (DIAGNOSTICS_ID - 1));
	write_transcript(&h, server);
}
