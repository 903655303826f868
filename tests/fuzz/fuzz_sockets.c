/* SPDX-License-Identifier: MIT
 * The lists of sockets: /proc/net/unix, /proc/net/tcp and udp, and the answers of sock_diag.
 */
#include "base/str.h"
#include "world/sockets_ask.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct slice bytes = slice_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct sockets s = {.arena = arena};

	sockets_parse_unix(&s, bytes);
	sockets_parse_inet(&s, bytes, size % 2);
	if (sockets_take_datagram(&s, bytes.data, bytes.len, size % 2) > 1) {
		abort();
	}
	sockets_sort(&s);
	for (size_t i = 0; i < s.unix_count; i++) {
		if (s.unixes[i].inode != 0 && !sockets_unix(&s, s.unixes[i].inode)) {
			abort();
		}
		(void)sockets_listener(&s, s.unixes[i].peer);
	}
	for (size_t i = 0; i < s.inet_count && i < 64; i++) {
		(void)sockets_inet_peer(&s, &s.inets[i]);
		if (str_empty(
			    socket_address_text(arena, s.inets[i].local, s.inets[i].local_port))) {
			abort();
		}
	}
	arena_free(arena);
	return 0;
}
