/* SPDX-License-Identifier: MIT
 * Where the fields of the runtime's structs lie, by release of Go; 64-bit, the same on amd64 and
 * arm64. Sources: Go 1.18-1.27 src/runtime/runtime2.go, symtab.go, synctest.go, and the DWARF of
 * programs built with them.
 */
#ifndef GOSTACK_LAYOUT_H
#define GOSTACK_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAYOUT_NEWEST_MINOR 27 /* the newest release these tables were checked against */
#define LAYOUT_OLDEST_MINOR 18

/* Of struct g, in all releases. */
enum {
	G_STACK_LO = 0,
	G_STACK_HI = 8,
	G_DEFER = 40,
	G_M = 48,
	G_SCHED_SP = 56,
	G_SCHED_PC = 64,
	G_SCHED_G = 72, /* the g itself: a check */
};

#define G_BYTES     ((size_t)400) /* of a g that are read: all fields below */
#define G_KEY_BYTES ((size_t)200) /* of these, those that tell one state from another */

/* Offsets in bytes; 0 where the release has no such field. */
struct go_layout {
	int first_minor, last_minor; /* go1.first .. go1.last */
	uint16_t sched_lr;
	uint16_t syscall_sp, syscall_pc;
	uint16_t top_sp; /* stktopsp */
	uint16_t status, id, wait_since, wait_reason, sequence;
	uint16_t locked_m, parent, created_pc, start_pc, waiting, labels;
	uint16_t sync_group, bubble; /* testing/synctest: go1.24, go1.25 and later */
	uint16_t group_root;         /* in the group: *g */
	uint16_t bubble_id;          /* in the bubble */
	uint16_t m_thread, m_id, m_current;
	uint8_t wrapper_id; /* funcID of generated wrappers */
};

/* Of struct moduledata, in all releases. */
enum {
	MODULE_PCHEADER = 0,
	MODULE_FUNCTION_COUNT = 136, /* length of ftab */
	MODULE_MIN_PC = 160,
	MODULE_MAX_PC = 168,
	MODULE_TEXT = 176,
	MODULE_ETEXT = 184,
	MODULE_DATA = 208,
	MODULE_EDATA = 216,
	MODULE_BSS = 224,
	MODULE_EBSS = 232,
	MODULE_BYTES = 360, /* read of it */
};

/* All layouts, the newest first. */
const struct go_layout *go_layouts(size_t *ret_count);
/* That of go1.minor; NULL when it is older or newer than all. */
const struct go_layout *go_layout_of(int minor);
/* Where moduledata keeps gofunc; the newest known place for a release newer than all. */
uint16_t go_layout_gofunc(int minor);

/* The minor release in "go1.26.8", "devel go1.28-abc …"; -1 when there is none. */
int go_minor_of(const char *version);

#endif
