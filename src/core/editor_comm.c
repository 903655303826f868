/* SPDX-License-Identifier: MIT */
#include "core/editor_comm.h"

#include "base/str.h"

/* Zed's window is zed-editor, below the launcher zed (zeditor where that name is taken); kak-lsp
 * (kakoune-lsp) is what starts the server for Kakoune. */
const char *editor_of_comm(const char *comm) {
	static const char *const names[][2] = {
		{"nvim", "neovim"},
		{"hx", "helix"},
		{"helix", "helix"},
		{"zed", "zed"},
		{"zed-editor", "zed"},
		{"zeditor", "zed"},
		{"subl", "sublime"},
		{"sublime_text", "sublime"},
		{"plugin_host-3.8", "sublime"},
		{"kak", "kakoune"},
		{"kak-lsp", "kakoune"},
		{"kakoune-lsp", "kakoune"},
		{"vim", "other"},
		{"vi", "other"},
		{"gvim", "other"},
		{"vim.basic", "other"},
		{"vim.gtk3", "other"},
		{"vim.nox", "other"},
		{"micro", "other"},
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (streq(comm, names[i][0])) {
			return names[i][1];
		}
	}
	for (const char *const *a = agent_comms; *a; a++) {
		if (streq(comm, *a)) {
			return "agent";
		}
	}
	return str_starts(comm, "emacs") ? "emacs" : NULL;
}
