/* SPDX-License-Identifier: MIT
 * The Go files of a package as the build sees them, read within bounds.
 */
#ifndef PROBES_MODULES_MODULES_PACKAGES_H
#define PROBES_MODULES_MODULES_PACKAGES_H

#include "gofile/constraint.h"
#include "probes/modules/modules_view.h"

#define MODULES_FILES_MAX      ((size_t)200) /* Go files read in all */
#define MODULES_FILES_BYTES    ((size_t)4 * 1024 * 1024)
#define MODULES_FILE_CAP_BYTES ((size_t)256 * 1024) /* imports stand at the beginning of a file */

struct modules_import {
	const char *path;
	const char *file;
	int line;
	const struct evidence *ev;
	struct modules_import *next;
};

struct modules_reader {
	struct exam *exam;
	struct constraint_context ctx;
	size_t files;
	size_t bytes;
	bool cut; /* a bound was reached */
};

struct modules_package {
	const struct evidence *ev;    /* of the directory */
	bool known;                   /* the directory could be listed */
	bool exists;                  /* it is there and has Go files, tests or not */
	size_t included;              /* files the build takes, without tests */
	const char *excluded_file;    /* the first file it leaves out, or NULL */
	struct constraint_result why; /* of excluded_file */
	const struct evidence *excluded_ev;
	const char *excluded_names;     /* what it declares, blanks between them */
	struct modules_import *imports; /* of the files the build takes */
	const char *c_file;             /* the first one that imports "C", or NULL */
	int c_line;
	const struct evidence *c_ev;
	const struct evidence *refused_ev; /* of the first file that is there and cannot be read */
	const char *refused_file;          /* that file, or NULL */
};

void modules_reader_init(struct modules_reader *reader, struct exam *exam);

/* The package in a directory; with_tests includes _test.go files. */
struct modules_package modules_package_read(struct modules_reader *reader, const char *dir,
                                            bool with_tests);

/* The word of open_file.reason for an exclusion. */
const char *modules_exclusion_reason(const struct constraint_result *why);

#endif
