/* SPDX-License-Identifier: MIT
 */
#include "client/conformance.h"

#include "base/clock.h"
#include "base/str.h"

#include <strings.h>

#define EXAMPLE_BYTES ((size_t)120)

static const struct {
	const char *name, *title;
} texts[BREACH_COUNT] = {
	[BREACH_OUTSIDE_FRAME] = {"outside-frame", "bytes on stdout that belong to no message"},
	[BREACH_WRONG_LENGTH] = {"wrong-length", "a Content-Length that does not fit the message"},
	[BREACH_NOT_JSON] = {"not-json", "a message that is no JSON-RPC"},
	[BREACH_INVALID_UTF8] = {"invalid-utf8", "a message that is not valid UTF-8"},
	[BREACH_NO_JSONRPC] = {"no-jsonrpc", "a message without \"jsonrpc\": \"2.0\""},
	[BREACH_UNKNOWN_ID] = {"unknown-id", "an answer to something that was never asked"},
	[BREACH_SECOND_ANSWER] = {"second-answer", "a second answer to one request"},
	[BREACH_RESULT_AND_ERROR] = {"result-and-error",
                                     "an answer with both result and error, or with neither"},
	[BREACH_TOO_EARLY] = {"too-early",
                              "a message before the answer to initialize that must not come there"},
	[BREACH_STORM] = {"storm", "a storm of one notification"},
	[BREACH_NO_SHUTDOWN] = {"no-shutdown", "shutdown was not answered"},
	[BREACH_NO_EXIT] = {"no-exit", "no orderly end after exit"},
};

void conformance_init(struct conformance *c, struct arena *arena) {
	*c = (struct conformance){.arena = arena};
	for (size_t i = 0; i < BREACH_COUNT; i++) {
		c->breaches[i].example = "";
	}
}

const char *breach_name(enum breach breach) {
	return texts[breach].name;
}

const char *breach_title(enum breach breach) {
	return texts[breach].title;
}

void conformance_note(struct conformance *c, enum breach breach, int64_t at_ns,
                      struct slice example) {
	struct breach_seen *seen = &c->breaches[breach];
	if (seen->count++ == 0) {
		size_t len = example.len < EXAMPLE_BYTES ? example.len : EXAMPLE_BYTES;
		seen->example = arena_strndup(c->arena, len > 0 ? example.data : "", len);
		seen->at_ns = at_ns;
	}
}

/* Length of the UTF-8 sequence at p (of n bytes), 0 when there is none: RFC 3629, section 4. */
static size_t utf8_length(const unsigned char *p, size_t n) {
	size_t len = p[0] < 0x80                   ? 1
	             : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
	             : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
	             : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
	                                           : 0;
	if (len == 0 || len > n) {
		return 0;
	}
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
	bool beyond = (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf4 && p[1] >= 0x90);
	return overlong || beyond ? 0 : len;
}

static bool is_utf8(struct slice s) {
	const unsigned char *p = (const unsigned char *)s.data;
	for (size_t i = 0; i < s.len;) {
		size_t len = utf8_length(p + i, s.len - i);
		if (len == 0) {
			return false;
		}
		i += len;
	}
	return true;
}

static struct method_seen *method_find(struct conformance *c, const char *method) {
	for (size_t i = 0; i < c->method_count; i++) {
		if (streq(c->methods[i].method, method)) {
			return &c->methods[i];
		}
	}
	if (c->method_count == METHODS_MAX) {
		return NULL;
	}
	struct method_seen *seen = &c->methods[c->method_count++];
	seen->method = arena_strndup(c->arena, method, strnlen(method, EXAMPLE_BYTES));
	return seen;
}

static void count_notification(struct conformance *c, const char *method, int64_t at_ns) {
	struct method_seen *seen = method_find(c, method);
	if (!seen) {
		return;
	}
	if (at_ns >= seen->second_ns + NS_PER_S) {
		seen->second_ns = at_ns;
		seen->in_second = 0;
	}
	seen->count++;
	seen->in_second++;
	seen->most = seen->in_second > seen->most ? seen->in_second : seen->most;
	if (seen->in_second == STORM_PER_SECOND + 1 || seen->count == STORM_TOTAL + 1) {
		conformance_note(c, BREACH_STORM, at_ns, slice_str(seen->method));
	}
}

/* LSP 3.17, "Initialize Request": until then only these may come. */
static bool may_be_early(const struct rpc_message *m) {
	static const char *const early[] = {"window/showMessage", "window/logMessage",
	                                    "telemetry/event", "window/showMessageRequest",
	                                    "$/progress"};
	for (size_t i = 0; i < sizeof(early) / sizeof(*early); i++) {
		if (streq(m->method, early[i])) {
			return true;
		}
	}
	return m->kind == RPC_RESPONSE || str_starts(m->method, "$/");
}

void conformance_message(struct conformance *c, struct slice body, const struct rpc_message *m,
                         bool initialized, int64_t at_ns) {
	struct json_object *value = NULL;
	if (!is_utf8(body)) {
		conformance_note(c, BREACH_INVALID_UTF8, at_ns, body);
	}
	bool versioned = m->root && json_object_object_get_ex(m->root, "jsonrpc", &value) &&
	                 streq(json_object_get_string(value), "2.0");
	if (m->root && !versioned) {
		conformance_note(c, BREACH_NO_JSONRPC, at_ns, body);
	}
	if (m->kind == RPC_INVALID) {
		bool answer = m->root && json_object_object_get_ex(m->root, "id", &value) &&
		              !json_object_object_get_ex(m->root, "method", &value);
		if (answer || !m->root || versioned) {
			conformance_note(c, answer ? BREACH_RESULT_AND_ERROR : BREACH_NOT_JSON,
			                 at_ns, body);
		}
		return;
	}
	if (m->kind == RPC_RESPONSE && m->result && m->error) {
		conformance_note(c, BREACH_RESULT_AND_ERROR, at_ns, body);
	}
	if (!initialized && !may_be_early(m)) {
		conformance_note(c, BREACH_TOO_EARLY, at_ns, slice_str(m->method));
	}
	if (m->kind == RPC_NOTIFICATION) {
		count_notification(c, m->method, at_ns);
	}
}

/* A piece of a header, or JSON that a short length cut off, comes from a wrong length; anything else
 * was never meant to be a message. */
void conformance_junk(struct conformance *c, struct slice bytes, int64_t at_ns) {
	struct slice text = slice_trim(bytes);
	bool header = text.len >= 15 && strncasecmp(text.data, "Content-Length:", 15) == 0;
	bool tail = text.len > 0 &&
	            (text.data[text.len - 1] == '}' || text.data[0] == '}' || text.data[0] == ']');
	conformance_note(c, header || tail ? BREACH_WRONG_LENGTH : BREACH_OUTSIDE_FRAME, at_ns,
	                 bytes);
}
