/* SPDX-License-Identifier: MIT
 * The kernel's log, as far as it tells of processes that ended. Source: Documentation/ABI/testing/dev-kmsg: reading
 * takes nothing away from other readers.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "wire/deathlog.h"
#include "world/looks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#define RECORD_SIZE 8192
#define RECORDS_MAX 200000

/* "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;text": the time since boot. */
static bool record_split(struct slice *record, int64_t *ret_us) {
	struct slice head, part;

	if (!slice_cut(record, ';', &head)) {
		return false;
	}
	*ret_us = 0;
	for (int i = 0; i < 3 && slice_cut(&head, ',', &part); i++) {
		for (size_t k = 0; i == 2 && k < part.len && k < 18; k++) {
			*ret_us = *ret_us * 10 + (part.data[k] - '0');
		}
	}
	return slice_line(record, &part) ? (*record = part, true) : false;
}

static int64_t boot_ns(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return clock_wall_ns() - ((int64_t)t.tv_sec * NS_PER_S + t.tv_nsec);
}

void look_kernel_log(const struct looker *looker, const struct look_request *request,
                     struct look_reply *reply) {
	CLEANUP(fd_closep) int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int64_t boot = boot_ns();
	char text[RECORD_SIZE];
	int error = fd < 0 ? errno : 0;

	(void)looker;
	for (int i = 0; !error && i < RECORDS_MAX && clock_now_ns() < request->until_ns; i++) {
		ssize_t n = read(fd, text, sizeof text);
		struct slice record = slice_of(text, n > 0 ? (size_t)n : 0);
		struct deathlog death;
		int64_t us;

		if (n < 0 && errno == EPIPE) {
			continue; /* records were overwritten before we read them */
		}
		if (n <= 0) {
			error = n < 0 && errno != EAGAIN ? errno : 0;
			break;
		}
		if (record_split(&record, &us) && deathlog_parse(request->arena, record, &death) &&
		    reply->bytes.len + record.len < request->cap) {
			strbuf_printf(&reply->bytes, "%" PRId64 " ", boot + us * 1000);
			strbuf_add_n(&reply->bytes, record.data, record.len);
			strbuf_add_char(&reply->bytes, '\n');
		}
	}
	look_reply_errno(reply, error);
}
