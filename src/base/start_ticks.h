/* SPDX-License-Identifier: MIT
 * When a process started: with its pid that is who it is.
 */
#ifndef BASE_START_TICKS_H
#define BASE_START_TICKS_H

/* Field 22 of /proc/PID/stat (proc_pid_stat(5)), in clock ticks since boot; 0 when there is no such process. */
unsigned long long start_ticks(long pid);

#endif
