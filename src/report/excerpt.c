/* SPDX-License-Identifier: MIT
 * Facts as one line of proof.
 */
#include "report/harmless.h"
#include "report/report.h"

#define VALUE_MAX_BYTES ((size_t)160)

/* The value, or "***" when the name says that it is a secret; long ones are cut between characters.
 */
static const char *value_of(struct arena *arena, const char *name, const char *value) {
	if (name_is_secret(name) && *value) {
		return "***";
	}
	struct slice rest = slice_str(value);
	while (rest.len > 0 && (size_t)(rest.data - value) < VALUE_MAX_BYTES) {
		(void)utf8_next(&rest);
	}
	if (rest.len == 0) {
		return value;
	}
	return arena_printf(arena, "%.*s...", (int)(rest.data - value), value);
}

/* "path:12", or the path when there is no line. */
static const char *place_of(struct arena *arena, const char *path, int64_t line) {
	return line > 0 ? arena_printf(arena, "%s:%lld", path, (long long)line) : path;
}

static const char *govar_line(struct arena *a, const struct fact_govar *v) {
	const char *where = *v->where ? v->where : v->origin;
	return arena_printf(a, "%s=%s%s%s", v->name, value_of(a, v->name, v->value),
	                    *where ? ", from " : "", where);
}

static const char *setting_line(struct arena *a, const struct fact_setting *s) {
	return arena_printf(a, "\"%s\": %s at %s%s", s->key, value_of(a, s->key, s->json),
	                    place_of(a, s->file, s->line), s->effective ? "" : " (overridden)");
}

static const char *go_run_line(struct arena *a, const struct fact_go_run *r) {
	struct slice rest = slice_trim(slice_str(*r->err ? r->err : r->out));
	const char *said = value_of(a, "", arena_slicedup(a, rest));
	if (r->timed_out) {
		return arena_printf(a, "no end after %lld ms: %s", (long long)r->ms, said);
	}
	if (r->signal > 0) {
		return arena_printf(a, "ended by signal %lld: %s", (long long)r->signal, said);
	}
	if (!r->started) {
		return arena_printf(a, "could not be executed: %s", strerror((int)r->error));
	}
	return arena_printf(a, "exit status %lld: %s", (long long)r->exit_code, said);
}

static const char *server_line(struct arena *a, const struct fact_server *s) {
	struct strbuf out;
	strbuf_init(&out, a);
	strbuf_printf(&out, "the server %s: ", s->path);
	if (streq(s->state, "not_started")) {
		strbuf_printf(&out, "not started, %s", s->why_not);
	} else if (streq(s->state, "not_executed")) {
		strbuf_printf(&out, "not executed, %s", strerror((int)s->error));
	} else if (streq(s->state, "exited")) {
		strbuf_printf(&out, "ended with status %lld", (long long)s->exit_code);
	} else if (streq(s->state, "signaled")) {
		strbuf_printf(&out, "ended by signal %lld", (long long)s->signal);
	} else {
		strbuf_add(&out, s->state);
	}
	if (s->junk_bytes > 0) {
		strbuf_printf(&out, "; on its stdout: %s", value_of(a, "", s->first_bytes));
	}
	if (*s->err) {
		strbuf_printf(&out, "; it said: %s", value_of(a, "", s->err));
	}
	return out.data;
}

static const char *place_line(struct arena *a, const struct fact_place *p) {
	struct strbuf out;
	strbuf_init(&out, a);
	strbuf_printf(&out, "%s %s: %s", p->role, p->path, p->state);
	if (p->uid >= 0 && (!p->read || !p->write)) {
		strbuf_printf(&out, ", owner uid %lld, mode %04llo", (long long)p->uid,
		              (unsigned long long)p->mode & 07777);
	}
	strbuf_printf(&out, ", %s", p->write ? "writable" : "not writable");
	if (*p->mount) {
		strbuf_printf(&out, "; %s on %s%s%s", p->fstype, p->mount,
		              p->read_only ? " read-only" : "", p->noexec ? " noexec" : "");
		strbuf_printf(&out, ", free: %lld MiB", (long long)(p->free_bytes / (1024 * 1024)));
		if (p->total_inodes > 0) {
			strbuf_printf(&out, " and %lld inodes", (long long)p->free_inodes);
		}
	}
	return out.data;
}

static const char *tool_line(struct arena *a, const struct fact_tool *t) {
	return arena_printf(
		a, "%s %s (%s): %s%s%s", t->tool, t->path, t->via, t->state,
		*t->real && !streq(t->real, t->path) ? arena_printf(a, ", really %s", t->real) : "",
		t->chosen ? ", the one that is taken" : "");
}

static const char *diagnostic_line(struct arena *a, const struct fact_diagnostic *d) {
	return arena_printf(a, "%s: %s: %s", place_of(a, d->path, d->line), d->severity,
	                    value_of(a, "", d->text));
}

static const char *excerpt(struct arena *a, const struct fact *fact) {
#define AS(kind) ((const struct fact_##kind *)fact)
	switch (fact->kind) {
	case FACT_var:
		return arena_printf(a, "%s=%s", AS(var)->name,
		                    value_of(a, AS(var)->name, AS(var)->value));
	case FACT_startup:
		return arena_printf(a, "%s=%s at %s", AS(startup)->name,
		                    value_of(a, AS(startup)->name, AS(startup)->value),
		                    place_of(a, AS(startup)->file, AS(startup)->line));
	case FACT_govar:
		return govar_line(a, AS(govar));
	case FACT_setting:
		return setting_line(a, AS(setting));
	case FACT_settings_error:
		return arena_printf(a, "%s: %s",
		                    place_of(a, AS(settings_error)->file, AS(settings_error)->line),
		                    AS(settings_error)->message);
	case FACT_go_run:
		return go_run_line(a, AS(go_run));
	case FACT_server:
		return server_line(a, AS(server));
	case FACT_place:
		return place_line(a, AS(place));
	case FACT_tool:
		return tool_line(a, AS(tool));
	case FACT_message:
		return arena_printf(a, "%s: %s", AS(message)->level,
		                    value_of(a, "", AS(message)->text));
	case FACT_diagnostic:
		return diagnostic_line(a, AS(diagnostic));
	case FACT_feature:
		return arena_printf(a, "%s: %s%s%s", AS(feature)->name, AS(feature)->state,
		                    *AS(feature)->detail ? ", " : "", AS(feature)->detail);
	default:
		return fact_to_text(a, fact);
	}
#undef AS
}

const char *fact_excerpt(struct arena *arena, const struct fact *fact) {
	return mask_urls(arena, excerpt(arena, fact));
}

const char *fact_source(struct arena *arena, const struct fact *fact) {
	return fact->ev ? fact->ev->source
	                : arena_printf(arena, "fact:%s", fact_kind_name(fact->kind));
}
