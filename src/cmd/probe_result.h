/* SPDX-License-Identifier: MIT
 * What `dialtone probe` found out about a server, and its two forms.
 */
#ifndef CMD_PROBE_RESULT_H
#define CMD_PROBE_RESULT_H

#include "client/survey.h"
#include "report/report.h"

#define PROBE_KINDS_MAX 16

struct probe_child {
	const char *comm;
	size_t most; /* at one time */
	size_t seen; /* different ones; short-lived ones may have been missed */
};

/* The server and its descendants. Sampled; known is false when it is not ours to look at. */
struct probe_costs {
	bool known;
	int64_t cpu_ms;
	int64_t peak_bytes; /* resident, the most at one time over all of them */
	struct probe_child children[PROBE_KINDS_MAX];
	size_t child_kinds;
};

struct probe_result {
	const char *server; /* the program or address, as given */
	const char *dir;
	const struct survey *survey; /* the warm start */
	const struct survey *cold;   /* with empty caches, or NULL */
	struct probe_costs costs;
};

/* Schema dialtone.probe/1: docs/probe.md. */
void probe_json(struct strbuf *out, const struct probe_result *result);
void probe_text(struct strbuf *out, const struct probe_result *result,
                const struct report_style *style);

/* Something a user would notice does not work: no initialize, a feature that failed or timed out, a
 * breach of the protocol. */
bool probe_is_hurt(const struct probe_result *result);

/* Compares with an earlier result (JSON text of probe_json); writes a line for each regression and
 * gives their number. A feature regresses when it answered and does not now, or when its median is
 * more than `tolerance` times and 20 ms slower. -EBADMSG with a sentence when before is no such
 * text. */
int probe_compare(struct strbuf *out, const struct probe_result *result, struct slice before,
                  double tolerance, struct err *err);

#endif
