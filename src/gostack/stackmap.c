/* SPDX-License-Identifier: MIT
 */
#include "gostack/stackmap.h"

#include "gostack/bytes.h"

#define PCDATA_STACK_MAP 1U
#define FUNCDATA_ARGS    0U
#define FUNCDATA_LOCALS  1U
#define FUNCDATA_OBJECTS 2U
#define NONE             UINT32_MAX
#define BITS_MAX         (1 << 20)
#define VARIABLES_END    (-8) /* the return address or the frame pointer lies there */
#define ARGUMENTS        8
#define OBJECT_BYTES     ((uint64_t)16)
#define OBJECTS_MAX      1024

static bool funcdata(const struct pclntab *tab, const struct pcln_function *f, uint32_t index,
                     uint32_t *ret) {
	return index < f->funcdata_count &&
	       bytes_u32(tab->bytes, f->funcdata + (uint64_t)index * 4, ret) && *ret != NONE;
}

/* The bits of one map of a table; empty when there is no table. */
static bool bits(const struct pclntab *tab, const struct pcln_function *f, uint32_t index,
                 int32_t which, struct slice *ret, int64_t *ret_count) {
	uint32_t at = 0, maps = 0, count = 0;
	*ret = (struct slice){0};
	*ret_count = 0;
	if (!funcdata(tab, f, index, &at)) {
		return true;
	}
	if (!bytes_u32(tab->funcdata, at, &maps) ||
	    !bytes_u32(tab->funcdata, (uint64_t)at + 4, &count) || count > BITS_MAX || which < 0 ||
	    (uint32_t)which >= maps) {
		return false;
	}
	uint64_t bytes = (count + 7) / 8;
	uint64_t begin = (uint64_t)at + 8 + bytes * (uint64_t)which;
	*ret_count = count;
	*ret = bytes_sub(tab->funcdata, begin, bytes);
	return bytes_have(tab->funcdata, begin, bytes);
}

bool stackmap_read(const struct pclntab *tab, const struct pcln_function *f, uint64_t pc,
                   struct stackmap *ret) {
	uint32_t table = 0;
	int32_t which = -1;
	int64_t locals = 0, args = 0;
	*ret = (struct stackmap){0};
	if (f->pcdata_count > PCDATA_STACK_MAP &&
	    bytes_u32(tab->bytes, f->pcdata + (uint64_t)PCDATA_STACK_MAP * 4, &table) &&
	    pc > f->entry) {
		(void)pclntab_value(tab, f, table, pc - 1, &which);
	}
	which = which < 0 ? 0 : which;
	if (!bits(tab, f, FUNCDATA_LOCALS, which, &ret->locals, &locals) ||
	    !bits(tab, f, FUNCDATA_ARGS, which, &ret->args, &args)) {
		return false;
	}
	ret->locals_first = VARIABLES_END - locals * 8;
	ret->args_end = ARGUMENTS + args * 8;
	return true;
}

static bool has_bit(struct slice bytes, int64_t bit) {
	return (uint64_t)bit / 8 < bytes.len &&
	       ((uint8_t)bytes.data[bit / 8] >> (bit % 8) & 1) != 0;
}

bool stackmap_is_live(const struct stackmap *map, int64_t offset) {
	if (offset % 8 != 0) {
		return false;
	}
	if (offset >= map->locals_first && offset < VARIABLES_END) {
		return has_bit(map->locals, (offset - map->locals_first) / 8);
	}
	return offset >= ARGUMENTS && offset < map->args_end &&
	       has_bit(map->args, (offset - ARGUMENTS) / 8);
}

bool stackmap_is_object(const struct pclntab *tab, const struct pcln_function *f, int64_t offset) {
	uint32_t at = 0, count = 0;
	if (!funcdata(tab, f, FUNCDATA_OBJECTS, &at) || !bytes_u32(tab->funcdata, at, &count)) {
		return false;
	}
	for (uint32_t i = 0; i < count && i < OBJECTS_MAX; i++) {
		uint32_t first = 0, bytes = 0;
		uint64_t record = (uint64_t)at + 8 + i * OBJECT_BYTES;
		if (!bytes_u32(tab->funcdata, record, &first) ||
		    !bytes_u32(tab->funcdata, record + 4, &bytes)) {
			return true;
		}
		int64_t begin = (int32_t)first < 0 ? VARIABLES_END + (int32_t)first
		                                   : ARGUMENTS + (int32_t)first;
		if (offset >= begin && offset < begin + bytes) {
			return true;
		}
	}
	return count > OBJECTS_MAX;
}
