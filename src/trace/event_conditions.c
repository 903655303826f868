/* SPDX-License-Identifier: MIT
 * What a question says of events, handed down so that chunks stay packed.
 */
#include "trace/call.h"
#include "trace/event_table_private.h"
#include "trace/render.h"

#define NEED_DATA (1u << COL_PATH | 1u << COL_ARGS | 1u << COL_TEXT | 1u << COL_DATA)
#define NEED_ARGS (1u << COL_FD | 1u << COL_ARGS | 1u << COL_TEXT | 1u << COL_DATA)

/* Conditions that are handed down. idxNum says which, as bits: their values come with xFilter, in this
 * order. SQLite looks at each row again, so what is handed down may want more than was asked for. */
enum pushed {
	PUSH_PID,
	PUSH_FROM,
	PUSH_TO,
	PUSH_LONG,
	PUSH_CALL,
	PUSH_KIND,
	PUSH_ERROR,
	PUSH_ERRNO,
	PUSH_PATH,
	PUSH_PATH_GLOB,
	PUSH_CHUNK,
	PUSHED_VALUES,
	PUSH_FAILED = PUSHED_VALUES, /* and these have none */
	PUSH_NO_DATA,
	PUSH_NO_ARGS,
	PUSH_NOTHING,
};

/* ---- planning ---- */

static enum pushed pushed_by(const struct sqlite *s, sqlite3_index_info *info, int at) {
	const struct sqlite3_index_constraint *c = &info->aConstraint[at];
	bool more = c->op == SQLITE_INDEX_CONSTRAINT_GE || c->op == SQLITE_INDEX_CONSTRAINT_GT;
	bool less = c->op == SQLITE_INDEX_CONSTRAINT_LE || c->op == SQLITE_INDEX_CONSTRAINT_LT;
	bool equal = c->op == SQLITE_INDEX_CONSTRAINT_EQ;
	bool is = c->op == SQLITE_INDEX_CONSTRAINT_ISNOTNULL;
	/* Texts that are equal in another sense than byte by byte are SQLite's business. */
	bool same = equal && streq(s->vtab_collation(info, at), "BINARY");
	if (!c->usable) {
		return PUSH_NOTHING;
	}
	switch (c->iColumn) {
	case COL_PID:
		return equal ? PUSH_PID : PUSH_NOTHING;
	case COL_START:
	case COL_END: /* before it ended it began */
		return more ? PUSH_FROM : less ? PUSH_TO : PUSH_NOTHING;
	case COL_DURATION:
		return more || equal ? PUSH_LONG : PUSH_NOTHING;
	case COL_CALL:
		return same ? PUSH_CALL : PUSH_NOTHING;
	case COL_KIND:
		return same ? PUSH_KIND : PUSH_NOTHING;
	case COL_ERROR:
		return equal                                       ? PUSH_ERROR
		       : is || c->op == SQLITE_INDEX_CONSTRAINT_GT ? PUSH_FAILED
		                                                   : PUSH_NOTHING;
	case COL_ERRNO:
		return same ? PUSH_ERRNO : is ? PUSH_FAILED : PUSH_NOTHING;
	case COL_PATH:
		return same                                    ? PUSH_PATH
		       : c->op == SQLITE_INDEX_CONSTRAINT_GLOB ? PUSH_PATH_GLOB
		                                               : PUSH_NOTHING;
	case COL_CHUNK:
		return equal ? PUSH_CHUNK : PUSH_NOTHING;
	default:
		return PUSH_NOTHING;
	}
}

/* How many events are left, about. */
static sqlite3_int64 rows_left(unsigned used) {
	sqlite3_int64 rows = 1000000;
	rows /= used & 1u << PUSH_CHUNK ? 1000 : 1;
	rows /= used & (1u << PUSH_PID | 1u << PUSH_LONG | 1u << PUSH_FAILED | 1u << PUSH_ERROR |
	                1u << PUSH_ERRNO | 1u << PUSH_PATH)
	                ? 100
	                : 1;
	rows /= used & (1u << PUSH_CALL | 1u << PUSH_KIND | 1u << PUSH_PATH_GLOB) ? 5 : 1;
	return rows;
}

int event_best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
	const struct sqlite *s = &((struct event_table *)table)->reader->sqlite;
	int chosen[PUSHED_VALUES] = {0}; /* which condition, counted from 1; 0 none */
	int next = 1;
	unsigned used = 0;
	for (int i = 0; i < info->nConstraint; i++) {
		enum pushed push = pushed_by(s, info, i);
		if (push == PUSH_NOTHING || (used & 1u << push)) {
			continue;
		}
		used |= 1u << push;
		if (push < PUSHED_VALUES) {
			chosen[push] = i + 1;
		}
	}
	for (int push = 0; push < PUSHED_VALUES; push++) {
		if (chosen[push] > 0) {
			info->aConstraintUsage[chosen[push] - 1].argvIndex = next++;
		}
	}
	info->estimatedRows = rows_left(used);
	used |= info->colUsed & NEED_DATA ? 0 : 1u << PUSH_NO_DATA;
	used |= info->colUsed & NEED_ARGS ? 0 : 1u << PUSH_NO_ARGS;
	info->idxNum = (int)used;
	info->estimatedCost = (double)info->estimatedRows;
	return SQLITE_OK;
}

/* ---- values ---- */

static unsigned kind_bit(const char *name) {
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		if (streq(render_kind((enum event_kind)kind), name)) {
			return 1u << kind;
		}
	}
	return 0;
}

static int error_number(const char *name) {
	for (int i = 1; i <= ERRNO_MAX; i++) {
		const char *known = strerrorname_np(i);
		if (known && streq(known, name)) {
			return i;
		}
	}
	return 0;
}

/* The longest part of a pattern of GLOB that stands for itself; NULL when there is none. */
static const char *glob_part(struct arena *arena, const char *pattern) {
	size_t best = 0, best_len = 0;
	for (size_t at = 0; pattern[at];) {
		size_t len = strcspn(pattern + at, "*?[");
		if (len > best_len) {
			best = at;
			best_len = len;
		}
		at += len;
		if (pattern[at] == '[') {
			/* "]" as the first of a set is one of it. */
			size_t first = at + 1 + (pattern[at + 1] == '^');
			const char *end = pattern[first] ? strchr(pattern + first + 1, ']') : NULL;
			at = end ? (size_t)(end - pattern) + 1 : at + strlen(pattern + at);
		} else {
			at += strspn(pattern + at, "*?");
		}
	}
	return best_len > 0 ? arena_strndup(arena, pattern + best, best_len) : NULL;
}

static void want_text(struct event_cursor *c, struct event_filter *f, enum pushed push,
                      const char *text) {
	switch (push) {
	case PUSH_CALL:
		f->kinds = 1u << EVENT_CALL;
		if (call_set_parse(c->asked, text, &f->calls, NULL) < 0) {
			f->calls = NULL;
		}
		break;
	case PUSH_KIND:
		f->kinds = f->kinds ? f->kinds : kind_bit(text);
		break;
	case PUSH_ERRNO:
		f->error = error_number(text);
		f->failed = true;
		break;
	case PUSH_PATH:
		f->path = *text ? arena_strdup(c->asked, text) : NULL;
		break;
	case PUSH_PATH_GLOB:
		f->path = f->path ? f->path : glob_part(c->asked, text);
		break;
	default:
		break;
	}
}

static void want_number(struct event_filter *f, enum pushed push, int64_t number) {
	switch (push) {
	case PUSH_PID:
		f->pid = (pid_t)number;
		break;
	case PUSH_FROM:
		f->from_ns = number;
		break;
	case PUSH_TO:
		f->to_ns = number;
		break;
	case PUSH_LONG:
		f->at_least_ns = number;
		break;
	case PUSH_ERROR:
		f->failed = true;
		f->error = number > 0 && number <= ERRNO_MAX ? (int)number : 0;
		break;
	case PUSH_CHUNK:
		f->chunk = number;
		break;
	default:
		break;
	}
}

struct event_filter event_filter_of(struct event_cursor *c, int pushed, int argc,
                                    sqlite3_value **argv) {
	const struct sqlite *s = &c->reader->sqlite;
	struct event_filter f = {.failed = (pushed >> PUSH_FAILED & 1) != 0,
	                         .no_data = (pushed >> PUSH_NO_DATA & 1) != 0,
	                         .no_args = (pushed >> PUSH_NO_ARGS & 1) != 0};
	int next = 0;
	for (int push = 0; push < PUSHED_VALUES && next < argc; push++) {
		if (!(pushed >> push & 1)) {
			continue;
		}
		sqlite3_value *value = argv[next++];
		bool texts = push >= PUSH_CALL && push <= PUSH_PATH_GLOB && push != PUSH_ERROR;
		const unsigned char *text = texts ? s->value_text(value) : NULL;
		if (text) {
			want_text(c, &f, (enum pushed)push, (const char *)text);
		} else if (!texts) {
			want_number(&f, (enum pushed)push, s->value_int64(value));
		}
	}
	f.no_data = f.no_data && !f.path;
	return f;
}
