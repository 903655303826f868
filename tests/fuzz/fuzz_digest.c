/* SPDX-License-Identifier: MIT
 * Reports from hostile bytes; what could be read can be compared with itself, and nothing of it is better than it was.
 */
#include "report/digest.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct digest d;
	if (digest_parse(arena, slice_of((const char *)data, size), &d) == 0) {
		if (d.finding_count > 2 * DIGEST_FINDINGS_MAX ||
		    d.feature_count > DIGEST_FEATURES_MAX) {
			abort();
		}
		for (size_t i = 0; i < d.finding_count; i++) {
			enum change change =
				digest_compare(&d, &d, d.findings[i].id, d.findings[i].subject);
			if (change != CHANGE_STILL && change != CHANGE_CURED) {
				abort();
			}
		}
		if (!digest_hurt(arena, &d) || !digest_answered(arena, &d)) {
			abort();
		}
	}
	arena_free(arena);
	return 0;
}
