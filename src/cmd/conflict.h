/* SPDX-License-Identifier: MIT
 * What stands in the way of taking something back: what a file was, what we wrote, what it is now.
 */
#ifndef CMD_CONFLICT_H
#define CMD_CONFLICT_H

#include "apply/steps.h"

/* On stdout; nothing when steps has no conflict. */
void conflict_show(struct steps *steps);

#endif
