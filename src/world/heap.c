/* SPDX-License-Identifier: MIT
 * Does a text stand in the memory of a process? Read through /proc/PID/mem, which stops nobody; only
 * pages that are resident and private are looked at (proc(5), /proc/PID/pagemap: bit 63), so that
 * nothing is brought in on behalf of the other. What is found there is counted, never shown.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "wire/procmaps.h"
#include "world/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXTS_MAX   8
#define MAPS_CAP    ((size_t)4 * 1024 * 1024)
#define BYTES_MAX   ((size_t)384 * 1024 * 1024)
#define CHUNK_PAGES 256 /* looked at a time */
#define OVERLAP     ((size_t)512)
#define PRESENT     (UINT64_C(1) << 63)

struct hunt {
	struct arena *arena;
	int mem_fd, map_fd;
	size_t page;
	struct slice texts[TEXTS_MAX];
	size_t counts[TEXTS_MAX];
	size_t text_count;
	char *chunk;     /* OVERLAP of the chunk before, then the pages */
	size_t kept_len; /* of the overlap */
	size_t bytes;
	int64_t until_ns;
};

static void count_in(struct hunt *h, struct slice bytes, size_t fresh_from) {
	for (size_t i = 0; i < h->text_count; i++) {
		const char *at = bytes.data;
		const char *end = bytes.data + bytes.len;

		while (at < end &&
		       (at = memmem(at, (size_t)(end - at), h->texts[i].data, h->texts[i].len))) {
			/* One that ended in the overlap was counted before. */
			h->counts[i] += (size_t)(at - bytes.data) + h->texts[i].len > fresh_from;
			at += h->texts[i].len;
		}
	}
}

static void read_run(struct hunt *h, uint64_t address, size_t len) {
	ssize_t n = pread(h->mem_fd, h->chunk + h->kept_len, len, (off_t)address);

	if (n <= 0) {
		h->kept_len = 0;
		return;
	}
	size_t all = h->kept_len + (size_t)n;

	count_in(h, slice_of(h->chunk, all), h->kept_len);
	h->bytes += (size_t)n;
	size_t keep = all < OVERLAP ? all : OVERLAP;

	memmove(h->chunk, h->chunk + all - keep, keep);
	h->kept_len = keep;
}

/* Runs of resident pages, at most CHUNK_PAGES at a time. */
static void read_mapping(struct hunt *h, uint64_t low, uint64_t high) {
	uint64_t entries[CHUNK_PAGES];

	h->kept_len = 0;
	while (low < high && h->bytes < BYTES_MAX && clock_now_ns() < h->until_ns) {
		uint64_t left = (high - low) / h->page;
		size_t want = left < CHUNK_PAGES ? (size_t)left : CHUNK_PAGES;
		ssize_t n = pread(h->map_fd, entries, want * sizeof *entries,
		                  (off_t)(low / h->page * sizeof *entries));
		size_t have = n > 0 ? (size_t)n / sizeof *entries : 0;

		if (have == 0) {
			return;
		}
		for (size_t i = 0; i < have;) {
			size_t from = i;
			bool present = (entries[i] & PRESENT) != 0;

			while (i < have && ((entries[i] & PRESENT) != 0) == present) {
				i++;
			}
			if (present) {
				read_run(h, low + from * h->page, (i - from) * h->page);
			} else {
				h->kept_len = 0;
			}
		}
		low += have * h->page;
	}
}

/* Private memory that may be written and has no file. */
static bool is_private(struct slice line, uint64_t *ret_low, uint64_t *ret_high) {
	struct procmap map;

	if (!procmap_parse(line, &map)) {
		return false;
	}
	*ret_low = map.start;
	*ret_high = map.end;
	return map.readable && map.writable && !map.executable && !map.shared &&
	       !memchr(map.path.data, '/', map.path.len);
}

static int hunt_open(struct hunt *h, int proc_fd, int64_t pid) {
	char path[32];

	snprintf(path, sizeof path, "%" PRId64 "/mem", pid);
	h->mem_fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof path, "%" PRId64 "/pagemap", pid);
	h->map_fd = h->mem_fd < 0 ? -1 : openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	return h->mem_fd < 0 || h->map_fd < 0 ? errno : 0;
}

void look_heap(const struct looker *looker, const struct look_request *request,
               struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct hunt h = {.arena = request->arena,
	                 .mem_fd = -1,
	                 .map_fd = -1,
	                 .page = (size_t)sysconf(_SC_PAGESIZE),
	                 .until_ns = request->until_ns};
	struct slice rest = slice_str(request->arg);
	struct slice word, maps, line;
	int64_t pid = -1;
	int error;

	if (slice_cut(&rest, '\x1f', &word)) {
		pid = proc_pid_of(looker, arena_slicedup(h.arena, word));
	}
	while (h.text_count < TEXTS_MAX && slice_cut(&rest, '\x1f', &word)) {
		if (word.len > 0 && word.len < OVERLAP) {
			h.texts[h.text_count++] = word;
		}
	}
	error = pid < 0 ? EINVAL : proc_fd < 0 ? ENOSYS : hunt_open(&h, proc_fd, pid);
	error = error ? error : proc_read(h.arena, proc_fd, pid, "maps", MAPS_CAP, &maps);
	if (error == 0) {
		h.chunk = arena_alloc(h.arena, OVERLAP + CHUNK_PAGES * h.page);
		while (slice_line(&maps, &line)) {
			uint64_t low, high;

			if (is_private(line, &low, &high)) {
				read_mapping(&h, low, high);
			}
		}
	}
	fd_closep(&h.mem_fd);
	fd_closep(&h.map_fd);
	for (size_t i = 0; i < h.text_count && error == 0; i++) {
		strbuf_printf(&reply->bytes, "%zu %.*s\n", h.counts[i], (int)h.texts[i].len,
		              h.texts[i].data);
	}
	strbuf_printf(&reply->bytes, "bytes %zu\n", h.bytes);
	look_reply_errno(reply, error);
	if (error == 0) {
		reply->state = EV_READ;
	}
}
