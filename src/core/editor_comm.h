/* SPDX-License-Identifier: MIT
 * Editors that are known by the name of their process (comm, at most 15 bytes). VS Code and its kin
 * are not among them: their processes have names that others have, too (world/editors.h).
 */
#ifndef CORE_EDITOR_COMM_H
#define CORE_EDITOR_COMM_H

/* neovim, emacs, helix, zed, sublime, kakoune, agent, other; NULL when it is no editor we know. */
const char *editor_of_comm(const char *comm);

/* Coding agents that talk to language servers, or might; ended by NULL. */
extern const char *const agent_comms[];

#endif
