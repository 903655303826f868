/* SPDX-License-Identifier: MIT
 * Words whose meaning stands in another argument.
 */
#include "trace/render_private.h"

#include <netinet/in.h>
#include <sys/socket.h>

static const struct flag *option_names(uint64_t level) {
	return level == SOL_SOCKET ? flags_of("so") : level == IPPROTO_TCP ? flags_of("tcp") : NULL;
}

static const struct flag *protocol_names(uint64_t family) {
	return family == AF_INET || family == AF_INET6 ? flags_of("ipproto")
	       : family == AF_NETLINK                  ? flags_of("netlink")
	                                               : NULL;
}

const struct flag *render_names(const struct event *e, const struct call *call, int at) {
	if (at == 2 && STR_IN(call->name, "getsockopt", "setsockopt")) {
		return option_names(e->args[1]);
	}
	return at == 2 && STR_IN(call->name, "socket", "socketpair") ? protocol_names(e->args[0])
	                                                             : NULL;
}
