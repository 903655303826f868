/* SPDX-License-Identifier: MIT
 */
#include "core/run_record.h"

#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct slice run_record_format(struct arena *arena, const struct run_record *record) {
	char header[192];
	int header_len = snprintf(header, sizeof header,
	                          "started=%d\nexit=%d\nsignal=%d\nms=%" PRId64
	                          "\ntimed_out=%d\nout_bytes=%zu\nerr_bytes=%zu\n\n",
	                          record->started, record->exit_code, record->signal, record->ms,
	                          record->timed_out, record->out.len, record->err.len);
	size_t len = (size_t)header_len + record->out.len + record->err.len;
	char *bytes = arena_alloc(arena, len + 1);
	char *at = bytes;

	memcpy(at, header, (size_t)header_len);
	at += header_len;
	if (record->out.len > 0) {
		memcpy(at, record->out.data, record->out.len);
		at += record->out.len;
	}
	if (record->err.len > 0) {
		memcpy(at, record->err.data, record->err.len);
	}
	bytes[len] = '\0';
	return slice_of(bytes, len);
}

/* One header line into *ret_key and *ret_value; numbers only. */
static int header_line(struct slice line, struct slice *ret_key, int64_t *ret_value) {
	char digits[24];
	struct slice rest = line;
	size_t i;

	if (!slice_cut(&rest, '=', ret_key) || rest.len == 0 || rest.len >= sizeof digits) {
		return -EINVAL;
	}
	for (i = 0; i < rest.len; i++) {
		digits[i] = rest.data[i];
	}
	digits[i] = '\0';
	return str_to_int64(digits, ret_value);
}

int run_record_parse(struct slice bytes, struct run_record *ret) {
	struct run_record record = {.exit_code = -1};
	struct slice line, key;
	int64_t out_bytes = -1, err_bytes = -1;

	while (slice_line(&bytes, &line) && line.len > 0) {
		int64_t value;

		if (header_line(line, &key, &value) < 0) {
			return -EINVAL;
		}
		if (slice_eq(key, "started")) {
			record.started = value != 0;
		} else if (slice_eq(key, "exit") && value >= -1 && value <= 255) {
			record.exit_code = (int)value;
		} else if (slice_eq(key, "signal") && value >= 0 && value <= 255) {
			record.signal = (int)value;
		} else if (slice_eq(key, "ms")) {
			record.ms = value;
		} else if (slice_eq(key, "timed_out")) {
			record.timed_out = value != 0;
		} else if (slice_eq(key, "out_bytes")) {
			out_bytes = value;
		} else if (slice_eq(key, "err_bytes")) {
			err_bytes = value;
		} else {
			return -EINVAL;
		}
	}
	if (out_bytes < 0 || err_bytes < 0 || (uint64_t)out_bytes > bytes.len ||
	    bytes.len - (size_t)out_bytes != (uint64_t)err_bytes) {
		return -EINVAL;
	}
	record.out = slice_of(bytes.data, (size_t)out_bytes);
	record.err = slice_of(bytes.data + out_bytes, (size_t)err_bytes);
	*ret = record;
	return 0;
}
