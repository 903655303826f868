/* SPDX-License-Identifier: MIT */
#include "report/report.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "core/command.h"

const char *const report_features[] = {
	"initialize",       "definition",  "stdlib_definition", "completion", "hover",
	"document_symbols", "diagnostics", "code_lens",         NULL,
};

const char *feature_in_words(const char *feature) {
	static const char *const words[] = {
		"start",
		"go to definition",
		"go to definition in the standard library",
		"completion",
		"hover",
		"outline",
		"error checking",
		"code lenses",
	};
	for (size_t i = 0; report_features[i]; i++) {
		if (streq(report_features[i], feature)) {
			return words[i];
		}
	}
	return feature;
}

struct report_timings report_timings_since(int64_t start_ns) {
	return (struct report_timings){
		.total_ns = clock_now_ns() - start_ns,
		.own_cpu_ns = clock_cpu_ns(),
	};
}

int report_status(const struct report *report) {
	switch (report->diagnosis->verdict) {
	case VERDICT_HEALTHY:
		return STATUS_HEALTHY;
	case VERDICT_DEGRADED:
	case VERDICT_BROKEN:
		return STATUS_FOUND;
	case VERDICT_UNKNOWN:
		break;
	}
	return STATUS_UNKNOWN;
}

const char *const *report_impact(struct arena *arena, const struct facts *facts,
                                 const struct finding *finding) {
	if (finding->rule->impact) {
		return finding->rule->impact;
	}
	size_t count = 0;
	size_t size = sizeof(report_features) / sizeof(report_features[0]);
	const char **list = arena_array_of(arena, const char *, size);
	for (size_t i = 0; report_features[i] && finding->severity != SEV_NOTE; i++) {
		const struct fact_feature *f = facts_feature(facts, report_features[i]);
		if (f && !streq(f->state, "ok") && !streq(f->state, "skipped")) {
			list[count++] = report_features[i];
		}
	}
	return list;
}

static const char *or_null(const char *text) {
	return str_empty(text) ? NULL : text;
}

const char *report_server_version(const struct facts *facts) {
	const struct fact_server *server = facts_first(server, facts);
	if (server && *server->version) {
		return server->version;
	}
	const struct fact_tool *tool = facts_chosen(facts, "gopls");
	const struct fact_binary *binary = tool ? facts_binary(facts, tool->path) : NULL;
	return binary ? or_null(binary->version) : NULL;
}

const char *report_go_version(struct arena *arena, const struct facts *facts) {
	static const char *const sources[] = {"switched", "goroot", "local"};
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		facts_each (go_version, v, facts) {
			if (streq(v->source, sources[i]) && *v->version) {
				bool bare = ascii_is_digit(*v->version);
				return arena_printf(arena, "%s%s", bare ? "go" : "", v->version);
			}
		}
	}
	return NULL;
}

int64_t report_server_ready_ms(const struct facts *facts) {
	const struct fact_server *server = facts_first(server, facts);
	return server && streq(server->state, "answered") ? server->ready_ms : -1;
}

const char *report_unexplained(struct arena *arena, const struct facts *facts) {
	static const char unknown[] = "none of the known causes explains it";
	const struct fact_mod_absent *absent = facts_first(mod_absent, facts);
	if (absent) {
		return arena_printf(arena,
		                    "%s %s, which %s line %lld requires, is not in the module "
		                    "cache and was not fetched; %s",
		                    absent->module, absent->version, absent->gomod,
		                    (long long)absent->line, unknown);
	}
	const struct fact_health *health = facts_first(health, facts);
	const char *hurt = health && *health->hurt
	                           ? arena_slicedup(arena, slice_trim(slice_str(health->hurt)))
	                           : "the server does not work";
	return arena_printf(arena, "%s; %s", hurt, unknown);
}
