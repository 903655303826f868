/* SPDX-License-Identifier: MIT */
#include "cmd/recording.h"

#include "cmd/check_options.h"
#include "cmd/output.h"

#include <errno.h>
#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

int recording_status(int wait_status) {
	return WIFSIGNALED(wait_status) ? STATUS_SIGNAL_BASE + WTERMSIG(wait_status)
	                                : WEXITSTATUS(wait_status);
}

char *recording_self(struct arena *arena) {
	char *self = arena_alloc(arena, PATH_MAX);

	if (readlink("/proc/self/exe", self, PATH_MAX - 1) < 0) {
		output_complain("cannot tell where this program is: %s", strerror(errno));
		return NULL;
	}
	return self;
}

void recording_tell_losses(const struct trace_outcome *outcome) {
	if (outcome->lost > 0) {
		uint64_t all = outcome->events + outcome->lost;

		output_complain("%llu of %llu events were lost", (unsigned long long)outcome->lost,
		                (unsigned long long)all);
	}
}
