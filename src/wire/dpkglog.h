/* SPDX-License-Identifier: MIT
 * What Debian's package managers write down of what they did: /var/log/dpkg.log and /var/log/apt/history.log. Their
 * times are local times. Sources: dpkg(1), --log; apt's apt-pkg/deb/dpkgpm.cc (WriteHistoryTag, OpenLog).
 */
#ifndef WIRE_DPKGLOG_H
#define WIRE_DPKGLOG_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct dpkg_action {
	int64_t at_ns;           /* wall clock */
	const char *action;      /* install, upgrade or remove */
	const char *package;     /* with its architecture: "libc6:amd64" */
	const char *old_version; /* "" none */
	const char *new_version;
};

/* The next line of dpkg.log that tells of such an action; false at the end, and then *ret says nothing. */
bool dpkglog_take(struct arena *arena, struct slice *rest, struct dpkg_action *ret);

struct apt_run {
	int64_t begin_ns, end_ns; /* wall clock; end_ns 0: it has no end in the log */
	const char *command;      /* "" unknown: an own front end */
};

/* The run of apt during which this action was, if it names the package. */
bool apt_history_find(struct arena *arena, struct slice text, const struct dpkg_action *action,
                      struct apt_run *ret);

#endif
