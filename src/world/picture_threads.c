/* SPDX-License-Identifier: MIT */
#include "world/picture.h"

#include "world/proc_numbers.h"
#include "world/waits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS_TOLD_MAX 128

/* "running", "read(0x0)", or the bare number of a call that hardly ever waits. */
static void put_call(struct picture_work *w, struct slice text) {
	struct slice word, first = slice_of("", 0);
	int64_t number;

	text = slice_trim(text);
	if (!slice_cut(&text, ' ', &word)) {
		strbuf_add_char(w->out, '-');
		return;
	}
	slice_cut(&text, ' ', &first);
	bool is_call = str_to_int64(arena_slicedup(w->arena, word), &number) == 0 && number >= 0;
	const char *name = is_call ? waits_call_name(number) : "";

	if (name[0] != '\0') {
		strbuf_printf(w->out, "%s(%.*s)", name, (int)first.len, first.data);
	} else {
		strbuf_add_n(w->out, word.data, word.len);
	}
}

/* below: "" for the only thread, else "task/TID/". */
static void put_thread(struct picture_work *w, struct picture_subject *p, int64_t tid,
                       const char *below) {
	struct slice text;
	struct proc_stat ps;
	char name[48];

	snprintf(name, sizeof name, "%sstat", below);
	if (picture_read(w, p, name, NULL, &text) != 0 || !proc_stat_parse(text, &ps)) {
		return; /* it has ended */
	}
	strbuf_printf(w->out, "thread=%" PRId64 " %c %" PRIu64 " ", tid, ps.state, ps.own_ticks);
	snprintf(name, sizeof name, "%swchan", below);
	int error = picture_read(w, p, name, NULL, &text);
	bool has_wchan = !error && text.len > 0 && !slice_eq(text, "0");

	strbuf_printf(w->out, "%.*s ", has_wchan ? (int)text.len : 1, has_wchan ? text.data : "-");
	snprintf(name, sizeof name, "%ssyscall", below);
	if (picture_read(w, p, name, w->threads_seen ? NULL : "threads", &text) == 0) {
		put_call(w, text);
	} else {
		strbuf_add_char(w->out, '-');
		w->threads_seen = true; /* one word is enough */
	}
	strbuf_add_char(w->out, ' ');
	strbuf_add(w->out, keyline_escape(w->arena, ps.comm));
	strbuf_add_char(w->out, '\n');
}

void picture_put_threads(struct picture_work *w, struct picture_subject *p) {
	struct proc_numbers tasks;
	char below[32];
	size_t told = 0;

	w->threads_seen = false;
	strbuf_printf(w->out, "threads=%" PRId64 "\n", p->threads);
	if (p->threads == 1) {
		put_thread(w, p, p->pid, "");
		return;
	}
	if (proc_numbers_open(&tasks, p->dir_fd, "task") != 0) {
		return;
	}
	tasks.ends_short = false;
	while (told++ < THREADS_TOLD_MAX && proc_numbers_next(&tasks)) {
		snprintf(below, sizeof below, "task/%s/", tasks.name);
		put_thread(w, p, tasks.number, below);
	}
	proc_numbers_close(&tasks);
}
