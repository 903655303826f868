/* SPDX-License-Identifier: MIT
 * Case files from hostile bytes, packed and plain; what could be read is written again and reads
 * back the same.
 */
#include "world/casefile.h"
#include "world/codec.h"

#include <stdlib.h>

#define FUZZ_TEXT_MAX ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct evidence_store *a, const struct evidence_store *b) {
	if (a->count != b->count) {
		abort();
	}
	for (size_t i = 0; i < a->count; i++) {
		const struct evidence *x = a->items[i], *y = b->items[i];

		if (strcmp(x->source, y->source) != 0 || x->state != y->state ||
		    x->error != y->error || x->bytes.len != y->bytes.len ||
		    memcmp(x->bytes.data, y->bytes.data, x->bytes.len) != 0) {
			abort();
		}
	}
}

static void plain(const struct codec *codec, struct slice text) {
	struct arena *arena = arena_new();
	struct evidence_store store, again;
	struct case_meta meta, meta_again;
	char *written;
	size_t len;

	evidence_store_init(&store, arena);
	evidence_store_init(&again, arena);
	if (casefile_parse(codec, "x", text, &store, &meta, NULL) == 0) {
		if (casefile_format(codec, &meta, &store, &written, &len, NULL) < 0 ||
		    casefile_parse(codec, "x", slice_of(written, len), &again, &meta_again, NULL) <
		            0) {
			abort();
		}
		check_same(&store, &again);
		free(written);
	}
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct slice bytes = slice_of((const char *)data, size);
	struct codec *codec = codec_open(NULL);
	char *text;
	size_t len;

	if (!codec) {
		abort();
	}
	plain(codec, bytes);
	if (codec_decompress(codec, bytes, FUZZ_TEXT_MAX, false, &text, &len, NULL) == 0) {
		plain(codec, slice_of(text, len));
		free(text);
	}
	codec_close(codec);
	return 0;
}
