/* SPDX-License-Identifier: MIT */
#include "gofile/binary.h"

#include "base/str.h"
#include "gofile/binary_private.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct binary binary_blank(void) {
	return (struct binary){
		.script_interpreter = "",
		.script_argument = "",
		.goarch = "",
		.interpreter = "",
		.fault = "",
		.glibc = "",
		.build_id = "",
		.go_version = "",
		.package = "",
		.module = "",
		.module_version = "",
	};
}

const char *binary_kind_name(enum binary_kind kind) {
	static const char *const names[] = {"unreadable", "empty", "elf",  "script",
	                                    "mach-o",     "pe",    "other"};
	return kind < BINARY_KIND_COUNT ? names[kind] : names[BINARY_OTHER];
}

size_t binary_pread(const struct binary_source *src, uint64_t offset, void *buf, size_t len) {
	size_t done = 0;
	if (offset >= src->size_bytes) {
		return 0;
	}
	if (len > src->size_bytes - offset) {
		len = (size_t)(src->size_bytes - offset);
	}
	while (done < len) {
		ssize_t n = pread(src->fd, (char *)buf + done, len - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			break;
		}
		done += (size_t)n;
	}
	return done;
}

uint64_t binary_number(bool big_endian, const unsigned char *p, size_t width) {
	uint64_t value = 0;
	for (size_t i = 0; i < width; i++) {
		value = (value << 8) | p[big_endian ? i : width - 1 - i];
	}
	return value;
}

#define SCRIPT_LINE_MAX 256 /* the kernel reads no further (BINPRM_BUF_SIZE) */

static void read_script(const struct binary_source *src, struct binary *bin) {
	char buf[SCRIPT_LINE_MAX];
	size_t n = binary_pread(src, 2, buf, sizeof(buf));
	struct slice rest = slice_of(buf, n);
	struct slice line = {0};
	slice_cut(&rest, '\n', &line);
	/* A CR stays: with it the kernel looks for another name, which is the usual fault of such
	 * scripts. */
	while (line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
		line = slice_from(line, 1);
	}
	size_t word = 0;
	while (word < line.len && line.data[word] != ' ' && line.data[word] != '\t' &&
	       line.data[word] != '\0') {
		word++;
	}
	bin->script_interpreter = arena_strndup(src->arena, line.data ? line.data : "", word);
	if (word < line.len) {
		struct slice argument = slice_from(line, word);
		bin->script_argument = arena_slicedup(src->arena, slice_trim(argument));
	}
}

static bool is_macho(const unsigned char *p) {
	uint32_t magic = (uint32_t)binary_number(true, p, 4);
	return magic == 0xFEEDFACE || magic == 0xFEEDFACF || magic == 0xCEFAEDFE ||
	       magic == 0xCFFAEDFE || magic == 0xCAFEBABE;
}

struct binary binary_read(struct arena *arena, int fd) {
	struct binary bin = binary_blank();
	struct stat st;
	if (fstat(fd, &st) != 0) {
		bin.read_error = errno;
		return bin;
	}
	if (!S_ISREG(st.st_mode)) {
		bin.read_error = S_ISDIR(st.st_mode) ? EISDIR : ESPIPE;
		return bin;
	}
	struct binary_source src = {.arena = arena, .fd = fd, .size_bytes = (uint64_t)st.st_size};
	unsigned char magic[4] = {0};
	bin.size_bytes = src.size_bytes;
	if (src.size_bytes == 0) {
		bin.kind = BINARY_EMPTY;
		return bin;
	}
	if (pread(fd, magic, 1, 0) < 0) {
		bin.read_error = errno;
		return bin;
	}
	size_t n = binary_pread(&src, 0, magic, sizeof(magic));
	bin.kind = BINARY_OTHER;
	if (n == 4 && memcmp(magic, "\177ELF", 4) == 0) {
		bin.kind = BINARY_ELF;
		binary_read_elf(&src, &bin);
		binary_read_go(&src, &bin);
	} else if (n >= 2 && memcmp(magic, "#!", 2) == 0) {
		bin.kind = BINARY_SCRIPT;
		read_script(&src, &bin);
	} else if (n == 4 && is_macho(magic)) {
		bin.kind = BINARY_MACHO;
	} else if (n >= 2 && memcmp(magic, "MZ", 2) == 0) {
		bin.kind = BINARY_PE;
	}
	return bin;
}

const char *binary_setting_find(const struct binary *bin, const char *key) {
	for (size_t i = 0; i < bin->setting_count; i++) {
		if (streq(bin->settings[i].key, key)) {
			return bin->settings[i].value;
		}
	}
	return NULL;
}
