/* SPDX-License-Identifier: MIT */
#include "gostack/gostack.h"

#include "base/clock.h"
#include "base/str.h"
#include "gostack/bytes.h"

#include <errno.h>

#define LAYOUTS_MAX ((size_t)16)

/* ---- finding ---- */

static int read_elf(struct gostack *s, struct err *err) {
	int r = elf_image_read(s->arena, s->memory->executable, &s->elf, err);
	if (r < 0) {
		return r;
	}
	s->arch = go_arch_of(s->elf.machine);
	if (!s->arch) {
		return err_set(err, -ENOEXEC,
		               "the program is for another processor than amd64 and arm64");
	}
	s->bias = elf_image_bias(&s->elf, s->memory->program_headers, s->memory->entry);
	return 0;
}

static int find_version(struct gostack *s, struct err *err) {
	s->version = s->memory->go_version;
	if (s->version[0] == '\0') {
		s->version = roots_find_version(s->arena, s->memory, &s->elf, s->bias);
	}
	s->minor = go_minor_of(s->version);
	s->version_known = go_layout_of(s->minor) != NULL;
	if (s->minor >= 0 && s->minor < LAYOUT_OLDEST_MINOR) {
		return err_set(err, -ENOEXEC,
		               "the program was built with %s; the oldest Go whose goroutines can "
		               "be read is go1.%d",
		               s->version, LAYOUT_OLDEST_MINOR);
	}
	return 0;
}

static int find_tables(struct gostack *s, struct err *err) {
	if (pclntab_find_in(&s->elf, &s->tab) < 0) {
		return err_set(err, -ENOEXEC,
		               s->version[0] != '\0'
		                       ? "this is a Go program (%s), but one without Go's table "
		                         "of functions: packed, obfuscated, or not made by gc"
		                       : "this is no Go program: there is no table of Go "
		                         "functions in its file%.0s",
		               s->version);
	}
	int r = moduledata_find(s->arena, s->memory, &s->elf, s->bias, s->minor, &s->tab,
	                        &s->module);
	if (r == -ENOENT || r == -EFAULT) {
		return err_set(err, -EPROTO,
		               "the Go runtime of the process was not found in its memory: it may "
		               "not have started yet, or uses another layout (%s)",
		               s->version[0] != '\0' ? s->version : "unknown version");
	}
	return r < 0 ? err_set(err, r, "the memory of the process cannot be read any more") : 0;
}

/* The layout of the version first; then all others, for development versions. */
static size_t order_layouts(int minor, const struct go_layout **ret) {
	size_t count = 0;
	size_t n = 0;
	const struct go_layout *all = go_layouts(&count);
	const struct go_layout *own = go_layout_of(minor);
	if (own) {
		ret[n++] = own;
	}
	for (size_t i = 0; i < count && n < LAYOUTS_MAX; i++) {
		if (&all[i] != own) {
			ret[n++] = &all[i];
		}
	}
	return n;
}

static int find_goroutines(struct gostack *s, struct err *err) {
	const struct go_layout *layouts[LAYOUTS_MAX];
	size_t count = order_layouts(s->minor, layouts);
	int r = roots_find_goroutines(s->arena, s->memory, s->arch, &s->module, &s->symbols,
	                              layouts, count, &s->allgs, &s->layout);
	if (r == -ENOENT) {
		/* Goroutine 1 may have ended by runtime.Goexit: then only a symbol tells. */
		uint64_t symbol = elf_image_symbol(&s->elf, "runtime.allgs");
		s->allgs = symbol != 0 ? symbol + s->bias : 0;
		s->layout = layouts[0];
		r = symbol != 0 ? 0 : -ENOENT;
	}
	if (r == -ENOENT) {
		return err_set(err, -EPROTO,
		               "the list of goroutines was not found: the runtime (%s) keeps them "
		               "in a way that is not known, or has not started yet",
		               s->version[0] != '\0' ? s->version : "unknown version");
	}
	if (r < 0) {
		return err_set(err, r, "the memory of the process cannot be read any more");
	}
	s->version_known = s->version_known && s->layout == go_layout_of(s->minor);
	s->minor = s->minor < 0 ? s->layout->last_minor : s->minor;
	s->symbols.minor = s->minor;
	s->symbols.wrapper_id = s->layout->wrapper_id;
	return 0;
}

/* The last tracebacklabels=N in a list of settings. */
static void godebug_labels(const char *list, bool *ret) {
	struct slice rest = slice_str(list);
	struct slice item;
	while (slice_cut(&rest, ',', &item)) {
		if (slice_starts(item, "tracebacklabels=")) {
			*ret = slice_eq(item, "tracebacklabels=1");
		}
	}
}

int gostack_open(struct arena *arena, struct memory *memory,
                 const char *(*clean)(struct arena *arena, const char *text), struct gostack *ret,
                 struct err *err) {
	*ret = (struct gostack){.arena = arena, .memory = memory};
	int r = read_elf(ret, err);
	r = r < 0 ? r : find_version(ret, err);
	r = r < 0 ? r : find_tables(ret, err);
	if (r < 0) {
		return r;
	}
	const struct go_layout *layout = go_layout_of(ret->minor);
	symbols_init(&ret->symbols, arena, &ret->tab, ret->minor, layout ? layout->wrapper_id : 0,
	             clean);
	r = find_goroutines(ret, err);
	if (r < 0) {
		return r;
	}
	roots_find_wait_reasons(arena, memory, &ret->module, &ret->reasons);
	ret->labels_shown = ret->minor >= 27;
	godebug_labels(memory->default_godebug, &ret->labels_shown);
	godebug_labels(memory->godebug, &ret->labels_shown);
	ret->labels_shown = ret->labels_shown && ret->minor >= 26;
	return 0;
}

int gostack_read(struct gostack *s, struct err *err) {
	int64_t latest_ns = 0;
	int r = goroutines_read(s->arena, s->memory, s->arch, s->layout, &s->symbols, s->allgs,
	                        &s->all);
	if (r < 0) {
		return err_set(err, r, "the memory of the process cannot be read any more: %s",
		               r == -ESRCH ? "it ended" : "the right to do so was lost");
	}
	if (s->all.count == 0) {
		return err_set(
			err, -EAGAIN,
			"it has no goroutines at this moment: it is just starting or ending");
	}
	/* A core does not say when it was written: not before the latest time that is noted in it. */
	for (size_t i = 0; i < s->all.count && s->memory->now_ns == 0; i++) {
		int64_t since_ns = s->all.items[i].wait_since;
		latest_ns = since_ns > latest_ns ? since_ns : latest_ns;
	}
	if (s->memory->now_ns == 0) {
		s->memory->now_ns = latest_ns;
	}
	if (s->all.misfits * 20 > s->all.steady) {
		return err_set(err, -EPROTO,
		               "the goroutines of this program (%s) do not look like those of any "
		               "release from go1.%d to go1.%d",
		               s->version[0] != '\0' ? s->version : "unknown version",
		               LAYOUT_OLDEST_MINOR, LAYOUT_NEWEST_MINOR);
	}
	return 0;
}

/* ---- questions about one ---- */

const char *gostack_status(const struct gostack *s, const struct goroutine *g) {
	static const char *const names[] = {
		[GO_IDLE] = "idle",           [GO_RUNNABLE] = "runnable",
		[GO_RUNNING] = "running",     [GO_SYSCALL] = "syscall",
		[GO_WAITING] = "waiting",     [GO_DEAD] = "dead",
		[GO_COPYSTACK] = "copystack", [GO_PREEMPTED] = "preempted",
		[GO_LEAKED] = "leaked",       [GO_DEAD_EXTRA] = "waiting for cgo callback",
	};
	if ((g->status == GO_WAITING || g->status == GO_LEAKED) && g->wait_reason != 0) {
		return g->wait_reason < s->reasons.count ? s->reasons.words[g->wait_reason]
		                                         : "unknown wait reason";
	}
	const char *name = g->status < sizeof(names) / sizeof(names[0]) ? names[g->status] : NULL;
	return name && name[0] != '\0' ? name : "???";
}

int64_t gostack_waited_s(const struct gostack *s, const struct goroutine *g) {
	bool blocked = g->status == GO_WAITING || g->status == GO_SYSCALL;
	if (!blocked || g->wait_since <= 0 || g->wait_since > s->memory->now_ns) {
		return -1;
	}
	return (s->memory->now_ns - g->wait_since) / NS_PER_S;
}

/* Finalizers and cleanups run in goroutines of the runtime: they count as the program's own while
 * they are in code of the program. */
static bool runs_user_code(const struct gostack *s, const struct goroutine *g) {
	const struct go_stack *stack = g->stack != STACK_NONE ? &s->all.stacks[g->stack] : NULL;
	for (uint32_t i = 0; stack && i < stack->count; i++) {
		const struct go_pc *p = &s->symbols.pcs[stack->pcs[i]];
		for (uint16_t k = 0; k < p->line_count; k++) {
			const char *name = s->symbols.lines[p->first_line + k].function;
			if (!str_starts(name, "runtime.") && !str_starts(name, "internal/") &&
			    !str_starts(name, "reflectcall")) {
				return true;
			}
		}
	}
	return false;
}

bool gostack_is_system(struct gostack *s, const struct goroutine *g) {
	static const char *const exempt[] = {"runtime.main", "runtime.corostart",
	                                     "runtime.handleAsyncEvent"};
	static const char *const servants[] = {"runtime.runfinq", "runtime.runFinalizers",
	                                       "runtime.runCleanups"};
	const char *name = symbols_function(&s->symbols, g->start_pc);
	for (size_t i = 0; i < sizeof(exempt) / sizeof(exempt[0]); i++) {
		if (streq(name, exempt[i]) || streq(name, servants[i])) {
			return streq(name, servants[i]) && !runs_user_code(s, g);
		}
	}
	return str_starts(name, "runtime.");
}

static const char *label_text(struct gostack *s, const char *header) {
	uint64_t length = bytes_get_u64(header + 8);
	char text[LABEL_BYTES_MAX];
	if (length > sizeof(text) ||
	    memory_get(s->memory, bytes_get_u64(header), text, (size_t)length) < 0) {
		return NULL;
	}
	const char *copy = arena_strndup(s->arena, text, (size_t)length);
	return s->symbols.clean ? s->symbols.clean(s->arena, copy) : copy;
}

size_t gostack_labels(struct gostack *s, const struct goroutine *g, struct go_label *ret) {
	char header[24];
	char labels[LABELS_MAX * 32];
	size_t n = 0;
	if (g->labels == 0 || s->minor < 24 ||
	    memory_get(s->memory, g->labels, header, sizeof(header)) < 0) {
		return 0;
	}
	uint64_t count = bytes_get_u64(header + 8);
	count = count < LABELS_MAX ? count : LABELS_MAX;
	if (memory_get(s->memory, bytes_get_u64(header), labels, (size_t)count * 32) < 0) {
		return 0;
	}
	for (; n < count; n++) {
		ret[n].key = label_text(s, labels + n * 32);
		ret[n].value = label_text(s, labels + n * 32 + 16);
		if (!ret[n].key || !ret[n].value) {
			break;
		}
	}
	return n;
}
