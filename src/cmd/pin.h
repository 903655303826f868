/* SPDX-License-Identifier: MIT
 * `dialtone pin` between its files: what was asked, what is to be installed and pinned, what came of it.
 */
#ifndef CMD_PIN_H
#define CMD_PIN_H

#include "apply/journal.h"
#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "core/plan.h"
#include "core/world.h"
#include "pin/matrix.h"
#include "pin/store.h"
#include "pin/sums.h"
#include "world/codec.h"

#define PIN_TIMEOUT_DEFAULT "600"
#define PIN_ITEMS_MAX       16

struct pin_options {
	bool yes;
	bool dry_run;
	bool compatible;
	bool previous;
	bool list;
	bool bisect;
	const char *good;
	const char *bad;
	const char *editor;
	const char *file;
	bool trust;
	bool verbose;
	bool workspace;
	bool user_settings;
	bool json;
	const char *from;
	const char *timeout;
	const char *color;
};

enum pin_state {
	PIN_INSTALL,   /* has to be installed first */
	PIN_INSTALLED, /* is there, with the bytes that were installed */
	PIN_UNPIN,     /* spec.version is PIN_NONE */
};

struct pin_item {
	struct pin_spec spec;
	enum pin_state state;
	const char *dir;      /* of the version; "" for PIN_UNPIN */
	const char *was;      /* pinned for this user before, or NULL */
	const char *damage;   /* why what is installed does not count, or "" */
	const char *source;   /* where it comes or came from, in words */
	const char *verified; /* what it was held against, in words; "" before */
	bool as_before;       /* the link to the one before says so: it was installed once */
	const char *at_hand;  /* a program of that version that lies here, or NULL */
	const char *builder;  /* GOTOOLCHAIN to build it with; NULL: as the user has it */
	int64_t install_ns;   /* 0: nothing was installed */
	int64_t check_ns;     /* time to hash what is installed */
	size_t checked_bytes;
};

/* The go command of the user, asked once. */
struct pin_go {
	const char *path;      /* the first on PATH, or NULL */
	const char *version;   /* "1.26.8" */
	const char *toolchain; /* GOTOOLCHAIN */
	const char *arch;      /* GOHOSTARCH */
	const char *proxy;     /* GOPROXY */
	const char *sumdb;     /* GOSUMDB */
	struct slice json;     /* of go env, for what is handed on */
};

struct pin_run {
	struct arena *arena;
	const struct pin_options *options;
	const char *root;      /* pin/store.h */
	const char *workspace; /* absolute; the operand or the working directory */
	int64_t timeout_ns;
	struct terminal terminal;
	struct progress progress;
	struct interrupt interrupt;
	struct evidence_store store;
	struct world *world;
	struct codec *codec;
	struct envset env;
	struct pin_go go;
	bool go_known; /* it was asked */
	struct pin_item items[PIN_ITEMS_MAX];
	size_t count;
	const char *because; /* --compatible: why this one */
	struct plan plan;
	struct repair repair;
	bool done;
	int64_t switch_ns; /* from taking the lock to the end of the last change */
	const char *notes; /* of what was done, a line each */
};

/* pin_go.c. Asks the go on PATH, once. -ENOENT: there is none; -EIO: it fails; with a sentence. */
int pin_go_ask(struct pin_run *run, struct err *err);
/* A variable of go env; "" when go does not know it. */
const char *pin_go_env(const struct pin_run *run, const char *name);
/* The first executable file of that name on PATH, or NULL. */
const char *pin_on_path(const struct pin_run *run, const char *name);
/* --compatible: adds the item. -ENOENT with a sentence: no release fits; else as pin_go_ask. */
int pin_compatible(struct pin_run *run, struct err *err);

/* pin_install.c. What would be done for an item that is to be installed, as a sentence; -errno with a sentence when it
 * cannot be. Nothing is changed. */
int pin_install_plan(struct pin_run *run, struct pin_item *item, struct err *err);
/* Does it: -errno with a sentence, and all is as before. */
int pin_install(struct pin_run *run, struct pin_item *item, struct err *err);

/* pin_verify.c. What a file is: gofile/binary.h. */
struct binary pin_read_program(struct pin_run *run, const char *path);
/* The SHA-256 of a file, or -errno. *bytes grows by its size. */
int pin_hash_file(struct pin_run *run, const char *path, char ret_hex[SHA256_HEX_SIZE],
                  size_t *bytes);
/* Is the program of dir of that tool and version, for this machine, by its build info? name: of it, for
 * sentences. -EBADMSG, -ENOENT. gofile/binary.h says what it read. */
int pin_check_program(struct pin_run *run, const struct pin_spec *spec, const char *dir,
                      const char *name, struct binary *ret, struct err *err);
/* Are the files of an installed version those of its SHA256SUMS? Into item->state, check_ns and damage. */
void pin_check_installed(struct pin_run *run, struct pin_item *item);
/* Writes SHA256SUMS of the programs in dir. */
int pin_write_sums(struct pin_run *run, const struct pin_spec *spec, const char *dir,
                   struct err *err);

/* pin_switch.c. What changes in links and settings, into run->plan and run->repair. */
int pin_switch_plan(struct pin_run *run, struct err *err);
/* Is there a journal, and nothing in it that was interrupted? Asked before anything is installed. */
int pin_switch_may(struct pin_run *run, struct err *err);
/* -errno with a sentence: all is as before. */
int pin_switch(struct pin_run *run, struct err *err);

/* pin_show.c */
int pin_show_plan(struct pin_run *run);
int pin_show_done(struct pin_run *run);
int pin_show_state(struct pin_run *run);

#endif
