/* SPDX-License-Identifier: MIT
 * `dialtone check` of a window that has several folders: each is examined as a part of the window,
 * and all of them make one report.
 */
#ifndef CMD_CHECK_WINDOW_H
#define CMD_CHECK_WINDOW_H

#include "cmd/exam.h"
#include "probes/editors/vscode_window.h"
#include "report/report.h"

struct window_check {
	const struct vscode_window *window;
	const struct target *target; /* what the command line says; workspace is of no meaning */
	struct exam_plan plan;
	int interrupt_fd;
	int64_t deadline_ns;
	/* results, in the order of the folders */
	struct report_folder *folders;
	size_t count;
	struct diagnosis diagnosis;
	size_t worst; /* index of the folder that stands for all */
};

/* Is path the file of a window; or a folder that holds just one such file, whose folders are it or
 * lie below it, unless VS Code has had only the folder itself open; or a folder of a window whose
 * file lies one or two levels above it, if VS Code has had that window open and not, or not as late,
 * the folder by itself? */
bool check_window_find(struct arena *arena, struct world *world, const char *path,
                       struct vscode_window *ret);

/* Other editors know nothing of such windows: neither one that was named, nor one that runs and has this folder open.
 * editor: as it was named, or NULL. */
bool check_window_counts(struct world *world, const char *editor, const char *path,
                         const struct vscode_window *window);

/* Examines them one after the other; 0 or negative errno with a sentence, as exam_run. */
int check_window_run(struct arena *arena, struct window_check *check, struct err *err);

#endif
