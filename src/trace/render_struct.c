/* SPDX-License-Identifier: MIT
 * Structures as they lie in memory of x86-64 and arm64 processes: include/uapi of Linux 6.1. Bytes
 * are copied out before they are looked at: there may be fewer than a structure has.
 */
#include "trace/address.h"
#include "trace/render_private.h"

#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#define SIGNALS 64

static bool get(struct slice s, size_t at, void *ret, size_t bytes) {
	if (s.len < at + bytes) {
		return false;
	}
	memcpy(ret, s.data + at, bytes);
	return true;
}

static uint64_t word(struct slice s, size_t at) {
	uint64_t w = 0;
	(void)get(s, at, &w, sizeof(w));
	return w;
}

bool render_timespec(struct strbuf *out, struct slice s) {
	int64_t t[2];
	if (!get(s, 0, t, sizeof(t))) {
		return false;
	}
	strbuf_printf(out, "{tv_sec=%lld, tv_nsec=%lld}", (long long)t[0], (long long)t[1]);
	return true;
}

/* ---- stat ---- */

static void add_mode(struct strbuf *out, mode_t mode) {
	static const struct {
		mode_t type;
		const char *name;
	} types[] = {{S_IFREG, "S_IFREG"},  {S_IFDIR, "S_IFDIR"}, {S_IFCHR, "S_IFCHR"},
	             {S_IFBLK, "S_IFBLK"},  {S_IFIFO, "S_IFIFO"}, {S_IFLNK, "S_IFLNK"},
	             {S_IFSOCK, "S_IFSOCK"}};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if ((mode & S_IFMT) == types[i].type) {
			strbuf_printf(out, "%s|", types[i].name);
		}
	}
	strbuf_add(out, mode & S_ISUID ? "S_ISUID|" : "");
	strbuf_add(out, mode & S_ISGID ? "S_ISGID|" : "");
	strbuf_add(out, mode & S_ISVTX ? "S_ISVTX|" : "");
	strbuf_printf(out, "0%o", mode & 0777);
}

/* Only where the structure is the one of this machine. */
bool render_stat(struct strbuf *out, struct slice s, enum event_arch arch) {
	struct stat st;
#ifdef __x86_64__
	bool same = arch == ARCH_X86_64;
#else
	bool same = arch == ARCH_AARCH64;
#endif
	if (!same || !get(s, 0, &st, sizeof(st))) {
		return false;
	}
	strbuf_add(out, "{st_mode=");
	add_mode(out, st.st_mode);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		strbuf_printf(out, ", st_rdev=makedev(%#x, %#x), ...}", major(st.st_rdev),
		              minor(st.st_rdev));
	} else {
		strbuf_printf(out, ", st_size=%lld, ...}", (long long)st.st_size);
	}
	return true;
}

static bool add_statx(struct strbuf *out, struct slice s) {
	struct statx st;
	if (!get(s, 0, &st, sizeof(st))) {
		return false;
	}
	strbuf_add(out, "{stx_mask=");
	flags_add(out, flags_of("statx"), st.stx_mask);
	strbuf_add(out, ", stx_attributes=");
	flags_add(out, flags_of("statx_attributes"), st.stx_attributes);
	strbuf_add(out, ", stx_mode=");
	add_mode(out, st.stx_mode);
	strbuf_printf(out, ", stx_size=%llu, ...}", (unsigned long long)st.stx_size);
	return true;
}

/* ---- sockets ---- */

static void add_unix(struct strbuf *out, struct slice s) {
	bool abstract;
	struct slice name = unix_address_name(s, &abstract);
	if (s.len > sizeof(sa_family_t)) {
		strbuf_add(out, abstract ? ", sun_path=@" : ", sun_path=");
		render_quoted(out, name, false);
	}
}

static void add_inet(struct strbuf *out, const struct inet_address *inet) {
	if (!inet->is_v6) {
		strbuf_printf(out, ", sin_port=htons(%u), sin_addr=inet_addr(\"%s\")", inet->port,
		              inet->host);
		return;
	}
	strbuf_printf(out,
	              ", sin6_port=htons(%u), sin6_flowinfo=htonl(%u), "
	              "inet_pton(AF_INET6, \"%s\", &sin6_addr), sin6_scope_id=%u",
	              inet->port, inet->flowinfo, inet->host, inet->scope);
}

void render_sockaddr(struct strbuf *out, struct slice s) {
	sa_family_t family = address_family(s);
	struct inet_address inet;
	if (s.len < sizeof(family)) {
		strbuf_add(out, "{}");
		return;
	}
	strbuf_add(out, "{sa_family=");
	const char *name = flags_value(flags_of("af"), family);
	if (name) {
		strbuf_add(out, name);
	} else {
		strbuf_printf(out, "%#x", family);
	}
	if (family == AF_UNIX) {
		add_unix(out, s);
	} else if (inet_address_read(s, &inet)) {
		add_inet(out, &inet);
	} else if (family == AF_NETLINK) {
		uint32_t ids[2] = {0};
		(void)get(s, 4, ids, sizeof(ids));
		strbuf_printf(out, ", nl_pid=%u, nl_groups=%08x", ids[0], ids[1]);
	} else if (s.len > sizeof(family)) {
		strbuf_add(out, ", sa_data=");
		render_quoted(out, slice_of(s.data + 2, s.len - 2), false);
	}
	strbuf_add_char(out, '}');
}

/* ---- signals ---- */

void render_sigset(struct strbuf *out, uint64_t set) {
	int members = __builtin_popcountll(set);
	bool without = members > SIGNALS / 2;
	bool first = true;
	strbuf_add(out, without ? "~[" : "[");
	for (int i = 1; i <= SIGNALS; i++) {
		if (((set >> (i - 1)) & 1) != without) {
			struct strbuf name;
			strbuf_init(&name, out->arena);
			render_signal(&name, i);
			strbuf_add(out, first ? "" : " ");
			strbuf_add(out, str_starts(name.data, "SIG") ? name.data + 3 : name.data);
			first = false;
		}
	}
	strbuf_add_char(out, ']');
}

#define RESTORER 0x04000000u

static bool add_sigaction(struct strbuf *out, struct slice s) {
	if (s.len < 32) {
		return false;
	}
	uint64_t handler = word(s, 0), flags = word(s, 8);
	strbuf_add(out, "{sa_handler=");
	if (handler <= 1) {
		strbuf_add(out, handler ? "SIG_IGN" : "SIG_DFL");
	} else {
		render_pointer(out, handler);
	}
	strbuf_add(out, ", sa_mask=");
	render_sigset(out, word(s, 24));
	strbuf_add(out, ", sa_flags=");
	flags_add(out, flags_of("sa"), flags);
	if (flags & RESTORER) {
		strbuf_add(out, ", sa_restorer=");
		render_pointer(out, word(s, 16));
	}
	strbuf_add_char(out, '}');
	return true;
}

static bool add_sigstack(struct strbuf *out, struct slice s) {
	if (s.len < 24) {
		return false;
	}
	strbuf_add(out, "{ss_sp=");
	render_pointer(out, word(s, 0));
	strbuf_add(out, ", ss_flags=");
	flags_add(out, flags_of("ss"), word(s, 8) & UINT32_MAX);
	strbuf_printf(out, ", ss_size=%llu}", (unsigned long long)word(s, 16));
	return true;
}

/* ---- others ---- */

static void add_limit(struct strbuf *out, uint64_t limit) {
	if (limit == UINT64_MAX) {
		strbuf_add(out, "RLIM64_INFINITY");
	} else if (limit > 1024 && limit % 1024 == 0) {
		strbuf_printf(out, "%llu*1024", (unsigned long long)limit / 1024);
	} else {
		strbuf_printf(out, "%llu", (unsigned long long)limit);
	}
}

static bool add_limits(struct strbuf *out, struct slice s) {
	if (s.len < 16) {
		return false;
	}
	strbuf_add(out, "{rlim_cur=");
	add_limit(out, word(s, 0));
	strbuf_add(out, ", rlim_max=");
	add_limit(out, word(s, 8));
	strbuf_add_char(out, '}');
	return true;
}

static bool add_epoll_event(struct strbuf *out, struct slice s) {
	uint32_t events, low;
	uint64_t data;
	if (!get(s, 0, &events, sizeof(events)) || !get(s, 4, &data, sizeof(data))) {
		return false;
	}
	low = (uint32_t)data;
	strbuf_add(out, "{events=");
	flags_add(out, flags_of("epoll"), events);
	strbuf_printf(out, ", data={u32=%u, u64=%llu}}", low, (unsigned long long)data);
	return true;
}

static bool add_clone_args(struct strbuf *out, struct slice s) {
	if (s.len < 64) {
		return false;
	}
	uint64_t flags = word(s, 0);
	strbuf_add(out, "{flags=");
	flags_add(out, flags_of("clone"), flags);
	if (flags & CLONE_CHILD_CLEARTID) {
		strbuf_printf(out, ", child_tid=%#llx", (unsigned long long)word(s, 16));
	}
	if (flags & CLONE_PARENT_SETTID) {
		strbuf_printf(out, ", parent_tid=%#llx", (unsigned long long)word(s, 24));
	}
	strbuf_add(out, ", exit_signal=");
	if (word(s, 32) == 0) {
		strbuf_add_char(out, '0');
	} else {
		render_signal(out, (int)word(s, 32));
	}
	strbuf_add(out, ", stack=");
	render_pointer(out, word(s, 40));
	strbuf_printf(out, ", stack_size=%#llx", (unsigned long long)word(s, 48));
	if (flags & CLONE_SETTLS) {
		strbuf_printf(out, ", tls=%#llx", (unsigned long long)word(s, 56));
	}
	strbuf_add_char(out, '}');
	return true;
}

static bool add_flock(struct strbuf *out, struct slice s) {
	short type, whence;
	if (s.len < 24 || !get(s, 0, &type, 2) || !get(s, 2, &whence, 2)) {
		return false;
	}
	strbuf_add(out, "{l_type=");
	flags_add(out, flags_of("lock_type"), (uint64_t)type);
	strbuf_add(out, ", l_whence=");
	flags_add(out, flags_of("whence"), (uint64_t)whence);
	strbuf_printf(out, ", l_start=%lld, l_len=%lld}", (long long)word(s, 8),
	              (long long)word(s, 16));
	return true;
}

bool render_struct(struct strbuf *out, const struct event *e, const struct call *call, int at,
                   struct slice s) {
	const char *name = call->name;
	(void)at;
	if (streq(name, "rt_sigaction")) {
		return add_sigaction(out, s);
	}
	if (STR_IN(name, "rt_sigprocmask", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigpending",
	           "signalfd4") &&
	    s.len == 8) {
		render_sigset(out, word(s, 0));
		return true;
	}
	if (streq(name, "sigaltstack")) {
		return add_sigstack(out, s);
	}
	if (STR_IN(name, "prlimit64", "getrlimit", "setrlimit")) {
		return add_limits(out, s);
	}
	if (streq(name, "epoll_ctl") && e->args[1] != EPOLL_CTL_DEL) {
		return add_epoll_event(out, s);
	}
	if (streq(name, "clone3")) {
		return add_clone_args(out, s);
	}
	if (streq(name, "statx")) {
		return add_statx(out, s);
	}
	return streq(name, "fcntl") && add_flock(out, s);
}

static bool add_poll(struct strbuf *out, struct slice s) {
	struct pollfd p;
	if (!get(s, 0, &p, sizeof(p))) {
		return false;
	}
	strbuf_printf(out, "{fd=%d, events=", p.fd);
	flags_add(out, flags_of("poll"), (uint64_t)(unsigned short)p.events);
	strbuf_add_char(out, '}');
	return true;
}

bool render_structs(struct strbuf *out, const struct event *e, const struct call *call, int at,
                    struct slice s) {
	bool polls = STR_IN(call->name, "poll", "ppoll");
	bool epolls = str_starts(call->name, "epoll_");
	size_t step = polls ? sizeof(struct pollfd) : 12;
	(void)e;
	(void)at;
	if (!polls && !epolls) {
		return false;
	}
	strbuf_add_char(out, '[');
	for (size_t i = 0; i + step <= s.len; i += step) {
		struct slice one = slice_of(s.data + i, step);
		strbuf_add(out, i > 0 ? ", " : "");
		if (i / step == RENDER_WORDS) {
			strbuf_add(out, "...");
			break;
		}
		(void)(polls ? add_poll(out, one) : add_epoll_event(out, one));
	}
	strbuf_add_char(out, ']');
	return true;
}
