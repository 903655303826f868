/* SPDX-License-Identifier: MIT
 * Which of all processes the census is about.
 *
 * The name of the program file sorts out nearly all of them with one system call each, and what a name means is worked
 * out once; where the file may not be seen, or is an interpreter, comm does, and of an interpreter its arguments.
 */
#include "world/census_work.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/vec.h"
#include "core/editor_comm.h"
#include "core/server_comm.h"
#include "world/editors.h"
#include "world/proc_numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE    65536
#define COMM_SIZE    16 /* TASK_COMM_LEN of the kernel */
#define KNOWN_COUNT  512
#define KNOWN_SIZE   48
#define PID_TEXT_MAX 12
/* Stripped of symbols, the smallest gopls and dlv there are have more than 12 MiB. */
#define RENAMED_BYTES_MIN ((off_t)4 * 1024 * 1024)

/* What one read(2) gives of a file of /proc/PID: such a file comes in one piece. */
static struct slice read_once(const struct census_work *w, int64_t pid, const char *name, char *buf,
                              size_t size) {
	char path[40];

	snprintf(path, sizeof path, "%" PRId64 "/%s", pid, name);
	CLEANUP(fd_closep) int fd = openat(w->proc_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, size);

	return slice_of(buf, n > 0 ? (size_t)n : 0);
}

enum meant { MEANT_NOT, MEANT_PERHAPS, MEANT_YES };

static bool is_go_tool(const char *comm) {
	return STR_IN(comm, "go", "compile", "link", "vet", "asm", "cgo", "cover", "buildid");
}

static enum meant meant_by_name(const char *comm) {
	if (editor_of_comm(comm) || str_has(comm, "gopls") || server_of_comm(comm) ||
	    server_of_script(comm) || is_go_tool(comm) || str_starts(comm, "__debug_bin") ||
	    str_starts(comm, "lsp-devtools")) {
		return MEANT_YES;
	}
	return editor_kind_of_comm(comm) || comm_is_interpreter(comm) ? MEANT_PERHAPS : MEANT_NOT;
}

/* The main program of the VS Code family: no --type among its arguments. */
static bool is_code_main(const char *comm) {
	return str_starts(comm, "code") || streq(comm, "codium") || streq(comm, "cursor") ||
	       streq(comm, "windsurf");
}

/* -1: the arguments do not decide. */
static int meant_by_arguments(struct census_work *w, int64_t pid, const char *comm) {
	char buf[READ_SIZE];
	struct slice text = read_once(w, pid, "cmdline", buf, sizeof buf), arg;
	bool has_type = false;

	if (text.len == 0) {
		return 0;
	}
	for (size_t i = 0; slice_cut(&text, '\0', &arg); i++) {
		const char *at = memrchr(arg.data, '/', arg.len);
		size_t skip = at ? (size_t)(at - arg.data) + 1 : 0;

		if (slice_has(arg, "extensionHost") || slice_has(arg, "bootstrap-fork") ||
		    (i < 4 && (slice_has(arg, "lsp-devtools") ||
		               server_of_script(arena_strndup(w->arena, arg.data + skip,
		                                              arg.len - skip))))) {
			return 1;
		}
		has_type = has_type || slice_starts(arg, "--type=");
	}
	return !has_type && is_code_main(comm) ? 1 : -1;
}

/* Variables that only an extension host has (world/editors.h), or what inherits them. */
static bool meant_by_variables(struct census_work *w, int64_t pid) {
	static const char *const names[] = {
		"\nVSCODE_PID=", "\nVSCODE_CWD=", "\nVSCODE_IPC_HOOK_EXTHOST=",
		"\nVSCODE_HANDLES_UNCAUGHT_ERRORS="};
	char buf[READ_SIZE];
	struct slice text = read_once(w, pid, "environ", buf, sizeof buf), var;

	while (slice_cut(&text, '\0', &var)) {
		if (!slice_starts(var, "VSCODE_")) {
			continue;
		}
		/* These two name what the process is. */
		if (slice_starts(var, "VSCODE_ESM_ENTRYPOINT=") ||
		    slice_starts(var, "VSCODE_AMD_ENTRYPOINT=")) {
			return slice_has(var, "xtensionHost");
		}
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			if (slice_starts(var, names[i] + 1)) {
				return true;
			}
		}
	}
	return false;
}

static bool is_meant(struct census_work *w, int64_t pid, const char *comm) {
	enum meant meant = meant_by_name(comm);

	if (meant != MEANT_PERHAPS) {
		return meant == MEANT_YES;
	}
	int by_arguments = meant_by_arguments(w, pid, comm);

	return by_arguments >= 0 ? by_arguments == 1
	                         : !str_starts(comm, "python") && meant_by_variables(w, pid);
}

static bool comm_read(const struct census_work *w, int64_t pid, char comm[COMM_SIZE]) {
	struct slice text = read_once(w, pid, "comm", comm, COMM_SIZE);

	comm[text.len > 0 ? text.len - 1 : 0] = '\0'; /* its newline */
	return text.len > 0;
}

/* Programs that run scripts, or others under their name (process.title of Node). */
static bool runs_others(const char *base) {
	return comm_is_interpreter(base) || str_starts(base, "ruby") || str_starts(base, "perl") ||
	       streq(base, "bun") || streq(base, "deno") || str_starts(base, "electron");
}

/* ---- by the program file ---- */

/* What program files mean, by a hash of their path: a machine has many processes and few programs. */
struct known {
	char name[KNOWN_SIZE];
	uint64_t file;
	enum meant meant;
	bool is_renamed; /* gopls or dlv, whatever its name says */
};

struct scan {
	struct census_work *work;
	struct known known[KNOWN_COUNT];
};

/* MEANT_PERHAPS: comm decides. */
static enum meant meant_by_file(const char *base) {
	enum meant meant = meant_by_name(base);

	return meant == MEANT_NOT && runs_others(base) ? MEANT_PERHAPS : meant;
}

/* Nearly all programs are too small, and need not be opened to know that they are none of ours. */
static bool is_renamed(struct census_work *w, int64_t pid, const char *digits) {
	char path[PID_TEXT_MAX + sizeof "/exe"];
	struct stat st;

	memcpy(stpcpy(path, digits), "/exe", sizeof "/exe");
	return fstatat(w->proc_fd, path, &st, 0) == 0 && st.st_size >= RENAMED_BYTES_MIN &&
	       census_is_known_package(census_program(w, pid));
}

static uint64_t hash_of(const char *text) {
	uint64_t hash = 14695981039346656037U; /* FNV-1a */

	for (size_t i = 0; text[i] != '\0'; i++) {
		hash = (hash ^ (unsigned char)text[i]) * 1099511628211U;
	}
	return hash;
}

static const struct known *known_file(struct scan *scan, int64_t pid, const char *digits,
                                      const char *exe) {
	const char *base = path_base(exe);
	uint64_t file = hash_of(exe);
	struct known *known = &scan->known[file % KNOWN_COUNT];

	if (known->file != file || strncmp(known->name, base, KNOWN_SIZE - 1) != 0) {
		snprintf(known->name, sizeof known->name, "%s", base);
		known->file = file;
		known->meant = meant_by_file(base);
		known->is_renamed =
			known->meant != MEANT_YES && is_renamed(scan->work, pid, digits);
	}
	return known;
}

static void note_pid(struct census_work *w, struct census_pids *pids, int64_t pid) {
	VEC_ROOM(w->arena, pids->list, pids->count, &pids->slots);
	pids->list[pids->count++] = pid;
}

/* Kernel threads have neither file nor interest. */
static bool process_is_meant(struct scan *scan, int64_t pid, const char *digits) {
	static const char deleted[] = " (deleted)";
	char path[PID_TEXT_MAX + sizeof "/exe"], exe[PATH_MAX], comm[COMM_SIZE];

	memcpy(stpcpy(path, digits), "/exe", sizeof "/exe");
	ssize_t n = readlinkat(scan->work->proc_fd, path, exe, sizeof exe - 1);

	if (n < 0 && errno != EACCES && errno != EPERM) {
		return false;
	}
	if (n > 0) {
		exe[n] = '\0';
		if (str_ends(exe, deleted)) {
			exe[n - (ssize_t)strlen(deleted)] = '\0';
		}
		const struct known *known = known_file(scan, pid, digits, exe);

		if (known->is_renamed) {
			note_pid(scan->work, &scan->work->renamed, pid);
		}
		if (STR_IN(known->name, "systemd", "init", "tini", "dumb-init")) {
			note_pid(scan->work, &scan->work->adopters, pid);
		}
		if (known->meant != MEANT_PERHAPS) {
			return known->meant == MEANT_YES;
		}
	}
	return comm_read(scan->work, pid, comm) && is_meant(scan->work, pid, comm);
}

int census_scan(struct census_work *w, void (*meant_fn)(struct census_work *work, int64_t pid)) {
	struct scan *scan = arena_new_of(w->arena, struct scan);
	struct proc_numbers pids;
	int error = proc_pids_open(&pids, w->proc_fd);

	scan->work = w;
	if (error) {
		return error;
	}
	while (proc_numbers_next(&pids)) {
		w->processes++;
		if (process_is_meant(scan, pids.number, pids.name)) {
			meant_fn(w, pids.number);
		}
	}
	proc_numbers_close(&pids);
	return 0;
}
