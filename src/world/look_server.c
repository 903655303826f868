/* SPDX-License-Identifier: MIT
 */
#include "world/look_server.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"
#include "world/looks.h"
#include "world/mounts.h"
#include "world/procfs.h"
#include "world/selfcare.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARG_MAX_BYTES   32768
#define HEAP_KEPT_BYTES (4 * 1024 * 1024)
#define FRONT_BYTES     4096 /* most answers are shorter and come in one piece */

struct question {
	uint32_t what;
	uint32_t arg_len;
	uint64_t cap;
	int64_t limit_ns;
};

/* As it is sent: arg_len bytes of arg and no more. */
struct message {
	struct question question;
	char arg[ARG_MAX_BYTES + 1];
};

_Static_assert(offsetof(struct message, arg) == sizeof(struct question),
               "the argument follows the question without a hole");

struct answer {
	uint32_t state;
	int32_t error;
	uint64_t len;
};

_Static_assert(sizeof(struct answer) == sizeof(((struct look_server *)0)->header),
               "the header buffer takes one answer");

/* ---- in the child ---- */

/* A question comes in one piece and with nothing behind it: the next one waits for the answer. */
static bool message_read(int fd, struct message *message) {
	size_t have = 0, want = sizeof message->question;

	while (have < want) {
		ssize_t n = read(fd, (char *)message + have, sizeof *message - have);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		have += (size_t)n;
		if (have >= sizeof message->question) {
			if (message->question.arg_len > ARG_MAX_BYTES) {
				return false;
			}
			want = sizeof message->question + message->question.arg_len;
		}
	}
	message->arg[message->question.arg_len] = '\0';
	return have == want;
}

static bool answer_write(int fd, struct look_reply *reply) {
	struct answer answer = {
		.state = (uint32_t)reply->state, .error = reply->error, .len = reply->bytes.len};
	struct iovec parts[] = {{&answer, sizeof answer}, {reply->bytes.data, reply->bytes.len}};
	ssize_t n;

	do {
		n = writev(fd, parts, 2);
	} while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof answer) {
		return false; /* a socket with nothing in it takes more than that */
	}
	size_t written = (size_t)n - sizeof answer;

	return fd_write_all(fd, reply->bytes.data + written, reply->bytes.len - written) == 0;
}

static bool serve_one(int fd, struct looker *looker) {
	struct message message;
	struct look_reply reply = {.state = EV_FAILED};

	if (!message_read(fd, &message)) {
		return false;
	}
	struct look_request request = {.arena = arena_new(),
	                               .what = (enum look)message.question.what,
	                               .arg = message.arg,
	                               .cap = (size_t)message.question.cap,
	                               .until_ns = clock_now_ns() + message.question.limit_ns};

	strbuf_init(&reply.bytes, request.arena);
	look_answer(looker, &request, &reply);

	bool sent = answer_write(fd, &reply);

	arena_free(request.arena);
	return sent;
}

static _Noreturn void looker_main(int fd, struct look_progress *progress, pid_t parent) {
	struct proc_names names = {0};
	struct looker looker = {
		.progress = progress, .self = parent, .uid = geteuid(), .names = &names};

	/* Each look has its arena: what one gave back the next one takes, without asking the kernel. */
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT_BYTES);
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
	VEC_ROOM(server->arena, server->hanging, server->hanging_count, &server->hanging_size);
	server->hanging[server->hanging_count++] = path;
}

static bool answer_at_once(struct evidence *ev, enum ev_state state, int error) {
	ev->state = state;
	ev->error = error;
	return false;
}

bool look_server_ask(struct look_server *server, enum look what, const char *arg, size_t cap,
                     int64_t limit_ns, struct evidence *ev) {
	size_t arg_len = strlen(arg);
	struct message message;
	int r;

	if (arg_len > ARG_MAX_BYTES) {
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
	message.question = (struct question){
		.what = (uint32_t)what,
		.arg_len = (uint32_t)arg_len,
		.cap = cap,
		.limit_ns = limit_ns,
	};
	memcpy(message.arg, arg, arg_len);
	r = fd_write_all(server->fd, &message, sizeof message.question + arg_len);
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

/* The front of an answer: its header and what came with it. False when it is none. */
static bool server_take_front(struct look_server *server, const char *data, size_t len) {
	size_t part = sizeof server->header - server->header_len;

	part = part < len ? part : len;
	memcpy(server->header + server->header_len, data, part);
	server->header_len += part;
	if (server->header_len < sizeof server->header) {
		return true;
	}
	server_take_header(server);
	if (len - part > server->bytes_len) {
		return false;
	}
	memcpy(server->bytes, data + part, len - part);
	server->bytes_have = len - part;
	return true;
}

void look_server_receive(struct look_server *server) {
	while (server->busy) {
		bool in_header = server->header_len < sizeof server->header;
		char front[FRONT_BYTES];
		char *at = in_header ? front : server->bytes + server->bytes_have;
		size_t want = in_header ? sizeof front : server->bytes_len - server->bytes_have;
		ssize_t n = recv(server->fd, at, want, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			return;
		}
		if (n <= 0 || (in_header && !server_take_front(server, front, (size_t)n))) {
			server_lost(server);
			return;
		}
		if (!in_header) {
			server->bytes_have += (size_t)n;
		}
		if (server->header_len == sizeof server->header &&
		    server->bytes_have == server->bytes_len) {
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
