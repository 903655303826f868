/* SPDX-License-Identifier: MIT
 * Facts as one line of proof.
 */
#include "report/excerpt_private.h"
#include "report/harmless.h"
#include "report/report.h"

#define AS(kind) ((const struct fact_##kind *)fact) /* once its kind is known */

static const char *govar_line(struct arena *a, const struct fact_govar *v) {
	const char *where = *v->where                     ? v->where
	                    : streq(v->origin, "env")     ? "the environment"
	                    : streq(v->origin, "goenv")   ? "the file of go env -w"
	                    : streq(v->origin, "goroot")  ? "go.env of the installation"
	                    : streq(v->origin, "default") ? "the default"
	                                                  : v->origin;
	return arena_printf(a, "%s=%s%s%s", v->name, excerpt_value(a, v->name, v->value),
	                    *where ? ", from " : "", where);
}

static const char *setting_line(struct arena *a, const struct fact_setting *s) {
	return arena_printf(a, "\"%s\": %s at %s%s", s->key, excerpt_value(a, s->key, s->json),
	                    excerpt_place(a, s->file, s->line),
	                    s->effective ? "" : " (overridden)");
}

static const char *go_run_line(struct arena *a, const struct fact_go_run *r) {
	struct slice rest = slice_trim(slice_str(*r->err ? r->err : r->out));
	const char *said =
		rest.len == 0
			? ", no output"
			: arena_printf(a, ": %s", excerpt_value(a, "", arena_slicedup(a, rest)));
	if (r->timed_out) {
		return arena_printf(a, "no end after %lld ms%s", (long long)r->ms, said);
	}
	if (r->signal > 0) {
		return arena_printf(a, "ended by signal %lld%s", (long long)r->signal, said);
	}
	if (!r->started) {
		return arena_printf(a, "could not be executed: %s", strerror((int)r->error));
	}
	return arena_printf(a, "exit status %lld%s", (long long)r->exit_code, said);
}

static const char *server_line(struct arena *a, const struct fact_server *s) {
	struct strbuf out;
	strbuf_init(&out, a);
	strbuf_printf(&out, "the server%s%s: ", *s->path ? " " : "", s->path);
	if (streq(s->state, "not_started")) {
		strbuf_printf(&out, "not started, %s", s->why_not);
	} else if (streq(s->state, "not_executed")) {
		strbuf_printf(&out, "not executed, %s", strerror((int)s->error));
	} else if (streq(s->state, "exited")) {
		strbuf_printf(&out, "ended with status %lld", (long long)s->exit_code);
	} else if (streq(s->state, "signaled")) {
		strbuf_printf(&out, "ended by signal %lld", (long long)s->signal);
	} else if (streq(s->state, "silent")) {
		strbuf_add(&out, "started, no answer");
	} else if (streq(s->state, "stopped_by_us")) {
		strbuf_add(&out, "stopped by dialtone before it answered");
	} else {
		strbuf_add(&out, s->state);
	}
	if (s->junk_bytes > 0) {
		strbuf_printf(&out, "; on its stdout: %s", excerpt_value(a, "", s->first_bytes));
	}
	if (*s->err) {
		strbuf_printf(&out, "; it said: %s", excerpt_value(a, "", s->err));
	}
	return out.data;
}

static const char *place_line(struct arena *a, const struct fact_place *p) {
	static const char *const words[][2] = {
		{"ok", "is there"},
		{"absent", "does not exist"},
		{"not_dir", "is no directory"},
		{"denied", "cannot be reached by this user"},
		{"relative", "is no absolute path"},
		{"hung", "does not answer"},
	};
	const char *state = p->state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		state = streq(p->state, words[i][0]) ? words[i][1] : state;
	}
	struct strbuf out;
	strbuf_init(&out, a);
	strbuf_printf(&out, "%s %s %s", p->role, p->path, state);
	if (streq(p->state, "relative")) {
		return out.data;
	}
	if (streq(p->state, "absent") && *p->nearest) {
		strbuf_printf(&out, "; %s does", p->nearest);
	}
	if (p->mode > 0 && p->uid >= 0 && (!p->read || !p->write)) {
		strbuf_printf(&out, ", %s", excerpt_owner(a, p->uid, p->mode));
	}
	strbuf_printf(&out, ", %s", p->write ? "writable" : "not writable");
	if (*p->mount) {
		strbuf_printf(&out, "; %s on %s%s%s", *p->fstype ? p->fstype : "a filesystem",
		              p->mount, p->read_only ? ", read-only" : "",
		              p->noexec ? ", noexec" : "");
		strbuf_printf(&out, ", free: %lld MiB", (long long)(p->free_bytes / (1024 * 1024)));
		if (p->total_inodes > 0) {
			strbuf_printf(&out, " and %lld inodes", (long long)p->free_inodes);
		}
	}
	return out.data;
}

static const char *tool_line(struct arena *a, const struct fact_tool *t) {
	static const char *const words[][2] = {
		{"ok", "is there"},
		{"absent", "is not there"},
		{"dangling", "is a link to nothing"},
		{"directory", "is a directory"},
		{"special", "is no file"},
		{"no_exec_bit", "must not be executed"},
		{"noexec_mount", "lies where nothing may be executed (noexec)"},
		{"unreachable", "cannot be reached by this user"},
	};
	const char *state = t->state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		state = streq(t->state, words[i][0]) ? words[i][1] : state;
	}
	const char *who = streq(t->tool, "server-go") ? "go" : t->tool;
	if (str_empty(t->path)) {
		return arena_printf(a, "no %s on the PATH of the server", who);
	}
	bool led = *t->real && !streq(t->real, t->path);
	const char *found = t->chosen                    ? ", and the one that is taken"
	                    : streq(t->via, "elsewhere") ? ", where nobody looks"
	                                                 : "";
	return arena_printf(a, "%s %s %s%s%s%s", who, t->path, state,
	                    led && !streq(t->state, "dangling") ? ", really "
	                    : led                               ? ": "
	                                                        : "",
	                    led ? t->real : "", found);
}

static const char *diagnostic_line(struct arena *a, const struct fact_diagnostic *d) {
	return arena_printf(a, "%s: %s: %s", excerpt_place(a, d->path, d->line), d->severity,
	                    excerpt_value(a, "", d->text));
}

static const char *vendor_gap_line(struct arena *a, const struct fact_vendor_gap *g) {
	/* The source of the proof is the one file, its title names the other. */
	return arena_printf(a, "%s %s: %s", g->module, g->version, *g->text ? g->text : g->kind);
}

static const char *gomod_gap_line(struct arena *a, const struct fact_gomod_gap *g) {
	static const char *const words[][2] = {
		{"missing", "no requirement of go.mod provides it"},
		{"local", "a module of this machine has it"},
		{"absent_package", "that version has no such package"},
		{"indirect", "only a dependency requires it"},
		{"version", "a dependency wants a newer one"},
		{"go", "a dependency wants a newer go line"},
		{"newer_go", "it wants a newer Go than the one that runs"},
		{"duplicate", "two versions of it are required"},
	};
	const char *kind = g->kind;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		kind = streq(g->kind, words[i][0]) ? words[i][1] : kind;
	}
	bool package = !str_empty(g->import);
	return arena_printf(a, "%s%s%s: %s", package ? g->import : g->module,
	                    !package && *g->version ? "@" : "", package ? "" : g->version,
	                    *g->text ? g->text : kind);
}

static const char *replace_line(struct arena *a, const struct fact_replace_target *r) {
	const char *state = *r->error      ? r->error
	                    : !r->exists   ? "is not there"
	                    : r->has_gomod ? "is a module"
	                                   : "has no go.mod";
	return arena_printf(a, "%s: %s => %s, which %s", excerpt_place(a, r->file, r->line),
	                    r->module, r->target, state);
}

static const char *binary_line(struct arena *a, const struct fact_binary *b) {
	struct strbuf out;
	strbuf_init(&out, a);
	strbuf_printf(&out, "%s: %s", b->path,
	              streq(b->format, "elf")          ? "a program (ELF)"
	              : streq(b->format, "script")     ? "a script"
	              : streq(b->format, "pe")         ? "a program for Windows"
	              : streq(b->format, "mach-o")     ? "a program for macOS"
	              : streq(b->format, "other")      ? "neither program nor script"
	              : streq(b->format, "unreadable") ? "a program or a script that was not read"
	                                               : b->format);
	if (*b->machine) {
		strbuf_printf(&out, " for %s", b->machine);
	}
	if (*b->interpreter) {
		strbuf_printf(&out, ", interpreter %s%s", b->interpreter,
		              b->interpreter_present ? "" : " (not there)");
	}
	if (b->size > 0) {
		strbuf_printf(&out, ", %lld bytes", (long long)b->size);
	}
	strbuf_add(&out, b->truncated ? ", cut off" : "");
	if (*b->fault) {
		strbuf_printf(&out, ", %s", b->fault);
	}
	if (*b->version) {
		strbuf_printf(&out, ", version %s", b->version);
	}
	if (*b->go_version) {
		strbuf_printf(&out, ", built with %s", b->go_version);
	}
	return out.data;
}

static const char *gosum_gap_line(struct arena *a, const struct fact_gosum_gap *g) {
	const char *gosum = excerpt_path(a, &g->base, g->gosum);
	return streq(g->kind, "mismatch")
	               ? arena_printf(a, "%s has another checksum of %s@%s than the module cache",
	                              gosum, g->module, g->version)
	               : arena_printf(a, "%s lacks the checksum of %s%s@%s", gosum,
	                              streq(g->kind, "gomod") ? "the go.mod of " : "", g->module,
	                              g->version);
}

static const char *gosum_conflict_line(struct arena *a, const struct fact_gosum_conflict *c) {
	const char *third = str_empty(c->witness) ? c->against : c->witness;
	return arena_printf(a, "%s:%lld: %s; the module cache: %s%s%s%s",
	                    excerpt_path(a, &c->base, c->gosum), (long long)c->line, c->text,
	                    c->cached, str_empty(third) ? "" : "; ",
	                    streq(third, "git")        ? "the last commit: "
	                    : streq(third, "database") ? "the checksum database: "
	                                               : "",
	                    str_empty(third)        ? ""
	                    : str_empty(c->witness) ? c->hash
	                                            : c->cached);
}

static const char *owner_gap_line(struct arena *a, const struct fact_owner_gap *g) {
	return arena_printf(a, "%s: %s%s%s", excerpt_path(a, &g->base, g->path),
	                    excerpt_owner(a, g->uid, g->mode), g->read ? "" : ", not readable",
	                    g->write ? "" : ", not writable");
}

/* Facts about Go and its modules. */
static const char *go_excerpt(struct arena *a, const struct fact *fact) {
	switch (fact->kind) {
	case FACT_platform:
		return arena_printf(a, "%s/%s, %s", AS(platform)->goos, AS(platform)->goarch,
		                    AS(platform)->known ? "which this Go builds for"
		                    : AS(platform)->os_known
		                            ? "a pair that this Go does not build for"
		                            : "a GOOS that this Go does not know");
	case FACT_goflag_error:
		return arena_printf(
			a, "%s=%s: %s is %s", AS(goflag_error)->source,
			excerpt_value(a, "", AS(goflag_error)->value), AS(goflag_error)->flag,
			streq(AS(goflag_error)->error, "non_flag")  ? "no flag"
			: streq(AS(goflag_error)->error, "unknown") ? "unknown to go"
								    : AS(goflag_error)->error);
	case FACT_goroot_gap:
		return arena_printf(a, "%s lacks %s", AS(goroot_gap)->root, AS(goroot_gap)->part);
	case FACT_vendor_gap:
		return vendor_gap_line(a, AS(vendor_gap));
	case FACT_gomod_gap:
		return gomod_gap_line(a, AS(gomod_gap));
	case FACT_gosum_gap:
		return gosum_gap_line(a, AS(gosum_gap));
	case FACT_gosum_conflict:
		return gosum_conflict_line(a, AS(gosum_conflict));
	case FACT_replace_target:
		return replace_line(a, AS(replace_target));
	case FACT_go_flag_setting:
		return arena_printf(
			a, "\"%s\": %s at %s",
			*AS(go_flag_setting)->key ? AS(go_flag_setting)->key
						  : "go.languageServerFlags",
			AS(go_flag_setting)->value,
			excerpt_place(a, AS(go_flag_setting)->file, AS(go_flag_setting)->line));
	case FACT_owner_gap:
		return owner_gap_line(a, AS(owner_gap));
	case FACT_mod_absent:
		return arena_printf(a, "%s@%s is not at %s", AS(mod_absent)->module,
		                    AS(mod_absent)->version, AS(mod_absent)->dir);
	case FACT_binary:
		return binary_line(a, AS(binary));
	default:
		break;
	}
	const char *line = excerpt_env(a, fact);
	line = line ? line : excerpt_modules(a, fact);
	line = line ? line : excerpt_running(a, fact);
	line = line ? line : excerpt_editor(a, fact);
	line = line ? line : excerpt_waiting(a, fact);
	line = line ? line : excerpt_guarded(a, fact);
	line = line ? line : excerpt_changed(a, fact);
	return line ? line : fact_to_text(a, fact);
}

static const char *excerpt(struct arena *a, const struct fact *fact) {
	switch (fact->kind) {
	case FACT_var:
		return arena_printf(a, "%s=%s", AS(var)->name,
		                    excerpt_value(a, AS(var)->name, AS(var)->value));
	case FACT_startup:
		return arena_printf(a, "%s=%s at %s", AS(startup)->name,
		                    excerpt_value(a, AS(startup)->name, AS(startup)->value),
		                    excerpt_place(a, AS(startup)->file, AS(startup)->line));
	case FACT_unit_env:
		return arena_printf(a, "%s=%s at %s", AS(unit_env)->name,
		                    excerpt_value(a, AS(unit_env)->name, AS(unit_env)->value),
		                    excerpt_place(a, AS(unit_env)->file, AS(unit_env)->line));
	case FACT_govar:
		return govar_line(a, AS(govar));
	case FACT_setting:
		return setting_line(a, AS(setting));
	case FACT_settings_error:
		return arena_printf(
			a, "%s: %s",
			excerpt_place(a, AS(settings_error)->file, AS(settings_error)->line),
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
		                    excerpt_value(a, "", AS(message)->text));
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
