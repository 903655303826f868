/* SPDX-License-Identifier: MIT */
#include "trace/render.h"

#include "trace/render_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

const char *render_kind(enum event_kind kind) {
	static const char *const names[] = {"call", "fork",   "exec",  "exit", "signal",
	                                    "stop", "resume", "state", "lost", "mapped"};
	return names[kind];
}

const char *render_name(struct arena *arena, const struct event *e) {
	const struct call *call = call_by_number(e->arch, e->number);
	return call ? call->name : arena_printf(arena, "syscall_%#x", (unsigned)e->number);
}

const char *render_errno(const struct event *e) {
	return event_failed(e) ? strerrorname_np((int)-e->result) : NULL;
}

void render_signal(struct strbuf *out, int signal) {
	const char *name = sigabbrev_np(signal);
	if (name) {
		strbuf_printf(out, "SIG%s", name);
	} else if (signal >= 32 && signal <= 64) {
		if (signal == 32) {
			strbuf_add(out, "SIGRTMIN");
		} else {
			strbuf_printf(out, "SIGRT_%d", signal - 32);
		}
	} else {
		strbuf_printf(out, "%d", signal);
	}
}

/* ---- strings ---- */

static void add_buffer(struct strbuf *out, const struct event *e, const struct call *call, int at,
                       const struct payload *p, uint64_t full) {
	struct slice s = p->bytes;
	bool cut = false;
	if (s.len > RENDER_STRING_BYTES) {
		s.len = RENDER_STRING_BYTES;
		cut = true;
	}
	cut = cut || full > s.len;
	(void)e;
	(void)at;
	if (streq(call->name, "getrandom")) {
		render_hex_bytes(out, s, cut);
	} else {
		render_quoted(out, s, cut);
	}
}

static void add_words(struct strbuf *out, const struct payload *p) {
	struct slice rest = p->bytes, word;
	size_t count = 0;
	strbuf_add_char(out, '[');
	while (slice_cut(&rest, '\0', &word)) {
		strbuf_add(out, count > 0 ? ", " : "");
		if (count++ == RENDER_WORDS) {
			strbuf_add(out, "...");
			break;
		}
		bool cut = word.len > RENDER_STRING_BYTES;
		render_quoted(out, slice_of(word.data, cut ? RENDER_STRING_BYTES : word.len), cut);
	}
	strbuf_add_char(out, ']');
}

static size_t words_count(struct slice s) {
	size_t count = 0;
	for (size_t i = 0; i < s.len; i++) {
		count += s.data[i] == '\0';
	}
	return count;
}

/* ---- words ---- */

static void add_at_fd(struct strbuf *out, uint64_t word) {
	if ((int)word == AT_FDCWD) {
		strbuf_add(out, "AT_FDCWD");
	} else {
		strbuf_printf(out, "%d", (int)word);
	}
}

static void add_enum(struct strbuf *out, const struct flag *table, uint64_t word) {
	const char *name = flags_value(table, word & UINT32_MAX);
	if (name) {
		strbuf_add(out, name);
	} else {
		strbuf_printf(out, "%#x", (unsigned)word);
	}
}

static void add_futex(struct strbuf *out, uint64_t word) {
	uint64_t command = word & (uint64_t)FUTEX_CMD_MASK;
	add_enum(out, flags_of("futex"), command);
	strbuf_add(out, word & FUTEX_PRIVATE_FLAG ? "_PRIVATE" : "");
	strbuf_add(out, word & FUTEX_CLOCK_REALTIME ? "|FUTEX_CLOCK_REALTIME" : "");
}

static void add_clone_flags(struct strbuf *out, uint64_t word) {
	int signal = (int)(word & 0xff);
	uint64_t flags = word & 0xffffff00;
	if (flags != 0 || signal == 0) {
		flags_add(out, flags_of("clone"), flags);
	}
	if (signal != 0) {
		strbuf_add(out, flags != 0 ? "|" : "");
		render_signal(out, signal);
	}
}

static void add_wait_status(struct strbuf *out, int status) {
	if (WIFEXITED(status)) {
		strbuf_printf(out, "[{WIFEXITED(s) && WEXITSTATUS(s) == %d}]", WEXITSTATUS(status));
	} else if (WIFSIGNALED(status)) {
		strbuf_add(out, "[{WIFSIGNALED(s) && WTERMSIG(s) == ");
		render_signal(out, WTERMSIG(status));
		strbuf_add(out, WCOREDUMP(status) ? " && WCOREDUMP(s)}]" : "}]");
	} else if (WIFSTOPPED(status)) {
		strbuf_add(out, "[{WIFSTOPPED(s) && WSTOPSIG(s) == ");
		render_signal(out, WSTOPSIG(status));
		strbuf_add(out, "}]");
	} else {
		strbuf_printf(out, "[%#x]", status);
	}
}

static int get_int(struct slice s, size_t at) {
	int value = 0;
	if (s.len >= at + sizeof(value)) {
		memcpy(&value, s.data + at, sizeof(value));
	}
	return value;
}

/* ---- an argument ---- */

static bool add_pointed(struct strbuf *out, const struct event *e, const struct call *call, int at,
                        const struct payload *p) {
	const struct call_arg *arg = &call->args[at];
	switch (arg->shape) {
	case ARG_PATH:
	case ARG_STRING:
		render_path(out, p);
		return true;
	case ARG_ARGV:
		add_words(out, p);
		return true;
	case ARG_ENVP:
		strbuf_printf(out, "%#llx /* %zu vars */", (unsigned long long)e->args[at],
		              words_count(p->bytes));
		return true;
	case ARG_BUF_IN:
		add_buffer(out, e, call, at, p, at < 5 ? e->args[at + 1] : p->full_bytes);
		return true;
	case ARG_BUF_OUT:
		if (streq(call->name, "getcwd")) {
			render_quoted(out,
			              slice_of(p->bytes.data, strnlen(p->bytes.data, p->bytes.len)),
			              false);
			return true;
		}
		if (str_starts(call->name, "getdents")) {
			return false;
		}
		add_buffer(out, e, call, at, p, e->result > 0 ? (uint64_t)e->result : 0);
		return true;
	case ARG_LINK_OUT:
		add_buffer(out, e, call, at, p, p->full_bytes);
		return true;
	case ARG_SOCKADDR_IN:
	case ARG_SOCKADDR_OUT:
		render_sockaddr(out, p->bytes);
		return true;
	case ARG_TWO_FDS:
		strbuf_printf(out, "[%d, %d]", get_int(p->bytes, 0), get_int(p->bytes, 4));
		return p->bytes.len >= 8;
	case ARG_INT_OUT:
		if (STR_IN(call->name, "wait4", "waitpid")) {
			add_wait_status(out, get_int(p->bytes, 0));
		} else {
			strbuf_printf(out, "[%d]", get_int(p->bytes, 0));
		}
		return true;
	case ARG_STAT_OUT:
		return render_stat(out, p->bytes, e->arch);
	case ARG_TIMESPEC_IN:
	case ARG_TIMESPEC_OUT:
	case ARG_FUTEX_TIME:
		return render_timespec(out, p->bytes);
	case ARG_STRUCT_IN:
	case ARG_STRUCT_OUT:
	case ARG_FCNTL:
		return render_struct(out, e, call, at, p->bytes);
	case ARG_STRUCTS_IN:
	case ARG_STRUCTS_OUT:
		return render_structs(out, e, call, at, p->bytes);
	default:
		return false;
	}
}

static void add_word(struct strbuf *out, const struct event *e, const struct call *call, int at) {
	const struct call_arg *arg = &call->args[at];
	uint64_t w = e->args[at];
	switch (arg->shape) {
	case ARG_INT:
	case ARG_FD:
	case ARG_PID:
	case ARG_UID:
		strbuf_printf(out, "%d", (int)w);
		break;
	case ARG_SIZE:
		strbuf_printf(out, "%llu", (unsigned long long)w);
		break;
	case ARG_OFFSET:
		strbuf_printf(out, "%lld", (long long)w);
		break;
	case ARG_AT_FD:
		add_at_fd(out, w);
		break;
	case ARG_MODE:
		strbuf_printf(out, w & 07777 ? "0%o" : "%03o", (unsigned)(w & 07777));
		break;
	case ARG_SIGNAL:
		render_signal(out, (int)w);
		break;
	case ARG_FLAGS:
		if (streq(call->name, "clone")) {
			add_clone_flags(out, w);
		} else {
			/* The bits that open has, under names of their own. */
			const struct flag *own = streq(arg->names, "open") ? flags_of(call->name)
			                         : streq(call->name, "statx") && at == 2
			                                 ? flags_of("statx_at")
			                                 : NULL;
			flags_add(out, own ? own : flags_of(arg->names), w & UINT32_MAX);
		}
		break;
	case ARG_ENUM:
		if (streq(arg->names, "futex")) {
			add_futex(out, w);
		} else {
			add_enum(out, flags_of(arg->names), w);
		}
		break;
	case ARG_HEX:
		strbuf_printf(out, w ? "%#llx" : "%llx", (unsigned long long)w);
		break;
	default:
		render_pointer(out, w);
	}
}

static const struct payload *payload_of(const struct event *e, int at) {
	for (size_t i = 0; i < e->payload_count; i++) {
		if (e->payloads[i].which == at && e->payloads[i].kind <= PAYLOAD_BYTES) {
			return &e->payloads[i];
		}
	}
	return NULL;
}

static void add_argument(struct strbuf *out, const struct event *e, const struct call *call,
                         int at) {
	const struct payload *p = payload_of(e, at);
	size_t before = out->len;
	if (p && e->args[at] != 0 && add_pointed(out, e, call, at, p)) {
		return;
	}
	out->data[out->len = before] = '\0';
	if (call->args[at].shape == ARG_BUF_OUT && e->duration_ns >= 0 && e->result == 0 &&
	    !str_starts(call->name, "getdents")) {
		strbuf_add(out, "\"\"");
		return;
	}
	if (call->args[at].shape == ARG_STRUCTS_OUT && e->duration_ns >= 0 && e->result == 0) {
		strbuf_add(out, "[]");
		return;
	}
	const struct flag *names = render_names(e, call, at);
	if (names) {
		add_enum(out, names, e->args[at]);
	} else {
		add_word(out, e, call, at);
	}
}

/* ---- calls that are written in a way of their own ---- */

/* How many arguments such a call has: some are there only with certain flags. */
static int count_of(const struct event *e, const struct call *call) {
	int count = 0;
	while (count < 6 && call->args[count].shape != ARG_NONE) {
		count++;
	}
	if (STR_IN(call->name, "open", "openat")) {
		uint64_t flags = e->args[count - 2];
		bool makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
		return makes ? count : count - 1;
	}
	if (streq(call->name, "fcntl")) {
		switch (e->args[1]) {
		case F_GETFD:
		case F_GETFL:
		case F_GETOWN:
		case F_GETSIG:
		case F_GETLEASE:
		case F_GETPIPE_SZ:
			return 2;
		default:
			return 3;
		}
	}
	if (streq(call->name, "futex")) {
		switch (e->args[1] & (uint64_t)FUTEX_CMD_MASK) {
		case FUTEX_WAKE:
			return 3;
		case FUTEX_WAIT:
		case FUTEX_LOCK_PI:
			return 4;
		case FUTEX_UNLOCK_PI:
			return 2;
		default:
			return 6;
		}
	}
	return streq(call->name, "mremap") && !(e->args[3] & MREMAP_FIXED) ? 4 : count;
}

static void add_clone(struct strbuf *out, const struct event *e) {
	strbuf_add(out, "child_stack=");
	render_pointer(out, e->args[1]);
	strbuf_add(out, ", flags=");
	add_clone_flags(out, e->args[0]);
	if (e->args[0] & 0x00100000) {
		strbuf_printf(out, ", parent_tid=%#llx", (unsigned long long)e->args[2]);
	}
	bool x86 = e->arch == ARCH_X86_64;
	uint64_t child = e->args[x86 ? 3 : 4], tls = e->args[x86 ? 4 : 3];
	if (e->args[0] & 0x00080000) {
		strbuf_printf(out, ", tls=%#llx", (unsigned long long)tls);
	}
	if (e->args[0] & 0x01200000) {
		strbuf_printf(out, ", child_tidptr=%#llx", (unsigned long long)child);
	}
}

static void add_fcntl_word(struct strbuf *out, const struct event *e) {
	switch (e->args[1]) {
	case F_SETFD:
		flags_add(out, flags_of("fd"), e->args[2]);
		break;
	case F_SETFL:
		flags_add(out, flags_of("open"), e->args[2]);
		break;
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
	case F_SETPIPE_SZ:
		strbuf_printf(out, "%d", (int)e->args[2]);
		break;
	default:
		render_pointer(out, e->args[2]);
	}
}

/* Asked once a call: most have no argument of that kind, and comparing names for each took a seventh of the time. */
static bool has_own_way(const struct call *call) {
	return strchr("fmpr", call->name[0]) &&
	       STR_IN(call->name, "fcntl", "mmap", "pread64", "pwrite64", "futex", "rseq");
}

static bool add_own_way(struct strbuf *out, const struct event *e, const struct call *call,
                        int at) {
	if (streq(call->name, "fcntl") && at == 2 && !payload_of(e, 2)) {
		add_fcntl_word(out, e);
		return true;
	}
	if (STR_IN(call->name, "mmap", "pread64", "pwrite64") &&
	    at == (call->name[0] == 'm' ? 5 : 3)) {
		bool map = call->name[0] == 'm';
		strbuf_printf(out, map && e->args[at] ? "%#llx" : "%lld",
		              (unsigned long long)e->args[at]);
		return true;
	}
	if (streq(call->name, "futex") && at == 2) {
		strbuf_printf(out, "%u", (unsigned)e->args[2]);
		return true;
	}
	if (streq(call->name, "futex") && at == 5 && (uint32_t)e->args[5] == UINT32_MAX) {
		strbuf_add(out, "FUTEX_BITSET_MATCH_ANY");
		return true;
	}
	if (streq(call->name, "rseq") && at == 1) {
		strbuf_printf(out, "%#llx", (unsigned long long)e->args[at]);
		return true;
	}
	if (streq(call->name, "rseq") && (at == 2 || at == 3)) {
		strbuf_printf(out, e->args[at] ? "%#llx" : "%llx", (unsigned long long)e->args[at]);
		return true;
	}
	return false;
}

void render_arguments(struct strbuf *out, const struct event *e) {
	const struct call *call = call_by_number(e->arch, e->number);
	if (call && streq(call->name, "clone")) {
		add_clone(out, e);
		return;
	}
	int count = call ? count_of(e, call) : 6;
	bool own_way = call && has_own_way(call);
	for (int at = 0; at < count; at++) {
		strbuf_add(out, at > 0 ? ", " : "");
		if (!call) {
			strbuf_printf(out, "%#llx", (unsigned long long)e->args[at]);
		} else if (!own_way || !add_own_way(out, e, call, at)) {
			add_argument(out, e, call, at);
		}
	}
}

/* ---- results and lines ---- */

/* Most numbers of a line; printf takes several times as long. */
static void add_decimal(struct strbuf *out, int64_t number) {
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0) {
		digits[--at] = '-';
	}
	strbuf_add_n(out, digits + at, sizeof(digits) - at);
}

static bool gives_address(const struct call *call) {
	return call && STR_IN(call->name, "mmap", "mmap2", "brk", "mremap", "shmat");
}

void render_result(struct strbuf *out, const struct event *e) {
	static const char *const restarts[] = {
		"ERESTARTSYS (To be restarted if SA_RESTART is set)",
		"ERESTARTNOINTR (To be restarted)",
		"ERESTARTNOHAND (To be restarted if no handler)",
		NULL,
		"ERESTART_RESTARTBLOCK (Interrupted by signal)",
	};
	const struct call *call = call_by_number(e->arch, e->number);
	if (e->duration_ns < 0) {
		strbuf_add_char(out, '?');
	} else if (e->result <= -512 && e->result >= -516 && restarts[-e->result - 512]) {
		strbuf_printf(out, "? %s", restarts[-e->result - 512]);
	} else if (event_failed(e)) {
		const char *name = render_errno(e);
		strbuf_printf(out, "-1 %s (%s)", name ? name : "E?",
		              strerrordesc_np((int)-e->result));
	} else if (gives_address(call)) {
		strbuf_printf(out, "%#llx", (unsigned long long)e->result);
	} else if (call && streq(call->name, "fcntl") && e->args[1] == F_GETFL) {
		strbuf_printf(out, "%#llx (flags ", (unsigned long long)e->result);
		flags_add(out, flags_of("open"), (uint64_t)e->result);
		strbuf_add_char(out, ')');
	} else if (call && streq(call->name, "fcntl") && e->args[1] == F_GETFD && e->result > 0) {
		strbuf_printf(out, "%#llx (flags FD_CLOEXEC)", (unsigned long long)e->result);
	} else if (call && streq(call->name, "umask")) {
		strbuf_printf(out, "0%o", (unsigned)e->result);
	} else {
		add_decimal(out, e->result);
	}
}

static void add_exit(struct strbuf *out, int status) {
	if (WIFSIGNALED(status)) {
		strbuf_add(out, "+++ killed by ");
		render_signal(out, WTERMSIG(status));
		strbuf_add(out, WCOREDUMP(status) ? " (core dumped) +++" : " +++");
	} else {
		strbuf_printf(out, "+++ exited with %d +++", WEXITSTATUS(status));
	}
}

bool render_line(struct strbuf *out, const struct event *e) {
	if (e->kind != EVENT_CALL && e->kind != EVENT_EXIT && e->kind != EVENT_SIGNAL &&
	    e->kind != EVENT_STOP) {
		return false;
	}
	add_decimal(out, e->tid);
	strbuf_add_char(out, ' ');
	if (e->kind == EVENT_CALL) {
		strbuf_add(out, render_name(out->arena, e));
		strbuf_add_char(out, '(');
		render_arguments(out, e);
		strbuf_add(out, ") = ");
		render_result(out, e);
		strbuf_add(out, e->injected ? " (INJECTED)" : "");
	} else if (e->kind == EVENT_EXIT) {
		add_exit(out, e->status);
	} else {
		strbuf_add(out, "--- ");
		strbuf_add(out, e->kind == EVENT_STOP ? "stopped by " : "");
		render_signal(out, e->status);
		strbuf_add(out, " ---");
	}
	return true;
}
