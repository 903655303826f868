/* SPDX-License-Identifier: MIT
 * Words of a program that got no memory from the kernel. They never say why: a limit, a promise the
 * kernel would not make, or really none left.
 */
#ifndef CORE_NO_MEMORY_H
#define CORE_NO_MEMORY_H

#include "core/facts.h"

#include <stdbool.h>

/* Does the text say it? Texts: runtime of Go 1.18 to 1.27 (malloc.go, mem_linux.go, os_linux.go), ENOMEM as
 * libc and Go name it, gcc. */
bool no_memory_text(const char *text);
/* What the server wrote, told its client, or what a run of go said; NULL when nobody complained. */
const struct fact *no_memory_said(const struct facts *facts);

#endif
