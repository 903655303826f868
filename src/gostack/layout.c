/* SPDX-License-Identifier: MIT */
#include "gostack/layout.h"

#include <stdlib.h>
#include <string.h>

/* What most of go1.25 and later have in common. */
#define SINCE_125                                                                                  \
	.sched_lr = 88, .syscall_sp = 104, .syscall_pc = 112, .top_sp = 128, .status = 144,        \
	.id = 152, .wait_since = 168, .wait_reason = 176, .sequence = 191, .locked_m = 208,        \
	.bubble_id = 72, .m_thread = 64, .m_current = 184, .wrapper_id = 23
#define UP_TO_124                                                                                  \
	.sched_lr = 96, .syscall_sp = 112, .syscall_pc = 120, .m_thread = 72, .m_current = 192,    \
	.m_id = 232

static const struct go_layout layouts[] = {
	{
		.first_minor = 26,
		.last_minor = 27,
		SINCE_125,
		.parent = 280,
		.created_pc = 288,
		.start_pc = 304,
		.waiting = 320,
		.labels = 352,
		.bubble = 392,
		.m_id = 232,
	},
	{
		.first_minor = 25,
		.last_minor = 25,
		SINCE_125,
		.parent = 272,
		.created_pc = 280,
		.start_pc = 296,
		.waiting = 312,
		.labels = 344,
		.bubble = 384,
		.m_id = 224,
	},
	{
		.first_minor = 24,
		.last_minor = 24,
		UP_TO_124,
		.top_sp = 136,
		.status = 152,
		.id = 160,
		.wait_since = 176,
		.wait_reason = 184,
		.sequence = 199,
		.locked_m = 216,
		.parent = 280,
		.created_pc = 288,
		.start_pc = 304,
		.waiting = 320,
		.labels = 352,
		.sync_group = 392,
		.group_root = 88,
		.wrapper_id = 22,
	},
	{
		.first_minor = 23,
		.last_minor = 23,
		UP_TO_124,
		.top_sp = 136,
		.status = 152,
		.id = 160,
		.wait_since = 176,
		.wait_reason = 184,
		.sequence = 199,
		.locked_m = 216,
		.parent = 280,
		.created_pc = 288,
		.start_pc = 304,
		.waiting = 320,
		.labels = 352,
		.wrapper_id = 22,
	},
	{
		.first_minor = 22,
		.last_minor = 22,
		UP_TO_124,
		.top_sp = 128,
		.status = 144,
		.id = 152,
		.wait_since = 168,
		.wait_reason = 176,
		.sequence = 191,
		.locked_m = 208,
		.parent = 272,
		.created_pc = 280,
		.start_pc = 296,
		.waiting = 312,
		.labels = 344,
		.wrapper_id = 22,
	},
	{
		.first_minor = 21,
		.last_minor = 21,
		UP_TO_124,
		.top_sp = 128,
		.status = 144,
		.id = 152,
		.wait_since = 168,
		.wait_reason = 176,
		.sequence = 188,
		.locked_m = 208,
		.parent = 272,
		.created_pc = 280,
		.start_pc = 296,
		.waiting = 312,
		.labels = 344,
		.wrapper_id = 21,
	},
	{
		.first_minor = 18,
		.last_minor = 20,
		UP_TO_124,
		.top_sp = 128,
		.status = 144,
		.id = 152,
		.wait_since = 168,
		.wait_reason = 176,
		.sequence = 189,
		.locked_m = 232,
		.created_pc = 296,
		.start_pc = 312,
		.waiting = 328,
		.labels = 360,
		.wrapper_id = 21,
	},
};

const struct go_layout *go_layouts(size_t *ret_count) {
	*ret_count = sizeof(layouts) / sizeof(layouts[0]);
	return layouts;
}

const struct go_layout *go_layout_of(int minor) {
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (minor >= layouts[i].first_minor && minor <= layouts[i].last_minor) {
			return &layouts[i];
		}
	}
	return NULL;
}

uint16_t go_layout_gofunc(int minor) {
	return minor >= 27 || minor < 0 ? 344 : minor >= 20 ? 320 : 304;
}

int go_minor_of(const char *version) {
	const char *at = strstr(version, "go1.");
	char *end = NULL;
	if (!at || at[4] < '0' || at[4] > '9') {
		return -1;
	}
	long minor = strtol(at + 4, &end, 10);
	return minor < 1000 ? (int)minor : -1;
}
