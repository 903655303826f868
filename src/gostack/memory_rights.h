/* SPDX-License-Identifier: MIT
 * Why a process may not be read, and what would help. Sources: ptrace(2) "Ptrace access mode
 * checking"; Documentation/admin-guide/LSM/Yama.rst.
 */
#ifndef GOSTACK_MEMORY_RIGHTS_H
#define GOSTACK_MEMORY_RIGHTS_H

#include "base/err.h"

/* dir_fd: /proc/PID; code: the negative errno that was met. Sets err to one sentence and returns
 * code. */
int memory_rights_explain(int dir_fd, int pid, int code, struct err *err);

#endif
