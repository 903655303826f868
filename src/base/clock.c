/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <time.h>

static int64_t now_ns(clockid_t id) {
	struct timespec ts = {0};
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t clock_now_ns(void) {
	return now_ns(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(void) {
	return now_ns(CLOCK_REALTIME);
}

int64_t clock_cpu_ns(void) {
	return now_ns(CLOCK_PROCESS_CPUTIME_ID);
}
