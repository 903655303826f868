/* SPDX-License-Identifier: MIT
 * Plans done inside a rehearsal, by the very code that does them outside; the journal is one of which nothing stays.
 */
#ifndef CMD_PROVE_APPLY_H
#define CMD_PROVE_APPLY_H

#include "cmd/prove.h"

prove_apply prove_apply_plans;

#endif
