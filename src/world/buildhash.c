/* SPDX-License-Identifier: MIT
 * Does a Go program hold the bytes it was built with? The last part of its build ID is a hash of the whole file, taken
 * with each copy of that ID and the text of the GNU build ID as zeros: the first 120 bits of SHA-256 in URL-safe base64.
 * Source: cmd/internal/buildid (FindAndHash, HashToString) and cmd/go/internal/work/buildid.go (updateBuildID), go1.20
 * to go1.27: the go command and five releases of gopls were hashed so.
 */
#include "base/fd.h"
#include "base/str.h"
#include "gofile/binary.h"
#include "world/codec.h"
#include "world/looks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM_BYTES_MAX ((uint64_t)192 * 1024 * 1024)
#define HASH_CHARS        ((size_t)20)

/* malloc'ed; NULL when it cannot be read to its end. */
static char *read_whole(int fd, size_t size) {
	char *bytes = malloc(size);
	size_t done = 0;

	while (bytes && done < size) {
		ssize_t n = pread(fd, bytes + done, size - done, (off_t)done);

		if (n <= 0 && !(n < 0 && errno == EINTR)) {
			free(bytes);
			return NULL;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	return bytes;
}

static void blank_ids(const struct binary *bin, char *bytes, size_t size) {
	size_t len = strlen(bin->build_id);
	char *at = bytes;

	if (bin->host_id_offset < size && bin->host_id_bytes <= size - bin->host_id_offset) {
		memset(bytes + bin->host_id_offset, 0, (size_t)bin->host_id_bytes);
	}
	while ((at = memmem(at, size - (size_t)(at - bytes), bin->build_id, len))) {
		memset(at, 0, len);
		at += len;
	}
}

static unsigned six_bits(const char *hex, size_t n) {
	unsigned long all = 0; /* the 24 bits that hold it */
	char six[7] = {0};

	memcpy(six, hex + n / 4 * 6, 6);
	all = strtoul(six, NULL, 16);
	return (unsigned)(all >> (6 * (3 - n % 4))) & 63U;
}

static bool hash_is(const struct codec *codec, struct slice bytes, const char *want) {
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char hex[SHA256_HEX_SIZE];

	codec_sha256(codec, bytes, hex);
	for (size_t i = 0; i < HASH_CHARS; i++) {
		if (digits[six_bits(hex, i)] != want[i]) {
			return false;
		}
	}
	return true;
}

static const char *judge(const struct codec *codec, int fd, const struct binary *bin) {
	const char *slash = strrchr(bin->build_id, '/');
	size_t size = (size_t)bin->size_bytes;

	if (!slash || strlen(slash + 1) != HASH_CHARS || bin->size_bytes > PROGRAM_BYTES_MAX) {
		return "none";
	}
	char *bytes = read_whole(fd, size);
	if (!bytes) {
		return NULL;
	}
	blank_ids(bin, bytes, size);
	bool same = hash_is(codec, slice_of(bytes, size), slash + 1);
	free(bytes);
	return same ? "same" : bin->has_symbols ? "differs" : "stripped";
}

void look_build_hash(const struct looker *looker, const struct look_request *request,
                     struct look_reply *reply) {
	(void)looker;
	int error;
	CLEANUP(codec_closep) struct codec *codec = codec_open(NULL);
	CLEANUP(fd_closep) int fd = look_open_regular(AT_FDCWD, request->arg, &error);

	if (fd < 0 || !codec) {
		look_reply_errno(reply, codec ? error : ENOSYS);
		return;
	}
	struct binary bin = binary_read(request->arena, fd);
	const char *state = judge(codec, fd, &bin);
	if (state) {
		strbuf_add(&reply->bytes, state);
	}
	look_reply_errno(reply, state ? 0 : EIO);
}
