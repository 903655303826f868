/* SPDX-License-Identifier: MIT
 */
#include "probes/scratch.h"

#include "base/fd.h"
#include "base/start_ticks.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIRS_MAX 8
#define ENTRIES_MAX   10000 /* of a folder of other people's things: so many are looked at */
#define BOOT_DIGITS   8

/* ---- whose it is ---- */

/* Of the number that each boot of a machine has, so many digits; false when it cannot be read. */
static bool boot_of(char ret[static BOOT_DIGITS]) {
	CLEANUP(fd_closep)
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, ret, BOOT_DIGITS) == BOOT_DIGITS;
}

/* Not when it could merely not be read. */
static bool is_gone(long pid, unsigned long long start) {
	char path[64];
	struct stat st;
	unsigned long long now = start_ticks(pid);

	snprintf(path, sizeof path, "/proc/%ld", pid);
	return now > 0 ? now != start : stat(path, &st) < 0 && errno == ENOENT;
}

/* What numbers of processes mean something in: this boot of this machine and this namespace of processes, so that the
 * folder of a container or of another machine that shares this one is never taken for a dead one's. False without a /proc
 * of that namespace. */
static bool realm_of(char *ret, size_t size) {
	char boot[BOOT_DIGITS], self[32] = "";
	struct stat ns;

	if (readlink("/proc/self", self, sizeof self - 1) < 0 ||
	    strtol(self, NULL, 10) != getpid() || !boot_of(boot) ||
	    stat("/proc/self/ns/pid", &ns) < 0) {
		return false;
	}
	snprintf(ret, size, "dialtone-%.*s-%jx-", BOOT_DIGITS, boot, (uintmax_t)ns.st_ino);
	return true;
}

static char *name_of_ours(struct arena *arena, const char *parent, const char *realm) {
	long pid = getpid();
	unsigned long long start = *realm ? start_ticks(pid) : 0;

	return start ? arena_printf(arena, "%s/%s%lx-%llx-XXXXXX", parent, realm, pid, start)
	             : arena_printf(arena, "%s/dialtone-XXXXXX", parent);
}

/* ---- those of the dead ---- */

/* Does the name say that a process of this realm made it, and is that one no more? */
static bool maker_is_gone(const char *name, const char *realm) {
	char *end;

	if (!str_starts(name, realm)) {
		return false;
	}
	long pid = strtol(name + strlen(realm), &end, 16);
	if (pid <= 0 || *end != '-') {
		return false;
	}
	unsigned long long start = strtoull(end + 1, &end, 16);
	return start > 0 && *end == '-' && strlen(end) == strlen("-XXXXXX") && is_gone(pid, start);
}

/* What a dialtone left that was killed. */
static void sweep(struct arena *arena, const char *parent, const char *realm) {
	DIR *dir = *realm ? opendir(parent) : NULL;
	const struct dirent *entry;
	struct stat st;

	for (int i = 0; dir && i < ENTRIES_MAX && (entry = readdir(dir)); i++) {
		if (maker_is_gone(entry->d_name, realm) &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mode == (S_IFDIR | S_IRWXU) && st.st_uid == geteuid()) {
			scratch_remove(arena_printf(arena, "%s/%s", parent, entry->d_name));
		}
	}
	if (dir) {
		closedir(dir);
	}
}

const char *scratch_make(struct arena *arena, const char *preferred) {
	const char *const parents[] = {preferred, "/dev/shm", "/tmp", "/var/tmp"};
	char realm[64] = "";

	if (!realm_of(realm, sizeof realm)) {
		*realm = '\0';
	}
	for (size_t i = 0; i < sizeof(parents) / sizeof(*parents); i++) {
		if (str_empty(parents[i]) || parents[i][0] != '/') {
			continue;
		}
		char *path = name_of_ours(arena, parents[i], realm);

		if (mkdtemp(path)) {
			sweep(arena, parents[i], realm);
			return path;
		}
	}
	return NULL;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at) {
	(void)st;
	(void)type;
	(void)at;
	remove(path);
	return 0;
}

void scratch_remove(const char *path) {
	if (path) {
		nftw(path, remove_entry, OPEN_DIRS_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	}
}
