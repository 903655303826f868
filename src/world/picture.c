/* SPDX-License-Identifier: MIT
 * Everything about a process tree at one instant. One pass, a process at a time; what many have in common (environment,
 * limits, control group, mounts) is written once, which is what keeps it small and quick.
 */
#include "world/picture.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/vec.h"
#include "world/proc_children.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HELPED_LEAST 32      /* processes: fewer are done before another has begun */
#define HELPER_IDS   1000000 /* where its numbers of shared texts begin */

int picture_read(struct picture_work *w, struct picture_subject *p, const char *name,
                 const char *word, struct slice *ret) {
	CLEANUP(fd_closep) int fd = openat(p->dir_fd, name, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? errno : 0;
	size_t len = 0;

	while (!error && len < PICTURE_TEXT_CAP) {
		ssize_t n = read(fd, w->buffer + len, PICTURE_TEXT_CAP - len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		error = n < 0 ? errno : 0;
		if (n <= 0) {
			break;
		}
		len += (size_t)n;
		if (proc_in_one_piece(name)) {
			break;
		}
	}
	w->buffer[len] = '\0';
	*ret = slice_of(w->buffer, len);
	if (error && word) {
		picture_miss(p, word);
	}
	return error;
}

void picture_miss(struct picture_subject *p, const char *word) {
	strbuf_printf(&p->unseen, "%s%s", p->unseen.len > 0 ? " " : "", word);
}

/* ---- what many have in common ---- */

size_t picture_share(struct picture_work *w, const char *kind, struct slice text) {
	size_t id = 0;

	for (size_t i = 0; i < w->shared_count && id == 0; i++) {
		const struct picture_shared *s = &w->shared[i];

		if (s->text.len == text.len && streq(s->kind, kind) &&
		    slice_compare(s->text, text) == 0) {
			id = i + 1;
		}
	}
	if (id == 0) {
		VEC_ROOM(w->arena, w->shared, w->shared_count, &w->shared_size);
		w->shared[w->shared_count++] = (struct picture_shared){
			.kind = kind,
			.text = slice_of(arena_slicedup(w->arena, text), text.len),
		};
		id = w->shared_count;
	}
	strbuf_printf(w->out, "%s=%zu\n", kind, w->first_id + id);
	return w->first_id + id;
}

static void put_environ(struct strbuf *out, struct slice text) {
	struct slice variable;

	while (slice_cut(&text, '\0', &variable)) {
		if (variable.len > 0) {
			keyline_put(out, "env", arena_slicedup(out->arena, variable));
		}
	}
}

static void put_shared(struct picture_work *w) {
	for (size_t i = 0; i < w->shared_count; i++) {
		const struct picture_shared *s = &w->shared[i];

		strbuf_printf(w->out, "record=%s\nid=%zu\n", s->kind, w->first_id + i + 1);
		if (streq(s->kind, "environ")) {
			put_environ(w->out, s->text);
		} else if (streq(s->kind, "cgroup")) {
			picture_put_cgroup(w, s->text);
		} else {
			strbuf_add_n(w->out, s->text.data, s->text.len);
		}
		strbuf_add_char(w->out, '\n');
	}
}

/* ---- the whole ---- */

/* A line "Title:   123 kB" as key=bytes. */
static void put_kib(struct strbuf *out, struct slice text, const char *title, const char *key) {
	struct slice line, number;

	while (slice_line(&text, &line)) {
		if (slice_starts(line, title)) {
			line = slice_trim(slice_from(line, strlen(title)));
			if (slice_number(&line, &number)) {
				int64_t kib = 0;

				str_to_int64(arena_slicedup(out->arena, number), &kib);
				strbuf_printf(out, "%s=%" PRId64 "\n", key, kib * 1024);
			}
			return;
		}
	}
}

static void put_machine(struct picture_work *w) {
	struct picture_subject all = {.dir_fd = w->proc_fd};
	struct utsname name;
	struct slice text, line;

	strbuf_init(&all.unseen, w->arena);
	if (uname(&name) == 0) {
		keyline_put(w->out, "kernel", name.release);
	}
	if (picture_read(w, &all, "meminfo", NULL, &text) == 0) {
		put_kib(w->out, text, "MemTotal:", "memory_total");
		put_kib(w->out, text, "MemAvailable:", "memory_available");
		put_kib(w->out, text, "SwapFree:", "swap_free");
	}
	if (picture_read(w, &all, "loadavg", NULL, &text) == 0 && slice_line(&text, &line)) {
		strbuf_printf(w->out, "load=%.*s\n", (int)line.len, line.data);
	}
}

struct tree {
	int64_t pids[PICTURE_PROCESSES_MAX];
	size_t count;
	bool cut;
};

static void tree_add(struct tree *tree, int64_t pid) {
	for (size_t i = 0; i < tree->count; i++) {
		if (tree->pids[i] == pid) {
			return;
		}
	}
	if (tree->count == PICTURE_PROCESSES_MAX) {
		tree->cut = true;
	} else {
		tree->pids[tree->count++] = pid;
	}
}

/* We are no part of what is looked at, though we may be below it. */
static bool is_ours(const struct looker *looker, int64_t pid) {
	return pid == looker->self || pid == getpid();
}

/* False: what was asked for makes no sense. */
static bool tree_find(struct picture_work *w, const struct looker *looker, struct slice arg,
                      struct tree *tree) {
	struct slice word;

	while (slice_cut(&arg, ' ', &word)) {
		int64_t pid = proc_pid_of(looker, arena_slicedup(w->arena, word));

		if (slice_eq(word, "careful")) {
			w->careful = true;
			continue;
		}
		if (pid <= 0) {
			return false;
		}
		const struct proc_children *below = proc_descendants(w->arena, w->proc_fd, pid);

		tree_add(tree, pid);
		for (size_t i = 0; i < below->count; i++) {
			if (!is_ours(looker, below->pids[i])) {
				tree_add(tree, below->pids[i]);
			}
		}
		tree->cut = tree->cut || below->count == PROC_CHILDREN_MAX;
	}
	return tree->count > 0;
}

static int64_t cpu_now_ns(void) {
	struct timespec t = {0};

	struct rusage helper = {0};

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	getrusage(RUSAGE_CHILDREN, &helper);
	return (int64_t)(t.tv_sec + helper.ru_utime.tv_sec + helper.ru_stime.tv_sec) * NS_PER_S +
	       t.tv_nsec + (int64_t)(helper.ru_utime.tv_usec + helper.ru_stime.tv_usec) * 1000;
}

static void put_whole(struct picture_work *w, const struct looker *looker, const char *arg,
                      const struct tree *tree, int64_t began_ns, int64_t began_cpu_ns, int error) {
	strbuf_printf(w->out,
	              "record=whole\nnow_wall_ns=%" PRId64 "\ntook_us=%" PRId64 "\ncpu_us=%" PRId64
	              "\nuid=%u\ncut=%d\ncareful=%d\nnet_error=%d\n",
	              clock_wall_ns(), (clock_now_ns() - began_ns) / 1000,
	              (cpu_now_ns() - began_cpu_ns) / 1000, looker->uid, tree->cut, w->careful,
	              error);
	keyline_put(w->out, "roots", arg);
	put_machine(w);
	strbuf_add_char(w->out, '\n');
}

/* All that is written of them, with what they share. 0, or the errno of sock_diag. */
static int put_processes(struct picture_work *w, const int64_t *pids, size_t count) {
	size_t before = w->out->len;

	for (size_t i = 0; i < count; i++) {
		picture_put_process(w, pids[i]);
	}
	if (w->out->len == before) {
		return 0;
	}
	int error = picture_put_sockets(w);

	put_shared(w);
	return error;
}

/* ---- two at a time ---- */

/* The kernel does nearly all of the work, on as many processors as ask: of a large tree another process writes the second
 * half. It ends with us, and what it cannot do we do. */
struct helper {
	pid_t pid; /* 0: there is none */
	int text_fd;
};

static struct helper helper_start(struct picture_work *w, const struct tree *tree) {
	struct helper h = {.text_fd = -1};
	size_t half = tree->count / 2;
	pid_t parent = getpid();

	if (tree->count < HELPED_LEAST || sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		return h;
	}
	h.text_fd = memfd_create("picture", MFD_CLOEXEC);
	h.pid = h.text_fd < 0 ? 0 : fork();
	if (h.pid < 0) {
		h.pid = 0;
	} else if (h.pid == 0 && h.text_fd >= 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent) {
			_exit(1);
		}
		w->first_id = HELPER_IDS;
		put_processes(w, tree->pids + half, tree->count - half);
		_exit(fd_write_all(h.text_fd, w->out->data, w->out->len) == 0 ? 0 : 1);
	}
	return h;
}

/* False: it has not written all. */
static bool helper_end(struct picture_work *w, struct helper *h) {
	bool done = true;
	int status = 0;

	if (h->pid > 0) {
		pid_t pid;

		do {
			pid = waitpid(h->pid, &status, 0);
		} while (pid < 0 && errno == EINTR);
		struct look_reply text = {.state = EV_FAILED};

		strbuf_init(&text.bytes, w->arena);
		done = pid == h->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
		       lseek(h->text_fd, 0, SEEK_SET) == 0 &&
		       look_read_fd(h->text_fd, PICTURE_CAP, &text) == 0;
		if (done) {
			strbuf_add_n(w->out, text.bytes.data, text.bytes.len);
		}
	}
	fd_closep(&h->text_fd);
	return done;
}

void look_picture(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct picture_work *w = arena_new_of(request->arena, struct picture_work);
	struct tree *tree = arena_new_of(request->arena, struct tree);
	int64_t began_ns = clock_now_ns(), began_cpu_ns = cpu_now_ns();

	w->arena = request->arena;
	w->out = &reply->bytes;
	w->proc_fd = proc_fd;
	w->buffer = arena_alloc(w->arena, PICTURE_TEXT_CAP + 1);
	w->boot_ns = proc_boot_wall_ns(w->arena, proc_fd);
	if (proc_fd < 0 || !tree_find(w, looker, slice_str(request->arg), tree)) {
		look_reply_errno(reply, proc_fd < 0 ? ENOSYS : EINVAL);
		return;
	}
	struct helper helper = helper_start(w, tree);
	int error = put_processes(w, tree->pids, helper.pid > 0 ? tree->count / 2 : tree->count);

	if (!helper_end(w, &helper)) {
		error = put_processes(w, tree->pids + tree->count / 2,
		                      tree->count - tree->count / 2);
	}
	if (reply->bytes.len == 0) {
		look_reply_errno(reply, ENOENT);
		return;
	}
	put_whole(w, looker, request->arg, tree, began_ns, began_cpu_ns, error);
	look_reply_errno(reply, 0);
}
