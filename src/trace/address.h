/* SPDX-License-Identifier: MIT
 * Addresses of sockets as calls carry them: struct sockaddr_in, sockaddr_in6 and sockaddr_un (ip(7),
 * ipv6(7), unix(7)) in bytes that somebody else wrote.
 */
#ifndef TRACE_ADDRESS_H
#define TRACE_ADDRESS_H

#include "base/slice.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define INET_ADDRESS_TEXT_BYTES (INET6_ADDRSTRLEN + sizeof("[]:65535"))

struct inet_address {
	bool is_v6;
	char host[INET6_ADDRSTRLEN]; /* "192.0.2.1", "2001:db8::1" */
	unsigned port;
	uint32_t flowinfo, scope; /* of IPv6 */
};

/* AF_UNSPEC for bytes that are too few to say it. */
sa_family_t address_family(struct slice sockaddr);

/* False, and nothing in ret, when it is no whole address of the internet. */
bool inet_address_read(struct slice sockaddr, struct inet_address *ret);

/* "192.0.2.1:443", "[2001:db8::1]:443". */
void inet_address_text(const struct inet_address *address, char ret[INET_ADDRESS_TEXT_BYTES]);

/* The name in an address of AF_UNIX, without the NUL that ends a path or begins an abstract name;
 * empty for a socket without a name. It points into sockaddr. */
struct slice unix_address_name(struct slice sockaddr, bool *ret_abstract);

#endif
