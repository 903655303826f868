/* SPDX-License-Identifier: MIT
 * Every program counter that was met, once: its frame size, and the lines a traceback prints for it
 * with inlined calls expanded. Source: Go 1.20-1.27 src/runtime/traceback.go, symtabinl.go.
 */
#ifndef GOSTACK_SYMBOLS_H
#define GOSTACK_SYMBOLS_H

#include "gostack/pclntab.h"

/* What a function means to a traceback. */
enum {
	LINE_INLINED = 1, /* no frame of its own: "(...)" and no "+0x" */
	LINE_WRAPPER = 2, /* generated; hidden unless it calls what LINE_KEEPS_WRAPPER marks */
	LINE_KEEPS_WRAPPER = 4, /* gopanic, sigpanic, panicwrap */
	LINE_PANIC = 8,         /* runtime.gopanic: shown unless it is first */
	LINE_SHOWN = 16,        /* not hidden as part of the runtime */
};

struct go_line {
	const char
		*function; /* as printed: "[...]" for type arguments, "panic" for runtime.gopanic */
	const char *file;  /* "?" when not known */
	int32_t line;
	uint32_t offset; /* of the pc in its function; 0 for inlined calls */
	uint8_t marks;   /* LINE_… */
};

/* An answer that was given before: goroutines come in crowds. */
struct symbol_memory {
	uint64_t pc;
	bool known, found;
	struct go_line line;  /* of symbols_creator */
	const char *function; /* of symbols_function */
};

#define SYMBOL_MEMORIES 64 /* a power of two */

#define PC_LINES_MAX 64 /* deepest inlining that is followed */

/* What a physical frame means to the unwinder. */
enum {
	PC_KNOWN = 1,           /* a Go function holds it */
	PC_TOP = 2,             /* outermost */
	PC_SP_WRITE = 4,        /* nothing below it can be found */
	PC_INJECTED = 8,        /* sigpanic, asyncPreempt, debugCallV2: the caller did not call */
	PC_NO_STACK_TABLE = 16, /* foreign code */
	/* asyncPreempt and debugCallV2 before go1.21: tracebacks name the line before the one that was
	 * left, as if it had called (runtime/traceback.go, waspanic) */
	PC_LINE_BEFORE = 32,
};

struct go_pc {
	uint64_t pc;
	uint64_t entry; /* of its function */
	int32_t frame;  /* bytes between the stack pointer and what the caller left */
	uint32_t first_line;
	uint16_t line_count;
	uint8_t marks; /* PC_… */
	bool exact;    /* it stands on the instruction itself, not behind a call */
};

struct symbols {
	struct arena *arena;
	const struct pclntab *tab;
	int minor;                                                   /* of go1.minor */
	uint8_t wrapper_id;                                          /* funcID */
	const char *(*clean)(struct arena *arena, const char *text); /* or NULL */

	struct go_pc *pcs;
	size_t pc_count, pc_slots;
	struct go_line *lines;
	size_t line_count, line_slots;
	uint32_t *table; /* hash of pcs: index + 1, 0 is empty */
	size_t table_size;
	struct symbol_text *texts; /* names already made, by offset */
	size_t text_count, text_slots;
	struct symbol_memory creators[SYMBOL_MEMORIES];
	struct symbol_memory starts[SYMBOL_MEMORIES];
};

#define SYMBOLS_PCS_MAX ((size_t)1 << 20)
#define SYMBOL_NONE     UINT32_MAX

/* clean: makes text from outside fit to be shown; NULL leaves it as it is. */
void symbols_init(struct symbols *symbols, struct arena *arena, const struct pclntab *tab,
                  int minor, uint8_t wrapper_id,
                  const char *(*clean)(struct arena *arena, const char *text));

/* Index in pcs; exact: pc is where something stands, not where a call returns to. SYMBOL_NONE when
 * there are too many. */
uint32_t symbols_pc(struct symbols *symbols, uint64_t pc, bool exact);

/* The function that holds pc, without inlined calls, as "created by" names it; false when there is
 * none. line is that of the instruction before pc unless pc is the entry. */
bool symbols_creator(struct symbols *symbols, uint64_t pc, struct go_line *ret);
/* The raw name of the function that holds pc; "" when there is none. */
const char *symbols_function(struct symbols *symbols, uint64_t pc);

/* Source: runtime.funcNameForPrint. The name with its type arguments as "[...]". */
const char *symbols_name_for_print(struct arena *arena, const char *name);

#endif
