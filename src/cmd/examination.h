/* SPDX-License-Identifier: MIT
 * The examination of a folder, or a window, as `dialtone check` makes it, for commands that do something about what it finds.
 */
#ifndef CMD_EXAMINATION_H
#define CMD_EXAMINATION_H

#include "cmd/check_options.h"
#include "cmd/check_window.h"
#include "cmd/exam.h"
#include "cmd/interrupt.h"
#include "core/infer.h"

struct examination {
	struct arena *arena;
	const struct check_options
		*options; /* what they say about the target and the time counts */
	const char *dir;  /* the operand, or NULL */
	const char *const
		*environment; /* changes of the environment that is judged: as in struct plan */
	int interrupt_fd;     /* -1: none */
	const struct probe *const *probes; /* NULL: all there are */
	const struct server_terms *terms;  /* what the server is given, or NULL */
	bool only_look; /* nothing is concluded: the server is heard out whatever the world shows */
	bool tell_changes;  /* what changed since since_ns (core/target.h), also when all works */
	bool will_remember; /* the state is going to be kept */
	bool takes_windows; /* a window of several folders is examined as a whole; else one must be chosen */
	int64_t since_ns;
	/* Told before each probe what is looked at, or NULL. */
	void (*on_probe)(const struct probe *probe, void *context);
	void (*on_wait)(void *context);
	void *context;
	/* results */
	struct evidence_store store;
	struct facts facts;
	struct target target;
	struct exam exam;
	struct diagnosis diagnosis;
	/* Of a window of several folders, else NULL: the diagnosis is that of all of them, facts and target are those
	 * of the folder that stands for all. */
	struct window_check *window;
};

/* Where the finding was made: of a window, one of its folders. */
struct examined {
	const struct target *target;
	const struct facts *facts;
};

/* Looks at everything and thinks; nothing is left running. The members before the results are the caller's. STATUS_HEALTHY when
 * there is a diagnosis, else a sentence was written on stderr and it is the exit status. */
int examination_run(struct examination *examination);

struct examined examination_of(const struct examination *examination,
                               const struct finding *finding);

/* How the target is named on a command line: the folder, or the window. */
const char *examination_name(const struct examination *examination);

#endif
