/* SPDX-License-Identifier: MIT
 * Coding agents that use a language server. Which of them is set up for Go, and how, is read from
 * their files (probes/editors/agent_files.h); the first entry that leads somewhere is followed. When none
 * does, gopls is started all the same, so that it can be seen whose fault it is not.
 */
#include "base/str.h"
#include "core/editor.h"
#include "probes/editors/agent_files.h"

static void read_settings(struct exam *exam) {
	client_config_take(exam, agent_files_read(exam));
}

static const char *const kinds[] = {"agent", NULL};

const struct editor editor_agent = {
	.name = "agent",
	.title = "a coding agent",
	.kinds = kinds,
	.order = 80,
	.configured = agent_files_exist,
	.read_settings = read_settings,
	.arrange = client_config_arrange,
	.locate = client_config_locate,
};
