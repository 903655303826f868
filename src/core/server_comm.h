/* SPDX-License-Identifier: MIT
 * Language servers and debug adapters that are known by the name of their process (comm, at most 15
 * bytes), or, when an interpreter runs them, by that of their script.
 */
#ifndef CORE_SERVER_COMM_H
#define CORE_SERVER_COMM_H

#include <stdbool.h>

/* The name as far as comm holds it, NULL when it is none we know. */
const char *server_of_comm(const char *comm);
/* The server whose script has this base name ("pyright-langserver.js"), NULL for none. */
const char *server_of_script(const char *base);
/* node, python and the like. */
bool comm_is_interpreter(const char *comm);

#endif
