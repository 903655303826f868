/* SPDX-License-Identifier: MIT */
#include "trace/timeline.h"

#include "base/path.h"
#include "trace/call.h"
#include "trace/testimony_work.h"

#include <errno.h>
#include <stdlib.h>

#define WORDS_MAX     3
#define PROCESSES_MAX ((size_t)5000)
#define WORDS_BYTES   60

const char *phase_name(enum phase_kind kind) {
	static const char *const names[PHASE_COUNT] = {
		"spawn", "runtime", "waiting", "initialize", "commands", "load", "work"};
	return names[kind];
}

/* ---- processes ---- */

static int depth_below(const struct witness *w, pid_t pid) {
	int depth = 0;
	pid_t last = w->pid;
	for (; w && depth < 64; w = w->parent) {
		if (w->pid == pid) {
			return depth;
		}
		depth += w->parent && w->parent->pid != last ? 1 : 0;
		last = w->parent ? w->parent->pid : last;
	}
	return -1;
}

/* Its arguments without options' values that make lines long. */
static const char *words_of(struct testimony *t, const struct witness *w) {
	struct strbuf out;
	strbuf_init(&out, t->arena);
	for (size_t i = 1, n = 0; n < WORDS_MAX && out.len < WORDS_BYTES; i++) {
		const char *word = testimony_string(t, w->argv, i);
		if (str_empty(word)) {
			break;
		}
		n += word[0] != '-';
		strbuf_printf(&out, "%s%.40s", out.len > 0 ? " " : "", word);
	}
	return out.data;
}

static int by_start(const void *a, const void *b) {
	const struct timeline_process *x = a;
	const struct timeline_process *y = b;
	return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

static void add_processes(struct arena *arena, struct testimony *t, struct timeline *line) {
	line->processes = arena_array_of(arena, struct timeline_process, t->witness_count + 1);
	for (size_t i = 0; i < t->witness_count && line->process_count < PROCESSES_MAX; i++) {
		const struct witness *w = t->witnesses[i];
		int depth = t->server ? depth_below(w, t->server->pid) : 0;
		if (w->replaced || depth < 0) {
			continue;
		}
		line->processes[line->process_count++] = (struct timeline_process){
			.pid = w->pid,
			.ppid = w->ppid,
			.depth = depth,
			.program = path_base(w->exe),
			.words = words_of(t, w),
			.start_ns = w->start_ns,
			.end_ns = w->ended ? w->end_ns : t->last_ns,
			.ended = w->ended,
			.status = w->status,
			.is_server = w == t->server,
		};
	}
	if (line->process_count > 0) {
		qsort(line->processes, line->process_count, sizeof(*line->processes), by_start);
	}
}

/* ---- messages ---- */

static void add_messages(struct arena *arena, const struct testimony *t, struct timeline *line) {
	line->messages = arena_array_of(arena, struct timeline_message, t->message_count + 1);
	/* Each direction is in order; the two are merged. */
	size_t client = 0;
	size_t server = 0;
	while (client < t->message_count || server < t->message_count) {
		while (client < t->message_count && !t->messages[client].from_client) {
			client++;
		}
		while (server < t->message_count && t->messages[server].from_client) {
			server++;
		}
		bool has_client = client < t->message_count;
		bool has_server = server < t->message_count;
		if (!has_client && !has_server) {
			break;
		}
		bool take_client = has_client && (!has_server || t->messages[client].at_ns <=
		                                                         t->messages[server].at_ns);
		const struct testimony_message *m = &t->messages[take_client ? client++ : server++];
		line->messages[line->message_count++] =
			(struct timeline_message){.at_ns = m->at_ns,
		                                  .from_client = m->from_client,
		                                  .name = m->name,
		                                  .text = m->text,
		                                  .bytes = m->bytes};
	}
}

static int64_t time_of(const struct timeline *line, const char *name) {
	for (size_t i = 0; i < line->message_count; i++) {
		if (streq(line->messages[i].name, name)) {
			return line->messages[i].at_ns;
		}
	}
	return 0;
}

/* ---- phases ---- */

static void add_phase(struct timeline *line, enum phase_kind kind, int64_t start_ns,
                      int64_t end_ns) {
	line->phases[line->phase_count++] = (struct phase){
		.kind = kind,
		.start_ns = start_ns,
		.end_ns = end_ns > 0 ? end_ns : line->end_ns,
		.is_open = end_ns <= 0,
	};
}

/* The end of the last command that was started before the load was over; 0: none ended, or none was. */
static int64_t last_command(const struct timeline *line, int64_t from_ns, int64_t loaded_ns,
                            bool *ret_open) {
	int64_t end_ns = 0;
	for (size_t i = 0; i < line->process_count; i++) {
		const struct timeline_process *p = &line->processes[i];
		bool counts = p->depth == 1 && p->start_ns >= from_ns &&
		              (loaded_ns == 0 || p->start_ns < loaded_ns);
		if (!counts || streq(p->program, line->server)) {
			continue; /* the telemetry child is no part of a load */
		}
		*ret_open |= !p->ended;
		end_ns = p->end_ns > end_ns ? p->end_ns : end_ns;
	}
	return loaded_ns > 0 && end_ns > loaded_ns ? loaded_ns : end_ns;
}

static int64_t sooner(int64_t a, int64_t b) {
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static void add_phases(const struct testimony *t, struct timeline *line) {
	const struct witness *s = t->server;
	int64_t asked_ns = time_of(line, "initialize");
	int64_t answered_ns = time_of(line, "answer to initialize");
	int64_t loaded_ns =
		sooner(time_of(line, "textDocument/publishDiagnostics"),
	               time_of(line, "initialized") > answered_ns && time_of(line, "process") > 0
	                       ? time_of(line, "process")
	                       : 0);
	bool open = false;
	if (s->fork_ns > 0) {
		add_phase(line, PHASE_SPAWN, s->fork_ns, s->start_ns);
	}
	add_phase(line, PHASE_RUNTIME, s->start_ns, s->first_read_ns);
	if (s->first_read_ns == 0) {
		return;
	}
	add_phase(line, PHASE_WAITING, s->first_read_ns, asked_ns);
	if (asked_ns == 0) {
		return;
	}
	add_phase(line, PHASE_INIT, asked_ns, answered_ns);
	if (answered_ns == 0) {
		return;
	}
	int64_t commands_ns = last_command(line, asked_ns, loaded_ns, &open);
	if (commands_ns > answered_ns) {
		add_phase(line, PHASE_COMMANDS, answered_ns,
		          open && loaded_ns == 0 ? 0 : commands_ns);
	}
	if (open && loaded_ns == 0) {
		return;
	}
	add_phase(line, PHASE_LOAD, commands_ns > answered_ns ? commands_ns : answered_ns,
	          loaded_ns);
	if (loaded_ns > 0) {
		add_phase(line, PHASE_WORK, loaded_ns, 0);
		line->phases[line->phase_count - 1].is_open = !s->ended;
	}
}

struct timeline *timeline_make(struct arena *arena, struct testimony *t) {
	struct timeline *line = arena_new_of(arena, struct timeline);
	struct evidence_store store;
	struct testimony_about about;
	evidence_store_init(&store, arena);
	line->episodes = testimony_episodes(t);
	testimony_give(t, &store, &about);
	line->workspace = about.workspace;
	line->lost = about.lost;
	line->server = t->server ? path_base(t->server->exe) : "";
	line->start_ns =
		t->server ? (t->server->fork_ns > 0 ? t->server->fork_ns : t->server->start_ns)
			  : t->first_ns;
	line->end_ns = t->last_ns;
	add_messages(arena, t, line);
	add_processes(arena, t, line);
	if (t->server) {
		add_phases(t, line);
	}
	return line;
}

/* ---- what phases count ---- */

static struct phase *phase_at(struct timeline *line, int64_t ns) {
	for (size_t i = 0; i < line->phase_count; i++) {
		if (ns >= line->phases[i].start_ns &&
		    (ns < line->phases[i].end_ns || i + 1 == line->phase_count)) {
			return &line->phases[i];
		}
	}
	return NULL;
}

static bool is_of(const struct timeline *line, pid_t pid) {
	for (size_t i = 0; i < line->process_count; i++) {
		if (line->processes[i].pid == pid) {
			return true;
		}
	}
	return false;
}

static void count_call(struct phase *p, const struct event *e) {
	const struct call *call = call_by_number(e->arch, e->number);
	if (!call) {
		return;
	}
	p->calls++;
	p->failed += event_failed(e);
	if (e->duration_ns < 0) {
		return;
	}
	bool locks = streq(call->name, "flock");
	if (locks) {
		p->lock_ns += e->duration_ns;
	} else if (str_has(call->name, "nanosleep")) {
		p->sleep_ns += e->duration_ns;
	} else if (call->topics & TOPIC_NET) {
		p->net_ns += e->duration_ns;
	} else if (call->topics & TOPIC_FILE) {
		p->file_ns += e->duration_ns;
	}
	bool reads = streq(call->name, "read") || streq(call->name, "pread64");
	bool writes = streq(call->name, "write") || streq(call->name, "pwrite64");
	if (e->result > 0 && reads) {
		p->read_bytes += (uint64_t)e->result;
	} else if (e->result > 0 && writes) {
		p->written_bytes += (uint64_t)e->result;
	}
}

static int count(void *data, const struct event *e) {
	struct timeline *line = data;
	int64_t end_ns = e->start_ns + (e->duration_ns > 0 ? e->duration_ns : 0);
	struct phase *p = phase_at(line, end_ns);
	if (!p || !is_of(line, e->pid)) {
		return 0;
	}
	if (e->kind == EVENT_CALL) {
		count_call(p, e);
	} else if (e->kind == EVENT_EXEC) {
		p->children++;
	}
	return 0;
}

struct event_sink timeline_sink(struct timeline *line) {
	return (struct event_sink){.data = line, .take = count};
}
