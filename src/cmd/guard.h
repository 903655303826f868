/* SPDX-License-Identifier: MIT
 * `dialtone guard` between its files.
 */
#ifndef CMD_GUARD_H
#define CMD_GUARD_H

#include "base/envset.h"
#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "guard/memory.h"
#include "guard/unit.h"

struct facts;
struct evidence_store;
struct json;
struct target;
struct world;

struct guard_options {
	bool json;
	bool yes;
	bool quiet;
	const char *every;
	const char *scheduler;
};

enum guard_verb { GUARD_INSTALL, GUARD_REMOVE, GUARD_STATUS, GUARD_RUN };

struct guard {
	struct arena *arena;
	const struct guard_options *options;
	enum guard_verb verb;
	const char *const *dirs; /* absolute, NULL-terminated, at least one */
	int64_t every_minutes;
	struct terminal terminal;
	struct interrupt interrupt;
	struct envset own; /* dialtone's environment */
	/* Where what it knows lies: the state directory; NULL without a home. */
	const char *state_dir;
};

/* ---- guard_look.c ---- */

/* Looks, remembers, tells what is new; the exit status. */
int guard_run(struct guard *g);

/* ---- guard_compare.c ---- */

/* What was seen at a visit. */
struct guard_view {
	struct world *world;
	const struct facts *facts;
	const struct target *target;
	const struct evidence_store *store;
};

/* Fills good_ns, same_ns and differs of a visit; without a state in which all worked they stay as they are. */
void guard_compare(struct guard *g, const struct guard_view *view, struct guard_visit *visit);

/* ---- guard_tell.c ---- */

/* A line in guard.log for each, and a notification on the desktop where there is one. */
void guard_tell(struct guard *g, const struct precautions *fresh, const struct precautions *over);
const char *guard_log_path(const struct guard *g);

/* ---- guard_keep.c ---- */

/* What is known from the run before; of the two places where it may lie, the newer. */
void guard_recall(const struct guard *g, struct guard_memory *ret);
/* -errno with a sentence when it could be kept in none. */
int guard_keep(const struct guard *g, const struct guard_memory *memory, struct err *err);
/* A descriptor that holds the lock of runs, or -EBUSY while another run works, or -errno. */
int guard_lock(const struct guard *g);

/* ---- guard_schedule.c ---- */

#define GUARD_TABLE "guard.crontab" /* what crontab(1) is handed, in the state directory */

enum guard_by { BY_NONE, BY_SYSTEMD, BY_CRON };

/* What can start the guard here, and what does already. */
struct guard_place {
	enum guard_by by;    /* that would be used: as --scheduler says, else systemd before cron */
	const char *because; /* BY_NONE: a sentence */
	const char *systemctl; /* absolute, or NULL */
	const char *crontab;   /* absolute, or NULL */
	const char *unit_dir;  /* of the user's units; NULL without a home */
	const char *service;   /* the three files, absolute; NULL likewise */
	const char *timer;
	const char *wanted;
	bool units_there; /* one of the three is */
	bool manager;     /* the user's systemd answers */
	bool table_read;  /* the crontab was read, or there is none */
	bool has_table;
	struct slice table; /* the crontab */
	struct guard_cron cron;
};

/* Looks: programs on PATH, the user's systemd, the crontab. */
void guard_place_find(struct guard *g, struct world *world, struct guard_place *ret);
const char *guard_by_name(enum guard_by by);
/* Runs `systemctl --user WORD...` (NULL-terminated); its exit status, -1 when it did not run to its end. */
int guard_systemctl(struct guard *g, struct world *world, const struct guard_place *place,
                    const char *label, const char *const *words);
/* Makes this the crontab; "" with gone: there is to be none. -EIO and more with a sentence. */
int guard_crontab_write(struct guard *g, struct world *world, const struct guard_place *place,
                        const char *text, bool gone, struct err *err);
/* Is that the crontab now (gone: is there none)? -EIO with a sentence. label: unique in this world. */
int guard_crontab_check(struct guard *g, struct world *world, const struct guard_place *place,
                        const char *label, const char *text, bool gone, struct err *err);
/* What is to be run: this program, for these directories, with PATH and what says where Go and its caches are. */
struct guard_job guard_job_of(struct guard *g, const struct guard_place *place);

/* ---- guard_install.c, guard_remove.c, guard_status.c ---- */

int guard_install(struct guard *g);
int guard_remove(struct guard *g);
int guard_status(struct guard *g);

struct journal;
struct repair;

/* Was it an installation by cron? Its journal holds the crontab as it was handed to crontab(1), which keeps the real one. */
bool guard_repair_is_cron(struct arena *arena, struct journal *journal,
                          const struct repair *repair);
/* For `dialtone undo`, before such a repair is taken back: the lines out of the crontab, when they still are what was written;
 * nothing when they are gone already. -EBUSY and more with a sentence. */
int guard_uninstall_cron(struct arena *arena, struct err *err);

/* {"schema": "dialtone.guard/1", "tool", "verb" …; ends with json_end */
void guard_json_begin(struct json *json, const struct guard *g);
void guard_json_precautions(struct json *json, const struct precautions *list,
                            const struct precautions *fresh);
/* A line or two for each, for people; nothing when there is none. */
void guard_text_precautions(struct strbuf *out, const struct guard *g,
                            const struct precautions *list);
/* "2026-11-22 02:00:00", of the local time. */
const char *guard_time_text(struct arena *arena, int64_t wall_ns);

#endif
