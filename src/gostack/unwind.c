/* SPDX-License-Identifier: MIT */
#include "gostack/unwind.h"

#include "gostack/bytes.h"

struct frame {
	uint64_t pc, sp, lr;
	bool exact;
	bool innermost;
	bool in_syscall;
};

static bool word_at(struct unwind_stack *s, uint64_t address, uint64_t *ret) {
	if (address < s->low || address >= s->high || s->high - address < 8) {
		return false;
	}
	if (address >= s->base && bytes_u64(s->bytes, address - s->base, ret)) {
		return true;
	}
	if (!s->window) {
		return false;
	}
	uint64_t left = s->high - address;
	struct memory_part part = {
		.address = address,
		.into = s->window,
		.len = left < UNWIND_WINDOW ? (size_t)left : UNWIND_WINDOW,
	};
	s->refilled = true;
	if (memory_read(s->memory, &part, 1) < 0 || part.got < 8) {
		return false;
	}
	s->base = address;
	s->bytes = slice_of(s->window, part.got);
	*ret = bytes_get_u64(s->window);
	return true;
}

/* The return address and the caller's stack pointer; false when the stack does not have them. */
static bool find_return(const struct go_arch *arch, struct unwind_stack *s, const struct frame *f,
                        const struct go_pc *p, uint64_t *ret_pc, uint64_t *ret_sp) {
	uint64_t fp = f->sp + (uint64_t)(int64_t)p->frame + arch->return_bytes;
	if (p->frame < 0 || fp < f->sp || fp > s->high) {
		return false;
	}
	*ret_sp = fp;
	if (!arch->link_register) {
		return word_at(s, fp - arch->return_bytes, ret_pc);
	}
	if ((f->innermost && f->sp < fp) || f->lr == 0) {
		return word_at(s, f->sp, ret_pc);
	}
	*ret_pc = f->lr;
	return true;
}

/* A faked call: where there is a link register, the handler has put its value on the stack. */
static bool pass_injected(const struct go_arch *arch, struct symbols *symbols,
                          struct unwind_stack *s, struct frame *f) {
	uint64_t saved = 0;
	if (!word_at(s, f->sp, &saved)) {
		return false;
	}
	f->sp += arch->injected_bytes;
	uint32_t index = symbols_pc(symbols, f->pc, true);
	if (index == SYMBOL_NONE) {
		return false;
	}
	const struct go_pc *p = &symbols->pcs[index];
	if ((p->marks & PC_KNOWN) == 0) {
		f->pc = saved;
	} else if (p->frame == 0) {
		f->lr = saved;
	}
	return true;
}

static bool begin(struct unwind_stack *s, const struct go_arch *arch,
                  const struct unwind_start *start, struct frame *ret) {
	*ret = (struct frame){
		.pc = start->pc,
		.sp = start->sp,
		.lr = start->lr,
		.exact = start->exact,
		.innermost = true,
		.in_syscall = start->in_syscall,
	};
	if (ret->pc != 0) {
		return true;
	}
	/* A call of a nil function: start with the caller. */
	ret->in_syscall = false;
	ret->lr = 0;
	bool there = word_at(s, ret->sp, &ret->pc);
	ret->sp += arch->return_bytes;
	return there;
}

enum unwind_end unwind(const struct go_arch *arch, struct symbols *symbols,
                       struct unwind_stack *stack, const struct unwind_start *start, uint32_t *ret,
                       size_t max, size_t *ret_count) {
	struct frame f;
	*ret_count = 0;
	if (!begin(stack, arch, start, &f)) {
		return UNWIND_LOST;
	}
	while (*ret_count < max) {
		uint32_t index = symbols_pc(symbols, f.pc, f.exact);
		if (index == SYMBOL_NONE) {
			return UNWIND_LIMIT;
		}
		struct go_pc p = symbols->pcs[index];
		if ((p.marks & PC_KNOWN) == 0) {
			return UNWIND_LOST;
		}
		if (stack->sps) {
			stack->sps[*ret_count] = f.sp;
		}
		ret[(*ret_count)++] = index;
		if ((p.marks & PC_TOP) != 0) {
			return UNWIND_COMPLETE;
		}
		if ((p.marks & PC_NO_STACK_TABLE) != 0 ||
		    ((p.marks & PC_SP_WRITE) != 0 && !f.in_syscall)) {
			return UNWIND_FOREIGN;
		}
		bool injected = (p.marks & PC_INJECTED) != 0;
		struct frame next = {.exact = injected && (p.marks & PC_LINE_BEFORE) == 0};
		if (!find_return(arch, stack, &f, &p, &next.pc, &next.sp) ||
		    (next.pc == f.pc && next.sp == f.sp) || next.pc == 0) {
			return UNWIND_LOST;
		}
		if (injected && arch->link_register &&
		    !pass_injected(arch, symbols, stack, &next)) {
			return UNWIND_LOST;
		}
		f = next;
	}
	return UNWIND_LIMIT;
}
