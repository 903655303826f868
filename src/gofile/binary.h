/* SPDX-License-Identifier: MIT
 * What an executable file is, read from its bytes alone: nothing is executed, nothing mapped, every
 * read bounded. Sources: ELF gABI and elf.h; GNU symbol versioning (LSB); debug/buildinfo and
 * runtime/debug of Go 1.26.
 */
#ifndef GOFILE_BINARY_H
#define GOFILE_BINARY_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum binary_kind {
	BINARY_UNREADABLE, /* read_error says why */
	BINARY_EMPTY,
	BINARY_ELF,
	BINARY_SCRIPT, /* starts with #! */
	BINARY_MACHO,
	BINARY_PE,
	BINARY_OTHER,
	BINARY_KIND_COUNT,
};

/* The word for a kind ("elf", "script", …), never NULL. */
const char *binary_kind_name(enum binary_kind kind);

struct binary_setting {
	const char *key; /* "GOARCH", "-trimpath", "vcs.revision" … */
	const char *value;
};

/* A module that was built in, with its checksum as in go.sum ("" when the build knew none). */
struct binary_module {
	const char *path;
	const char *version;
	const char *sum;
	bool replaced; /* by another one: what is said here is not what was built in */
};

#define BINARY_NEEDED_MAX   ((size_t)64)
#define BINARY_MODULES_MAX  ((size_t)512)
#define BINARY_SETTINGS_MAX ((size_t)128)
#define BINARY_STRING_MAX   ((size_t)4096)            /* paths and names in the file */
#define BINARY_MODINFO_MAX  ((uint64_t)(1024 * 1024)) /* Go's list of modules */
#define BINARY_SEARCH_MAX                                                                          \
	((uint64_t)(4 * 1024 * 1024)) /* data searched when no section names the build info */

/* Strings are never NULL; "" means not there. */
struct binary {
	enum binary_kind kind;
	int read_error; /* positive errno of UNREADABLE, 0 otherwise */
	uint64_t size_bytes;

	const char *script_interpreter; /* behind #!, up to the first blank */
	const char *script_argument;    /* all behind it, as the kernel passes it */

	int elf_class; /* 32 or 64; 0 unless ELF */
	bool big_endian;
	uint16_t machine;   /* e_machine */
	uint16_t type;      /* e_type: 2 executable, 3 shared or position independent */
	const char *goarch; /* the GOARCH of machine, class and byte order; "" when Go has none */
	const char *interpreter; /* PT_INTERP; "" when linked statically */
	bool truncated;          /* headers speak of bytes beyond the end of the file */
	uint64_t wants_bytes;    /* the size the headers speak of */
	const char *fault; /* first thing wrong with the headers, a short stable word; "" when none:
	                    * header, class, byte-order, program-headers, section-headers,
	                    * interpreter */
	const char **needed; /* DT_NEEDED */
	size_t needed_count;
	const char *glibc; /* highest GLIBC_x.y needed: "2.34"; "" when none */

	bool is_go;           /* has Go build info */
	const char *build_id; /* Go's, four parts joined by '/'; "" when it has none. ELF note "Go",
	                           type 4: cmd/internal/buildid */
	/* The text of the GNU build ID's note, in the file; 0, 0 when it has none. Go leaves it out when it hashes a program
	 * for its build ID (cmd/internal/buildid/rewrite.go). Read from the file only, as is has_symbols. */
	uint64_t host_id_offset, host_id_bytes;
	bool has_symbols;       /* a symbol table: no one has stripped it after the build */
	const char *go_version; /* "go1.26.8" */
	const char *package;    /* import path of the main package */
	const char *module;     /* main module */
	const char *module_version;
	struct binary_setting *settings;
	size_t setting_count;
	size_t dep_count;
	/* The main module first, then those it was built with, as far as BINARY_MODULES_MAX goes. Read from the file only:
	 * the stored form leaves them out. */
	struct binary_module *modules;
	size_t module_count;
};

/* Reads from fd with pread(2); fd stays open and where it was. Never fails: see kind. */
struct binary binary_read(struct arena *arena, int fd);

/* The value of a build setting; NULL when it is not there. */
const char *binary_setting_find(const struct binary *bin, const char *key);

/* The same as lines "key=value", with \\, \n and \r in values escaped; and back. Reading leaves out
 * lines it does not know and never fails; what is not told stays empty. */
char *binary_to_text(struct arena *arena, const struct binary *bin);
struct binary binary_from_text(struct arena *arena, struct slice text);

#endif
