/* SPDX-License-Identifier: MIT */
#include "core/finding.h"

#include "core/rule.h"

void findings_init(struct findings *findings, struct arena *arena) {
	*findings = (struct findings){.arena = arena};
}

struct finding *findings_add(struct findings *out, const struct rule *self, enum confidence conf,
                             const char *subject, const char *fmt, ...) {
	struct finding *f = arena_new_of(out->arena, struct finding);
	va_list ap;
	va_start(ap, fmt);
	f->title = arena_vprintf(out->arena, fmt, ap);
	va_end(ap);
	f->rule = self;
	f->severity = self->severity;
	f->confidence = conf;
	f->subject = arena_strdup(out->arena, subject ? subject : "");
	f->about = f->subject;
	f->detail = "";
	if (out->last) {
		out->last->next = f;
	} else {
		out->first = f;
	}
	out->last = f;
	return f;
}

void finding_cite(struct finding *finding, const struct fact *fact) {
	if (fact && finding->cite_count < FINDING_CITES_MAX) {
		finding->cites[finding->cite_count++] = fact;
	}
}

void finding_cites_links(struct finding *finding, const struct facts *facts, int64_t target) {
	facts_each (wait_link, link, facts) {
		if (link->target == target) {
			finding_cites(finding, link);
		}
	}
}

const struct fact *finding_cited(const struct finding *finding, enum fact_kind kind) {
	for (size_t i = 0; i < finding->cite_count; i++) {
		if (finding->cites[i]->kind == kind) {
			return finding->cites[i];
		}
	}
	return NULL;
}

void finding_about(struct findings *out, struct finding *finding, const char *about) {
	finding->about = arena_strdup(out->arena, about);
}

void finding_detail(struct findings *out, struct finding *finding, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	finding->detail = arena_vprintf(out->arena, fmt, ap);
	va_end(ap);
}

struct fix_advice *finding_fix(struct findings *out, struct finding *finding, const char *title,
                               const char *fmt, ...) {
	size_t i = finding->fix_count;
	if (i == FINDING_FIXES_MAX) {
		i--;
	} else {
		finding->fix_count++;
	}
	va_list ap;
	va_start(ap, fmt);
	finding->fixes[i] = (struct fix_advice){
		.title = arena_strdup(out->arena, title),
		.command = arena_vprintf(out->arena, fmt, ap),
		.reversible = true,
	};
	va_end(ap);
	return &finding->fixes[i];
}

const char *severity_name(enum severity severity) {
	static const char *const names[] = {"error", "warning", "note"};
	return names[severity];
}

const char *confidence_name(enum confidence confidence) {
	static const char *const names[] = {"certain", "likely", "possible"};
	return names[confidence];
}
