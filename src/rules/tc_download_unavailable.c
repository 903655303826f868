/* SPDX-License-Identifier: MIT
 * The module or GOTOOLCHAIN asks for a Go that is not here and cannot be fetched.
 *
 * A switch that go can make is no fault: it is one only when the toolchain is neither in the module
 * cache nor on PATH and go said so or may not fetch, or when go does not accept the copy it has.
 */
#include "core/origin.h"
#include "core/rule.h"

static const struct fact *go_says_so(const struct facts *facts) {
	facts_each (go_run, run, facts) {
		bool failed = run->started && run->exit_code != 0;
		bool about = str_has(run->err, "toolchain") || str_has(run->err, "go: download") ||
		             str_has(run->err, "cannot find \"go") ||
		             str_has(run->err, "GOTOOLCHAIN");
		if (failed && about) {
			return &run->base;
		}
	}
	return facts_said(facts, "toolchain not available", NULL);
}

/* Who asks: the file that has the line, or GOTOOLCHAIN with its place. */
static const char *asker(const struct facts *facts, const struct fact_toolchain *t) {
	const struct fact_govar *mode = facts_govar(facts, "GOTOOLCHAIN");
	bool by_file = !str_empty(t->file) && streq(t->where, t->file);
	return by_file || !mode ? t->where
	                        : arena_printf(facts->arena, "GOTOOLCHAIN=%s, set %s", mode->value,
	                                       origin_words(facts, mode));
}

/* "proxy.example:8081", of the first entry of GOPROXY that is an address; NULL when there is none. */
static const char *first_host(struct arena *arena, const char *proxies) {
	const char *at = strstr(proxies, "://");
	if (!at || at > proxies + strcspn(proxies, ",|")) {
		return NULL;
	}
	at += 3;
	size_t len = strcspn(at, "/,|");
	const char *user = memchr(at, '@', len); /* no name and password in a sentence */
	return user ? arena_strndup(arena, user + 1, len - (size_t)(user + 1 - at))
	            : arena_strndup(arena, at, len);
}

/* The proxy of HTTP that stands between, or NULL. */
static const char *between(const struct facts *facts, const char *proxies) {
	static const char *const names[][2] = {{"https_proxy", "HTTPS_PROXY"},
	                                       {"http_proxy", "HTTP_PROXY"}};
	const char *const *name = names[str_starts(proxies, "http://")];
	const char *value = facts_var(facts, "judged", name[1]);
	value = str_empty(value) ? facts_var(facts, "judged", name[0]) : value;
	return str_empty(value) ? NULL : first_host(facts->arena, value);
}

static const char *last_line(struct arena *arena, const char *text) {
	size_t len = strlen(text);
	while (len > 0 && text[len - 1] == '\n') {
		len--;
	}
	size_t start = len;
	while (start > 0 && text[start - 1] != '\n') {
		start--;
	}
	return arena_strndup(arena, text + start, len - start);
}

/* ": toolchain not available", or "" when `go version` said nothing. */
static const char *words_of_version(const struct facts *facts) {
	const struct fact_go_run *run = facts_run(facts, "version");
	return run && run->exit_code > 0 && !str_empty(run->err)
	               ? arena_printf(facts->arena, ": %s", last_line(facts->arena, run->err))
	               : "";
}

/* The host that was asked for it and has not answered, or NULL. */
static const char *silent_host(const struct facts *facts, const struct fact_toolchain *t) {
	const struct fact_go_run *run = facts_run(facts, "version");
	return run && run->timed_out ? first_host(facts->arena, t->proxy) : NULL;
}

/* Who does not give it, as the end of a sentence. */
static const char *refusal(const struct facts *facts, const struct fact_toolchain *t) {
	struct arena *arena = facts->arena;
	const struct fact_go_run *run = facts_run(facts, "version");
	const char *host = silent_host(facts, t);
	if (host) {
		const char *proxy = between(facts, t->proxy);
		return arena_printf(arena, "%s%s%s does not answer", host,
		                    proxy ? ", through " : "", proxy ? proxy : "");
	}
	if (run && run->exit_code > 0 && str_has(run->err, "download")) {
		return arena_printf(arena, "cannot be fetched%s", words_of_version(facts));
	}
	return "cannot be fetched";
}

static const char *title(const struct facts *facts, const struct fact_toolchain *t,
                         const char *wanted) {
	struct arena *arena = facts->arena;
	const char *who = asker(facts, t);
	if (streq(t->verdict, "invalid")) {
		return arena_printf(arena, "%s names no Go release that can be fetched (%s)",
		                    wanted, who);
	}
	if (t->present) {
		return arena_printf(arena,
		                    "%s is wanted (%s), and go refuses the copy of it here%s",
		                    wanted, who, words_of_version(facts));
	}
	return arena_printf(arena, "%s is wanted (%s), is not on this machine, and %s", wanted, who,
	                    t->path_only   ? "GOTOOLCHAIN forbids to fetch it"
	                    : t->proxy_off ? "GOPROXY=off forbids to fetch it"
	                                   : refusal(facts, t));
}

/* "1.27.1" of "go1.27.1" */
static const char *need_number(const struct fact_toolchain *t) {
	return str_starts(t->need, "go") ? t->need + 2 : t->need;
}

static void add_fixes(const struct facts *facts, struct findings *out, struct finding *f,
                      const struct fact_toolchain *t) {
	const struct fact_govar *mode = facts_govar(facts, "GOTOOLCHAIN");
	const struct fact_govar *proxy = facts_govar(facts, "GOPROXY");
	bool by_file = !str_empty(t->file) && streq(t->where, t->file);
	bool by_mode = !by_file && mode;
	if (by_mode) {
		origin_fix(facts, out, f, mode);
	}
	if (streq(t->verdict, "invalid")) {
		if (!by_mode) {
			finding_fix(out, f,
			            arena_printf(out->arena,
			                         "write a whole release (as go1.26.0) in %s",
			                         t->where),
			            "%s", "");
		}
		return;
	}
	if (t->path_only) {
		if (mode && by_file) {
			origin_fix(facts, out, f,
			           mode); /* PATH is searched, the module cache not */
		}
		finding_fix(out, f,
		            arena_printf(out->arena, "install Go %s or newer", need_number(t)),
		            "%s", "");
		return;
	}
	finding_fix(out, f, "where there is a network, fetch it once",
	            "%sGOTOOLCHAIN=%s go version", t->proxy_off ? "env -u GOPROXY GOENV=off " : "",
	            t->need);
	/* A host that is silent may be the right one, and down; one that was stored once may be of another time. */
	bool stored = proxy && streq(proxy->origin, "goenv") && silent_host(facts, t);
	if (proxy && (t->proxy_off || stored)) {
		origin_fix(facts, out, f, proxy);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	bool invalid = t && streq(t->verdict, "invalid");
	if (!t || (!invalid && !streq(t->verdict, "needs")) || facts_healthy(facts)) {
		return;
	}
	const struct fact *said = go_says_so(facts);
	bool forbidden = !t->present && (t->proxy_off || t->path_only || invalid);
	if (!said && !forbidden && (t->present || !facts_hurt(facts))) {
		return;
	}
	const char *wanted = str_empty(t->need) ? t->mode : t->need;
	struct finding *f =
		findings_add(out, self, said || forbidden ? CONF_CERTAIN : CONF_LIKELY,
	                     arena_printf(out->arena, "%s wanted by %s", wanted, t->where), "%s",
	                     title(facts, t, wanted));
	finding_about(out, f, "GOTOOLCHAIN");
	finding_detail(out, f, "the Go installed here is %s; GOTOOLCHAIN=%s%s%s", t->local, t->mode,
	               str_empty(t->proxy) ? "" : ", GOPROXY=", t->proxy);
	finding_cites(f, t);
	finding_cite(f, said);
	const struct fact_govar *mode = facts_govar(facts, "GOTOOLCHAIN");
	const struct fact_govar *proxy = facts_govar(facts, "GOPROXY");
	if (mode) {
		finding_cites(f, mode);
	}
	if (proxy) {
		finding_cites(f, proxy);
		if (silent_host(facts, t) && !streq(proxy->origin, "default")) {
			finding_detail(out, f, "GOPROXY is set %s", origin_words(facts, proxy));
		}
	}
	add_fixes(facts, out, f, t);
}

const struct rule rule_tc_download_unavailable = {
	.id = "tc-download-unavailable",
	.title = "the Go version that is wanted is not here and cannot be fetched",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(toolchain),
	.explains = IDS("*ipc-server-waits-on-child"),
	.check = check,
};
