/* SPDX-License-Identifier: MIT
 * Sources: capabilities(7); kernel/bpf/syscall.c (bpf_token_capable, MEMLOCK before Linux 5.11);
 * Documentation/ABI and security/lockdown (LOCKDOWN_BPF_READ_KERNEL belongs to "confidentiality").
 */
#include "trace/ebpf/allowed.h"

#include "base/fd.h"
#include "base/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#define BTF_FILE      "/sys/kernel/btf/vmlinux"
#define CAP_SYS_ADMIN 21
#define CAP_PERFMON   38
#define CAP_BPF       39

static size_t read_small(const char *path, char *to, size_t bytes) {
	int fd CLEANUP(fd_closep) = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, to, bytes - 1) : -1;

	to[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static uint64_t effective(void) {
	char status[4096];
	const char *line;

	(void)read_small("/proc/self/status", status, sizeof(status));
	line = strstr(status, "\nCapEff:");
	return line ? strtoull(line + strlen("\nCapEff:"), NULL, 16) : 0;
}

static bool has(uint64_t caps, int cap) {
	return caps >> cap & 1;
}

/* The rights of a user namespace count for what belongs to it; programs in the kernel do not. */
static bool in_user_namespace(void) {
	char map[256];
	unsigned long inside = 0, outside = 0, count = 0;

	if (read_small("/proc/self/uid_map", map, sizeof(map)) == 0) {
		return false;
	}
	char *at = map;
	inside = strtoul(at, &at, 10);
	outside = strtoul(at, &at, 10);
	count = strtoul(at, &at, 10);
	return inside != 0 || outside != 0 || count != UINT32_MAX;
}

int allowed_look(struct err *err) {
	uint64_t caps = effective();
	bool admin = has(caps, CAP_SYS_ADMIN);
	bool bpf = admin || has(caps, CAP_BPF), perfmon = admin || has(caps, CAP_PERFMON);

	if (access(BTF_FILE, R_OK) != 0) {
		return err_set(err, -ENOTSUP,
		               "the kernel does not say how its data lies in memory: there is no "
		               "'%s' (CONFIG_DEBUG_INFO_BTF, Linux 5.11 and later)",
		               BTF_FILE);
	}
	if (!bpf || !perfmon) {
		return err_set(err, -EPERM,
		               "programs in the kernel need %s%s%s, or root: sudo dialtone trace "
		               "--backend ebpf …, or once: sudo setcap cap_bpf,cap_perfmon+ep "
		               "\"$(command -v dialtone)\"",
		               bpf ? "" : "CAP_BPF", !bpf && !perfmon ? " and " : "",
		               perfmon ? "" : "CAP_PERFMON");
	}
	if (in_user_namespace()) {
		return err_set(err, -EPERM,
		               "programs in the kernel need CAP_BPF and CAP_PERFMON outside of any "
		               "user namespace, and this process is in one: start dialtone on the "
		               "host");
	}
	return 0;
}

/* Source: kernel/bpf/verifier.c (print_verification_stats), kernel/bpf/log.c. */
void allowed_last_words(const char *log, char *words, size_t bytes) {
	struct slice rest = slice_str(log), line;

	words[0] = '\0';
	while (slice_cut(&rest, '\n', &line)) {
		line = slice_trim(line);
		if (line.len > 0 && !slice_starts(line, "processed ") &&
		    !slice_starts(line, "verification time") &&
		    !slice_starts(line, "stack depth")) {
			size_t n = line.len < bytes - 1 ? line.len : bytes - 1;
			memcpy(words, line.data, n);
			words[n] = '\0';
		}
	}
}

int allowed_explain(int code, const char *log, struct err *err) {
	char lockdown[128], words[160];
	struct utsname name = {0};

	(void)uname(&name);
	allowed_last_words(log, words, sizeof(words));
	if (words[0] != '\0') {
		return err_set(err, code,
		               "the verifier of the kernel (%.60s) rejects the program: %s (%s)",
		               name.release, words, strerror(-code));
	}
	(void)read_small("/sys/kernel/security/lockdown", lockdown, sizeof(lockdown));
	if (code == -EPERM && strstr(lockdown, "[confidentiality]")) {
		return err_set(err, code,
		               "the kernel is locked down for confidentiality (/sys/kernel/"
		               "security/lockdown) and lets no program read its memory; the "
		               "other backends work");
	}
	if (code == -EPERM) {
		return err_set(err, code,
		               "the kernel (%.60s) refuses the program although the rights are "
		               "there: 'ulimit -l' may be too small before Linux 5.11, or a "
		               "security module or the container's seccomp filter forbids bpf(2)",
		               name.release);
	}
	if (code == -ESRCH || code == -ENOENT || code == -EINVAL || code == -EACCES) {
		return err_set(err, code,
		               "the kernel (%.60s) does not accept the program: %s; it needs "
		               "Linux 5.12 or later with the tracepoints of system calls "
		               "(CONFIG_FTRACE_SYSCALLS)",
		               name.release, strerror(-code));
	}
	return err_set(err, code, "the program cannot be loaded into the kernel (%.60s): %s",
	               name.release, strerror(-code));
}
