/* SPDX-License-Identifier: MIT
 * All goroutines of a process, out of its memory: nothing is stopped, attached to or written, no
 * symbols are needed.
 */
#ifndef GOSTACK_GOSTACK_H
#define GOSTACK_GOSTACK_H

#include "gostack/goroutines.h"
#include "gostack/roots.h"

#define LABELS_MAX      ((size_t)32)
#define LABEL_BYTES_MAX ((size_t)256)

struct gostack {
	struct arena *arena;
	struct memory *memory;
	struct elf_image elf;
	uint64_t bias;
	struct pclntab tab;
	struct moduledata module;
	struct symbols symbols;
	struct wait_reasons reasons;
	const struct go_arch *arch;
	const struct go_layout *layout;
	const char *version; /* "go1.26.8"; "" when the program does not say */
	int minor;           /* of the version, or of the layout when there is none */
	bool version_known;  /* the layout is that of the version */
	bool labels_shown;   /* the runtime would print labels */
	uint64_t allgs;      /* address of runtime.allgs */
	struct goroutines all;
};

struct go_label {
	const char *key, *value;
};

/* Finds everything that stays where it is. clean: as for symbols_init. -ENOEXEC when it is no Go
 * program, or none that can be read (older than go1.18, another processor); -EPROTO when it is one,
 * but its runtime is not understood; -ESRCH when it ended. */
int gostack_open(struct arena *arena, struct memory *memory,
                 const char *(*clean)(struct arena *arena, const char *text), struct gostack *ret,
                 struct err *err);

/* Reads all goroutines into stack->all. -EPROTO when they make no sense, -EAGAIN when
 * there are none. */
int gostack_read(struct gostack *stack, struct err *err);

/* What the runtime calls the state of a goroutine: its wait reason, or its status. */
const char *gostack_status(const struct gostack *stack, const struct goroutine *g);
/* Seconds it has waited at least; -1 when the runtime does not know yet. The runtime notes the time
 * at the first garbage collection after the goroutine blocked. */
int64_t gostack_waited_s(const struct gostack *stack, const struct goroutine *g);
/* True for the runtime's own goroutines, which tracebacks leave out. */
bool gostack_is_system(struct gostack *stack, const struct goroutine *g);
/* Profiler labels, at most LABELS_MAX; go1.24 and later. */
size_t gostack_labels(struct gostack *stack, const struct goroutine *g, struct go_label *ret);

#endif
