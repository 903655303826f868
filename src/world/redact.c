/* SPDX-License-Identifier: MIT
 */
#include "world/redact.h"

#include "base/fd.h"
#include "base/str.h"
#include "core/run_record.h"
#include "wire/transcript.h"
#include "world/redact_names.h"
#include "world/secret_scan.h"

#include <ctype.h>
#include <stdlib.h>

#define SECRETS_MAX      ((size_t)1024)
#define EVERYWHERE_BYTES ((size_t)6) /* shorter ones are replaced only where they were found */

struct secret {
	struct slice value;
	const char *token;
	bool everywhere;
};

struct span {
	size_t start;
	size_t len;
};

struct redaction {
	struct arena *arena;
	const struct evidence_store *from;
	struct secret *secrets;
	size_t secret_count;
	struct redact_names names;

	/* The bytes at hand. */
	struct slice bytes;
	struct span *spans; /* malloc'ed */
	size_t span_count;
	size_t span_size;
};

static unsigned flags_of(const char *source, struct slice bytes) {
	unsigned flags = 0;

	if (str_ends(source, ".go")) {
		flags |= SECRET_SCAN_CODE;
	}
	if (str_starts(source, "session:")) {
		flags |= SECRET_SCAN_LSP;
	}
	if (str_ends(source, "netrc")) {
		flags |= SECRET_SCAN_NETRC;
	}
	if (memchr(bytes.data, '\0', bytes.len)) {
		flags |= SECRET_SCAN_ENVIRON;
	}
	return flags;
}

/* ---- collecting ---- */

static struct secret *secret_find(const struct redaction *r, struct slice value) {
	for (size_t i = 0; i < r->secret_count && value.data; i++) {
		const struct slice known = r->secrets[i].value;

		if (value.len > 0 && known.len == value.len &&
		    memcmp(known.data, value.data, value.len) == 0) {
			return &r->secrets[i];
		}
	}
	return NULL;
}

static bool is_alike(struct slice value, int (*is_class)(int)) {
	for (size_t i = 0; i < value.len; i++) {
		if (!is_class((unsigned char)value.data[i])) {
			return false;
		}
	}
	return true;
}

/* A path we looked at, a number or a short word stands in many places and means something else
 * there. */
static bool is_everywhere(const struct redaction *r, struct slice value) {
	const char *path;

	if (value.len < EVERYWHERE_BYTES || is_alike(value, isdigit) ||
	    (value.len < 2 * EVERYWHERE_BYTES && is_alike(value, islower))) {
		return false;
	}
	if (value.data[0] != '/') {
		return true;
	}
	path = arena_slicedup(r->arena, value);
	return !evidence_find(r->from, arena_printf(r->arena, "stat:%s", path)) &&
	       !evidence_find(r->from, arena_printf(r->arena, "file:%s", path));
}

static void secret_add(struct redaction *r, struct slice value) {
	if (value.len > 0 && r->secret_count < SECRETS_MAX && !slice_starts(value, "secret-") &&
	    !secret_find(r, value)) {
		struct secret *secret = &r->secrets[r->secret_count++];

		secret->value = value;
		secret->token = arena_printf(r->arena, "secret-%zu", r->secret_count);
		secret->everywhere = is_everywhere(r, value);
	}
}

static void collect_found(void *data, size_t start, size_t len) {
	struct redaction *r = data;
	struct slice value = slice_of(r->bytes.data + start, len);
	const char *colon;

	secret_add(r, value);
	/* Of user:password the password also stands alone. */
	colon = memchr(value.data, ':', value.len);
	if (colon) {
		secret_add(r, slice_of(colon + 1, value.len - (size_t)(colon + 1 - value.data)));
	}
}

static void collect(struct redaction *r) {
	for (size_t i = 0; i < r->from->count; i++) {
		const struct evidence *ev = r->from->items[i];

		r->bytes = ev->bytes;
		secret_scan(ev->bytes, flags_of(evidence_plain_source(ev->source), ev->bytes),
		            collect_found, r);
		r->bytes = slice_str(ev->source);
		secret_scan(r->bytes, 0, collect_found, r);
	}
}

/* ---- replacing ---- */

static void span_found(void *data, size_t start, size_t len) {
	struct redaction *r = data;

	if (r->span_count == r->span_size) {
		size_t size = r->span_size ? r->span_size * 2 : 64;
		struct span *grown = realloc(r->spans, size * sizeof *grown);

		if (!grown) {
			abort(); /* rather nothing than half of it */
		}
		r->spans = grown;
		r->span_size = size;
	}
	r->spans[r->span_count++] = (struct span){.start = start, .len = len};
}

static void span_known_values(struct redaction *r) {
	for (size_t i = 0; i < r->secret_count; i++) {
		struct slice value = r->secrets[i].value;
		const char *at = r->bytes.data;
		const char *end = r->bytes.data + r->bytes.len;

		while (r->secrets[i].everywhere && at < end &&
		       (at = memmem(at, (size_t)(end - at), value.data, value.len))) {
			span_found(r, (size_t)(at - r->bytes.data), value.len);
			at += value.len;
		}
	}
}

/* The first first; of those that begin together the longest. */
static int compare_spans(const void *a, const void *b) {
	const struct span *left = a, *right = b;

	if (left->start != right->start) {
		return left->start < right->start ? -1 : 1;
	}
	return (left->len < right->len) - (left->len > right->len);
}

static struct slice redact_secrets(struct redaction *r, struct slice bytes, unsigned flags) {
	struct strbuf out;
	size_t copied = 0;

	r->bytes = bytes;
	r->span_count = 0;
	secret_scan(bytes, flags, span_found, r);
	span_known_values(r);
	if (r->span_count == 0) {
		return bytes;
	}
	qsort(r->spans, r->span_count, sizeof *r->spans, compare_spans);
	strbuf_init(&out, r->arena);
	for (size_t i = 0; i < r->span_count; i++) {
		const struct span *span = &r->spans[i];
		const struct secret *secret =
			secret_find(r, slice_of(bytes.data + span->start, span->len));
		size_t end = span->start + span->len;

		if (end <= copied) {
			continue;
		}
		if (span->start >= copied) {
			strbuf_add_n(&out, bytes.data + copied, span->start - copied);
			strbuf_add(&out, secret ? secret->token : "secret-0");
		}
		copied = end;
	}
	strbuf_add_n(&out, bytes.data + copied, bytes.len - copied);
	return slice_of(out.data, out.len);
}

static struct slice redact_bytes(struct redaction *r, struct slice bytes, unsigned flags) {
	return redact_names_apply(&r->names, redact_secrets(r, bytes, flags));
}

static const char *redact_text(struct redaction *r, const char *text) {
	return arena_slicedup(r->arena, redact_bytes(r, slice_str(text), 0));
}

static struct slice redact_run(struct redaction *r, struct slice bytes) {
	struct run_record record;

	if (run_record_parse(bytes, &record) < 0) {
		return redact_bytes(r, bytes, flags_of("", bytes));
	}
	record.out = redact_bytes(r, record.out, flags_of("", record.out));
	record.err = redact_bytes(r, record.err, flags_of("", record.err));
	return run_record_format(r->arena, &record);
}

static struct slice redact_session(struct redaction *r, struct slice bytes) {
	CLEANUP(transcript_release) struct transcript transcript;
	struct transcript_reader reader;
	struct transcript_event event;
	struct slice copy;

	transcript_init(&transcript);
	if (transcript_reader_init(&reader, bytes, NULL) < 0) {
		return redact_bytes(r, bytes, SECRET_SCAN_LSP);
	}
	while (transcript_next(&reader, &event, NULL) == 1) {
		struct slice payload = redact_bytes(r, event.payload, SECRET_SCAN_LSP);

		if (transcript_add(&transcript, event.kind, event.at_ns, payload) < 0) {
			abort(); /* no memory */
		}
	}
	copy = transcript_bytes(&transcript);
	return slice_of(arena_slicedup(r->arena, copy), copy.len);
}

static struct slice redact_evidence(struct redaction *r, const struct evidence *ev) {
	const char *source = evidence_plain_source(ev->source);
	if (ev->bytes.len == 0) {
		return ev->bytes;
	}
	if (str_starts(source, "run:")) {
		return redact_run(r, ev->bytes);
	}
	if (str_starts(source, "session:")) {
		return redact_session(r, ev->bytes);
	}
	if (streq(source, "file:/etc/passwd")) {
		return redact_bytes(r, redact_passwd(r->arena, ev->bytes), 0);
	}
	return redact_bytes(r, ev->bytes, flags_of(source, ev->bytes));
}

static const char *unused_source(const struct evidence_store *store, struct arena *arena,
                                 const char *source) {
	const char *name = source;

	for (unsigned i = 2; evidence_find(store, name); i++) {
		name = arena_printf(arena, "%s#%u", source, i);
	}
	return name;
}

static const char *const *redact_argv(struct redaction *r, const char *const *argv) {
	const char **copy;
	size_t count = 0;

	while (argv && argv[count]) {
		count++;
	}
	copy = arena_array_of(r->arena, const char *, count + 1);
	for (size_t i = 0; i < count; i++) {
		copy[i] = redact_text(r, argv[i]);
	}
	return copy;
}

void redact_case(const struct evidence_store *from, struct evidence_store *to,
                 struct case_meta *meta) {
	struct redaction r = {.arena = to->arena, .from = from};

	r.secrets = arena_array_of(r.arena, struct secret, SECRETS_MAX);
	redact_names_collect(&r.names, r.arena, from, meta->home, meta->uid);
	collect(&r);
	to->start_wall_ns = from->start_wall_ns;
	for (size_t i = 0; i < from->count; i++) {
		const struct evidence *ev = from->items[i];
		const char *source = unused_source(to, r.arena, redact_text(&r, ev->source));

		evidence_add_copy(to, source, ev)->bytes = redact_evidence(&r, ev);
	}
	meta->home = redact_text(&r, meta->home);
	meta->cwd = redact_text(&r, meta->cwd);
	meta->argv = redact_argv(&r, meta->argv);
	meta->raw = false;
	free(r.spans);
}
