/* SPDX-License-Identifier: MIT
 * amd64: how long an instruction is, and what it does to pointers.
 */
#include "gostack/insn.h"

#include "gostack/bytes.h"

#include <stdbool.h>

#define AX      0U
#define CX      1U
#define DX      2U
#define BX      3U
#define SP      4U
#define SI      6U
#define DI      7U
#define NO_BASE 255U
#define BIT(r)  (1U << (r))

struct parts {
	struct slice code;
	uint64_t pc;
	size_t at; /* how far it was read */
	bool operand16, lock, repeat, wide, vector;
	uint8_t rex;
	uint8_t map; /* 0: one byte, 1: 0F, 2: 0F38, 3: 0F3A */
	uint8_t op;
	uint8_t vvvv;
	bool has_modrm, memory, indexed, relative;
	uint8_t mod, reg, rm; /* with the bits of REX */
	uint8_t base;
	int64_t disp;
	int64_t imm;
	size_t imm_bytes;
};

static uint8_t take(struct parts *p) {
	uint8_t byte = p->at < p->code.len ? (uint8_t)p->code.data[p->at] : 0;
	p->at++;
	return byte;
}

static int64_t take_signed(struct parts *p, size_t bytes) {
	uint64_t value = 0;
	for (size_t i = 0; i < bytes; i++) {
		value |= (uint64_t)take(p) << (8 * i);
	}
	unsigned unused = 64 - 8 * (unsigned)bytes;
	return bytes == 0 ? 0 : (int64_t)(value << unused) >> unused;
}

/* ---- length ---- */

static void take_prefixes(struct parts *p) {
	for (;; p->at++) {
		uint8_t byte = p->at < p->code.len ? (uint8_t)p->code.data[p->at] : 0;
		if (byte == 0x66) {
			p->operand16 = true;
		} else if (byte == 0xf0) {
			p->lock = true;
		} else if (byte == 0xf2 || byte == 0xf3) {
			p->repeat = true;
		} else if (byte != 0x67 && byte != 0x2e && byte != 0x36 && byte != 0x3e &&
		           byte != 0x26 && byte != 0x64 && byte != 0x65) {
			break;
		}
	}
	if (p->at < p->code.len && ((uint8_t)p->code.data[p->at] & 0xf0U) == 0x40) {
		p->rex = take(p);
		p->wide = (p->rex & 8) != 0;
	}
}

/* VEX and EVEX have the bits of REX turned over. */
static bool take_vector(struct parts *p) {
	uint8_t first = p->at < p->code.len ? (uint8_t)p->code.data[p->at] : 0;
	uint8_t a = 0, b = 0;
	if (first != 0xc4 && first != 0xc5 && first != 0x62) {
		return false;
	}
	p->at++;
	p->vector = true;
	a = take(p);
	p->rex = (uint8_t)((~a >> 5) & (first == 0xc5 ? 4 : 7));
	p->map = first == 0xc5 ? 1 : a & (first == 0xc4 ? 31 : 7);
	b = first == 0xc5 ? a : take(p);
	p->vvvv = (~b >> 3) & 15;
	p->wide = first != 0xc5 && (b & 0x80) != 0;
	if (first == 0x62) {
		p->at++;
	}
	p->op = take(p);
	p->has_modrm = !(p->map == 1 && p->op == 0x77);
	p->imm_bytes =
		p->map == 3 || (p->map == 1 && ((p->op >= 0x70 && p->op <= 0x73) || p->op == 0xc2 ||
	                                        (p->op >= 0xc4 && p->op <= 0xc6)))
			? 1
			: 0;
	return true;
}

static void shape_of_two(struct parts *p) {
	uint8_t op = p->op;
	p->has_modrm = !(op == 0x05 || op == 0x06 || op == 0x07 || op == 0x08 || op == 0x09 ||
	                 op == 0x0b || (op >= 0x30 && op <= 0x37) || op == 0x77 ||
	                 (op & 0xf0) == 0x80 || op == 0xa0 || op == 0xa1 || op == 0xa2 ||
	                 op == 0xa8 || op == 0xa9 || op == 0xaa || (op >= 0xc8 && op <= 0xcf));
	if ((op & 0xf0) == 0x80) {
		p->imm_bytes = 4;
	} else if ((op >= 0x70 && op <= 0x73) || op == 0xa4 || op == 0xac || op == 0xba ||
	           op == 0xc2 || (op >= 0xc4 && op <= 0xc6)) {
		p->imm_bytes = 1;
	}
}

static void shape_of_one(struct parts *p) {
	uint8_t op = p->op;
	size_t word = p->operand16 ? 2 : 4;
	if (op < 0x40) {
		p->has_modrm = (op & 7) < 4;
		p->imm_bytes = (op & 7) == 4 ? 1 : (op & 7) == 5 ? word : 0;
		return;
	}
	p->has_modrm = op == 0x63 || op == 0x69 || op == 0x6b || (op >= 0x80 && op <= 0x8f) ||
	               op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xc7 ||
	               (op >= 0xd0 && op <= 0xd3) || (op >= 0xd8 && op <= 0xdf) || op == 0xf6 ||
	               op == 0xf7 || op == 0xfe || op == 0xff;
	if (op == 0x68 || op == 0x69 || op == 0x81 || op == 0xa9 || op == 0xc7) {
		p->imm_bytes = word;
	} else if (op == 0xe8 || op == 0xe9) {
		p->imm_bytes = 4;
	} else if (op == 0x6a || op == 0x6b || (op & 0xf0) == 0x70 || op == 0x80 || op == 0x83 ||
	           op == 0xa8 || (op >= 0xb0 && op <= 0xb7) || op == 0xc0 || op == 0xc1 ||
	           op == 0xc6 || op == 0xcd || (op >= 0xe0 && op <= 0xe7) || op == 0xeb) {
		p->imm_bytes = 1;
	} else if (op >= 0xb8 && op <= 0xbf) {
		p->imm_bytes = p->wide ? 8 : word;
	} else if (op >= 0xa0 && op <= 0xa3) {
		p->imm_bytes = 8;
	} else if (op == 0xc2 || op == 0xca) {
		p->imm_bytes = 2;
	} else if (op == 0xc8) {
		p->imm_bytes = 3;
	}
}

static void take_modrm(struct parts *p) {
	uint8_t byte = take(p);
	p->mod = byte >> 6;
	p->reg = (uint8_t)((byte >> 3 & 7) | (p->rex & 4) << 1);
	p->rm = byte & 7;
	p->base = p->rm;
	size_t disp = p->mod == 1 ? 1 : p->mod == 2 ? 4 : 0;
	if (p->mod == 3) {
		p->rm |= (uint8_t)((p->rex & 1) << 3);
		return;
	}
	p->memory = true;
	if (p->rm == 4) {
		uint8_t sib = take(p);
		p->base = sib & 7;
		p->indexed = (sib >> 3 & 7) != 4 || (p->rex & 2) != 0;
		if (p->base == 5 && p->mod == 0) {
			p->base = NO_BASE;
			disp = 4;
		}
	} else if (p->rm == 5 && p->mod == 0) {
		p->relative = true;
		disp = 4;
	}
	if (p->base != NO_BASE) {
		p->base |= (uint8_t)((p->rex & 1) << 3);
	}
	p->disp = take_signed(p, disp);
}

static bool take_parts(struct parts *p) {
	take_prefixes(p);
	if (p->rex != 0 || !take_vector(p)) {
		p->op = take(p);
		if (p->op == 0x0f) {
			p->op = take(p);
			p->map = 1;
			if (p->op == 0x38 || p->op == 0x3a) {
				p->map = p->op == 0x38 ? 2 : 3;
				p->op = take(p);
				p->has_modrm = true;
				p->imm_bytes = p->map == 3 ? 1 : 0;
			} else {
				shape_of_two(p);
			}
		} else {
			shape_of_one(p);
		}
	}
	if (p->has_modrm) {
		take_modrm(p);
	}
	/* TEST of these groups has a number, the others of them have none. */
	if (p->map == 0 && !p->vector && (p->op == 0xf6 || p->op == 0xf7) && (p->reg & 7) < 2) {
		p->imm_bytes = p->op == 0xf6 ? 1 : p->operand16 ? 2 : 4;
	}
	p->imm = take_signed(p, p->imm_bytes);
	return p->at <= p->code.len && p->at <= 15;
}

/* ---- meaning ---- */

/* Register 4 is the stack pointer: what is done to it the table of frame sizes tells. */
static uint8_t named(uint8_t reg) {
	return reg == SP ? INSN_SP : reg;
}

static void set_memory(const struct parts *p, struct insn *ret) {
	ret->base = INSN_NOWHERE;
	ret->add = p->disp;
	if (p->relative) {
		ret->base = INSN_ABSOLUTE;
		ret->add = (int64_t)(p->pc + p->at + (uint64_t)p->disp);
	} else if (p->base != NO_BASE) {
		ret->base = named(p->base);
		ret->indexed = p->indexed;
	}
}

static bool is_group(const struct parts *p) {
	uint8_t op = p->op;
	return p->map == 0 ? (op >= 0x80 && op <= 0x83) || op == 0x8f || op == 0xc0 || op == 0xc1 ||
	                             op == 0xc6 || op == 0xc7 || (op >= 0xd0 && op <= 0xdf) ||
	                             op == 0xf6 || op == 0xf7 || op == 0xfe || op == 0xff
	                   : p->map == 1 && (op == 0xba || op == 0x18 || op == 0x1f || op == 0xae ||
	                                     op == 0xc7 || op == 0x01 || op == 0x0d || op == 0x00 ||
	                                     (op & 0xf0) == 0x90 || (op >= 0x71 && op <= 0x73));
}

/* Compares, tests and hints write nothing. */
static bool only_reads(const struct parts *p) {
	uint8_t op = p->op;
	uint8_t which = p->reg & 7;
	if (p->vector) {
		return false;
	}
	if (p->map == 0) {
		return (op >= 0x38 && op <= 0x3d) || op == 0x84 || op == 0x85 || op == 0xa8 ||
		       op == 0xa9 || op == 0x68 || op == 0x6a || (op >= 0x50 && op <= 0x57) ||
		       (op >= 0x80 && op <= 0x83 && which == 7) ||
		       ((op == 0xf6 || op == 0xf7) && which < 2) || op == 0x90;
	}
	return p->map == 1 && (op == 0x1f || op == 0x18 || op == 0x0d || op == 0xa3 ||
	                       (op == 0xba && which == 4) || op == 0x2e || op == 0x2f);
}

/* Of the two-byte opcodes: does the first operand name a general register? */
static bool reg_is_general(uint8_t op) {
	return (op >= 0x40 && op <= 0x4f) || op == 0x2c || op == 0x2d || op == 0x50 || op == 0xd7 ||
	       op == 0xc5 || (op >= 0xa3 && op <= 0xaf) || (op >= 0xb0 && op <= 0xc1) ||
	       op == 0x02 || op == 0x03;
}

static bool rm_is_general(uint8_t op) {
	return op == 0x7e || (op & 0xf0) == 0x90 || (op >= 0xa3 && op <= 0xad) ||
	       (op >= 0xb0 && op <= 0xb3) || op == 0xba || op == 0xbb || op == 0xc0 || op == 0xc1 ||
	       op == 0xc7 || op <= 0x01;
}

static bool writes_memory(const struct parts *p) {
	uint8_t op = p->op;
	if (p->map == 0) {
		return (op < 0x40 ? (op & 2) == 0
		                  : op != 0x63 && op != 0x69 && op != 0x6b && op != 0x8a &&
		                            op != 0x8b && op != 0x8d && op != 0x8e);
	}
	if (p->map != 1) {
		return true;
	}
	return op == 0x11 || op == 0x13 || op == 0x17 || op == 0x29 || op == 0x2b || op == 0x7e ||
	       op == 0x7f || op == 0xd6 || op == 0xe7 || op == 0x01 || op == 0xae ||
	       (op != 0xaf && op != 0xa3 && rm_is_general(op));
}

/* Registers an instruction that is not followed may write. */
static uint32_t spoils_of(const struct parts *p) {
	uint8_t op = p->op;
	uint32_t all = 0;
	uint32_t reg = p->has_modrm && !is_group(p) ? BIT(p->reg & 15U) : 0;
	uint32_t rm = p->has_modrm && p->mod == 3 ? BIT(p->rm & 15U) : 0;
	if (p->vector || p->map >= 2) {
		all = p->map == 1 ? (reg_is_general(op) ? reg : 0) | (rm_is_general(op) ? rm : 0)
		                  : reg | rm | (p->vector ? BIT(p->vvvv & 15U) : 0);
		return all;
	}
	if (p->map == 1) {
		all = (reg_is_general(op) ? reg : 0) | (rm_is_general(op) ? rm : 0);
		if (op >= 0xc8 && op <= 0xcf) {
			all |= BIT((op & 7U) | (p->rex & 1U) << 3);
		}
		if (op == 0xb0 || op == 0xb1) { /* CMPXCHG */
			return rm | BIT(AX);
		}
		if (op == 0xa2 || op == 0x31 || op == 0x01 || op == 0xc7 || op == 0x05) {
			all |= BIT(AX) | BIT(CX) | BIT(DX) | BIT(BX) | BIT(11);
		}
		return all;
	}
	if (op < 0x40) {
		return (op & 7) < 4 ? ((op & 2) != 0 ? reg : rm) : BIT(AX);
	}
	if (op == 0x88 || op == 0x89 || op == 0xc6 || op == 0xc7) {
		return rm;
	}
	if (op == 0x8a || op == 0x8b || op == 0x8d || op == 0x63 || op == 0x69 || op == 0x6b) {
		return reg;
	}
	all = reg | rm;
	if ((op >= 0x58 && op <= 0x5f) || (op >= 0xb0 && op <= 0xbf) ||
	    (op >= 0x91 && op <= 0x97)) {
		all |= BIT((op & 7U) | (p->rex & 1U) << 3);
	}
	if ((op >= 0x91 && op <= 0x99) || op == 0x9f || (op >= 0xa0 && op <= 0xa3)) {
		all |= BIT(AX) | BIT(DX);
	}
	if (op == 0xf6 || op == 0xf7) {
		all |= BIT(AX) | BIT(DX);
	}
	if ((op >= 0xa4 && op <= 0xaf && op != 0xa8 && op != 0xa9) || (op >= 0xe0 && op <= 0xe3)) {
		all |= BIT(AX) | BIT(CX) | BIT(SI) | BIT(DI);
	}
	return all;
}

/* Does it move a pointer, or add to one? */
static bool take_move(const struct parts *p, struct insn *ret) {
	uint8_t op = p->op;
	if (p->map != 0 || p->vector || !p->wide) {
		return false;
	}
	if (op == 0x89 || op == 0x8b) {
		bool to_reg = op == 0x8b;
		if (!p->memory) {
			ret->kind = INSN_MOVE;
			ret->into = to_reg ? p->reg : p->rm;
			ret->from = to_reg ? p->rm : p->reg;
			ret->add = 0;
		} else {
			ret->kind = to_reg ? INSN_LOAD : INSN_STORE;
			ret->into = ret->from = p->reg;
			ret->writes_bytes = to_reg ? 0 : 8;
		}
		return true;
	}
	if (op == 0x8d && p->memory && ret->base != INSN_NOWHERE && !ret->indexed) {
		ret->kind = INSN_MOVE;
		ret->into = p->reg;
		ret->from = ret->base;
		return true;
	}
	if ((op == 0x81 || op == 0x83) && !p->memory && ((p->reg & 7) == 0 || (p->reg & 7) == 5)) {
		ret->kind = INSN_MOVE;
		ret->into = ret->from = p->rm;
		ret->add = (p->reg & 7) == 0 ? p->imm : -p->imm;
		return true;
	}
	return false;
}

static bool take_jump(const struct parts *p, struct insn *ret) {
	uint8_t op = p->op;
	uint8_t which = p->reg & 7;
	uint64_t target = p->pc + p->at + (uint64_t)p->imm;
	if (p->vector || p->map > 1) {
		return false;
	}
	if (p->map == 1 && op != 0x0b && (op & 0xf0) != 0x80) {
		return false;
	}
	if (p->map == 1) {
		ret->kind = op == 0x0b ? INSN_END : INSN_BRANCH;
		ret->target = op == 0x0b ? 0 : target;
		return true;
	}
	if (op == 0xe8 || op == 0xe9 || op == 0xeb) {
		ret->kind = op == 0xe8 ? INSN_CALL : INSN_JUMP;
		ret->target = target;
	} else if ((op & 0xf0) == 0x70 || (op >= 0xe0 && op <= 0xe3)) {
		ret->kind = INSN_BRANCH;
		ret->target = target;
	} else if (op == 0xff && (which == 2 || which == 4)) {
		ret->kind = which == 2 ? INSN_CALL : INSN_LOST;
	} else if (op == 0xc3 || op == 0xc2 || op == 0xcc || op == 0xf4) {
		ret->kind = INSN_END;
	} else {
		return false;
	}
	return true;
}

size_t insn_amd64(struct slice code, uint64_t pc, struct insn ret[2]) {
	struct parts p = {.code = code, .pc = pc};
	if (!take_parts(&p)) {
		return 0;
	}
	ret[0] = (struct insn){.pc = pc, .bytes = (uint8_t)p.at, .base = INSN_NOWHERE};
	if (p.memory) {
		set_memory(&p, &ret[0]);
	}
	if (take_jump(&p, &ret[0])) {
		return 1;
	}
	if (take_move(&p, &ret[0])) {
		ret[0].into = named(ret[0].into);
		ret[0].from = named(ret[0].from);
		return 1;
	}
	if (p.lock && p.map == 1 && p.memory && (p.op == 0xb1 || p.op == 0xc1)) {
		ret[0].kind = p.op == 0xb1 ? INSN_SWAP : INSN_ADD;
	} else if (p.map == 0 && (p.op == 0xaa || p.op == 0xab || p.op == 0xa4 || p.op == 0xa5)) {
		ret[0].kind = INSN_FILL;
		ret[0].from = DI;
	}
	if (!only_reads(&p)) {
		ret[0].spoils = spoils_of(&p) & ~BIT(SP);
		if (p.memory && writes_memory(&p)) {
			ret[0].writes_bytes = p.vector ? 64 : p.map == 1 ? 16 : 8;
		}
	}
	return 1;
}
