/* SPDX-License-Identifier: MIT
 * What it takes to see of processes of other users what one sees of one's own. CAP_SYS_PTRACE opens the links of
 * /proc/PID (exe, cwd, fd/N); that fd, environ and syscall can be opened at all is a matter of their modes, which
 * CAP_DAC_READ_SEARCH passes. Sources: fs/proc/base.c, fs/proc/fd.c (proc_fd_permission), ptrace(2) "access mode
 * checking"; tried with each alone.
 */
#ifndef CORE_RIGHTS_H
#define CORE_RIGHTS_H

#define RIGHTS_TO_SEE_OTHERS "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"

#endif
