/* SPDX-License-Identifier: MIT
 * One goroutine out of its bytes.
 */
#include "gostack/bytes.h"
#include "gostack/goroutines.h"

const char *goroutine_state_name(enum goroutine_state state) {
	static const char *const names[] = {"certain", "running", "torn", "partial"};
	return names[state];
}

static uint64_t word(const char *bytes, size_t offset) {
	return offset + 8 <= G_BYTES ? bytes_get_u64(bytes + offset) : 0;
}

/* A field that not every release has. */
static uint64_t optional(const char *bytes, size_t offset) {
	return offset > 0 ? word(bytes, offset) : 0;
}

void goroutine_decode(const struct go_arch *arch, const struct go_layout *layout, uint64_t address,
                      const char *bytes, size_t len, struct goroutine *ret) {
	char all[G_BYTES];
	if (len < G_BYTES) {
		memset(all, 0, sizeof(all));
		memcpy(all, bytes, len);
		bytes = all;
	}
	uint32_t status = bytes_get_u32(bytes + layout->status);
	*ret = (struct goroutine){
		.address = address,
		.stack_low = word(bytes, G_STACK_LO),
		.stack_high = word(bytes, G_STACK_HI),
		.m = word(bytes, G_M),
		.sp = word(bytes, G_SCHED_SP),
		.pc = word(bytes, G_SCHED_PC),
		.lr = arch->link_register ? word(bytes, layout->sched_lr) : 0,
		.syscall_sp = word(bytes, layout->syscall_sp),
		.syscall_pc = word(bytes, layout->syscall_pc),
		.id = word(bytes, layout->id),
		.parent = optional(bytes, layout->parent),
		.wait_since = (int64_t)word(bytes, layout->wait_since),
		.locked_m = word(bytes, layout->locked_m),
		.created_pc = word(bytes, layout->created_pc),
		.start_pc = word(bytes, layout->start_pc),
		.waiting = word(bytes, layout->waiting),
		.labels = word(bytes, layout->labels),
		.bubble = optional(bytes, layout->bubble),
		.sync_group = optional(bytes, layout->sync_group),
		.wait_reason = (uint8_t)bytes[layout->wait_reason],
		.sequence = (uint8_t)bytes[layout->sequence],
		.status = status & ~(uint32_t)GO_SCAN,
		.scan = (status & GO_SCAN) != 0,
		.stack = STACK_NONE,
	};
	ret->fits = word(bytes, G_SCHED_G) == address && ret->id != 0 &&
	            ret->stack_low < ret->stack_high && ret->status <= GO_DEAD_EXTRA &&
	            ret->stack_high - word(bytes, layout->top_sp) == arch->top_gap;
}
