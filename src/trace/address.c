/* SPDX-License-Identifier: MIT */
#include "trace/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

sa_family_t address_family(struct slice sockaddr) {
	sa_family_t family = AF_UNSPEC;
	if (sockaddr.len >= sizeof(family)) {
		memcpy(&family, sockaddr.data, sizeof(family));
	}
	return family;
}

static bool read_v4(struct slice sockaddr, struct inet_address *ret) {
	struct sockaddr_in in;
	if (sockaddr.len < sizeof(in)) {
		return false;
	}
	memcpy(&in, sockaddr.data, sizeof(in));
	*ret = (struct inet_address){.port = ntohs(in.sin_port)};
	inet_ntop(AF_INET, &in.sin_addr, ret->host, sizeof(ret->host));
	return true;
}

static bool read_v6(struct slice sockaddr, struct inet_address *ret) {
	struct sockaddr_in6 in;
	if (sockaddr.len < sizeof(in)) {
		return false;
	}
	memcpy(&in, sockaddr.data, sizeof(in));
	*ret = (struct inet_address){.is_v6 = true,
	                             .port = ntohs(in.sin6_port),
	                             .flowinfo = ntohl(in.sin6_flowinfo),
	                             .scope = in.sin6_scope_id};
	inet_ntop(AF_INET6, &in.sin6_addr, ret->host, sizeof(ret->host));
	return true;
}

bool inet_address_read(struct slice sockaddr, struct inet_address *ret) {
	sa_family_t family = address_family(sockaddr);
	return family == AF_INET    ? read_v4(sockaddr, ret)
	       : family == AF_INET6 ? read_v6(sockaddr, ret)
	                            : false;
}

void inet_address_text(const struct inet_address *address, char ret[INET_ADDRESS_TEXT_BYTES]) {
	snprintf(ret, INET_ADDRESS_TEXT_BYTES, address->is_v6 ? "[%s]:%u" : "%s:%u", address->host,
	         address->port);
}

struct slice unix_address_name(struct slice sockaddr, bool *ret_abstract) {
	size_t begin = offsetof(struct sockaddr_un, sun_path);
	struct slice name = sockaddr.len > begin ? slice_from(sockaddr, begin) : slice_of("", 0);
	*ret_abstract = name.len > 0 && name.data[0] == '\0';
	if (*ret_abstract) {
		return slice_from(name, 1);
	}
	return slice_of(name.data, strnlen(name.data, name.len));
}
