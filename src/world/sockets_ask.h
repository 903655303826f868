/* SPDX-License-Identifier: MIT
 * Between sockets.c and the part of it that asks the kernel.
 */
#ifndef WORLD_SOCKETS_ASK_H
#define WORLD_SOCKETS_ASK_H

#include "world/sockets.h"

/* Asks for the sockets of the network namespace of pid (0: ours), which takes CAP_SYS_ADMIN when it is another
 * one. 0, or a positive errno: then the lists may hold a part. */
int sockets_ask(struct sockets *sockets, int proc_fd, int64_t pid, unsigned what);

/* Empty ones at the end of the lists. */
struct unix_socket *sockets_add_unix(struct sockets *sockets);
struct inet_socket *sockets_add_inet(struct sockets *sockets);
/* address: 4 bytes for AF_INET, 16 for AF_INET6, in network order. */
void socket_address_take(uint8_t ret[16], int family, const void *address);
/* One datagram of an answer, of UDP sockets or of others; 1 more follows, 0 its end, negative errno a refusal. */
int sockets_take_datagram(struct sockets *sockets, const char *bytes, size_t len, bool is_udp);
void sockets_sort(struct sockets *sockets);

#endif
