/* SPDX-License-Identifier: MIT */
#include "world/picture.h"

#include "base/fd.h"
#include "world/context.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void put_link(struct picture_work *w, struct picture_subject *p, const char *name) {
	char target[PATH_MAX];
	ssize_t n = readlinkat(p->dir_fd, name, target, sizeof target - 1);

	if (n > 0) {
		target[n] = '\0';
		keyline_put(w->out, name, target);
	} else {
		picture_miss(p, name);
	}
}

/* ---- what stands in "Title: value" ---- */

static void put_status(struct picture_work *w, struct slice text) {
	static const char *const titles[] = {
		"Umask",
		"TracerPid",
		"Groups",
		"NSpid",
		"VmPeak",
		"VmSize",
		"VmLck",
		"VmHWM",
		"VmRSS",
		"RssAnon",
		"RssFile",
		"VmData",
		"VmSwap",
		"SigQ",
		"SigPnd",
		"ShdPnd",
		"SigBlk",
		"SigIgn",
		"SigCgt",
		"CapEff",
		"CapBnd",
		"CapAmb",
		"NoNewPrivs",
		"Seccomp",
		"voluntary_ctxt_switches",
		"nonvoluntary_ctxt_switches",
		"Cpus_allowed_list",
		"Uid",
		"Gid",
		NULL,
	};
	struct slice line, title;
	size_t next = 0;

	while (slice_line(&text, &line)) {
		if (!slice_cut(&line, ':', &title)) {
			continue;
		}
		/* The kernel has an order of its own, nearly that of the list. */
		for (size_t tried = 0; tried < sizeof titles / sizeof *titles; tried++, next++) {
			next = titles[next] ? next : 0;
			if (slice_eq(title, titles[next])) {
				struct slice value = slice_trim(line);

				strbuf_printf(w->out, "status_%s=%.*s\n", titles[next],
				              (int)value.len, value.data);
				break;
			}
		}
	}
}

/* Every "title: value" of a small file. */
static void put_titles(struct picture_work *w, const char *prefix, struct slice text) {
	struct slice line, title;

	while (slice_line(&text, &line)) {
		if (slice_cut(&line, ':', &title)) {
			line = slice_trim(line);
			strbuf_printf(w->out, "%s_%.*s=%.*s\n", prefix, (int)title.len, title.data,
			              (int)line.len, line.data);
		}
	}
}

/* ---- shared blocks ---- */

static void share_limits(struct picture_work *w, struct picture_subject *p) {
	struct strbuf out;
	struct slice text;

	if (picture_read(w, p, "limits", "limits", &text) == 0) {
		strbuf_init(&out, w->arena);
		context_limits(&out, text);
		picture_share(w, "limits", slice_of(out.data, out.len));
	}
}

/* "net:[4026531833]"; 0 when it may not be seen. A link costs less than the file behind it. */
static uint64_t space_of(const struct picture_subject *p, const char *name) {
	char path[16], target[64];

	snprintf(path, sizeof path, "ns/%s", name);
	ssize_t n = readlinkat(p->dir_fd, path, target, sizeof target - 1);

	target[n > 0 ? n : 0] = '\0';
	const char *open = strchr(target, '[');

	return open ? strtoull(open + 1, NULL, 10) : 0;
}

/* The four that are made for containers and sandboxes are asked of every process; where they are those of the one
 * before, so are the others. */
static void share_spaces(struct picture_work *w, struct picture_subject *p) {
	static const char *const names[] = {"mnt", "net", "pid",    "user",
	                                    "ipc", "uts", "cgroup", "time"};
	uint64_t first[PICTURE_SPACES];
	struct strbuf out;

	for (size_t i = 0; i < PICTURE_SPACES; i++) {
		first[i] = space_of(p, names[i]);
	}
	p->mnt = first[0];
	p->net = first[1];
	if (first[0] == 0) {
		picture_miss(p, "namespaces");
		return;
	}
	if (memcmp(first, w->spaces_of, sizeof first) == 0) {
		strbuf_printf(w->out, "spaces=%zu\n", w->spaces_id);
		return;
	}
	strbuf_init(&out, w->arena);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		strbuf_printf(&out, "ns_%s=%" PRIu64 "\n", names[i],
		              i < PICTURE_SPACES ? first[i] : space_of(p, names[i]));
	}
	w->spaces_id = picture_share(w, "spaces", slice_of(out.data, out.len));
	memcpy(w->spaces_of, first, sizeof first);
}

/* The mounts that a process sees follow from its namespace and its root; they are read once for each. */
static void share_mounts(struct picture_work *w, struct picture_subject *p) {
	struct slice text, line;
	struct strbuf out;

	if (p->mnt != 0 && p->mnt == w->mounts_of) {
		strbuf_printf(w->out, "mounts=%zu\n", w->mounts_id);
		return;
	}
	if (picture_read(w, p, "mountinfo", "mounts", &text) != 0) {
		return;
	}
	strbuf_init(&out, w->arena);
	while (slice_line(&text, &line)) {
		strbuf_add(&out, "mount=");
		if (!context_mount(&out, line)) {
			strbuf_add_char(&out, '\n');
		}
	}
	w->mounts_id = picture_share(w, "mounts", slice_of(out.data, out.len));
	w->mounts_of = p->mnt;
}

/* ---- one process ---- */

static void put_texts(struct picture_work *w, struct picture_subject *p) {
	struct slice text;

	if (picture_read(w, p, "status", "status", &text) == 0) {
		put_status(w, text);
	}
	if (picture_read(w, p, "io", "io", &text) == 0) {
		put_titles(w, "io", text);
	}
	if (picture_read(w, p, "oom_score_adj", NULL, &text) == 0) {
		text = slice_trim(text);
		strbuf_printf(w->out, "oom_score_adj=%.*s\n", (int)text.len, text.data);
	}
	if (!w->careful && picture_read(w, p, "cmdline", "cmdline", &text) == 0) {
		proc_put_cmdline(w->out, w->arena, text);
	}
	if (!w->careful && picture_read(w, p, "environ", "environ", &text) == 0) {
		picture_share(w, "environ", text);
	}
	if (picture_read(w, p, "cgroup", "cgroup", &text) == 0) {
		picture_share(w, "cgroup", text);
	}
}

static void put_stat(struct picture_work *w, const struct proc_stat *ps, uid_t uid) {
	int64_t ticks_per_s = sysconf(_SC_CLK_TCK);

	strbuf_printf(w->out,
	              "record=process\npid=%" PRId64 "\nppid=%" PRId64
	              "\nuid=%u\nstart_ticks=%" PRIu64 "\nstart_wall_ns=%" PRId64
	              "\nstate=%c\nsession=%" PRId64 "\n",
	              ps->pid, ps->ppid, uid, ps->start_ticks,
	              proc_start_wall_ns(w->boot_ns, ps->start_ticks), ps->state, ps->session);
	strbuf_printf(w->out, "cpu_ms=%" PRId64 "\nrss_bytes=%" PRId64 "\n",
	              (int64_t)ps->own_ticks * 1000 / ticks_per_s,
	              (int64_t)ps->rss_pages * sysconf(_SC_PAGESIZE));
	keyline_put(w->out, "comm", ps->comm);
}

void picture_put_process(struct picture_work *w, int64_t pid) {
	char name[24];
	struct slice text;
	struct proc_stat ps;
	struct stat st;

	snprintf(name, sizeof name, "%" PRId64, pid);
	CLEANUP(fd_closep)
	int dir_fd = openat(w->proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct picture_subject p = {.pid = pid, .dir_fd = dir_fd};

	strbuf_init(&p.unseen, w->arena);
	if (dir_fd < 0 || fstat(dir_fd, &st) < 0 || picture_read(w, &p, "stat", NULL, &text) != 0 ||
	    !proc_stat_parse(text, &ps)) {
		return;
	}
	p.threads = ps.threads;
	p.rss_bytes = (int64_t)ps.rss_pages * sysconf(_SC_PAGESIZE);
	put_stat(w, &ps, st.st_uid);
	put_link(w, &p, "exe");
	put_link(w, &p, "cwd");
	put_link(w, &p, "root");
	put_texts(w, &p);
	share_limits(w, &p);
	share_spaces(w, &p);
	share_mounts(w, &p);
	picture_put_threads(w, &p);
	picture_put_descriptors(w, &p);
	if (!w->careful) {
		picture_put_memory(w, &p);
	}
	keyline_put(w->out, "unseen", p.unseen.data);
	strbuf_add_char(w->out, '\n');
}
