/* SPDX-License-Identifier: MIT */
#include "cmd/failure.h"

#include "cmd/check_options.h"
#include "cmd/help.h"
#include "cmd/output.h"

#include <errno.h>
#include <string.h>

int failure_of_target(const struct err *err, int error) {
	output_complain("%s", err->msg);
	return error == -EINVAL || error == -ENOENT || error == -ESRCH ? STATUS_USAGE
	                                                               : STATUS_UNKNOWN;
}

int failure_of_file(const struct err *err, int error) {
	output_complain("%s", err->msg);
	return error == -ENOENT || error == -ENOTDIR || error == -EISDIR ? STATUS_USAGE
	                                                                 : STATUS_UNKNOWN;
}

int failure_of_interrupt(const struct interrupt *interrupt) {
	int signal = interrupt_signal(interrupt);
	if (signal == 0) {
		return STATUS_HEALTHY;
	}
	output_complain("stopped before there was an answer (%s)", strsignal(signal));
	return STATUS_SIGNAL_BASE + signal;
}

/* A thing that is not there was misspelt (usage); one that is there and does not let itself be looked at leaves us
 * without a verdict. */
int failure_of_folder(struct world *world, const char *dir, const char *operand) {
	struct file_stat st = world_stat(world, dir);
	if (st.known && !st.exists) {
		bool word = operand && !strchr(operand, '/');
		const char *near = word ? help_nearest_command(world->arena, operand) : NULL;
		output_complain("there is no directory '%s'%s%s%s", dir,
		                near ? "; did you mean the command '" : "", near ? near : "",
		                near ? "'?" : "");
		return STATUS_USAGE;
	}
	if (st.known && !st.is_dir) {
		output_complain(
			"'%s' is not a directory; give the folder that is open in the editor", dir);
		return STATUS_USAGE;
	}
	if (!st.known) {
		output_complain("cannot look at '%s': %s", dir,
		                st.ev->state == EV_TIMED_OUT ? "no answer in time"
		                                             : strerror(st.ev->error));
		return STATUS_UNKNOWN;
	}
	if (!st.can_read || !st.can_exec) {
		output_complain("cannot look into '%s': %s", dir, strerror(EACCES));
		return STATUS_UNKNOWN;
	}
	return STATUS_HEALTHY;
}
