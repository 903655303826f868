/* SPDX-License-Identifier: MIT
 */
#include "cmd/probe_result.h"
#include "report/json_frame.h"

#define TEXT_MAX ((size_t)2000)

static int64_t ms(int64_t ns) {
	return ns < 0 ? -1 : (ns + NS_PER_MS / 2) / NS_PER_MS;
}

static void put_us(struct json *j, const char *key, int64_t ns) {
	json_put_ms(j, key, ns < 0 ? -1 : ns / 1000);
}

static void put_feature(struct json *j, struct arena *arena, const struct survey_answer *a,
                        int64_t first_ns) {
	json_put(j, "state", ask_state_name(a->state));
	json_put_ms(j, "ms", first_ns > 0 ? ms(first_ns) : -1);
	json_put_or_null(j, "detail", a->detail);
	put_us(j, "p50_us", survey_percentile(arena, a, 0.5));
	put_us(j, "p95_us", survey_percentile(arena, a, 0.95));
	json_put_number(j, "repeated", (int64_t)a->count);
}

static void put_features(struct json *j, const struct survey *s) {
	struct survey_answer opening = {
		.state = s->ready_ns == 0      ? ASKED_TIMEOUT
	                 : s->initialize_error ? ASKED_FAILED
	                                       : ASKED_OK,
		.detail = s->initialize_error ? s->initialize_error : "",
	};
	json_open_member(j, "features", '{');
	json_open_member(j, "initialize", '{');
	put_feature(j, s->arena, &opening, s->ready_ns);
	json_close(j, '}');
	for (int i = 0; i < ASK_COUNT; i++) {
		struct survey_answer answer = s->answers[i];
		int64_t first_ns = answer.first_ns;
		if (i == ASK_DIAGNOSTICS && s->diagnostics_ns > 0 &&
		    answer.state == ASKED_SKIPPED) {
			answer.state = ASKED_OK;
			answer.detail = arena_printf(s->arena, "%zu", s->diagnostics);
			first_ns = s->diagnostics_ns;
		}
		json_newline(j, 4);
		json_open_member(j, ask_name((enum ask)i), '{');
		put_feature(j, s->arena, &answer, first_ns);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void put_breaches(struct json *j, const struct survey *s) {
	json_open_member(j, "conformance", '[');
	for (int i = 0; i < BREACH_COUNT; i++) {
		const struct breach_seen *seen = &s->conformance.breaches[i];
		if (seen->count > 0) {
			json_open_element(j, '{');
			json_put(j, "id", breach_name((enum breach)i));
			json_put(j, "title", breach_title((enum breach)i));
			json_put_number(j, "count", (int64_t)seen->count);
			json_put_ms(j, "at_ms", ms(seen->at_ns));
			json_key(j, "example");
			json_string(j, seen->example, TEXT_MAX);
			json_close(j, '}');
		}
	}
	json_close(j, ']');
}

static void put_costs(struct json *j, const struct probe_result *r) {
	const struct survey *s = r->survey;
	json_open_member(j, "costs", '{');
	json_put_number(j, "sent_bytes", (int64_t)s->sent_bytes);
	json_put_number(j, "received_bytes", (int64_t)s->received_bytes);
	json_put_number(j, "stderr_bytes", (int64_t)s->stderr_bytes);
	json_put_number(j, "server_requests", (int64_t)s->requests);
	json_put_ms(j, "cpu_ms", r->costs.known ? r->costs.cpu_ms : -1);
	json_put_ms(j, "peak_rss_bytes", r->costs.known ? r->costs.peak_bytes : -1);
	json_open_member(j, "children", '[');
	for (size_t i = 0; i < r->costs.child_kinds; i++) {
		json_open_element(j, '{');
		json_put(j, "comm", r->costs.children[i].comm);
		json_put_number(j, "seen", (int64_t)r->costs.children[i].seen);
		json_put_number(j, "at_once", (int64_t)r->costs.children[i].most);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

static void put_notifications(struct json *j, const struct survey *s) {
	json_open_member(j, "notifications", '[');
	for (size_t i = 0; i < s->conformance.method_count; i++) {
		const struct method_seen *m = &s->conformance.methods[i];
		json_open_element(j, '{');
		json_put(j, "method", m->method);
		json_put_number(j, "count", (int64_t)m->count);
		json_put_number(j, "most_in_a_second", (int64_t)m->most);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_start(struct json *j, const char *key, const struct survey *s) {
	if (!s) {
		return;
	}
	json_open_member(j, key, '{');
	json_put_ms(j, "initialize_ms", s->ready_ns > 0 ? ms(s->ready_ns) : -1);
	json_put_ms(j, "first_answer_ms",
	            s->answers[0].first_ns > 0 ? ms(s->answers[0].first_ns) : -1);
	json_put_ms(j, "first_diagnostics_ms", s->diagnostics_ns > 0 ? ms(s->diagnostics_ns) : -1);
	json_close(j, '}');
}

void probe_json(struct strbuf *out, const struct probe_result *r) {
	const struct survey *s = r->survey;
	struct json j = {.out = out};
	json_begin(&j, "dialtone.probe/1");
	json_newline(&j, 2);
	json_open_member(&j, "target", '{');
	json_put(&j, "workspace", r->dir);
	json_put(&j, "server", r->server);
	json_put_or_null(&j, "server_name", s->server_name);
	json_put_or_null(&j, "server_version", s->server_version);
	json_put(&j, "file", s->script.file);
	json_put(&j, "language", s->script.file ? s->script.language : NULL);
	json_close(&j, '}');
	json_newline(&j, 2);
	put_features(&j, s);
	json_newline(&j, 2);
	put_start(&j, "warm", s);
	put_start(&j, "cold", r->cold);
	json_newline(&j, 2);
	put_costs(&j, r);
	json_newline(&j, 2);
	put_breaches(&j, s);
	json_newline(&j, 2);
	put_notifications(&j, s);
	json_newline(&j, 2);
	json_key(&j, "capabilities");
	strbuf_add(out, s->capabilities);
	j.filled = true;
	json_end(&j);
}
