/* SPDX-License-Identifier: MIT
 * Counter files from hostile bytes: every list is followed to an end, and none of them outside the file.
 */
#include "gofile/countfile.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct countfile file = countfile_read(slice_of((const char *)data, size));

	if (file.circles > COUNTFILE_LISTS || (!file.known && file.circles > 0)) {
		abort();
	}
	return 0;
}
