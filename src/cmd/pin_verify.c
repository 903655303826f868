/* SPDX-License-Identifier: MIT
 * Is a program what it is said to be: by its build info, and by its bytes?
 */
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "cmd/pin.h"
#include "gofile/goversion.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOOL_DIR "pkg/tool"

int pin_hash_file(struct pin_run *run, const char *path, char ret_hex[SHA256_HEX_SIZE],
                  size_t *bytes) {
	struct stat st;
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0) {
		return -errno;
	}
	if (!S_ISREG(st.st_mode)) {
		return -EINVAL;
	}
	size_t len = (size_t)st.st_size;
	void *map = len > 0 ? mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0) : NULL;
	if (map == MAP_FAILED) {
		return -errno;
	}
	codec_sha256(run->codec, slice_of(map, len), ret_hex);
	if (map) {
		(void)munmap(map, len);
	}
	*bytes += len;
	return 0;
}

/* ---- build info ---- */

struct binary pin_read_program(struct pin_run *run, const char *path) {
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return (struct binary){.kind = BINARY_UNREADABLE, .read_error = errno};
	}
	return binary_read(run->arena, fd);
}

static bool is_of_this_machine(struct pin_run *run, const struct binary *bin) {
	struct binary own = pin_read_program(run, "/proc/self/exe");
	return own.kind != BINARY_ELF ||
	       (own.machine == bin->machine && own.elf_class == bin->elf_class);
}

static int check_go(struct pin_run *run, const struct pin_spec *spec, const char *name,
                    const struct binary *bin, struct err *err) {
	const char *version = goversion_of_toolchain(run->arena, bin->go_version);
	if (!streq(bin->package, spec->tool->package) || !streq(version, spec->version)) {
		return err_set(err, -EBADMSG, "'%s' is %s of %s, not the go command of go%s", name,
		               *bin->package ? bin->package : "a program",
		               *bin->go_version ? bin->go_version : "no Go that says its name",
		               spec->version);
	}
	return 0;
}

int pin_check_program(struct pin_run *run, const struct pin_spec *spec, const char *dir,
                      const char *name, struct binary *ret, struct err *err) {
	const struct pin_tool *tool = spec->tool;
	const char *path = path_join(run->arena, dir, tool->programs[0]);
	*ret = pin_read_program(run, path);
	if (ret->kind == BINARY_UNREADABLE) {
		return err_set(err, -ret->read_error, "cannot read '%s': %s", name,
		               strerror(ret->read_error));
	}
	if (ret->kind != BINARY_ELF || ret->truncated || !ret->is_go) {
		return err_set(err, -EBADMSG, "'%s' is no whole program that Go built", name);
	}
	if (!is_of_this_machine(run, ret)) {
		return err_set(err, -EBADMSG, "'%s' is for another machine (%s)", name,
		               ret->goarch);
	}
	if (tool->is_go) {
		return check_go(run, spec, name, ret, err);
	}
	if (!streq(ret->package, tool->package) || !streq(ret->module, tool->module) ||
	    !streq(ret->module_version, spec->version) || ret->modules[0].replaced) {
		return err_set(err, -EBADMSG,
		               "by its build info '%s' is %s of %s %s, not %s of %s %s", name,
		               *ret->package ? ret->package : "a program",
		               *ret->module ? ret->module : "no module",
		               *ret->module_version ? ret->module_version : "without version",
		               tool->package, tool->module, spec->version);
	}
	return 0;
}

/* ---- bytes ---- */

/* Are the files of dir those of its SHA256SUMS? -EBADMSG; -ENOENT: it has none. */
static int check_bytes(struct pin_run *run, const char *dir, size_t *bytes, struct err *err) {
	const char *file = path_join(run->arena, dir, STORE_SUMS);
	const struct evidence *ev = world_look(run->world, LOOK_FILE, file, SUMS_MAX_BYTES);
	char hex[SHA256_HEX_SIZE];
	struct sums sums;
	if (ev->state != EV_READ) {
		return err_set(err, -ENOENT, "'%s' cannot be read: %s", file, evidence_refusal(ev));
	}
	if (sums_parse(run->arena, ev->bytes, &sums, err) < 0) {
		return err_wrap(err, "'%s'", file);
	}
	for (size_t i = 0; i < sums.count; i++) {
		const char *path = path_join(run->arena, dir, sums.entries[i].path);
		int r = pin_hash_file(run, path, hex, bytes);
		if (r < 0 || !streq(hex, sums.entries[i].hex)) {
			return err_set(err, -EBADMSG, "'%s' %s", path,
			               r < 0 ? "is not there any more"
			                     : "is not what its SHA256SUMS says");
		}
	}
	return sums.count > 0 ? 0 : err_set(err, -ENOENT, "'%s' is empty", file);
}

void pin_check_installed(struct pin_run *run, struct pin_item *item) {
	struct err err;
	struct stat st;
	item->damage = "";
	item->state = PIN_INSTALL;
	if (stat(item->dir, &st) < 0) {
		return;
	}
	int64_t begin = clock_now_ns();
	int r = check_bytes(run, item->dir, &item->checked_bytes, &err);
	for (size_t i = 0; r == 0 && item->spec.tool->programs[i]; i++) {
		const char *program =
			path_join(run->arena, item->dir, item->spec.tool->programs[i]);
		if (access(program, X_OK) < 0) {
			r = err_set(&err, -errno, "'%s' cannot be executed", program);
		}
	}
	item->check_ns = clock_now_ns() - begin;
	if (r < 0) {
		item->damage = arena_strdup(run->arena, err.msg);
		return;
	}
	item->state = PIN_INSTALLED;
}

static int add_file(struct pin_run *run, const char *dir, const char *name, struct sums *sums,
                    struct err *err) {
	char hex[SHA256_HEX_SIZE];
	size_t bytes = 0;
	const char *path = path_join(run->arena, dir, name);
	int r = pin_hash_file(run, path, hex, &bytes);
	if (r == 0) {
		sums_add(run->arena, sums, arena_strdup(run->arena, hex), name);
	}
	return r < 0 ? err_set(err, r, "cannot read '%s': %s", path, strerror(-r)) : 0;
}

/* The compiler and its kin: pkg/tool/linux_amd64/compile. */
static int add_below(struct pin_run *run, const char *dir, const char *name, struct sums *sums,
                     struct err *err) {
	const struct dirent *entry;
	int r = 0;
	DIR *d = opendir(path_join(run->arena, dir, name));
	while (d && r == 0 && (entry = readdir(d))) {
		const char *below = path_join(run->arena, name, entry->d_name);
		if (entry->d_name[0] == '.') {
			continue;
		}
		struct stat st;
		if (lstat(path_join(run->arena, dir, below), &st) < 0) {
			continue;
		}
		r = S_ISDIR(st.st_mode)   ? add_below(run, dir, below, sums, err)
		    : S_ISREG(st.st_mode) ? add_file(run, dir, below, sums, err)
		                          : 0;
	}
	if (d) {
		closedir(d);
	}
	return r;
}

int pin_write_sums(struct pin_run *run, const struct pin_spec *spec, const char *dir,
                   struct err *err) {
	struct sums sums = {0};
	int r = 0;
	for (size_t i = 0; r == 0 && spec->tool->programs[i]; i++) {
		r = add_file(run, dir, spec->tool->programs[i], &sums, err);
	}
	if (r == 0 && spec->tool->is_go) {
		r = add_file(run, dir, "VERSION", &sums, err);
		r = r < 0 ? r : add_below(run, dir, TOOL_DIR, &sums, err);
	}
	if (r < 0) {
		return r;
	}
	return file_replace(path_join(run->arena, dir, STORE_SUMS),
	                    slice_str(sums_text(run->arena, &sums)), err);
}
