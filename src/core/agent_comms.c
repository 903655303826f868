/* SPDX-License-Identifier: MIT */
#include "core/editor_comm.h"

#include <stddef.h>

const char *const agent_comms[] = {"claude", "opencode", "crush", "codex", "gemini", "aider", NULL};
