/* SPDX-License-Identifier: MIT
 * A Go program of five functions and a few goroutines, made of bytes: an executable, its data and
 * its heap, as src/gostack reads them out of a process.
 */
#ifndef TESTS_UNIT_GOSTACK_FIXTURE_H
#define TESTS_UNIT_GOSTACK_FIXTURE_H

#include "gostack/gostack.h"

#include <elf.h>

#define FIX_TEXT     UINT64_C(0x400200)
#define FIX_TEXT_END UINT64_C(0x400a00)
#define FIX_TABLE    UINT64_C(0x400a00) /* pclntab */
#define FIX_GOFUNC   UINT64_C(0x401200)
#define FIX_DATA     UINT64_C(0x401300) /* moduledata, then the list of words, then .bss */
#define FIX_WORDS    UINT64_C(0x401500)
#define FIX_BSS      UINT64_C(0x401700)
#define FIX_HEAP     UINT64_C(0xc000000000)
#define FIX_STACKS   UINT64_C(0xc000010000)
#define FIX_STACK    UINT64_C(0x2000) /* bytes of each */
#define FIX_G        UINT64_C(0x200)
#define FIX_G_MAX    4

enum {
	FIX_MAIN,
	FIX_WORK,
	FIX_GOEXIT,
	FIX_GOPARK,
	FIX_EXPORTED,
	FIX_LOCK,   /* sync.(*Mutex).lockSlow */
	FIX_UNLOCK, /* sync.(*Mutex).Unlock */
	FIX_WRAP,   /* a closure of the compiler's that calls it */
	FIX_FUNCTIONS
};

/* A pc in each function that is behind a call, and where each begins. */
#define FIX_ENTRY(f) (FIX_TEXT + UINT64_C(0x100) * (f))
#define FIX_PC(f)    (FIX_ENTRY(f) + 0x20)
/* In FIX_WORK, inside of a call of main.inner that was inlined. */
#define FIX_INLINED (FIX_ENTRY(FIX_WORK) + 0x50)

struct fixture {
	int minor;
	bool arm64;
	const struct go_layout *layout;
	char file[0x1700];
	char data[0x500];
	char heap[0x800];
	char stacks[FIX_G_MAX * FIX_STACK];
	size_t goroutines;
	size_t values, names; /* used so far */
};

static inline void fix_u64(char *at, uint64_t v) {
	memcpy(at, &v, sizeof(v));
}

static inline void fix_u32(char *at, uint32_t v) {
	memcpy(at, &v, sizeof(v));
}

/* ---- the executable ---- */

#define FIX_NAMES  0x400 /* offsets in the table */
#define FIX_UNITS  0x4e0
#define FIX_FILES  0x4f0
#define FIX_VALUES 0x540
#define FIX_FTAB   0x80

static inline char *fix_table(struct fixture *x) {
	return x->file + (FIX_TABLE - UINT64_C(0x400000));
}

static inline uint32_t fix_name(struct fixture *x, const char *name) {
	uint32_t at = (uint32_t)x->names;
	memcpy(fix_table(x) + FIX_NAMES + at, name, strlen(name) + 1);
	x->names += strlen(name) + 1;
	return at;
}

/* A table of up to two values: the first for `until` bytes, the second for the rest of 0x100. */
static inline uint32_t fix_values(struct fixture *x, int first, unsigned until, int second) {
	char *p = fix_table(x) + FIX_VALUES + x->values;
	uint32_t at = (uint32_t)x->values;
	int last = -1;
	const int values[2] = {first, second};
	const unsigned lengths[2] = {until, 0x100 - until};
	unsigned unit = x->arm64 ? 4 : 1;
	for (int i = 0; i < 2 && lengths[i] > 0; i++) {
		int step = values[i] - last;
		unsigned zigzag = step >= 0 ? (unsigned)step * 2 : (unsigned)-step * 2 - 1;
		unsigned length = lengths[i] / unit;
		*p++ = (char)((zigzag & 0x7f) | 0x80);
		*p++ = (char)(zigzag >> 7);
		*p++ = (char)((length & 0x7f) | 0x80);
		*p++ = (char)(length >> 7);
		last = values[i];
	}
	*p++ = 0;
	x->values = (size_t)(p - (fix_table(x) + FIX_VALUES));
	return at;
}

static inline void fix_function(struct fixture *x, unsigned index, const char *name, int frame,
                                int line, uint8_t flags, bool inlines) {
	size_t fixed = x->minor < 20 ? 40 : 44;
	uint32_t at = 0x80 + 0x50 * index; /* behind the list of functions, which has 0x80 */
	char *p = fix_table(x) + FIX_FTAB + at;
	fix_u32(fix_table(x) + FIX_FTAB + index * 8, 0x100 * index);
	fix_u32(fix_table(x) + FIX_FTAB + index * 8 + 4, at);
	fix_u32(p, 0x100 * index);
	fix_u32(p + 4, fix_name(x, name));
	fix_u32(p + 16, fix_values(x, frame, 0x100, 0));
	fix_u32(p + 20, fix_values(x, 0, 0x100, 0));
	fix_u32(p + 24,
	        inlines ? fix_values(x, line, 0x40, line + 100) : fix_values(x, line, 0x100, 0));
	fix_u32(p + 28, 3);
	p[fixed - 3] = (char)flags;
	p[fixed - 1] = 4;
	fix_u32(p + fixed + 8, inlines ? fix_values(x, -1, 0x40, 0) : 0);
	fix_u32(p + fixed + 12 + 12, inlines ? 0 : UINT32_MAX);
}

/* A call instruction. */
static inline void fix_call(struct fixture *x, uint64_t at, uint64_t to) {
	char *p = x->file + (at - UINT64_C(0x400000));
	if (x->arm64) {
		fix_u32(p, 0x94000000U | ((uint32_t)((to - at) / 4) & 0x3ffffffU));
	} else {
		*p = (char)0xe8;
		fix_u32(p + 1, (uint32_t)(to - at - 5));
	}
}

static inline void fix_inline(struct fixture *x, const char *name) {
	char *p = x->file + (FIX_GOFUNC - UINT64_C(0x400000));
	bool old = x->minor < 20;
	fix_u32(p + (old ? 12 : 4), fix_name(x, name));
	fix_u32(p + (old ? 16 : 8), 0x30);
}

static inline void fix_segment(char *p, uint32_t flags, uint64_t address, uint64_t bytes,
                               uint64_t memory) {
	Elf64_Phdr h = {PT_LOAD, flags, address - UINT64_C(0x400000), address, address, bytes,
	                memory,  0x1000};
	memcpy(p, &h, sizeof(h));
}

static inline void fix_executable(struct fixture *x) {
	Elf64_Ehdr h = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
		.e_type = ET_EXEC,
		.e_machine = x->arm64 ? EM_AARCH64 : EM_X86_64,
		.e_entry = FIX_TEXT,
		.e_phoff = sizeof(h),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	memcpy(x->file, &h, sizeof(h));
	fix_segment(x->file + 64, PF_R | PF_X, FIX_TEXT, FIX_TEXT_END - FIX_TEXT,
	            FIX_TEXT_END - FIX_TEXT);
	fix_segment(x->file + 64 + 56, PF_R, FIX_TABLE, 0x900, 0x900);
	fix_segment(x->file + 64 + 112, PF_R | PF_W, FIX_DATA, FIX_BSS - FIX_DATA, 0x500);
	char *t = fix_table(x);
	fix_u32(t, x->minor < 20 ? 0xfffffff0U : 0xfffffff1U);
	t[6] = x->arm64 ? 4 : 1;
	t[7] = 8;
	fix_u64(t + 8, FIX_FUNCTIONS);
	fix_u64(t + 16, 1);
	fix_u64(t + 32, FIX_NAMES);
	fix_u64(t + 40, FIX_UNITS);
	fix_u64(t + 48, FIX_FILES);
	fix_u64(t + 56, FIX_VALUES);
	fix_u64(t + 64, FIX_FTAB);
	memcpy(t + FIX_FILES, "/src/a.go", 10);
	x->values = 1; /* 0 means that there is no table */
	fix_function(x, FIX_MAIN, "runtime.main", 0x40, 10, 0, false);
	fix_function(x, FIX_WORK, "main.(*T[...]).work[go.shape.int]", 0x20, 20, 0, true);
	fix_function(x, FIX_GOEXIT, "runtime.goexit", 0, 30, PCLN_TOP_FRAME, false);
	fix_function(x, FIX_GOPARK, "runtime.gopark", 0x10, 40, 0, false);
	fix_function(x, FIX_EXPORTED, "runtime.Gosched", 0x10, 50, 0, false);
	fix_function(x, FIX_LOCK, "sync.(*Mutex).lockSlow", 0x10, 60, 0, false);
	fix_function(x, FIX_UNLOCK, "sync.(*Mutex).Unlock", 0x10, 70, 0, false);
	fix_function(x, FIX_WRAP, "main.work.deferwrap1", 0x10, 80, 0, false);
	fix_call(x, FIX_ENTRY(FIX_WRAP) + 0x10, FIX_ENTRY(FIX_UNLOCK));
	fix_u32(t + FIX_FTAB + FIX_FUNCTIONS * 8, 0x100 * FIX_FUNCTIONS);
	fix_inline(x, "main.inner");
}

/* ---- data ---- */

static inline void fix_data(struct fixture *x) {
	static const char *const words[] = {
		"",       "GC assist marking", "IO wait",      "sleep",
		"select", "sync.Mutex.Lock",   "chan receive", "sync.Cond.Wait"};
	char *m = x->data;
	fix_u64(m + MODULE_PCHEADER, FIX_TABLE);
	fix_u64(m + MODULE_FUNCTION_COUNT, FIX_FUNCTIONS + 1);
	fix_u64(m + MODULE_MIN_PC, FIX_TEXT);
	fix_u64(m + MODULE_MAX_PC, FIX_TEXT + 0x100 * FIX_FUNCTIONS);
	fix_u64(m + MODULE_TEXT, FIX_TEXT);
	fix_u64(m + MODULE_ETEXT, FIX_TEXT_END);
	fix_u64(m + MODULE_DATA, FIX_WORDS);
	fix_u64(m + MODULE_EDATA, FIX_BSS);
	fix_u64(m + MODULE_BSS, FIX_BSS);
	fix_u64(m + MODULE_EBSS, FIX_DATA + sizeof(x->data));
	fix_u64(m + go_layout_gofunc(x->minor), FIX_GOFUNC);
	char *list = m + (FIX_WORDS - FIX_DATA);
	uint64_t text = FIX_WORDS + 0x100;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);
		memcpy(m + (text - FIX_DATA), words[i], n);
		fix_u64(list + i * 16, n > 0 ? text : 0);
		fix_u64(list + i * 16 + 8, n);
		text += n;
	}
	/* A slice that is not the one that is looked for, then the one that is. */
	char *bss = m + (FIX_BSS - FIX_DATA);
	fix_u64(bss, FIX_HEAP + 0x400);
	fix_u64(bss + 8, 1);
	fix_u64(bss + 16, 1);
	fix_u64(bss + 0x40, FIX_HEAP);
	fix_u64(bss + 0x50, FIX_G_MAX);
}

/* ---- goroutines ---- */

#define FIX_HEAP_GS UINT64_C(0xc000100000)

struct fix_frame {
	uint64_t pc;
	unsigned frame; /* bytes, as in its function's table */
};

static inline void fix_init(struct fixture *x, int minor, bool arm64) {
	memset(x, 0, sizeof(*x));
	x->minor = minor;
	x->arm64 = arm64;
	x->layout = go_layout_of(minor);
	fix_executable(x);
	fix_data(x);
}

static inline char *fix_g(struct fixture *x, size_t index) {
	return x->heap + index * FIX_G;
}

static inline uint64_t fix_g_address(size_t index) {
	return FIX_HEAP_GS + index * FIX_G;
}

/* Frames: the outermost first; goexit is below them. The goroutine waits for words[reason]. */
static inline char *fix_goroutine(struct fixture *x, uint64_t id, uint8_t reason,
                                  const struct fix_frame *frames, size_t count) {
	size_t index = x->goroutines++;
	char *g = fix_g(x, index);
	uint64_t low = FIX_STACKS + index * FIX_STACK;
	uint64_t high = low + FIX_STACK;
	uint64_t top = high - (x->arm64 ? 48 : 32);
	uint64_t sp = top;
	uint64_t back = FIX_ENTRY(FIX_GOEXIT) + (x->arm64 ? 4 : 1);
	for (size_t i = 0; i < count; i++) {
		unsigned size = frames[i].frame + (x->arm64 ? 0 : 8);
		uint64_t at = x->arm64 ? sp - size : sp - 8;
		fix_u64(x->stacks + (at - FIX_STACKS), back);
		sp -= size;
		back = frames[i].pc;
	}
	fix_u64(g + G_STACK_LO, low);
	fix_u64(g + G_STACK_HI, high);
	fix_u64(g + G_SCHED_SP, sp);
	fix_u64(g + G_SCHED_PC, back);
	fix_u64(g + G_SCHED_G, fix_g_address(index));
	fix_u64(g + x->layout->top_sp, top);
	fix_u32(g + x->layout->status, GO_WAITING);
	fix_u64(g + x->layout->id, id);
	g[x->layout->wait_reason] = (char)reason;
	fix_u64(g + x->layout->start_pc, id == 1 ? FIX_ENTRY(FIX_MAIN) : FIX_ENTRY(FIX_WORK));
	fix_u64(g + x->layout->created_pc, id == 1 ? 0 : FIX_PC(FIX_WORK));
	if (x->layout->parent != 0) {
		fix_u64(g + x->layout->parent, id == 1 ? 0 : 1);
	}
	fix_u64(x->data + (FIX_BSS - FIX_DATA) + 0x48, x->goroutines);
	return g;
}

/* runtime.main in gopark, and main.work in a call that was inlined. */
static inline void fix_two(struct fixture *x) {
	const struct fix_frame one[] = {{FIX_PC(FIX_MAIN), 0x40}, {FIX_PC(FIX_GOPARK), 0x10}};
	const struct fix_frame two[] = {
		{FIX_INLINED, 0x20}, {FIX_PC(FIX_EXPORTED), 0x10}, {FIX_PC(FIX_GOPARK), 0x10}};
	fix_goroutine(x, 1, 3, one, 2);
	fix_goroutine(x, 7, 4, two, 3);
}

#define FIX_PARTS (4 + FIX_G_MAX)

struct fix_parts {
	char pointers[FIX_G_MAX * 8];
	uint64_t addresses[FIX_PARTS];
	struct slice parts[FIX_PARTS];
	size_t count;
};

/* What is in memory beside the executable; of the stacks what is used of them. */
static inline void fix_parts(const struct fixture *x, struct fix_parts *ret) {
	for (size_t i = 0; i < FIX_G_MAX; i++) {
		fix_u64(ret->pointers + i * 8, fix_g_address(i));
	}
	ret->addresses[0] = FIX_DATA;
	ret->parts[0] = slice_of(x->data, sizeof(x->data));
	ret->addresses[1] = FIX_HEAP;
	ret->parts[1] = slice_of(ret->pointers, sizeof(ret->pointers));
	ret->addresses[2] = FIX_HEAP_GS;
	ret->parts[2] = slice_of(x->heap, sizeof(x->heap));
	ret->count = 3;
	for (size_t i = 0; i < x->goroutines; i++, ret->count++) {
		uint64_t sp = 0;
		memcpy(&sp, x->heap + i * FIX_G + G_SCHED_SP, sizeof(sp));
		ret->addresses[ret->count] = sp;
		ret->parts[ret->count] = slice_of(x->stacks + (sp - FIX_STACKS),
		                                  FIX_STACKS + (i + 1) * FIX_STACK - sp);
	}
}

/* ---- a mutex ---- */

#define FIX_MUTEX   (FIX_HEAP_GS + 3 * FIX_G) /* where goroutine 4 would be */
#define FIX_SUDOG   (FIX_HEAP_GS + 3 * FIX_G + 0x80)
#define FIX_DEFER   (FIX_HEAP_GS + 3 * FIX_G + 0x100)
#define FIX_CLOSURE (FIX_HEAP_GS + 3 * FIX_G + 0x180)

static inline void fix_heap_u64(struct fixture *x, uint64_t at, uint64_t v) {
	fix_u64(x->heap + (at - FIX_HEAP_GS), v);
}

/* Goroutine 1 sleeps, and has a deferred Unlock; goroutine 7 waits for that mutex. */
static inline void fix_deadlock(struct fixture *x) {
	const struct fix_frame one[] = {{FIX_PC(FIX_MAIN), 0x40}, {FIX_PC(FIX_GOPARK), 0x10}};
	const struct fix_frame two[] = {
		{FIX_PC(FIX_WORK), 0x20}, {FIX_PC(FIX_LOCK), 0x10}, {FIX_PC(FIX_GOPARK), 0x10}};
	char *g = fix_goroutine(x, 1, 3, one, 2);
	uint64_t sp = 0;
	memcpy(&sp, g + G_SCHED_SP, sizeof(sp));
	fix_u64(g + G_DEFER, FIX_DEFER);
	/* The frame of runtime.main is above that of gopark. */
	fix_heap_u64(x, FIX_DEFER + 8, sp + 0x10 + (x->arm64 ? 0 : 8));
	fix_heap_u64(x, FIX_DEFER + 24, FIX_CLOSURE);
	fix_heap_u64(x, FIX_CLOSURE, FIX_ENTRY(FIX_WRAP));
	fix_heap_u64(x, FIX_CLOSURE + 8, FIX_MUTEX);
	fix_heap_u64(x, FIX_MUTEX, 1 + 8);
	g = fix_goroutine(x, 7, 5, two, 3);
	memcpy(&sp, g + G_SCHED_SP, sizeof(sp));
	fix_heap_u64(x, FIX_SUDOG, fix_g_address(1));
	fix_heap_u64(x, FIX_SUDOG + (x->minor >= 26 ? 32 : 24), FIX_MUTEX + 4);
	if (x->minor >= 26) {
		fix_u64(g + x->layout->waiting, FIX_SUDOG);
	} else {
		fix_u64(x->stacks + (sp + 8 - FIX_STACKS), FIX_SUDOG);
	}
}

/* The image in one piece (gostack/memory.h). */
static inline struct slice fix_image(struct arena *arena, const struct fixture *x,
                                     const char *version) {
	struct fix_parts in;
	fix_parts(x, &in);
	const uint64_t *addresses = in.addresses;
	const struct slice *parts = in.parts;
	size_t count = in.count;
	size_t exe = FIX_BSS - UINT64_C(0x400000);
	size_t total = 56 + count * 16 + strlen(version) + exe;
	for (size_t i = 0; i < count; i++) {
		total += parts[i].len;
	}
	char *all = arena_alloc(arena, total);
	char *p = all + 56;
	memcpy(all, MEMORY_IMAGE_MAGIC, 8);
	fix_u64(all + 16, FIX_TEXT);
	fix_u64(all + 24, UINT64_C(1000000000000));
	fix_u64(all + 32, count);
	fix_u64(all + 40, exe);
	fix_u64(all + 48, strlen(version));
	for (size_t i = 0; i < count; i++, p += 16) {
		fix_u64(p, addresses[i]);
		fix_u64(p + 8, parts[i].len);
	}
	memcpy(p, version, strlen(version));
	memcpy(p + strlen(version), x->file, exe);
	p += strlen(version) + exe;
	for (size_t i = 0; i < count; i++) {
		memcpy(p, parts[i].data, parts[i].len);
		p += parts[i].len;
	}
	return slice_of(all, total);
}

/* ---- a core file ---- */

#define FIX_BASE     UINT64_C(0x400000) /* where the file would be mapped */
#define FIX_READ_END FIX_DATA           /* what is behind it is written to */

struct fix_core {
	uint64_t tid; /* 0: no thread */
	uint64_t pc, sp, lr;
	bool program; /* the core holds what the program only reads */
	bool names;   /* it says which file was mapped there: /nothing/at/all */
	bool many;    /* more headers than fit 16 bits, or so it says */
};

static inline char *fix_note(char *p, uint32_t type, const char *text, size_t len) {
	fix_u32(p, 5);
	fix_u32(p + 4, (uint32_t)len);
	fix_u32(p + 8, type);
	memcpy(p + 12, "CORE\0\0\0", 8);
	memcpy(p + 20, text, len);
	return p + 20 + (len + 3) / 4 * 4;
}

static inline size_t fix_notes(const struct fixture *x, const struct fix_core *o, char *all) {
	char status[112 + 34 * 8] = {0};
	char auxv[4 * 16] = {0};
	char files[16 + 24 + 16] = {0};
	char *p = all;
	char *registers = status + 112;
	memcpy(status + 32, &o->tid, 4);
	fix_u64(registers + (x->arm64 ? 31 : 19) * 8, o->sp);
	fix_u64(registers + (x->arm64 ? 32 : 16) * 8, o->pc);
	if (x->arm64) {
		fix_u64(registers + UINT64_C(30) * 8, o->lr);
	}
	fix_u64(auxv, AT_PHDR);
	fix_u64(auxv + 8, FIX_BASE + 64);
	fix_u64(auxv + 16, AT_ENTRY);
	fix_u64(auxv + 24, FIX_TEXT);
	fix_u64(files, 1);
	fix_u64(files + 8, 1);
	fix_u64(files + 16, FIX_BASE);
	fix_u64(files + 24, FIX_READ_END);
	memcpy(files + 40, "/nothing/at/all", 16);
	if (o->tid != 0) {
		p = fix_note(p, NT_PRSTATUS, status, x->arm64 ? sizeof(status) : 112 + 27 * 8);
	}
	p = fix_note(p, NT_AUXV, auxv, sizeof(auxv));
	return (size_t)((o->names ? fix_note(p, NT_FILE, files, sizeof(files)) : p) - all);
}

static inline struct slice fix_core(struct arena *arena, const struct fixture *x,
                                    const struct fix_core *o) {
	struct fix_parts in;
	char notes[1024];
	fix_parts(x, &in);
	if (o->program) {
		memmove(in.addresses + 1, in.addresses, (FIX_PARTS - 1) * sizeof(*in.addresses));
		memmove(in.parts + 1, in.parts, (FIX_PARTS - 1) * sizeof(*in.parts));
		in.addresses[0] = FIX_BASE;
		in.parts[0] = slice_of(x->file, FIX_READ_END - FIX_BASE);
		in.count++;
	}
	size_t noted = fix_notes(x, o, notes);
	size_t at = 64 + (1 + in.count) * 56 + 64;
	size_t total = at + noted;
	for (size_t i = 0; i < in.count; i++) {
		total += in.parts[i].len;
	}
	char *all = arena_alloc(arena, total);
	Elf64_Ehdr h = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
		.e_type = ET_CORE,
		.e_machine = x->arm64 ? EM_AARCH64 : EM_X86_64,
		.e_phoff = 128,
		.e_shoff = 64,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = o->many ? PN_XNUM : (uint16_t)(1 + in.count),
	};
	Elf64_Shdr first = {.sh_info = (uint32_t)(1 + in.count)};
	Elf64_Phdr p = {.p_type = PT_NOTE, .p_offset = at, .p_filesz = noted};
	memcpy(all, &h, sizeof(h));
	memcpy(all + 64, &first, sizeof(first));
	memcpy(all + 128, &p, sizeof(p));
	memcpy(all + at, notes, noted);
	at += noted;
	for (size_t i = 0; i < in.count; i++) {
		p = (Elf64_Phdr){.p_type = PT_LOAD,
		                 .p_offset = at,
		                 .p_vaddr = in.addresses[i],
		                 .p_filesz = in.parts[i].len,
		                 .p_memsz = in.parts[i].len};
		memcpy(all + 128 + (i + 1) * 56, &p, sizeof(p));
		memcpy(all + at, in.parts[i].data, in.parts[i].len);
		at += in.parts[i].len;
	}
	return slice_of(all, total);
}

#endif
