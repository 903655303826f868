/* SPDX-License-Identifier: MIT
 * `dialtone pin`: where a version comes from.
 */
#ifndef CMD_PIN_SOURCE_H
#define CMD_PIN_SOURCE_H

#include "cmd/pin.h"

enum source_kind {
	SOURCE_PROXY, /* go fetches and builds */
	SOURCE_READY, /* a folder with the program, or a GOROOT */
};

struct pin_source {
	enum source_kind kind;
	const char *dir;     /* READY: of the program; for go the GOROOT */
	const char *program; /* READY: the file */
	const char *proxy;   /* PROXY: GOPROXY */
	const char *
		sums; /* PROXY: the go.sum that counts in place of the checksum database, or NULL */
	bool network;
	const char *words; /* for people: "https://proxy.example, built by go 1.26.8" */
};

/* What --from or the user's GOPROXY means for this item. With a sentence: -ENOENT, there is nothing of it in the folder,
 * or no go to build with; -EPERM, nothing would verify it; -ENOEXEC, the go that is allowed cannot build it; else as
 * pin_go_ask. */
int pin_source_find(struct pin_run *run, const struct pin_item *item, struct pin_source *ret,
                    struct err *err);

/* The files of `copies` that the SHA256SUMS of dir names, held against it. -ENOENT: there is none, or it does not name
 * the programs; -EBADMSG. */
int pin_check_copies(struct pin_run *run, const char *dir, const char *copies, size_t *bytes,
                     struct err *err);

#endif
