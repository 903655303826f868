/* SPDX-License-Identifier: MIT
 * arm64: what an instruction does to pointers.
 */
#include "gostack/insn.h"

#include "gostack/bytes.h"

#include <stdbool.h>

#define BIT(r) (1U << (r))

static uint8_t field(uint32_t word, unsigned at) {
	return word >> at & 31;
}

/* 31 as the base of memory, and in ADD and SUB, is the stack pointer. */
static uint8_t or_sp(uint8_t reg) {
	return reg == 31 ? INSN_SP : reg;
}

static int64_t signed_bits(uint32_t value, unsigned bits) {
	return (int64_t)((uint64_t)value << (64 - bits)) >> (64 - bits);
}

static bool take_jump(uint32_t w, uint64_t pc, struct insn *ret) {
	if ((w & 0x7c000000U) == 0x14000000U) { /* B, BL */
		ret->kind = (w & 0x80000000U) != 0 ? INSN_CALL : INSN_JUMP;
		ret->target = pc + (uint64_t)(signed_bits(w & 0x3ffffffU, 26) * 4);
	} else if ((w & 0xff000000U) == 0x54000000U || (w & 0x7e000000U) == 0x34000000U) {
		ret->kind = INSN_BRANCH; /* B.cond, CBZ, CBNZ */
		ret->target = pc + (uint64_t)(signed_bits(w >> 5 & 0x7ffff, 19) * 4);
	} else if ((w & 0x7e000000U) == 0x36000000U) { /* TBZ, TBNZ */
		ret->kind = INSN_BRANCH;
		ret->target = pc + (uint64_t)(signed_bits(w >> 5 & 0x3fff, 14) * 4);
	} else if ((w & 0xfffffc1fU) == 0xd63f0000U) {
		ret->kind = INSN_CALL;
	} else if ((w & 0xfffffc1fU) == 0xd61f0000U) {
		ret->kind = INSN_LOST;
	} else if ((w & 0xfffffc1fU) == 0xd65f0000U || (w & 0xffff0000U) == 0 ||
	           (w & 0xffe0001fU) == 0xd4200000U) {
		ret->kind = INSN_END; /* RET, UDF, BRK */
	} else {
		return false;
	}
	return true;
}

static bool take_move(uint32_t w, uint64_t pc, struct insn *ret) {
	ret->into = field(w, 0);
	if ((w & 0xffe0ffe0U) == 0xaa0003e0U) { /* MOV */
		ret->from = field(w, 16);
		ret->kind = ret->from == 31 ? INSN_OTHER : INSN_MOVE;
		ret->spoils = ret->from == 31 ? BIT(ret->into) : 0;
		return true;
	}
	if ((w & 0xff800000U) == 0x91000000U) { /* ADD with a number */
		ret->add = (int64_t)(w >> 10 & 0xfff) << ((w >> 22 & 1) * 12);
	} else if ((w & 0xff800000U) == 0xd1000000U) { /* SUB */
		ret->add = -((int64_t)(w >> 10 & 0xfff) << ((w >> 22 & 1) * 12));
	} else if ((w & 0x1f000000U) == 0x10000000U) { /* ADR, ADRP */
		int64_t number = signed_bits((w >> 5 & 0x7ffff) << 2 | (w >> 29 & 3), 21);
		bool page = (w & 0x80000000U) != 0;
		ret->kind = INSN_MOVE;
		ret->from = INSN_ABSOLUTE;
		ret->add = (int64_t)(page ? pc & ~UINT64_C(0xfff) : pc) +
		           (page ? number * 4096 : number);
		return true;
	} else {
		return false;
	}
	ret->kind = INSN_MOVE;
	ret->into = or_sp(ret->into);
	ret->from = or_sp(field(w, 5));
	return true;
}

/* LDP and STP of two registers, without a change of the base. */
static bool take_pair(uint32_t w, struct insn ret[2]) {
	if ((w & 0xff800000U) != 0xa9000000U) {
		return false;
	}
	bool load = (w & 0x400000U) != 0;
	ret[1] = ret[0];
	for (unsigned i = 0; i < 2; i++) {
		uint8_t reg = field(w, i == 0 ? 0 : 10);
		ret[i].kind = load ? INSN_LOAD : INSN_STORE;
		ret[i].into = ret[i].from = reg;
		ret[i].base = or_sp(field(w, 5));
		ret[i].add = signed_bits(w >> 15 & 0x7f, 7) * 8 + (int64_t)i * 8;
		ret[i].writes_bytes = load ? 0 : 8;
	}
	/* The second may not use what the first has loaded. */
	if (load && ret[0].into == field(w, 5)) {
		struct insn first = ret[0];
		ret[0] = ret[1];
		ret[1] = first;
	}
	ret[0].bytes = 0;
	return true;
}

static bool take_load(uint32_t w, struct insn *ret) {
	ret->into = ret->from = field(w, 0);
	ret->base = or_sp(field(w, 5));
	if ((w & 0xff800000U) == 0xf9000000U) { /* LDR, STR with a number */
		ret->add = (int64_t)(w >> 10 & 0xfff) * 8;
	} else if ((w & 0xffa00c00U) == 0xf8200800U) { /* with another register */
		ret->indexed = 1;
	} else if ((w & 0xffa00c00U) == 0xf8000000U) { /* LDUR, STUR */
		ret->add = signed_bits(w >> 12 & 0x1ff, 9);
	} else {
		return false;
	}
	bool load = (w & 0x400000U) != 0;
	ret->kind = load ? INSN_LOAD : INSN_STORE;
	ret->writes_bytes = load ? 0 : 8;
	return true;
}

static bool take_atomic(uint32_t w, struct insn *ret) {
	ret->base = or_sp(field(w, 5));
	ret->spoils = BIT(field(w, 16)) | BIT(field(w, 0));
	ret->writes_bytes = 8;
	if ((w & 0x3fa07c00U) == 0x08a07c00U) { /* CAS */
		ret->kind = INSN_SWAP;
	} else if ((w & 0x3f20fc00U) == 0x38200000U) { /* LDADD */
		ret->kind = INSN_ADD;
	} else if ((w & 0x3fe07c00U) == 0x08407c00U) { /* LDXR, LDAXR: a swap begins, or an add */
		ret->kind = INSN_SWAP;
		ret->writes_bytes = 0;
	} else if ((w & 0x3fe07c00U) == 0x08007c00U) { /* STXR, STLXR */
		ret->kind = INSN_EXCLUSIVE;
	} else {
		return false;
	}
	return true;
}

/* The others that read or write memory. */
static bool take_other_memory(uint32_t w, struct insn *ret) {
	if ((w & 0x0a000000U) != 0x08000000U) {
		return false;
	}
	if ((w & 0xffe00fffU) == 0xf8000ffeU) { /* a function begins: STR of the link register */
		return true;
	}
	bool vector = (w & 0x04000000U) != 0;
	bool number = (w & 0x3b000000U) == 0x39000000U; /* the base does not change */
	bool load = (w & 0x400000U) != 0 || (w & 0xc00000U) == 0x800000U;
	uint8_t base = or_sp(field(w, 5));
	ret->kind = INSN_OTHER;
	ret->spoils =
		vector ? 0
		       : BIT(field(w, 0)) | (number ? 0 : BIT(field(w, 10)) | BIT(field(w, 16)));
	/* Before or behind the access the base is moved. */
	bool moves = (w & 0x3b200400U) == 0x38000400U || (w & 0x3a800000U) == 0x28800000U;
	if (moves && base != INSN_SP) {
		ret->spoils |= BIT(base);
	}
	unsigned size = (w >> 30) | (vector ? (w >> 21 & 4) : 0);
	ret->base = base;
	ret->indexed = !number;
	ret->add = number ? (int64_t)(w >> 10 & 0xfff) << size : 0;
	ret->writes_bytes = load && !vector ? 0 : 16;
	return true;
}

size_t insn_arm64(struct slice code, uint64_t pc, struct insn ret[2]) {
	uint32_t w = 0;
	if (!bytes_u32(code, 0, &w)) {
		return 0;
	}
	const struct insn none = {.pc = pc, .bytes = 4, .base = INSN_NOWHERE};
	ret[0] = none;
	if (take_jump(w, pc, &ret[0]) || take_move(w, pc, &ret[0])) {
		return 1;
	}
	ret[0] = none;
	if (take_pair(w, ret)) {
		return 2;
	}
	if (take_load(w, &ret[0])) {
		return 1;
	}
	ret[0] = none;
	if (take_atomic(w, &ret[0])) {
		return 1;
	}
	ret[0] = none;
	if (!take_other_memory(w, &ret[0])) {
		ret[0].spoils = BIT(field(w, 0));
	}
	return 1;
}
