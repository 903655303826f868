/* SPDX-License-Identifier: MIT */
#include "wire/procmaps.h"

#include "base/ascii.h"

static bool hex_of(struct slice digits, uint64_t *ret) {
	*ret = 0;
	for (size_t i = 0; i < digits.len; i++) {
		int value = ascii_hex(digits.data[i]);

		if (value < 0 || i == 2 * sizeof(*ret)) {
			return false;
		}
		*ret = *ret << 4 | (uint64_t)value;
	}
	return digits.len > 0;
}

bool procmap_parse(struct slice line, struct procmap *ret) {
	struct slice from, to, perms, offset, skipped;

	if (!slice_cut(&line, '-', &from) || !slice_cut(&line, ' ', &to) ||
	    !slice_cut(&line, ' ', &perms) || !slice_cut(&line, ' ', &offset) || perms.len < 4 ||
	    !hex_of(from, &ret->start) || !hex_of(to, &ret->end) || !hex_of(offset, &ret->offset) ||
	    ret->start >= ret->end) {
		return false;
	}
	ret->readable = perms.data[0] == 'r';
	ret->writable = perms.data[1] == 'w';
	ret->executable = perms.data[2] == 'x';
	ret->shared = perms.data[3] == 's';
	(void)(slice_cut(&line, ' ', &skipped) && slice_cut(&line, ' ', &skipped));
	while (line.len > 0 && line.data[0] == ' ') {
		line = slice_from(line, 1);
	}
	ret->path = line;
	return true;
}
