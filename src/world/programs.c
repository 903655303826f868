/* SPDX-License-Identifier: MIT
 * The running programs of this user by name.
 */
#include "base/fd.h"
#include "world/procfs.h"

#include <errno.h>
#include <inttypes.h>

struct names {
	const struct look_request *request;
	struct look_reply *reply;
};

static bool take(void *data, int64_t pid, const char *name) {
	struct names *names = data;

	if (str_starts(name, names->request->arg)) {
		strbuf_printf(&names->reply->bytes, "%" PRId64 " %s\n", pid,
		              keyline_escape(names->request->arena, name));
	}
	return names->reply->bytes.len < names->request->cap;
}

void look_programs(const struct looker *looker, const struct look_request *request,
                   struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct names names = {.request = request, .reply = reply};

	look_reply_errno(
		reply, proc_fd < 0 ? ENOSYS
				   : proc_scan(looker->names, proc_fd, looker->uid, take, &names));
}
