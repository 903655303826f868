/* SPDX-License-Identifier: MIT
 */
#include "world/codec.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#define ZSTD_LIBRARY   "libzstd.so.1"
#define CRYPTO_LIBRARY "libcrypto.so.3"
#define LEVEL          3
#define WINDOW_LOG_MAX 27 /* 128 MiB: what zstd itself takes by default */

struct codec {
	void *zstd;
	void *crypto;

	size_t (*compress_bound)(size_t);
	ZSTD_CCtx *(*cctx_new)(void);
	size_t (*cctx_set)(ZSTD_CCtx *, ZSTD_cParameter, int);
	size_t (*compress)(ZSTD_CCtx *, void *, size_t, const void *, size_t);
	size_t (*cctx_free)(ZSTD_CCtx *);
	ZSTD_DCtx *(*dctx_new)(void);
	size_t (*dctx_set)(ZSTD_DCtx *, ZSTD_dParameter, int);
	size_t (*decompress)(ZSTD_DCtx *, ZSTD_outBuffer *, ZSTD_inBuffer *);
	size_t (*dctx_free)(ZSTD_DCtx *);
	unsigned (*is_error)(size_t);
	const char *(*error_name)(size_t);

	int (*digest)(const void *, size_t, unsigned char *, unsigned *, const EVP_MD *, ENGINE *);
	const EVP_MD *(*sha256)(void);
};

/* ISO C has no conversion between object and function pointers; POSIX promises that dlsym's works.
 */
static bool symbol_get(void *library, const char *name, void *ret_function) {
	void *symbol = dlsym(library, name);

	memcpy(ret_function, &symbol, sizeof symbol);
	return symbol != NULL;
}

static bool codec_bind(struct codec *c) {
	return symbol_get(c->zstd, "ZSTD_compressBound", &c->compress_bound) &&
	       symbol_get(c->zstd, "ZSTD_createCCtx", &c->cctx_new) &&
	       symbol_get(c->zstd, "ZSTD_CCtx_setParameter", &c->cctx_set) &&
	       symbol_get(c->zstd, "ZSTD_compress2", &c->compress) &&
	       symbol_get(c->zstd, "ZSTD_freeCCtx", &c->cctx_free) &&
	       symbol_get(c->zstd, "ZSTD_createDCtx", &c->dctx_new) &&
	       symbol_get(c->zstd, "ZSTD_DCtx_setParameter", &c->dctx_set) &&
	       symbol_get(c->zstd, "ZSTD_decompressStream", &c->decompress) &&
	       symbol_get(c->zstd, "ZSTD_freeDCtx", &c->dctx_free) &&
	       symbol_get(c->zstd, "ZSTD_isError", &c->is_error) &&
	       symbol_get(c->zstd, "ZSTD_getErrorName", &c->error_name) &&
	       symbol_get(c->crypto, "EVP_Digest", &c->digest) &&
	       symbol_get(c->crypto, "EVP_sha256", &c->sha256);
}

struct codec *codec_open(struct err *err) {
	struct codec *codec = calloc(1, sizeof *codec);

	if (!codec) {
		err_set(err, -ENOMEM, "no memory for the case file");
		return NULL;
	}
	codec->zstd = dlopen(ZSTD_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	codec->crypto = dlopen(CRYPTO_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!codec->zstd || !codec->crypto) {
		err_set(err, -ENOSYS, "case files need the library '%s', which is not installed",
		        codec->zstd ? CRYPTO_LIBRARY : ZSTD_LIBRARY);
		codec_close(codec);
		return NULL;
	}
	if (!codec_bind(codec)) {
		err_set(err, -ENOSYS, "'%s' or '%s' is too old for case files", ZSTD_LIBRARY,
		        CRYPTO_LIBRARY);
		codec_close(codec);
		return NULL;
	}
	return codec;
}

void codec_close(struct codec *codec) {
	if (!codec) {
		return;
	}
	if (codec->zstd) {
		dlclose(codec->zstd);
	}
	/* libcrypto stays: it has exit handlers of its own. */
	free(codec);
}

void codec_closep(struct codec **codec) {
	codec_close(*codec);
}

int codec_compress(const struct codec *codec, struct slice plain, char **ret_data, size_t *ret_len,
                   struct err *err) {
	ZSTD_CCtx *cctx = codec->cctx_new();
	size_t size = codec->compress_bound(plain.len);
	char *data = malloc(size);
	size_t len;

	if (!cctx || !data) {
		free(data);
		codec->cctx_free(cctx);
		return err_set(err, -ENOMEM, "no memory for the case file");
	}
	codec->cctx_set(cctx, ZSTD_c_compressionLevel, LEVEL);
	codec->cctx_set(cctx, ZSTD_c_checksumFlag, 1);
	len = codec->compress(cctx, data, size, plain.data, plain.len);
	codec->cctx_free(cctx);
	if (codec->is_error(len)) {
		free(data);
		return err_set(err, -EIO, "cannot compress: %s", codec->error_name(len));
	}
	*ret_data = data;
	*ret_len = len;
	return 0;
}

/* Doubles the output, up to one byte more than cap. */
static int output_grow(ZSTD_outBuffer *out, size_t cap, struct err *err) {
	size_t size = out->size ? out->size * 2 : (size_t)256 * 1024;
	char *grown;

	if (out->pos > cap) {
		return err_set(err, -EFBIG, "it holds more than %zu MiB", cap >> 20);
	}
	size = size > cap + 1 ? cap + 1 : size;
	grown = realloc(out->dst, size);
	if (!grown) {
		return err_set(err, -ENOMEM, "no memory for the case file");
	}
	out->dst = grown;
	out->size = size;
	return 0;
}

static int decompress_into(const struct codec *codec, ZSTD_DCtx *dctx, ZSTD_inBuffer *in,
                           ZSTD_outBuffer *out, size_t cap, bool first_only, struct err *err) {
	size_t hint = 1; /* 0: a frame has ended */

	for (;;) {
		int r = out->pos == out->size ? output_grow(out, cap, err) : 0;
		size_t before = out->pos;

		if (r < 0) {
			return r;
		}
		hint = codec->decompress(dctx, out, in);
		if (codec->is_error(hint)) {
			return err_set(err, -EBADMSG,
			               "it is no case file, or a damaged one (zstd: %s)",
			               codec->error_name(hint));
		}
		if (first_only && out->pos > 0) {
			return 0;
		}
		if (in->pos == in->size && (hint == 0 || out->pos == before)) {
			break;
		}
	}
	if (hint != 0) {
		return err_set(err, -EBADMSG, "it ends in the middle");
	}
	return out->pos > cap ? output_grow(out, cap, err) : 0;
}

int codec_decompress(const struct codec *codec, struct slice packed, size_t cap, bool first_only,
                     char **ret_data, size_t *ret_len, struct err *err) {
	ZSTD_DCtx *dctx = codec->dctx_new();
	ZSTD_inBuffer in = {.src = packed.data, .size = packed.len};
	ZSTD_outBuffer out = {.dst = NULL};
	int r;

	if (!dctx) {
		return err_set(err, -ENOMEM, "no memory for the case file");
	}
	codec->dctx_set(dctx, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	r = decompress_into(codec, dctx, &in, &out, cap, first_only, err);
	codec->dctx_free(dctx);
	if (r < 0) {
		free(out.dst);
		return r;
	}
	*ret_data = out.dst;
	*ret_len = out.pos;
	return 0;
}

void codec_sha256(const struct codec *codec, struct slice bytes, char ret_hex[SHA256_HEX_SIZE]) {
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	ret_hex[0] = '\0';
	if (codec->digest(bytes.data, bytes.len, digest, &len, codec->sha256(), NULL) != 1 ||
	    len != (SHA256_HEX_SIZE - 1) / 2) {
		return;
	}
	for (unsigned i = 0; i < len; i++) {
		snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
	}
}
