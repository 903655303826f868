/* SPDX-License-Identifier: MIT
 * How busy the running servers and their go are: since they began, and just now.
 */
#include "probes/server/cpu_use.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_MS 5000 /* less than that in all is nothing */

/* "pid ppid cpu_ms rss peak comm" */
struct row {
	int64_t pid, ppid, cpu_ms;
	const char *comm;
};

static bool row_of(struct arena *arena, struct slice line, struct row *ret) {
	int64_t numbers[5];
	struct slice word;

	for (size_t i = 0; i < 5; i++) {
		if (!slice_cut(&line, ' ', &word) ||
		    str_to_int64(arena_slicedup(arena, word), &numbers[i]) != 0) {
			return false;
		}
	}
	*ret = (struct row){.pid = numbers[0],
	                    .ppid = numbers[1],
	                    .cpu_ms = numbers[2],
	                    .comm = arena_slicedup(arena, line)};
	return true;
}

static bool find(struct arena *arena, const struct evidence *ev, int64_t pid, struct row *ret) {
	struct slice rest = ev->bytes;
	struct slice line;

	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (row_of(arena, line, ret) && ret->pid == pid) {
			return true;
		}
	}
	return false;
}

/* 100 unless more want to run than there are processors. */
static int64_t fair_share(struct exam *exam) {
	const struct evidence *load =
		world_look(exam->world, LOOK_FILE, "/proc/loadavg", LOOK_CAP_SMALL);
	const struct evidence *online = world_look(
		exam->world, LOOK_FILE, "/sys/devices/system/cpu/online", LOOK_CAP_SMALL);
	double running = evidence_has_bytes(load) ? strtod(load->bytes.data, NULL) : 0;
	const char *last = evidence_has_bytes(online)
	                           ? memrchr(online->bytes.data, '-', online->bytes.len)
	                           : NULL;
	double processors = last ? strtod(last + 1, NULL) + 1 : 1;

	return running <= processors ? 100 : (int64_t)(processors * 100 / running);
}

static void state_row(struct exam *exam, const struct fact_running_server *s,
                      const struct evidence *before, const struct evidence *after,
                      const struct row *now) {
	struct row was;
	bool own = now->pid == s->pid;
	int64_t now_wall_ns = world_wall_ns(exam->world, exam->world->start_ns + after->at_ns);

	if (now->cpu_ms < LEAST_MS || (!own && now->ppid != s->pid) ||
	    !find(exam->arena, before, now->pid, &was)) {
		return;
	}
	FACTS_ADD(exam->facts, cpu_use, after, .scope = own ? "server" : "child", .pid = now->pid,
	          .comm = now->comm, .server_pid = s->pid, .cpu_ms = now->cpu_ms,
	          .age_ms = (now_wall_ns - s->start_ns) / NS_PER_MS,
	          .now_ms = now->cpu_ms - was.cpu_ms,
	          .window_ms = (after->at_ns - before->at_ns) / NS_PER_MS,
	          .fair = fair_share(exam));
}

static void look_server(struct exam *exam, const struct fact_running_server *s) {
	const struct evidence *before = cpu_use_sample(exam, s, 1);
	const struct evidence *after = cpu_use_sample(exam, s, 2);
	struct slice rest = after->bytes;
	struct slice line;
	struct row now;

	while (evidence_has_bytes(after) && slice_line(&rest, &line)) {
		if (row_of(exam->arena, line, &now)) {
			state_row(exam, s, before, after, &now);
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	facts_each (running_server, s, exam->facts) {
		if (cpu_use_matters(s)) {
			look_server(exam, s);
		}
	}
	return 0;
}

const struct probe probe_cpu_use = {
	.id = "cpu_use",
	.title = "how busy the running servers are",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(cpu_use),
	.look = look,
};
