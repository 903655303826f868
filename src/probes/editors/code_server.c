/* SPDX-License-Identifier: MIT
 * code-server: VS Code in a browser, with its data, settings and extensions on this machine.
 * Source: coder/code-server src/node/util.ts, src/node/cli.ts.
 */
#include "core/editor.h"
#include "probes/editors/vscode_tools.h"

static const char *const kinds[] = {"code-server", NULL};

const struct editor editor_code_server = {
	.name = "code-server",
	.title = "code-server",
	.kinds = kinds,
	.order = 11,
	.configured = code_server_configured,
	.read_settings = vscode_read_settings,
	.arrange = vscode_arrange,
};
