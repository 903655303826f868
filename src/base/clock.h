/* SPDX-License-Identifier: MIT
 * Time for deadlines and durations: monotonic, in nanoseconds.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_MS ((int64_t)1000000)
#define NS_PER_S  ((int64_t)1000000000)

/* CLOCK_MONOTONIC. */
int64_t clock_now_ns(void);
/* CLOCK_REALTIME, nanoseconds since the epoch: comparable with file times. */
int64_t clock_wall_ns(void);
/* CPU time this process has used, user and system, in nanoseconds. */
int64_t clock_cpu_ns(void);

#endif
