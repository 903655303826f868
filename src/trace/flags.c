/* SPDX-License-Identifier: MIT */
#include "trace/flags.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/memfd.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* Of one architecture only: arch/x86/include/uapi/asm/prctl.h and mman.h. */
#define ARCH_SET_GS    0x1001
#define ARCH_SET_FS    0x1002
#define ARCH_GET_FS    0x1003
#define ARCH_GET_GS    0x1004
#define ARCH_GET_CPUID 0x1011
#define ARCH_SET_CPUID 0x1012
#ifndef MAP_32BIT
#define MAP_32BIT 0x40
#endif

#define ALL UINT64_MAX

#define TABLE(t)    static const struct flag flags_##t[] = {
#define BIT(x)      {#x, (uint32_t)(x), (uint32_t)(x) == 0 ? ALL : (uint32_t)(x)},
#define NAMED(n, x) {n, (x), (x)},
#define PART(x, m)  {#x, (uint32_t)(x), (m)},
#define IS(x)       {#x, (uint32_t)(x), ALL},
#define END(t)                                                                                     \
	{ NULL, 0, 0 }                                                                             \
	}                                                                                          \
	;
#include "trace/flags.def"
#undef TABLE
#undef BIT
#undef NAMED
#undef PART
#undef IS
#undef END

#define TABLE(t) {#t, flags_##t},
#define BIT(x)
#define NAMED(n, x)
#define PART(x, m)
#define IS(x)
#define END(t)

static const struct {
	const char *name;
	const struct flag *flags;
} tables[] = {
#include "trace/flags.def"
};

const struct flag *flags_of(const char *table) {
	for (size_t i = 0; table && i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (streq(tables[i].name, table)) {
			return tables[i].flags;
		}
	}
	return NULL;
}

const char *flags_value(const struct flag *table, uint64_t word) {
	for (; table && table->name; table++) {
		if (table->value == word) {
			return table->name;
		}
	}
	return NULL;
}

void flags_add(struct strbuf *out, const struct flag *table, uint64_t word) {
	size_t before = out->len;
	uint64_t left = word, said = 0;
	for (; table && table->name; table++) {
		uint64_t mask = table->mask;
		bool is = mask == ALL ? word == table->value
		                      : !(said & mask) && (left & mask) == table->value;
		if (is) {
			strbuf_add(out, out->len > before ? "|" : "");
			strbuf_add(out, table->name);
			said |= mask == ALL ? 0 : mask;
			left &= ~mask;
		}
	}
	if (left != 0 || out->len == before) {
		strbuf_add(out, out->len > before ? "|" : "");
		strbuf_printf(out, left == 0 ? "%llx" : "0x%llx", (unsigned long long)left);
	}
}
