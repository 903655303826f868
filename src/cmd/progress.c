/* SPDX-License-Identifier: MIT */
#include "cmd/progress.h"

#include "base/clock.h"
#include "base/fd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ERASE "\r\033[K"

static void draw(const struct progress *p) {
	char line[256], time[32] = "";
	int room = p->columns > 15 ? (int)p->columns - 11 : 1;
	if (p->shown_s > 0) {
		snprintf(time, sizeof(time), " %lld s", (long long)p->shown_s);
	}
	if (snprintf(line, sizeof(line), ERASE "%.*s ...%s", room, p->what, time) > 0) {
		(void)fd_write_all(STDERR_FILENO, line, strlen(line));
	}
}

void progress_begin(struct progress *p, const char *what) {
	p->what = what;
	p->since_ns = clock_now_ns();
	p->shown_s = 0;
	draw(p);
}

void progress_tick(void *context) {
	struct progress *p = context;
	int64_t seconds = p->what ? (clock_now_ns() - p->since_ns) / NS_PER_S : 0;
	if (seconds > p->shown_s) {
		p->shown_s = seconds;
		draw(p);
	}
}

void progress_end(struct progress *p) {
	p->what = NULL;
	(void)fd_write_all(STDERR_FILENO, ERASE, strlen(ERASE));
}
