/* SPDX-License-Identifier: MIT
 * Log lines from hostile bytes: every line once, its text inside the input.
 */
#include "base/slice.h"
#include "wire/logtext.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct slice all = slice_of((const char *)data, size);
	struct slice rest = all;
	struct slice lines = all;
	struct slice line;
	struct log_line l;
	while (log_line_next(&rest, &l)) {
		if (!slice_line(&lines, &line) || l.pid < 0 || l.at_ns < 0) {
			abort();
		}
		if (l.text.len > 0 &&
		    (l.text.data < line.data || l.text.data + l.text.len != line.data + line.len)) {
			abort();
		}
		(void)log_text_matches(l.text, "panic: *goroutine * [");
		(void)log_text_matches(l.text, "**");
	}
	if (slice_line(&lines, &line)) {
		abort();
	}
	return 0;
}
