/* SPDX-License-Identifier: MIT
 * Which part of a variable must not be shown.
 */
#ifndef CMD_ENV_MASK_H
#define CMD_ENV_MASK_H

#include "base/arena.h"

#include <stdbool.h>

/* value with its secrets as "***": all of it when the name says that it is one (token, secret,
 * password, key …; *ret_secret), else what world/secret_scan.h finds in it: users in URLs, tokens of
 * well-known services. The value itself when there is nothing to hide. */
const char *env_mask(struct arena *arena, const char *name, const char *value, bool *ret_secret);

#endif
