/* SPDX-License-Identifier: MIT
 * Whether code that needs a C compiler is in trouble.
 */
#ifndef CORE_CGO_H
#define CORE_CGO_H

#include "core/facts.h"

/* Whether this variable is read only when C is compiled (cmd/cgo, cmd/go/internal/work/exec.go). */
bool cgo_reads(const char *name);

/* What go or the server said of C that could not be compiled or found, or NULL. */
const struct fact *cgo_complaint(const struct facts *facts);

#endif
