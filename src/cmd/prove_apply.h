/* SPDX-License-Identifier: MIT
 */
#ifndef CMD_PROVE_APPLY_H
#define CMD_PROVE_APPLY_H

#include "cmd/prove.h"

prove_apply prove_apply_plans;

#endif
