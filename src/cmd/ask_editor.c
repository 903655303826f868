/* SPDX-License-Identifier: MIT
 * Runs an editor in a scratch machine and tells what its witnesses saw.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "cmd/output.h"
#include "cmd/witness.h"
#include "wire/json_text.h"
#include "world/scratch_machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOTES_BYTES_MAX  ((size_t)1 << 20)
#define OUTPUT_BYTES_MAX ((size_t)2048)
#define STEP_MS          20
#define SETTLE_NS        (500 * NS_PER_MS) /* after the last note: a second server may come */
#define KEY_EVERY_NS     (400 * NS_PER_MS)
#define PASSES_MAX       2

struct asking {
	struct arena *arena;
	const char *home, *workspace;
	bool pty;
	int64_t deadline_ns;
	char **editor; /* argv */
	struct scratch_machine machine;
	const char *notes;
	char *notes_text; /* NOTES_BYTES_MAX */
	pid_t pid;
	int fd; /* of its output */
	char output[OUTPUT_BYTES_MAX];
	size_t output_len; /* of all that came; the last OUTPUT_BYTES_MAX are kept as a ring */
	int status;
	bool gone;
};

/* Variables that lead out of the scratch machine, to a display, an agent or another editor. */
static void tidy_environment(void) {
	static const char *const out[] = {
		"DISPLAY", "WAYLAND_DISPLAY",    "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK",
		"NVIM",    "NVIM_LISTEN_ADDRESS"};

	for (size_t i = 0; i < sizeof(out) / sizeof(*out); i++) {
		unsetenv(out[i]);
	}
	setenv("TERM", "vt100", 1); /* asks the terminal nothing */
}

static int keep_environment(const struct asking *a) {
	CLEANUP(fd_closep)
	int fd = open(arena_printf(a->arena, "%s.env", a->notes), O_WRONLY | O_CREAT | O_CLOEXEC,
	              0600);

	for (char **var = environ; fd >= 0 && *var; var++) {
		fd_write_all(fd, *var, strlen(*var) + 1);
	}
	return fd < 0 ? -errno : 0;
}

static _Noreturn void become_editor(const struct asking *a, int out) {
	if (out >= 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		setsid();
	}
	signal(SIGPIPE, SIG_DFL);
	if (chdir(a->workspace) == 0) {
		execv(a->editor[0], a->editor);
	}
	_exit(127);
}

static int start_editor(struct asking *a) {
	struct winsize size = {.ws_row = 40, .ws_col = 120};
	int pipe_fds[2] = {-1, -1};

	if (a->pty) {
		a->pid = forkpty(&a->fd, NULL, NULL, &size);
	} else if (pipe2(pipe_fds, O_CLOEXEC) == 0) {
		a->pid = fork();
	} else {
		return -errno;
	}
	if (a->pid == 0) {
		become_editor(a, a->pty ? -1 : pipe_fds[1]);
	}
	if (!a->pty) {
		close(pipe_fds[1]);
		a->fd = pipe_fds[0];
	}
	a->gone = false;
	return a->pid < 0 ? -errno : fd_set_nonblock(a->fd);
}

static void drain(struct asking *a) {
	char chunk[4096];
	ssize_t n;

	while ((n = read(a->fd, chunk, sizeof chunk)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			a->output[a->output_len++ % OUTPUT_BYTES_MAX] = chunk[i];
		}
	}
}

static struct slice read_notes(const struct asking *a) {
	CLEANUP(fd_closep) int fd = open(a->notes, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, a->notes_text, NOTES_BYTES_MAX);

	return slice_of(a->notes_text, n > 0 ? (size_t)n : 0);
}

/* Every witness that began has told how the client answers. */
static bool all_told(const struct asking *a, bool *ret_any) {
	struct slice text = read_notes(a);
	struct slice line;
	size_t starts = 0;
	size_t answers = 0;

	while (slice_line(&text, &line)) {
		starts += slice_has(line, ",\"start\":{");
		answers += slice_has(line, ",\"configuration\":{");
	}
	*ret_any = starts > 0;
	return starts > 0 && answers >= starts;
}

/* Until all is told and nothing more came for a while; "settled", "deadline" or "gone". */
static const char *attend(struct asking *a) {
	int64_t key_ns = clock_now_ns() + KEY_EVERY_NS;
	int64_t changed_ns = 0;
	off_t size = 0;
	bool any = false;

	while (clock_now_ns() < a->deadline_ns) {
		struct pollfd out = {.fd = a->fd, .events = POLLIN};
		struct stat st;

		poll(&out, 1, STEP_MS);
		if (out.revents & (POLLHUP | POLLERR)) {
			usleep(STEP_MS * 1000); /* a closed output is always ready */
		}
		drain(a);
		if (waitpid(a->pid, &a->status, WNOHANG) == a->pid) {
			a->gone = true;
			return "gone";
		}
		if (stat(a->notes, &st) == 0 && st.st_size != size) {
			size = st.st_size;
			changed_ns = clock_now_ns();
		}
		if (changed_ns > 0 && clock_now_ns() - changed_ns > SETTLE_NS &&
		    all_told(a, &any)) {
			return "settled";
		}
		/* Ctrl-L draws anew, in every editor, and keeps the hooks behind commands going. */
		if (a->pty && changed_ns == 0 && clock_now_ns() > key_ns) {
			(void)!write(a->fd, "\f", 1);
			key_ns = clock_now_ns() + KEY_EVERY_NS;
		}
	}
	return "deadline";
}

/* A server that lies where nobody looked for it: replaced for a second pass. */
static bool replace_running(const struct asking *a) {
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	bool found = false;

	while (proc && (entry = readdir(proc))) {
		char link[64];
		char exe[PATH_MAX];
		ssize_t n;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    (size_t)snprintf(link, sizeof link, "/proc/%s/exe", entry->d_name) >=
		            sizeof link) {
			continue;
		}
		n = readlink(link, exe, sizeof exe - 1);
		if (n <= 0) {
			continue;
		}
		exe[n] = '\0';
		const char *base = strrchr(exe, '/');
		/* Only what runs in our mounts can be seen under this name with our network. */
		if (base && str_has(base, "gopls")) {
			found = scratch_machine_replace(a->arena, &a->machine, exe) == 0 || found;
		}
	}
	if (proc) {
		closedir(proc);
	}
	return found;
}

static void end_editor(struct asking *a) {
	if (!a->gone) {
		kill(-a->pid, SIGKILL);
		kill(a->pid, SIGKILL);
		waitpid(a->pid, &a->status, 0);
		a->gone = true;
	}
	drain(a);
	close(a->fd);
}

static void tell(struct asking *a, const char *end) {
	struct strbuf out;
	size_t kept = a->output_len < OUTPUT_BYTES_MAX ? a->output_len : OUTPUT_BYTES_MAX;
	struct slice notes = read_notes(a);

	strbuf_init(&out, a->arena);
	strbuf_add_n(&out, notes.data, notes.len);
	strbuf_add(&out, "{\"end\":\"");
	if (!streq(end, "gone")) {
		strbuf_add(&out, end);
	} else if (WIFSIGNALED(a->status)) {
		strbuf_printf(&out, "signal %d", WTERMSIG(a->status));
	} else {
		strbuf_printf(&out, "exited %d", WEXITSTATUS(a->status));
	}
	strbuf_add(&out, "\",\"output\":");
	char *last = arena_alloc(a->arena, kept + 1);
	for (size_t i = 0; i < kept; i++) {
		char c = a->output[(a->output_len - kept + i) % OUTPUT_BYTES_MAX];
		last[i] = c >= ' ' && c < 127 ? c : c == '\n' ? '\n' : ' ';
	}
	json_text_string(&out, slice_of(last, kept));
	strbuf_add(&out, "}\n");
	output_write(&out, 0);
}

static int refuse(struct asking *a, const char *why) {
	struct strbuf out;

	strbuf_init(&out, a->arena);
	strbuf_add(&out, "{\"refused\":");
	json_text_string(&out, slice_str(why));
	strbuf_add(&out, "}\n");
	return output_write(&out, 3);
}

static int ask(struct asking *a, char **gopls) {
	struct err err;

	if (scratch_machine_enter(a->arena, a->home, a->workspace, &a->machine, &err) < 0) {
		return refuse(a, err.msg);
	}
	a->notes_text = arena_alloc(a->arena, NOTES_BYTES_MAX);
	a->notes = arena_printf(a->arena, "%s/notes", a->machine.base);
	tidy_environment();
	if (keep_environment(a) < 0) {
		return refuse(a, "the scratch directory cannot be written");
	}
	for (; !streq(*gopls, "--"); gopls++) {
		scratch_machine_replace(a->arena, &a->machine, *gopls);
	}
	const char *end = "deadline";
	bool again = true;
	for (int pass = 0; pass < PASSES_MAX && again; pass++) {
		if (start_editor(a) < 0) {
			return refuse(a, "the editor cannot be started");
		}
		end = attend(a);
		again = read_notes(a).len == 0 && pass + 1 < PASSES_MAX && replace_running(a);
		end_editor(a);
		a->deadline_ns = clock_now_ns() + 5 * NS_PER_S;
	}
	tell(a, end);
	return 0;
}

int ask_editor_main(int argc, char **argv) {
	struct asking a = {.arena = arena_new()};
	int dashes = 6;
	int64_t seconds = 0;

	while (dashes < argc && !streq(argv[dashes], "--")) {
		dashes++;
	}
	if (dashes + 1 >= argc || str_to_int64(argv[4], &seconds) < 0 || seconds < 1) {
		arena_free(a.arena);
		return 2;
	}
	a.home = argv[2];
	a.workspace = argv[3];
	a.deadline_ns = clock_now_ns() + seconds * NS_PER_S;
	a.pty = streq(argv[5], "pty");
	a.editor = argv + dashes + 1;
	int status = ask(&a, argv + 6);
	arena_free(a.arena);
	return status;
}
