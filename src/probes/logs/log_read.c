/* SPDX-License-Identifier: MIT */
#include "probes/logs/log_read.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "core/registry.h"
#include "wire/logpieces.h"
#include "wire/logtext.h"

#define ROWS_MAX     96
#define TEXT_MAX     ((size_t)300) /* kept of a message */
#define STREAMS_MAX  8             /* servers of one log */
#define BEHIND_LINES 2             /* that tell more, behind one which ends in a colon */

struct row {
	const char *kind;
	const char *pattern;
};

/* A line of the log, or one of the server that the log has in pieces. */
struct said {
	struct slice text;
	struct slice rest; /* what follows; of a server's line nothing */
	int64_t line;      /* where it begins */
	int64_t at_ns;
	int64_t pid;
	bool stamped;
};

/* What a server has begun to say. */
struct unfinished {
	struct slice stream;
	struct strbuf text;
	struct said said;
};

struct event {
	const char *kind;
	const char *text;
	int64_t line;
	int64_t at_ns;
	int64_t pid;
};

struct reader {
	struct exam *exam;
	const struct log_file *file;
	struct row rows[ROWS_MAX];
	size_t row_count;
	struct said *all;
	size_t all_count, all_slots;
	struct unfinished streams[STREAMS_MAX];
	size_t stream_count;
	struct strbuf joined;                /* all that servers said in pieces */
	struct event events[LOG_EVENTS_MAX]; /* a ring */
	size_t count;
};

/* The longest piece of a pattern occurs somewhere in the file; most do not, and then their rows need
 * not be tried on each line. */
static bool may_occur(const struct reader *r, struct slice pattern) {
	struct slice longest = {0};
	struct slice piece;
	while (slice_cut(&pattern, '*', &piece)) {
		longest = piece.len > longest.len ? piece : longest;
	}
	return longest.len == 0 ||
	       (r->file->bytes.len >= longest.len &&
	        memmem(r->file->bytes.data, r->file->bytes.len, longest.data, longest.len)) ||
	       memmem(r->joined.data, r->joined.len, longest.data, longest.len);
}

static void read_table(struct reader *r) {
	struct slice text = {0};
	struct slice line;
	for (size_t i = 0; registry_data[i].id; i++) {
		if (streq(registry_data[i].id, "log-messages.tsv")) {
			text = slice_str(registry_data[i].text);
		}
	}
	while (slice_line(&text, &line) && r->row_count < ROWS_MAX) {
		struct slice kind;
		struct slice pattern;
		if (line.len == 0 || line.data[0] == '#' || !slice_cut(&line, '\t', &kind) ||
		    !slice_cut(&line, '\t', &pattern) || !may_occur(r, pattern)) {
			continue;
		}
		r->rows[r->row_count++] = (struct row){
			.kind = arena_slicedup(r->exam->arena, kind),
			.pattern = arena_slicedup(r->exam->arena, pattern),
		};
	}
}

static const char *kind_of(const struct reader *r, struct slice text) {
	for (size_t i = 0; i < r->row_count; i++) {
		if (log_text_matches(text, r->rows[i].pattern)) {
			return r->rows[i].kind;
		}
	}
	return NULL;
}

/* The message, with the next lines when it only announces them. */
static const char *message_of(struct reader *r, struct slice text, struct slice rest) {
	struct strbuf out;
	struct slice kept = text.len > TEXT_MAX ? slice_of(text.data, TEXT_MAX) : text;
	struct log_line next;
	strbuf_init(&out, r->exam->arena);
	strbuf_add(&out, arena_slicedup(r->exam->arena, slice_trim(kept)));
	for (int i = 0; i < BEHIND_LINES && str_ends(out.data, ":") && log_line_next(&rest, &next);
	     i++) {
		struct slice more = slice_trim(next.text);
		more = more.len > TEXT_MAX ? slice_of(more.data, TEXT_MAX) : more;
		strbuf_printf(&out, " %s", arena_slicedup(r->exam->arena, more));
	}
	return out.data;
}

static void state(struct reader *r, const struct event *e) {
	const struct log_file *f = r->file;
	bool old = f->since_ns > 0 && e->at_ns > 0 && e->at_ns < f->since_ns;
	FACTS_ADD(r->exam->facts, log_event, f->ev, .source = f->source, .file = f->path,
	          .session = f->session, .line = e->line, .at_ns = e->at_ns, .kind = e->kind,
	          .pid = e->pid, .text = e->text, .current = f->is_current && !old);
}

/* ---- lines ---- */

static void say(struct reader *r, const struct said *said) {
	VEC_ROOM(r->exam->arena, r->all, r->all_count, &r->all_slots);
	r->all[r->all_count++] = *said;
}

static void finish(struct reader *r, struct unfinished *u) {
	if (u->text.len > 0) {
		u->said.text = slice_str(arena_strndup(r->exam->arena, u->text.data, u->text.len));
		strbuf_add_n(&r->joined, u->text.data, u->text.len);
		strbuf_add_char(&r->joined, '\n');
		say(r, &u->said);
	}
	u->text.len = 0;
}

static void finish_all(struct reader *r) {
	for (size_t i = 0; i < r->stream_count; i++) {
		finish(r, &r->streams[i]);
	}
}

static struct unfinished *stream_of(struct reader *r, struct slice name) {
	for (size_t i = 0; i < r->stream_count; i++) {
		struct slice known = r->streams[i].stream;
		if (known.len == name.len &&
		    (name.len == 0 || memcmp(known.data, name.data, name.len) == 0)) {
			return &r->streams[i];
		}
	}
	if (r->stream_count == STREAMS_MAX) {
		return NULL;
	}
	struct unfinished *u = &r->streams[r->stream_count++];
	u->stream = name;
	strbuf_init(&u->text, r->exam->arena);
	return u;
}

/* A line of the server begins where its first byte was logged, which may be pieces before its last. */
static void add_piece(struct reader *r, const struct log_piece *piece, const struct said *here) {
	struct unfinished *u = stream_of(r, piece->stream);
	struct strbuf words;
	if (!u) {
		return;
	}
	strbuf_init(&words, r->exam->arena);
	log_piece_words(&words, piece);
	struct slice rest = slice_of(words.data, words.len);
	while (rest.len > 0) {
		const char *end = memchr(rest.data, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.data) : rest.len;
		if (u->text.len == 0) {
			u->said = *here;
		}
		strbuf_add_n(&u->text, rest.data, len);
		if (end) {
			finish(r, u);
		}
		len += end ? 1 : 0;
		rest = slice_of(rest.data + len, rest.len - len);
	}
}

static void read_lines(struct reader *r) {
	struct slice rest = r->file->bytes;
	struct log_line line;
	struct log_piece piece;
	int64_t at_ns = 0;
	strbuf_init(&r->joined, r->exam->arena);
	for (int64_t number = 1; log_line_next(&rest, &line); number++) {
		int64_t own = log_line_time(&line, at_ns);
		at_ns = own ? own : at_ns;
		struct said said = {.text = line.text,
		                    .line = number,
		                    .at_ns = at_ns,
		                    .pid = line.pid,
		                    .stamped = line.stamped};
		if (log_piece_of(line.text, &piece)) {
			add_piece(r, &piece, &said);
			continue;
		}
		if (log_piece_begins_anew(line.text)) {
			finish_all(r);
		}
		said.rest = rest;
		say(r, &said);
	}
	finish_all(r);
}

void log_read(struct exam *exam, const struct log_file *file) {
	struct reader *r = arena_new_of(exam->arena, struct reader);
	r->exam = exam;
	r->file = file;
	read_lines(r);
	read_table(r);
	for (size_t i = 0; r->row_count > 0 && i < r->all_count; i++) {
		const struct said *said = &r->all[i];
		const char *kind = kind_of(r, said->text);
		if (!kind) {
			continue;
		}
		const struct event *last =
			r->count > 0 ? &r->events[(r->count - 1) % LOG_EVENTS_MAX] : NULL;
		if (last && streq(last->kind, kind) && last->line + BEHIND_LINES >= said->line &&
		    (!said->stamped || last->at_ns / NS_PER_S == said->at_ns / NS_PER_S)) {
			continue; /* the same in other words */
		}
		r->events[r->count++ % LOG_EVENTS_MAX] = (struct event){
			.kind = kind,
			.text = message_of(r, said->text, said->rest),
			.line = said->line,
			.at_ns = said->at_ns,
			.pid = said->pid,
		};
	}
	size_t first = r->count > LOG_EVENTS_MAX ? r->count - LOG_EVENTS_MAX : 0;
	for (size_t i = first; i < r->count; i++) {
		state(r, &r->events[i % LOG_EVENTS_MAX]);
	}
}
