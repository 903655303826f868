/* SPDX-License-Identifier: MIT */
#include "gostack/pclntab.h"

#include "gostack/bytes.h"

#include <elf.h>
#include <errno.h>

#define MAGIC_118 0xfffffff0U /* go1.18, 1.19 */
#define MAGIC_120 0xfffffff1U /* since go1.20 */

#define HEADER_BYTES     ((uint64_t)72)
#define COUNT_MAX        ((uint64_t)1 << 28) /* functions, files: more than any program has */
#define ENTRY_BYTES      ((uint64_t)8)
#define PCDATA_INLTREE   2U /* abi.PCDATA_InlTreeIndex */
#define FUNCDATA_INLTREE 3U /* abi.FUNCDATA_InlTree */
#define NONE             UINT32_MAX
#define FIXED_OLD        ((uint64_t)40) /* bytes of a function's record before its arrays */
#define FIXED_NEW        ((uint64_t)44) /* with startLine */
#define INLINE_BYTES_OLD ((uint64_t)20)
#define INLINE_BYTES_NEW ((uint64_t)16)

bool pclntab_parse(struct slice bytes, struct pclntab *ret) {
	uint32_t magic = 0;
	*ret = (struct pclntab){.bytes = bytes};
	if (!bytes_have(bytes, 0, HEADER_BYTES) || !bytes_u32(bytes, 0, &magic) ||
	    (magic != MAGIC_118 && magic != MAGIC_120)) {
		return false;
	}
	const char *p = bytes.data;
	uint64_t file_count = bytes_get_u64(p + 16);
	ret->old_records = magic == MAGIC_118;
	ret->min_lc = (uint8_t)p[6];
	ret->function_count = bytes_get_u64(p + 8);
	ret->names = bytes_get_u64(p + 32);
	ret->units = bytes_get_u64(p + 40);
	ret->files = bytes_get_u64(p + 48);
	ret->values = bytes_get_u64(p + 56);
	ret->functions = bytes_get_u64(p + 64);
	if (p[4] != 0 || p[5] != 0 || (ret->min_lc != 1 && ret->min_lc != 4) || p[7] != 8 ||
	    ret->function_count == 0 || ret->function_count > COUNT_MAX || file_count > COUNT_MAX) {
		return false;
	}
	return ret->names < bytes.len && ret->units < bytes.len && ret->files < bytes.len &&
	       ret->values < bytes.len &&
	       bytes_have(bytes, ret->functions, ret->function_count * ENTRY_BYTES + 4);
}

static bool search(struct slice bytes, uint64_t address, struct pclntab *ret) {
	for (uint64_t at = (8 - address % 8) % 8; bytes_have(bytes, at, HEADER_BYTES); at += 8) {
		uint32_t magic = bytes_get_u32(bytes.data + at);
		if ((magic == MAGIC_118 || magic == MAGIC_120) &&
		    pclntab_parse(bytes_sub(bytes, at, bytes.len), ret)) {
			ret->address = address + at;
			return true;
		}
	}
	return false;
}

int pclntab_find_in(const struct elf_image *elf, struct pclntab *ret) {
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct elf_section *s = elf_image_section(elf, names[i]);
		if (s && pclntab_parse(elf_image_section_bytes(elf, s), ret)) {
			ret->address = s->address;
			return 0;
		}
	}
	/* Without a name: of programs linked by the C linker it lies in .data.rel.ro, which is in a
	 * segment that is written to while the program is loaded. */
	for (int writable = 0; writable <= 1; writable++) {
		for (size_t i = 0; i < elf->segment_count; i++) {
			const struct elf_segment *s = &elf->segments[i];
			if (s->type != PT_LOAD || ((s->flags & PF_W) != 0) != (writable != 0)) {
				continue;
			}
			if (search(bytes_sub(elf->file, s->offset, s->file_bytes), s->address,
			           ret)) {
				return 0;
			}
		}
	}
	return -ENOENT;
}

/* ---- functions ---- */

static uint32_t entry_of(const struct pclntab *tab, uint64_t index) {
	return bytes_get_u32(tab->bytes.data + tab->functions + index * ENTRY_BYTES);
}

bool pclntab_function(const struct pclntab *tab, uint64_t pc, struct pcln_function *ret) {
	if (pc < tab->min_pc || pc >= tab->max_pc || pc < tab->text ||
	    pc - tab->text > UINT32_MAX) {
		return false;
	}
	uint32_t wanted = (uint32_t)(pc - tab->text);
	uint64_t low = 0;
	uint64_t high = tab->function_count;
	if (wanted < entry_of(tab, 0) || wanted >= entry_of(tab, high)) {
		return false;
	}
	/* entry(low) <= wanted < entry(high) */
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		if (entry_of(tab, middle) <= wanted) {
			low = middle;
		} else {
			high = middle;
		}
	}
	uint64_t at = tab->functions +
	              bytes_get_u32(tab->bytes.data + tab->functions + low * ENTRY_BYTES + 4);
	uint64_t fixed = tab->old_records ? FIXED_OLD : FIXED_NEW;
	if (!bytes_have(tab->bytes, at, fixed)) {
		return false;
	}
	const char *p = tab->bytes.data + at;
	const char *tail = p + fixed - 4;
	*ret = (struct pcln_function){
		.entry = tab->text + entry_of(tab, low),
		.end = tab->text + entry_of(tab, high),
		.name = bytes_get_u32(p + 4),
		.stack = bytes_get_u32(p + 16),
		.file = bytes_get_u32(p + 20),
		.line = bytes_get_u32(p + 24),
		.pcdata_count = bytes_get_u32(p + 28),
		.unit = bytes_get_u32(p + 32),
		.id = (uint8_t)tail[0],
		.flags = (uint8_t)tail[1],
		.funcdata_count = (uint8_t)tail[3],
		.pcdata = at + fixed,
	};
	ret->funcdata = ret->pcdata + (uint64_t)ret->pcdata_count * 4;
	return true;
}

bool pclntab_name(const struct pclntab *tab, uint32_t offset, struct slice *ret) {
	return bytes_text(tab->bytes, tab->names + offset, PCLNTAB_NAME_MAX, ret) && ret->len > 0;
}

/* ---- values ---- */

/* A table starts with value -1 at the function's entry; each pair of steps moves value and pc. */
bool pclntab_value(const struct pclntab *tab, const struct pcln_function *f, uint32_t table,
                   uint64_t pc, int32_t *ret) {
	if (table == 0) {
		return false;
	}
	uint64_t offset = tab->values + table;
	uint64_t at = f->entry;
	uint32_t value = UINT32_MAX;
	for (bool first = true;; first = false) {
		uint32_t step = 0;
		uint32_t length = 0;
		if (!bytes_varint(tab->bytes, &offset, &step) || (step == 0 && !first) ||
		    !bytes_varint(tab->bytes, &offset, &length)) {
			return false;
		}
		value += (step & 1) != 0 ? ~(step >> 1) : step >> 1;
		at += (uint64_t)length * tab->min_lc;
		if (pc < at) {
			*ret = (int32_t)value;
			return true;
		}
	}
}

bool pclntab_line(const struct pclntab *tab, const struct pcln_function *f, uint64_t pc,
                  struct slice *ret_file, int32_t *ret_line) {
	int32_t file = 0;
	uint32_t offset = 0;
	if (!pclntab_value(tab, f, f->file, pc, &file) || file < 0 ||
	    !pclntab_value(tab, f, f->line, pc, ret_line)) {
		return false;
	}
	uint64_t slot = tab->units + ((uint64_t)f->unit + (uint32_t)file) * 4;
	return bytes_u32(tab->bytes, slot, &offset) && offset != NONE &&
	       bytes_text(tab->bytes, tab->files + offset, PCLNTAB_NAME_MAX, ret_file);
}

bool pclntab_inlined(const struct pclntab *tab, const struct pcln_function *f, uint64_t pc,
                     struct pcln_inline *ret) {
	uint32_t table = 0;
	uint32_t tree = 0;
	int32_t index = 0;
	if (f->pcdata_count <= PCDATA_INLTREE || f->funcdata_count <= FUNCDATA_INLTREE ||
	    !bytes_u32(tab->bytes, f->pcdata + PCDATA_INLTREE * 4, &table) ||
	    !bytes_u32(tab->bytes, f->funcdata + FUNCDATA_INLTREE * 4, &tree) || tree == NONE ||
	    !pclntab_value(tab, f, table, pc, &index) || index < 0) {
		return false;
	}
	uint64_t bytes = tab->old_records ? INLINE_BYTES_OLD : INLINE_BYTES_NEW;
	uint64_t at = tree + (uint64_t)index * bytes;
	if (!bytes_have(tab->funcdata, at, bytes)) {
		return false;
	}
	const char *p = tab->funcdata.data + at;
	*ret = (struct pcln_inline){
		.id = (uint8_t)p[tab->old_records ? 2 : 0],
		.name = bytes_get_u32(p + (tab->old_records ? 12 : 4)),
		.parent_pc = f->entry + bytes_get_u32(p + (tab->old_records ? 16 : 8)),
	};
	return true;
}
