/* SPDX-License-Identifier: MIT
 * What calls were answered about paths. Of several answers the last one about being there counts, and
 * every refusal.
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/vec.h"
#include "gofile/binary.h"
#include "trace/call.h"
#include "trace/episodes_work.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#define PATHS_MAX   ((size_t)400000)
#define CONTENT_MAX ((size_t)1024 * 1024)

static struct slice key_of(const pid_t *pid, const int *fd, char buf[sizeof(pid_t) + sizeof(int)]) {
	memcpy(buf, pid, sizeof(*pid));
	memcpy(buf + sizeof(*pid), fd, sizeof(*fd));
	return slice_of(buf, sizeof(*pid) + sizeof(*fd));
}

struct descriptor_use *testimony_descriptor(struct testimony *t, pid_t pid, int fd) {
	char buf[sizeof(pid_t) + sizeof(int)];
	size_t id = dictionary_id(&t->fd_ids, key_of(&pid, &fd, buf));
	if (id < t->fd_count) {
		return &t->fds[id];
	}
	t->fds = vec_room(t->arena, t->fds, t->fd_count, &t->fd_size, sizeof(*t->fds));
	t->fds[t->fd_count] = (struct descriptor_use){.pid = pid, .fd = fd, .offset = -1};
	return &t->fds[t->fd_count++];
}

static void opened(struct testimony *t, const struct event *e, const char *path) {
	int fd = (int)e->result;
	*testimony_descriptor(t, e->pid, fd) =
		(struct descriptor_use){.pid = e->pid, .fd = fd, .path = path};
}

/* The one copy of a path that is known already, else one of its own: a recording names the same few over and over. */
static const char *kept(struct testimony *t, const char *path) {
	struct slice text = slice_str(path);
	return dictionary_has(&t->path_ids, text) ? t->paths[dictionary_id(&t->path_ids, text)].path
	                                          : arena_strdup(t->arena, path);
}

const char *testimony_fd_path(struct testimony *t, pid_t pid, int fd) {
	const struct rewind_process *p = rewind_process(t->rewind, pid);
	const struct rewind_fd *found = p ? rewind_fd(p, fd) : NULL;
	return found && !str_empty(found->file->path) ? kept(t, found->file->path) : NULL;
}

const char *testimony_path(struct testimony *t, const struct event *e, const struct call *call,
                           int at) {
	const struct payload *p = event_payload(e, PAYLOAD_STRING, at);
	const struct rewind_process *process = rewind_process(t->rewind, e->pid);
	if (call->args[at].shape != ARG_PATH || !p || p->bytes.len == 0 ||
	    p->full_bytes > p->bytes.len) {
		return NULL;
	}
	if (!process && p->bytes.data[0] == '/') {
		return path_clean(t->arena, arena_slicedup(t->arena, p->bytes));
	}
	bool relative = at > 0 && call->args[at - 1].shape == ARG_AT_FD;
	int dir = relative ? (int)e->args[at - 1] : AT_FDCWD;
	const char *path = process ? rewind_path(t->rewind, process, dir, p->bytes) : NULL;
	return path && path[0] == '/' ? kept(t, path) : NULL;
}

static struct seen_path *path_of(struct testimony *t, const char *path, int64_t at_ns) {
	size_t id = dictionary_id(&t->path_ids, slice_str(path));
	if (id < t->path_count) {
		return &t->paths[id];
	}
	t->paths = vec_room(t->arena, t->paths, t->path_count, &t->path_size, sizeof(*t->paths));
	t->paths[t->path_count] = (struct seen_path){.path = path, .at_ns = at_ns};
	strbuf_init(&t->paths[t->path_count].content, t->arena);
	strbuf_init(&t->paths[t->path_count].entries, t->arena);
	return &t->paths[t->path_count++];
}

void testimony_name(struct testimony *t, const char *path, int64_t at_ns) {
	if (path[0] == '/' && t->path_count < PATHS_MAX) {
		(void)path_of(t, path, at_ns);
	}
}

static bool is_absence(int error) {
	return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
}

static int *refusal_of(struct seen_path *p, const struct event *e, const struct call *call) {
	const char *name = call->name;
	uint64_t flags = streq(name, "openat") ? e->args[2] : streq(name, "open") ? e->args[1] : 0;
	bool writes =
		(flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) || str_starts(name, "mkdir") ||
		str_starts(name, "rename") || str_starts(name, "unlink") || streq(name, "creat") ||
		streq(name, "truncate") || str_starts(name, "link") || str_starts(name, "symlink");
	bool asks = str_starts(name, "faccessat") || streq(name, "access");
	uint64_t mode = streq(name, "access") ? e->args[1] : e->args[2];
	if (str_starts(name, "execve") || (asks && (mode & 1))) {
		return &p->exec_error;
	}
	return writes || (asks && (mode & 2)) ? &p->write_error : &p->read_error;
}

static void see_stat(struct testimony *t, const struct event *e, const struct call *call) {
	bool of_fd = streq(call->name, "fstat");
	int at = of_fd || !str_has(call->name, "at64") ? 1 : 2;
	at = streq(call->name, "newfstatat") ? 2 : at;
	const struct payload *p = event_payload(e, PAYLOAD_BYTES, at);
	if (call->args[at].shape != ARG_STAT_OUT || !p || p->bytes.len < sizeof(struct stat) ||
	    e->result != 0) {
		return;
	}
	bool empty = at == 2 && e->args[3] & AT_EMPTY_PATH;
	bool of_link = streq(call->name, "lstat") || (at == 2 && e->args[3] & AT_SYMLINK_NOFOLLOW);
	const char *path = of_fd || empty ? testimony_fd_path(t, e->pid, (int)e->args[0])
	                                  : testimony_path(t, e, call, at - 1);
	struct stat st;
	memcpy(&st, p->bytes.data, sizeof(st));
	if (!path || path[0] != '/' || (of_link && S_ISLNK(st.st_mode))) {
		return;
	}
	struct seen_path *seen = path_of(t, path, e->start_ns);
	t->found_gopls = t->found_gopls || streq(path_base(path), "gopls");
	seen->st = st;
	seen->has_stat = true;
	seen->absent_error = 0;
}

static void see_open(struct testimony *t, const struct event *e, const char *path,
                     struct seen_path *seen, uint64_t flags) {
	bool writes = (flags & O_ACCMODE) != O_RDONLY;
	seen->is_dir |= (flags & O_DIRECTORY) != 0;
	seen->was_read |= !writes;
	if (writes || (flags & O_TRUNC)) {
		seen->content_broken = true;
	}
	opened(t, e, path);
}

static void see_answer(struct testimony *t, const struct event *e, const struct call *call,
                       const char *path) {
	struct seen_path *seen = path_of(t, path, e->start_ns);
	testimony_note_call(t, e, call, seen);
	if (event_failed(e)) {
		int error = (int)-e->result;
		/* Of a program that is there, execve(2) means its interpreter. */
		bool of_other = str_starts(call->name, "execve") && seen->has_stat &&
		                seen->absent_error == 0;
		if (of_other && is_absence(error)) {
			seen->interpreter_gone = true;
		} else if (is_absence(error)) {
			seen->absent_error = error;
			if (streq(path_base(path), "gopls")) {
				t->searcher = testimony_witness(t, e->pid);
			}
		} else if (episodes_refusal(error)) {
			*refusal_of(seen, e, call) = error;
		}
		return;
	}
	seen->absent_error = 0;
	if (streq(call->name, "openat") || streq(call->name, "open")) {
		see_open(t, e, path, seen, e->args[streq(call->name, "open") ? 1 : 2]);
	} else if (call->returns_fd) {
		opened(t, e, path);
	}
	const struct payload *link =
		event_payload(e, PAYLOAD_BYTES, streq(call->name, "readlink") ? 1 : 2);
	if (str_starts(call->name, "readlink") && link) {
		seen->link = arena_slicedup(t->arena, link->bytes);
	}
}

/* A file that is read from its beginning to its end in a row, as os.ReadFile does. */
static void see_read(struct testimony *t, const struct event *e) {
	if (e->duration_ns < 0 || e->result < 0) {
		return;
	}
	struct descriptor_use *d = testimony_descriptor(t, e->pid, (int)e->args[0]);
	if (!d->path || d->path[0] != '/' || d->offset < 0) {
		return;
	}
	struct seen_path *seen = path_of(t, d->path, e->start_ns);
	const struct payload *p = event_payload(e, PAYLOAD_BYTES, 1);
	size_t have = seen->content.len;
	if (e->result == 0) {
		seen->content_whole = !seen->content_broken && (size_t)d->offset == have;
		d->offset = -1;
		return;
	}
	size_t at = (size_t)d->offset;
	bool follows = at <= have && at + (size_t)e->result > have;
	if (!p || p->bytes.len != (size_t)e->result || have + p->bytes.len > CONTENT_MAX) {
		seen->content_broken |= follows;
		d->offset = -1;
		return;
	}
	if (follows && !seen->content_whole) {
		strbuf_add_n(&seen->content, p->bytes.data + (have - at),
		             p->bytes.len - (have - at));
	}
	d->offset += e->result;
}

/* As getdents64(2) writes them. */
static void see_entries(struct testimony *t, const struct event *e) {
	const struct payload *p = event_payload(e, PAYLOAD_BYTES, 1);
	const char *path = testimony_fd_path(t, e->pid, (int)e->args[0]);
	if (e->duration_ns < 0 || e->result < 0 || !path || path[0] != '/') {
		return;
	}
	struct seen_path *seen = path_of(t, path, e->start_ns);
	if (e->result == 0) {
		seen->listed_whole = !seen->listed_broken;
		return;
	}
	if (!p || p->bytes.len != (size_t)e->result ||
	    seen->entries.len + p->bytes.len > CONTENT_MAX) {
		seen->listed_broken = true;
	}
	const size_t head = offsetof(struct dirent64, d_name);
	struct slice rest = p && !seen->listed_whole ? p->bytes : slice_of("", 0);
	while (rest.len > head && !seen->listed_broken) {
		unsigned short length;
		memcpy(&length, rest.data + offsetof(struct dirent64, d_reclen), sizeof(length));
		if (length <= head || length > rest.len) {
			break;
		}
		unsigned char type = (unsigned char)rest.data[offsetof(struct dirent64, d_type)];
		struct slice name =
			slice_of(rest.data + head, strnlen(rest.data + head, length - head));
		if (!slice_eq(name, ".") && !slice_eq(name, "..")) {
			strbuf_printf(&seen->entries, "%c %.*s\n",
			              type == DT_DIR   ? 'd'
			              : type == DT_REG ? 'f'
			              : type == DT_LNK ? 'l'
			                               : 'o',
			              (int)name.len, name.data);
		}
		rest = slice_from(rest, length);
	}
}

/* A shell reads its script through another number, and from the beginning again. */
static bool see_moves(struct testimony *t, const struct event *e, const struct call *call) {
	bool dup = str_starts(call->name, "dup") ||
	           (streq(call->name, "fcntl") &&
	            (e->args[1] == F_DUPFD || e->args[1] == F_DUPFD_CLOEXEC));
	bool seek = streq(call->name, "lseek");
	if ((!dup && !seek) || e->duration_ns < 0 || e->result < 0) {
		return dup || seek;
	}
	struct descriptor_use from = *testimony_descriptor(t, e->pid, (int)e->args[0]);
	if (seek) {
		testimony_descriptor(t, e->pid, (int)e->args[0])->offset = e->result;
	} else if (from.path && (int)e->result != (int)e->args[0]) {
		from.fd = (int)e->result;
		*testimony_descriptor(t, e->pid, from.fd) = from;
	}
	return true;
}

/* No room, no quota, a broken disk: told only when something is written. */
static void see_refused_write(struct testimony *t, const struct event *e, const struct call *call) {
	int error = event_failed(e) ? (int)-e->result : 0;
	bool of_place = error == ENOSPC || error == EDQUOT || error == EIO || error == EROFS;
	const char *path = of_place ? testimony_fd_path(t, e->pid, (int)e->args[0]) : NULL;
	if (path && path[0] == '/' && t->path_count < PATHS_MAX) {
		testimony_note_call(t, e, call, path_of(t, path, e->start_ns));
	}
}

void testimony_see_path(struct testimony *t, const struct event *e, const struct call *call) {
	if (streq(call->name, "read")) {
		see_read(t, e);
		return;
	}
	if (streq(call->name, "getdents64")) {
		see_entries(t, e);
		return;
	}
	if (see_moves(t, e, call)) {
		return;
	}
	if (str_starts(call->name, "write") || str_starts(call->name, "pwrite")) {
		see_refused_write(t, e, call);
		return;
	}
	if (e->duration_ns == EVENT_NO_DURATION || t->path_count >= PATHS_MAX) {
		return;
	}
	int at = call->args[0].shape == ARG_PATH ? 0 : call->args[1].shape == ARG_PATH ? 1 : -1;
	const char *path = at >= 0 ? testimony_path(t, e, call, at) : NULL;
	if (path) {
		see_answer(t, e, call, path);
	}
	see_stat(t, e, call);
}

/* ---- what it comes to ---- */

static const char *type_of(const struct seen_path *p) {
	mode_t mode = p->st.st_mode;
	if (!p->has_stat) {
		return p->is_dir ? "dir" : "file";
	}
	return S_ISREG(mode)    ? "file"
	       : S_ISDIR(mode)  ? "dir"
	       : S_ISFIFO(mode) ? "fifo"
	       : S_ISSOCK(mode) ? "socket"
	       : S_ISCHR(mode)  ? "char"
	       : S_ISBLK(mode)  ? "block"
	                        : "other";
}

/* What the process might do with it, by what it was told; where it never asked, by the mode. That it is no program
 * (ENOEXEC), or that somebody else forbids it (EPERM), access(2) would not have said. */
static int may(const struct seen_path *p, int error, mode_t bits) {
	bool refused = error == EACCES || error == EROFS || error == EISDIR;
	return !refused && (!p->has_stat || (p->st.st_mode & bits) != 0);
}

static void give_stat(struct testimony *t, struct evidence_store *store,
                      const struct seen_path *p) {
	struct strbuf text;
	const struct stat *st = &p->st;
	strbuf_init(&text, t->arena);
	strbuf_printf(&text, "type=%s\n", type_of(p));
	if (p->has_stat) {
		strbuf_printf(&text, "mode=%o\nuid=%u\ngid=%u\nsize=%" PRId64 "\n",
		              st->st_mode & 07777, st->st_uid, st->st_gid, (int64_t)st->st_size);
		strbuf_printf(&text, "mtime_ns=%" PRId64 "\nctime_ns=%" PRId64 "\n",
		              (int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec,
		              (int64_t)st->st_ctim.tv_sec * NS_PER_S + st->st_ctim.tv_nsec);
		strbuf_printf(&text, "dev=%" PRIu64 "\nino=%" PRIu64 "\nnlink=%" PRIu64 "\n",
		              (uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_nlink);
	}
	strbuf_printf(&text, "read=%d\nwrite=%d\nexec=%d\nreal=%s\n", may(p, p->read_error, 0444),
	              may(p, p->write_error, 0222), may(p, p->exec_error, 0111), p->path);
	testimony_put(t, store, arena_printf(t->arena, "stat:%s", p->path), p->at_ns,
	              slice_of(text.data, text.len));
}

static int by_name(const void *a, const void *b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_read_whole(const struct seen_path *p) {
	bool all = p->has_stat && S_ISREG(p->st.st_mode) && p->content.len > 0 &&
	           p->content.len == (size_t)p->st.st_size;
	return (p->content_whole || all) && !p->content_broken;
}

/* The first line of a script, behind its #!; false when it is none or was not read. */
static bool script_line(const struct seen_path *p, struct slice *ret) {
	struct slice rest = slice_of(p->content.data, p->content.len);
	struct slice line;
	if (!slice_starts(rest, "#!") || !slice_line(&rest, &line)) {
		return false;
	}
	*ret = slice_trim(slice_from(line, 2));
	return true;
}

static struct slice first_word(struct slice line) {
	size_t blank = 0;
	while (blank < line.len && line.data[blank] != ' ' && line.data[blank] != '\t') {
		blank++;
	}
	return slice_of(line.data, blank);
}

/* What a file is that begins with #!, as gofile/binary.h reads it. */
static void give_script(struct testimony *t, struct evidence_store *store,
                        const struct seen_path *p) {
	struct slice line;
	if (!script_line(p, &line)) {
		return;
	}
	struct slice word = first_word(line);
	struct binary script = binary_from_text(t->arena, slice_of("", 0));
	script.kind = BINARY_SCRIPT;
	script.size_bytes = (uint64_t)p->content.len;
	script.script_interpreter = arena_slicedup(t->arena, word);
	script.script_argument = arena_slicedup(t->arena, slice_trim(slice_from(line, word.len)));
	testimony_put(t, store, arena_printf(t->arena, "binary:%s", p->path), p->at_ns,
	              slice_str(binary_to_text(t->arena, &script)));
}

const char *testimony_interpreter(struct testimony *t, const char *path) {
	struct slice line;
	if (!testimony_names(t, path) ||
	    !script_line(&t->paths[dictionary_id(&t->path_ids, slice_str(path))], &line)) {
		return NULL;
	}
	return arena_slicedup(t->arena, first_word(line));
}

/* Its first bytes were read by nobody but the kernel. */
static void give_refused_program(struct testimony *t, struct evidence_store *store,
                                 const struct seen_path *p) {
	struct binary program = binary_from_text(t->arena, slice_of("", 0));
	program.kind = BINARY_UNREADABLE; /* a program or a script */
	program.size_bytes = (uint64_t)p->st.st_size;
	testimony_put(t, store, arena_printf(t->arena, "binary:%s", p->path), p->at_ns,
	              slice_str(binary_to_text(t->arena, &program)));
}

static void give_list(struct testimony *t, struct evidence_store *store,
                      const struct seen_path *p) {
	struct slice rest = slice_of(p->entries.data, p->entries.len);
	struct slice line;
	size_t count = 0;
	size_t most = p->entries.len / 4 + 1; /* "f x\n" */
	const char **lines = arena_array_of(t->arena, const char *, most);
	struct strbuf text;
	strbuf_init(&text, t->arena);
	while (slice_line(&rest, &line)) {
		lines[count++] = arena_slicedup(t->arena, line);
	}
	if (count > 0) {
		qsort(lines, count, sizeof(*lines), by_name);
	}
	for (size_t i = 0; i < count; i++) {
		strbuf_printf(&text, "%s\n", lines[i]);
	}
	testimony_put(t, store, arena_printf(t->arena, "dir:%s", p->path), p->at_ns,
	              slice_of(text.data, text.len));
}

static void give_path(struct testimony *t, struct evidence_store *store,
                      const struct seen_path *p) {
	const char *as_stat = arena_printf(t->arena, "stat:%s", p->path);
	const char *as_file = arena_printf(t->arena, "file:%s", p->path);
	if (p->absent_error != 0) {
		testimony_put_error(t, store, as_stat, p->at_ns, p->absent_error);
		testimony_put_error(t, store, as_file, p->at_ns, p->absent_error);
		return;
	}
	if (p->has_stat || p->was_read) {
		give_stat(t, store, p);
	}
	if (p->read_error != 0) {
		const char *source = p->is_dir || S_ISDIR(p->st.st_mode)
		                             ? arena_printf(t->arena, "dir:%s", p->path)
		                             : as_file;
		testimony_put_error(t, store, source, p->at_ns, p->read_error);
	} else if (is_read_whole(p)) {
		testimony_put(t, store, as_file, p->at_ns,
		              slice_of(p->content.data, p->content.len));
	}
	give_script(t, store, p);
	if (p->interpreter_gone) {
		give_refused_program(t, store, p);
	}
	if (p->listed_whole && !p->listed_broken) {
		give_list(t, store, p);
	}
	if (p->link) {
		testimony_put(t, store, arena_printf(t->arena, "link:%s", p->path), p->at_ns,
		              slice_str(p->link));
	}
}

void testimony_give_paths(struct testimony *t, struct evidence_store *store) {
	for (size_t i = 0; i < t->path_count; i++) {
		give_path(t, store, &t->paths[i]);
	}
}

bool testimony_names(const struct testimony *t, const char *path) {
	return dictionary_has(&t->path_ids, slice_str(path));
}

/* All directories above a place, up to one that is known already. */
static void name_directories(struct testimony *t, const char *path) {
	for (size_t len = strlen(path); len > 1;) {
		while (len > 0 && path[len - 1] != '/') {
			len--;
		}
		len -= len > 1;
		struct slice dir = slice_of(path, len);
		if (dictionary_has(&t->dir_ids, dir)) {
			return;
		}
		(void)dictionary_id(&t->dir_ids, dir);
	}
}

bool testimony_names_below(struct testimony *t, const char *dir) {
	for (; t->dirs_of < t->path_count; t->dirs_of++) {
		name_directories(t, t->paths[t->dirs_of].path);
	}
	return dictionary_has(&t->dir_ids, slice_str(dir));
}
