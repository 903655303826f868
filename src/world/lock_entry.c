/* SPDX-License-Identifier: MIT
 * One lock as it is told of: its file, who has it or waits for it, and what he does.
 */
#include "world/lock_holder.h"
#include "world/lock_search.h"
#include "world/procfs.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define TEXT_CAP ((size_t)64 * 1024)

static bool hangs_perhaps(const char *fstype) {
	return str_starts(fstype, "nfs") || str_starts(fstype, "fuse") || streq(fstype, "cifs") ||
	       streq(fstype, "smb3") || streq(fstype, "9p") || streq(fstype, "afs") ||
	       streq(fstype, "ceph");
}

static void put_file(struct lock_search *s, const struct lock_entry *e, struct strbuf *out) {
	struct lock_mount mount = {.fstype = ""};
	char name[64];
	struct stat st;

	snprintf(name, sizeof name, "fd/%" PRId64, e->fd->number);
	const char *path = proc_link(s->arena, s->proc_fd, e->process->pid, name);

	keyline_put(out, "path", path ? path : "");
	lock_mount_of(s->arena, s->proc_fd, e->process, e->fd->mnt_id, &mount);
	keyline_put(out, "fstype", mount.fstype);
	strbuf_printf(out, "fd=%" PRId64 "\n", e->fd->number);
	snprintf(name, sizeof name, "%" PRId64 "/fd/%" PRId64, e->process->pid, e->fd->number);
	if (!hangs_perhaps(mount.fstype) && fstatat(s->proc_fd, name, &st, 0) == 0) {
		strbuf_printf(out, "mtime_ns=%" PRId64 "\n",
		              (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
	}
}

static bool is_ours(const struct lock_search *s, int64_t pid) {
	for (size_t i = 0; s->ours && i < s->ours->count; i++) {
		if (s->ours->pids[i] == pid) {
			return true;
		}
	}
	return s->ours && pid == s->root;
}

static bool is_waited_for(const struct lock_search *s, const struct lock_entry *held) {
	for (const struct lock_entry *e = s->first; e; e = e->next) {
		if (e->line.depth > 0 && e->line.has_place && held->line.has_place &&
		    lock_place_eq(&e->line.place, &held->line.place)) {
			return true;
		}
	}
	return false;
}

static void put_process(struct lock_search *s, const struct lock_entry *e, struct strbuf *out) {
	int64_t pid = e->process->pid;
	struct proc_stat ps;
	struct slice text;
	struct stat st;
	char path[32];

	snprintf(path, sizeof path, "%" PRId64, pid);
	if (proc_read(s->arena, s->proc_fd, pid, "stat", TEXT_CAP, &text) == 0 &&
	    proc_stat_parse(text, &ps) && fstatat(s->proc_fd, path, &st, 0) == 0) {
		strbuf_printf(out,
		              "ppid=%" PRId64 "\nuid=%u\nstart_wall_ns=%" PRId64
		              "\nstart_ticks=%" PRIu64 "\nstate=%c\n",
		              ps.ppid, st.st_uid, proc_start_wall_ns(s->boot_ns, ps.start_ticks),
		              ps.start_ticks, ps.state);
		keyline_put(out, "comm", ps.comm);
	}
	const char *exe = proc_link(s->arena, s->proc_fd, pid, "exe");
	const char *cwd = proc_link(s->arena, s->proc_fd, pid, "cwd");

	keyline_put(out, "exe", exe ? exe : "");
	keyline_put(out, "cwd", cwd ? cwd : "");
	if (!str_empty(e->wchan)) {
		keyline_put(out, "wchan", e->wchan);
	}
	if (proc_read(s->arena, s->proc_fd, pid, "cmdline", TEXT_CAP, &text) == 0) {
		proc_put_cmdline(out, s->arena, text);
	}
}

/* A child has the open file of its parent, and with it the lock, unless it was closed. */
static void put_also(struct lock_search *s, const struct lock_entry *e, struct strbuf *out) {
	const struct proc_children *below = proc_descendants(s->arena, s->proc_fd, e->process->pid);
	bool any = false;

	for (size_t i = 0; i < below->count; i++) {
		if (lock_process_holds(lock_search_process(s, below->pids[i]), &e->line)) {
			strbuf_printf(out, "%s%" PRId64, any ? " " : "also=", below->pids[i]);
			any = true;
		}
	}
	if (any) {
		strbuf_add_char(out, '\n');
	}
}

void lock_entry_put(struct lock_search *s, const struct lock_entry *e) {
	struct strbuf *out = &s->reply->bytes;
	const struct lock_line *l = &e->line;
	bool is_lease = streq(l->class, "LEASE") || streq(l->class, "DELEG");

	strbuf_printf(out, "role=%s\ngroup=%" PRId64 "\ndepth=%u\nclass=%s\nmode=%s\nlease=%s\n",
	              l->depth > 0 ? "waits" : "holds", l->group, l->depth, l->class, l->mode,
	              is_lease ? l->state : "");
	strbuf_printf(out, "start=%" PRId64 "\nend=%" PRId64 "\n", l->start, l->end);
	if (l->has_place) {
		strbuf_printf(out, "dev=%02x:%02x\nino=%" PRIu64 "\n", l->place.major,
		              l->place.minor, l->place.ino);
	}
	if (e->fd) {
		put_file(s, e, out);
	}
	strbuf_printf(out, "table_pid=%" PRId64 "\npid=%" PRId64 "\nproof=%s\nunseen=%s\n",
	              e->in_table ? l->pid : 0, e->process ? e->process->pid : 0, e->proof,
	              e->unseen);
	if (e->tid) {
		strbuf_printf(out, "tid=%" PRId64 "\n", e->tid);
	}
	if (e->process) {
		strbuf_printf(out, "ours=%d\n", is_ours(s, e->process->pid));
		put_process(s, e, out);
		if (l->depth == 0 && is_waited_for(s, e)) {
			lock_holder_put(s->arena, s->proc_fd, e->process->pid, out);
			put_also(s, e, out);
		}
	}
	strbuf_add_char(out, '\n');
}
