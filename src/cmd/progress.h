/* SPDX-License-Identifier: MIT
 * One line on a terminal that says what is being looked at, and is gone at the end.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stddef.h>

void progress_show(const char *what, size_t columns);
void progress_erase(void);

#endif
