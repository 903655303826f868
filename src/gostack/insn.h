/* SPDX-License-Identifier: MIT
 * What an instruction does, as far as the way of a pointer through registers and stack, and calls and
 * jumps, are concerned. Everything that is not known is said to spoil what it may write to. Sources:
 * Intel SDM volume 2, chapter 2 and appendix A; Arm ARM DDI 0487, C4.1.
 */
#ifndef GOSTACK_INSN_H
#define GOSTACK_INSN_H

#include "base/slice.h"

#include <stdint.h>

enum insn_kind {
	INSN_OTHER,     /* spoils registers, and memory when writes_bytes > 0 */
	INSN_MOVE,      /* into = from + add */
	INSN_LOAD,      /* into = eight bytes of memory */
	INSN_STORE,     /* eight bytes of memory = from */
	INSN_SWAP,      /* atomic compare and swap of memory */
	INSN_ADD,       /* atomic add to memory */
	INSN_EXCLUSIVE, /* a store that is tried again until nobody else came in between */
	INSN_CALL,
	INSN_JUMP,
	INSN_BRANCH, /* goes on behind it, or at target */
	INSN_END,    /* nothing goes on behind it */
	INSN_LOST,   /* jumps where its table says */
	INSN_FILL,   /* writes from the address in `from` upwards */
};

/* Registers are 0-31; and: */
#define INSN_SP       32 /* the stack pointer */
#define INSN_ABSOLUTE 33 /* of MOVE and memory: no register, add is the address */
#define INSN_NOWHERE  34 /* no memory */

struct insn {
	uint64_t pc;
	uint8_t bytes; /* 0: the next one belongs to the same instruction */
	uint8_t kind;
	uint8_t into, from;
	uint8_t base;         /* of memory */
	uint8_t writes_bytes; /* of memory, at most */
	uint8_t indexed;      /* more is added to the address than is told here */
	uint32_t spoils;      /* registers, a bit each */
	int64_t add;          /* to base, or to from */
	uint64_t target;      /* of calls and jumps; 0: not known */
};

/* The instruction at pc, which code begins with: one or two of ret. Returns how many, 0 when there is
 * none. */
size_t insn_amd64(struct slice code, uint64_t pc, struct insn ret[2]);
size_t insn_arm64(struct slice code, uint64_t pc, struct insn ret[2]);

#endif
