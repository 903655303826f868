/* SPDX-License-Identifier: MIT
 * Whose module a directory belongs to.
 */
#ifndef PROBES_MODULES_MODULE_PATH_H
#define PROBES_MODULES_MODULE_PATH_H

#include "core/probe.h"

/* Directory of the nearest go.mod at or above dir (absolute), or "". */
const char *module_dir_of(struct exam *exam, const char *dir);
/* The module line of dir/go.mod; NULL when dir is "" or there is none to be read. */
const char *module_path_in(struct exam *exam, const char *dir);

#endif
