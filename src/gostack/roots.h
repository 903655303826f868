/* SPDX-License-Identifier: MIT
 * What can only be found by looking for it in the data of the process: the list of all goroutines,
 * the words for what they wait for, and, when the build info is gone, the version. Works without
 * symbols. Source: Go 1.18-1.27 src/runtime/proc.go, runtime2.go.
 */
#ifndef GOSTACK_ROOTS_H
#define GOSTACK_ROOTS_H

#include "gostack/arch.h"
#include "gostack/layout.h"
#include "gostack/memory.h"
#include "gostack/moduledata.h"
#include "gostack/symbols.h"

#define WAIT_REASONS_MAX ((size_t)128)

struct wait_reasons {
	const char *words[WAIT_REASONS_MAX]; /* "" for no reason */
	size_t count;
};

/* The address of runtime.allgs, and the layout under which it was recognised: the first of those
 * wanted that fits. Goroutine 1 is the first one and runs runtime.main. -ENOENT when nothing looks
 * like it. */
int roots_find_goroutines(struct arena *arena, struct memory *memory, const struct go_arch *arch,
                          const struct moduledata *module, struct symbols *symbols,
                          const struct go_layout *const *layouts, size_t layout_count,
                          uint64_t *ret_address, const struct go_layout **ret_layout);

/* runtime.waitReasonStrings out of the process; count is 0 when it is not there. */
void roots_find_wait_reasons(struct arena *arena, struct memory *memory,
                             const struct moduledata *module, struct wait_reasons *ret);

/* runtime.buildVersion: "" when there is none. */
const char *roots_find_version(struct arena *arena, struct memory *memory,
                               const struct elf_image *elf, uint64_t bias);

#endif
