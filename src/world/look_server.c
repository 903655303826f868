/* SPDX-License-Identifier: MIT
 */
#include "world/look_server.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "world/looks.h"
#include "world/mounts.h"
#include "world/procfs.h"
#include "world/selfcare.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARG_MAX_BYTES 32768

struct question {
	uint32_t what;
	uint32_t arg_len;
	uint64_t cap;
	int64_t limit_ns;
};

struct answer {
	uint32_t state;
	int32_t error;
	uint64_t len;
};

_Static_assert(sizeof(struct answer) == sizeof(((struct look_server *)0)->header),
               "the header buffer takes one answer");

/* ---- in the child ---- */

static bool read_all(int fd, void *data, size_t len) {
	char *at = data;

	while (len > 0) {
		ssize_t n = read(fd, at, len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool serve_one(int fd, struct looker *looker) {
	struct question question;
	char arg[ARG_MAX_BYTES + 1];
	struct look_request request;
	struct look_reply reply = {.state = EV_FAILED};
	struct answer answer;
	bool sent;

	if (!read_all(fd, &question, sizeof question) || question.arg_len > ARG_MAX_BYTES ||
	    !read_all(fd, arg, question.arg_len)) {
		return false;
	}
	arg[question.arg_len] = '\0';
	request = (struct look_request){.arena = arena_new(),
	                                .what = (enum look)question.what,
	                                .arg = arg,
	                                .cap = (size_t)question.cap,
	                                .until_ns = clock_now_ns() + question.limit_ns};
	strbuf_init(&reply.bytes, request.arena);
	look_answer(looker, &request, &reply);
	answer = (struct answer){
		.state = (uint32_t)reply.state, .error = reply.error, .len = reply.bytes.len};
	sent = fd_write_all(fd, &answer, sizeof answer) == 0 &&
	       fd_write_all(fd, reply.bytes.data, reply.bytes.len) == 0;
	arena_free(request.arena);
	return sent;
}

static _Noreturn void looker_main(int fd, struct look_progress *progress, pid_t parent) {
	struct proc_names names = {0};
	struct looker looker = {
		.progress = progress, .self = parent, .uid = geteuid(), .names = &names};

	selfcare_reset_signals();
	selfcare_settle("dialtone-look", &fd, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent) {
		while (serve_one(SELFCARE_FIRST_FD, &looker)) {
		}
	}
	_exit(0);
}

/* ---- our side ---- */

static int server_fork(struct look_server *server) {
	int ends[2];
	pid_t parent = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		return -errno;
	}
	server->progress->reached_len = 0;
	server->pid = fork();
	if (server->pid == 0) {
		looker_main(ends[1], server->progress, parent);
	}
	close(ends[1]);
	if (server->pid < 0) {
		int r = -errno;

		close(ends[0]);
		server->pid = 0;
		return r;
	}
	server->fd = ends[0];
	return 0;
}

int look_server_open(struct look_server *server, struct arena *arena) {
	void *page = mmap(NULL, sizeof *server->progress, PROT_READ | PROT_WRITE,
	                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*server = (struct look_server){.arena = arena, .fd = -1};
	if (page == MAP_FAILED) {
		return -errno;
	}
	server->progress = page;
	return server_fork(server);
}

static bool server_knows_hanging(const struct look_server *server, const char *path) {
	for (size_t i = 0; i < server->hanging_count; i++) {
		if (path_below(path, server->hanging[i])) {
			return true;
		}
	}
	return false;
}

static void server_remember_hanging(struct look_server *server, const char *path) {
	if (server->hanging_count == server->hanging_size) {
		size_t size = server->hanging_size ? server->hanging_size * 2 : 8;
		const char **grown = arena_array_of(server->arena, const char *, size);

		for (size_t i = 0; i < server->hanging_count; i++) {
			grown[i] = server->hanging[i];
		}
		server->hanging = grown;
		server->hanging_size = size;
	}
	server->hanging[server->hanging_count++] = path;
}

static bool answer_at_once(struct evidence *ev, enum ev_state state, int error) {
	ev->state = state;
	ev->error = error;
	return false;
}

bool look_server_ask(struct look_server *server, enum look what, const char *arg, size_t cap,
                     int64_t limit_ns, struct evidence *ev) {
	struct question question = {.what = (uint32_t)what,
	                            .arg_len = (uint32_t)strlen(arg),
	                            .cap = cap,
	                            .limit_ns = limit_ns};
	int r;

	if (strlen(arg) > ARG_MAX_BYTES) {
		return answer_at_once(ev, EV_FAILED, ENAMETOOLONG);
	}
	if (look_argument(what) != LOOK_ARGUMENT_OTHER && arg[0] != '/') {
		return answer_at_once(ev, EV_FAILED, EINVAL);
	}
	if (look_argument(what) != LOOK_ARGUMENT_OTHER && server_knows_hanging(server, arg)) {
		return answer_at_once(ev, EV_TIMED_OUT, ETIMEDOUT);
	}
	if (server->fd < 0) {
		r = server->abandoned_count < LOOK_ABANDONED_MAX ? server_fork(server) : -ETIMEDOUT;
		if (r < 0) {
			return answer_at_once(ev, ev_state_of_errno(-r), -r);
		}
	}
	r = fd_write_all(server->fd, &question, sizeof question);
	if (r == 0) {
		r = fd_write_all(server->fd, arg, question.arg_len);
	}
	server->what = what;
	server->arg = arg;
	server->ev = ev;
	server->header_len = 0;
	server->bytes = NULL;
	server->bytes_have = 0;
	server->busy = true;
	if (r < 0) {
		look_server_abandon(server);
		return answer_at_once(ev, EV_FAILED, -r);
	}
	return true;
}

/* The child has died, which is a bug or somebody's kill: the question has no answer. */
static void server_lost(struct look_server *server) {
	server->busy = false;
	answer_at_once(server->ev, EV_FAILED, ECHILD);
	close(server->fd);
	server->fd = -1;
	waitpid(server->pid, NULL, 0);
	server->pid = 0;
}

static void server_take_header(struct look_server *server) {
	struct answer answer;

	memcpy(&answer, server->header, sizeof answer);
	server->ev->state = (enum ev_state)answer.state;
	server->ev->error = answer.error;
	server->bytes_len = (size_t)answer.len;
	server->bytes = arena_alloc(server->arena, server->bytes_len + 1);
}

void look_server_receive(struct look_server *server) {
	while (server->busy) {
		bool in_header = server->header_len < sizeof server->header;
		char *at = in_header ? server->header + server->header_len
		                     : server->bytes + server->bytes_have;
		size_t want = in_header ? sizeof server->header - server->header_len
		                        : server->bytes_len - server->bytes_have;
		ssize_t n = want ? recv(server->fd, at, want, MSG_DONTWAIT) : 0;

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			return;
		}
		if (n < 0 || (n == 0 && want > 0)) {
			server_lost(server);
			return;
		}
		if (in_header) {
			server->header_len += (size_t)n;
			if (server->header_len == sizeof server->header) {
				server_take_header(server);
			}
			continue;
		}
		server->bytes_have += (size_t)n;
		if (server->bytes_have == server->bytes_len) {
			server->bytes[server->bytes_len] = '\0';
			server->ev->bytes = slice_of(server->bytes, server->bytes_len);
			server->busy = false;
		}
	}
}

/* Where the hanging look got stuck: the element of the path the child was looking up; when it had
 * come to the end, the whole mount if that is one behind which somebody else has to answer, else
 * the directory. */
static const char *server_place(const struct look_server *server) {
	const char *arg = server->arg;
	size_t len = strlen(arg);
	uint32_t reached = server->progress->reached_len;
	size_t mount_len;

	if (reached > 0 && reached < len) {
		return arena_strndup(server->arena, arg, reached);
	}
	mount_len = mounts_remote_prefix(arg);
	if (mount_len > 0) {
		return arena_strndup(server->arena, arg, mount_len);
	}
	if (look_argument(server->what) == LOOK_ARGUMENT_DIRECTORY) {
		return arena_strdup(server->arena, arg);
	}
	return path_parent(server->arena, arg);
}

bool look_server_is_running(const struct look_server *server) {
	char path[32], text[256];
	CLEANUP(fd_closep) int fd = -1;
	struct proc_stat ps;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)server->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof text);
	return n > 0 && proc_stat_parse(slice_of(text, (size_t)n), &ps) && ps.state == 'R';
}

void look_server_abandon(struct look_server *server) {
	if (server->busy) {
		server->busy = false;
		answer_at_once(server->ev, EV_TIMED_OUT, ETIMEDOUT);
		if (look_argument(server->what) != LOOK_ARGUMENT_OTHER) {
			server_remember_hanging(server, server_place(server));
		}
	}
	kill(server->pid, SIGKILL);
	if (waitpid(server->pid, NULL, WNOHANG) == 0 &&
	    server->abandoned_count < LOOK_ABANDONED_MAX) {
		server->abandoned[server->abandoned_count++] = server->pid;
	}
	server->pid = 0;
	close(server->fd);
	server->fd = -1;
}

void look_server_close(struct look_server *server) {
	if (server->pid > 0) {
		kill(server->pid, SIGKILL);
		waitpid(server->pid, NULL, server->busy ? WNOHANG : 0);
		close(server->fd);
	}
	for (size_t i = 0; i < server->abandoned_count; i++) {
		waitpid(server->abandoned[i], NULL, WNOHANG);
	}
	if (server->progress) {
		munmap(server->progress, sizeof *server->progress);
	}
	*server = (struct look_server){.fd = -1};
}
