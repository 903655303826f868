/* SPDX-License-Identifier: MIT */
#include "trace/squeeze.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#define ZSTD_LIBRARY "libzstd.so.1"
#define LEVEL        1 /* the recorder must keep up; 3 saves a tenth and costs twice the time */

#define ZSTD_FUNCTIONS(X)                                                                          \
	X(compressBound)                                                                           \
	X(createCCtx)                                                                              \
	X(freeCCtx)                                                                                \
	X(CCtx_setParameter)                                                                       \
	X(compress2)                                                                               \
	X(createDCtx)                                                                              \
	X(freeDCtx)                                                                                \
	X(decompressDCtx)                                                                          \
	X(getFrameContentSize)                                                                     \
	X(isError)

struct squeeze {
	void *library;
	ZSTD_CCtx *in;
	ZSTD_DCtx *out;
	char *buffer;
	size_t buffer_bytes;
#define X(name) __typeof__(ZSTD_##name) *name;
	ZSTD_FUNCTIONS(X)
#undef X
};

static bool symbol_get(void *library, const char *name, void *ret_function) {
	void *symbol = dlsym(library, name);
	memcpy(ret_function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

struct squeeze *squeeze_open(struct err *err) {
	struct squeeze *s = calloc(1, sizeof(*s));
	if (!s) {
		err_set(err, -ENOMEM, "no memory to read or write a trace");
		return NULL;
	}
	bool bound = true;
	s->library = dlopen(ZSTD_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (s->library) {
#define X(name) bound = bound && symbol_get(s->library, "ZSTD_" #name, &s->name);
		ZSTD_FUNCTIONS(X)
#undef X
	}
	if (!s->library || !bound) {
		err_set(err, -ENOSYS, "a trace needs the library '%s', which is not installed",
		        ZSTD_LIBRARY);
		if (s->library) {
			dlclose(s->library);
		}
		free(s);
		return NULL;
	}
	s->in = s->createCCtx();
	s->out = s->createDCtx();
	if (!s->in || !s->out ||
	    s->isError(s->CCtx_setParameter(s->in, ZSTD_c_compressionLevel, LEVEL)) ||
	    s->isError(s->CCtx_setParameter(s->in, ZSTD_c_checksumFlag, 1))) {
		err_set(err, -ENOMEM, "no memory to read or write a trace");
		squeeze_close(s);
		return NULL;
	}
	return s;
}

void squeeze_close(struct squeeze *s) {
	if (!s) {
		return;
	}
	s->freeCCtx(s->in);
	s->freeDCtx(s->out);
	dlclose(s->library);
	free(s->buffer);
	free(s);
}

static int room(char **buffer, size_t *have, size_t need) {
	if (*have >= need && *buffer) {
		return 0;
	}
	char *bigger = realloc(*buffer, need > 0 ? need : 1);
	if (!bigger) {
		return -ENOMEM;
	}
	*buffer = bigger;
	*have = need;
	return 0;
}

int squeeze_pack(struct squeeze *s, struct slice plain, struct slice *ret_packed) {
	if (room(&s->buffer, &s->buffer_bytes, s->compressBound(plain.len)) < 0) {
		return -ENOMEM;
	}
	size_t n = s->compress2(s->in, s->buffer, s->buffer_bytes, plain.data ? plain.data : "",
	                        plain.len);
	if (s->isError(n)) {
		return -EIO;
	}
	*ret_packed = slice_of(s->buffer, n);
	return 0;
}

int squeeze_unpack(struct squeeze *s, struct slice packed, size_t cap, char **buffer,
                   size_t *buffer_bytes, struct slice *ret_plain) {
	/* The frame says how long it will be; a lie ends in an error of the decoder, not in memory. */
	unsigned long long size =
		s->getFrameContentSize(packed.data ? packed.data : "", packed.len);
	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
		return -EBADMSG;
	}
	if (size > cap) {
		return -EFBIG;
	}
	if (room(buffer, buffer_bytes, (size_t)size) < 0) {
		return -ENOMEM;
	}
	size_t n = s->decompressDCtx(s->out, *buffer, (size_t)size, packed.data, packed.len);
	if (s->isError(n) || n != (size_t)size) {
		return -EBADMSG;
	}
	*ret_plain = slice_of(*buffer, n);
	return 0;
}
