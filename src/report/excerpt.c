/* SPDX-License-Identifier: MIT
 * Facts as one line of proof.
 */
#include "report/excerpt_env.h"
#include "report/harmless.h"
#include "report/report.h"

#define AS(kind)        ((const struct fact_##kind *)fact) /* once its kind is known */
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

static const char *vendor_gap_line(struct arena *a, const struct fact_vendor_gap *g) {
	/* The source of the proof is the one file, its title names the other. */
	return arena_printf(a, "%s %s: %s", g->module, g->version, *g->text ? g->text : g->kind);
}

static const char *gomod_gap_line(struct arena *a, const struct fact_gomod_gap *g) {
	return arena_printf(a, "%s%s%s (%s)%s%s", *g->import ? g->import : g->module,
	                    *g->version ? "@" : "", g->version, g->kind, *g->text ? ": " : "",
	                    g->text);
}

static const char *replace_line(struct arena *a, const struct fact_replace_target *r) {
	const char *state = *r->error      ? r->error
	                    : !r->exists   ? "is not there"
	                    : r->has_gomod ? "is a module"
	                                   : "has no go.mod";
	return arena_printf(a, "%s: %s => %s, which %s", place_of(a, r->file, r->line), r->module,
	                    r->target, state);
}

static const char *binary_line(struct arena *a, const struct fact_binary *b) {
	struct strbuf out;
	strbuf_init(&out, a);
	strbuf_printf(&out, "%s: %s", b->path, b->format);
	if (*b->machine) {
		strbuf_printf(&out, " for %s", b->machine);
	}
	if (*b->interpreter) {
		strbuf_printf(&out, ", interpreter %s%s", b->interpreter,
		              b->interpreter_present ? "" : " (not there)");
	}
	strbuf_printf(&out, ", %lld bytes%s", (long long)b->size, b->truncated ? ", cut off" : "");
	if (*b->fault) {
		strbuf_printf(&out, ", %s", b->fault);
	}
	if (*b->version || *b->go_version) {
		strbuf_printf(&out, ", version %s built with %s", b->version, b->go_version);
	}
	return out.data;
}

/* Facts about Go and its modules. */
static const char *go_excerpt(struct arena *a, const struct fact *fact) {
	switch (fact->kind) {
	case FACT_goflag_error:
		return arena_printf(a, "%s=%s: %s: %s", AS(goflag_error)->source,
		                    value_of(a, "", AS(goflag_error)->value),
		                    AS(goflag_error)->flag, AS(goflag_error)->error);
	case FACT_goroot_gap:
		return arena_printf(a, "%s lacks %s", AS(goroot_gap)->root, AS(goroot_gap)->part);
	case FACT_vendor_gap:
		return vendor_gap_line(a, AS(vendor_gap));
	case FACT_gomod_gap:
		return gomod_gap_line(a, AS(gomod_gap));
	case FACT_gosum_gap:
		return arena_printf(a, "%s lacks the %s hash of %s@%s", AS(gosum_gap)->gosum,
		                    AS(gosum_gap)->kind, AS(gosum_gap)->module,
		                    AS(gosum_gap)->version);
	case FACT_replace_target:
		return replace_line(a, AS(replace_target));
	case FACT_go_flag_setting:
		return arena_printf(
			a, "\"%s\": %s at %s",
			*AS(go_flag_setting)->key ? AS(go_flag_setting)->key
						  : "go.languageServerFlags",
			AS(go_flag_setting)->value,
			place_of(a, AS(go_flag_setting)->file, AS(go_flag_setting)->line));
	case FACT_owner_gap:
		return arena_printf(a, "%s: owner uid %lld, mode %04llo%s%s", AS(owner_gap)->path,
		                    (long long)AS(owner_gap)->uid,
		                    (unsigned long long)AS(owner_gap)->mode,
		                    AS(owner_gap)->read ? "" : ", not readable",
		                    AS(owner_gap)->write ? "" : ", not writable");
	case FACT_mod_absent:
		return arena_printf(a, "%s@%s is not at %s", AS(mod_absent)->module,
		                    AS(mod_absent)->version, AS(mod_absent)->dir);
	case FACT_binary:
		return binary_line(a, AS(binary));
	default:
		return excerpt_env(a, fact);
	}
}

static const char *excerpt(struct arena *a, const struct fact *fact) {
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
		return go_excerpt(a, fact);
	}
}

const char *fact_excerpt(struct arena *arena, const struct fact *fact) {
	return mask_urls(arena, excerpt(arena, fact));
}

const char *fact_source(struct arena *arena, const struct fact *fact) {
	return fact->ev ? fact->ev->source
	                : arena_printf(arena, "fact:%s", fact_kind_name(fact->kind));
}
