/* SPDX-License-Identifier: MIT */
#include "world/proc_opened.h"

int proc_opened_open(struct proc_opened *o, int proc_fd) {
	o->proc_fd = proc_fd;
	o->in_process = false;
	return proc_pids_open(&o->pids, proc_fd);
}

static void leave_process(struct proc_opened *o) {
	if (o->in_process) {
		proc_numbers_close(&o->fds);
		o->in_process = false;
	}
}

bool proc_opened_next(struct proc_opened *o) {
	while (true) {
		while (o->in_process && proc_numbers_next(&o->fds)) {
			if (proc_numbers_link(&o->fds, o->link, sizeof o->link)) {
				return true;
			}
		}
		leave_process(o);
		if (!proc_numbers_next(&o->pids)) {
			return false;
		}
		o->in_process = proc_fds_open(&o->fds, o->proc_fd, o->pids.number) == 0;
	}
}

void proc_opened_close(struct proc_opened *o) {
	leave_process(o);
	proc_numbers_close(&o->pids);
}
