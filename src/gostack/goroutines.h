/* SPDX-License-Identifier: MIT
 * Every goroutine of a process: read in batches while the process runs on, each with a stack that is
 * known to belong to it. A goroutine's fields are read before and after its stack; when what
 * identifies its state is the same, the stack is the one of that state. Source: Go 1.18-1.27
 * src/runtime/proc.go (casgstatus), runtime2.go.
 */
#ifndef GOSTACK_GOROUTINES_H
#define GOSTACK_GOROUTINES_H

#include "gostack/layout.h"
#include "gostack/unwind.h"

enum go_status {
	GO_IDLE = 0,
	GO_RUNNABLE = 1,
	GO_RUNNING = 2,
	GO_SYSCALL = 3,
	GO_WAITING = 4,
	GO_DEAD = 6,
	GO_COPYSTACK = 8,
	GO_PREEMPTED = 9,
	GO_LEAKED = 10,     /* go1.26 */
	GO_DEAD_EXTRA = 11, /* go1.26 */
	GO_SCAN = 0x1000,   /* a bit: the collector looks at its stack */
};

enum goroutine_state {
	GOROUTINE_CERTAIN, /* the stack belongs to the goroutine as it is described */
	GOROUTINE_RUNNING, /* on a processor: its stack is not in memory */
	GOROUTINE_TORN,    /* it changed while it was read, however often that was tried */
	GOROUTINE_PARTIAL, /* it held still, but its stack could not be followed to its end */
};

const char *goroutine_state_name(enum goroutine_state state);

#define STACK_NONE UINT32_MAX

struct goroutine {
	uint64_t address, id, parent;
	uint64_t stack_low, stack_high, sp, pc, lr, syscall_sp, syscall_pc;
	uint64_t m, locked_m, created_pc, start_pc, waiting, labels, bubble, sync_group;
	uint64_t thread;     /* kernel thread; 0 when it has none */
	uint64_t group;      /* of testing/synctest: number of bubble or group, 0 for none */
	int64_t wait_since;  /* CLOCK_MONOTONIC, 0 when the collector has not met it yet */
	uint32_t status;     /* enum go_status, without GO_SCAN */
	uint32_t stack;      /* index in stacks, or STACK_NONE */
	uint8_t wait_reason; /* index in the target's list */
	uint8_t sequence;    /* moves when it stops running */
	bool scan;
	bool fits;         /* agrees with what is true of every goroutine of its layout */
	char thread_state; /* as in /proc/PID/stat, '\0' when not known */
	enum goroutine_state state;
	enum unwind_end end;
};

/* Equal stacks are kept once. */
struct go_stack {
	const uint32_t *pcs; /* indices of symbols.pcs, innermost first */
	uint32_t count;
	uint32_t hash;
};

#define GOROUTINES_MAX   ((uint64_t)1 << 22)
#define FRAMES_MAX       ((size_t)1 << 17) /* of one stack; the outermost are lost beyond */
#define FRAMES_TOTAL_MAX ((size_t)1 << 23) /* of all different stacks together */

struct goroutines {
	struct goroutine *items;
	size_t count; /* alive */
	size_t slots;
	struct go_stack *stacks;
	size_t stack_count;
	size_t stack_slots;
	uint32_t *stack_table;
	size_t stack_table_size;
	size_t frame_count;
	uint64_t listed; /* in the runtime's list, dead ones included */
	uint64_t dead;
	uint64_t unreadable; /* listed, but not to be read or not looking like one */
	uint64_t steady;     /* alive, and held still */
	uint64_t misfits;    /* of these, at odds with the layout */
	bool cut;            /* there are more than GOROUTINES_MAX */
};

/* allgs: address of the slice header runtime.allgs. 0, or a negative errno when nothing can be
 * read. */
int goroutines_read(struct arena *arena, struct memory *memory, const struct go_arch *arch,
                    const struct go_layout *layout, struct symbols *symbols, uint64_t allgs,
                    struct goroutines *ret);

/* Reads a g; false when it is not there. */
bool goroutine_read(struct memory *memory, const struct go_arch *arch,
                    const struct go_layout *layout, uint64_t address, struct goroutine *ret);
/* True when it has not run from one reading to the other. */
bool goroutine_same_state(const struct goroutine *a, const struct goroutine *b);
/* Where the stack of one that does not run begins. */
struct unwind_start goroutine_start(const struct goroutine *g);

/* The index in out->stacks of these frames, STACK_NONE when there are too many. */
uint32_t goroutines_add_stack(struct arena *arena, struct goroutines *out, const uint32_t *pcs,
                              size_t count);

/* The fields of a g out of its first len bytes; those beyond are 0. */
void goroutine_decode(const struct go_arch *arch, const struct go_layout *layout, uint64_t address,
                      const char *bytes, size_t len, struct goroutine *ret);

#endif
