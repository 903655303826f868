/* SPDX-License-Identifier: MIT
 * The way of a case file to and from the disk.
 */
#include "world/casefile.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "world/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The whole of a regular file into malloc'ed memory. 0 or negative errno with a sentence. */
static int packed_read(const char *path, char **ret_data, size_t *ret_len, struct err *err) {
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	size_t len = 0;
	char *data;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return err_set(err, -errno, "cannot read '%s': %s", path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return err_set(err, -EINVAL, "'%s' is not a regular file", path);
	}
	if (st.st_size > (off_t)CASE_PACKED_MAX) {
		return err_set(err, -EFBIG, "'%s' is larger than %zu MiB", path,
		               CASE_PACKED_MAX >> 20);
	}
	data = malloc((size_t)st.st_size + 1);
	if (!data) {
		return err_set(err, -ENOMEM, "no memory for '%s'", path);
	}
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, data + len, (size_t)st.st_size - len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			int error = errno;

			free(data);
			return err_set(err, -error, "cannot read '%s': %s", path, strerror(error));
		}
		if (n == 0) {
			break;
		}
		len += (size_t)n;
	}
	*ret_data = data;
	*ret_len = len;
	return 0;
}

int casefile_read(const char *path, struct evidence_store *store, struct case_meta *ret_meta,
                  struct err *err) {
	CLEANUP(codec_closep) struct codec *codec = codec_open(err);
	char *packed = NULL, *text = NULL;
	size_t packed_len = 0, text_len = 0;
	int r = codec ? packed_read(path, &packed, &packed_len, err) : -ENOSYS;

	if (r == 0) {
		r = codec_decompress(codec, slice_of(packed, packed_len), CASE_TEXT_MAX, false,
		                     &text, &text_len, err);
		if (r < 0) {
			err_wrap(err, "cannot read the case file '%s'", path);
		}
	}
	if (r == 0) {
		r = casefile_parse(codec, path, slice_of(text, text_len), store, ret_meta, err);
	}
	free(packed);
	free(text);
	return r;
}

static bool is_case_file(const struct codec *codec, const char *path) {
	char *packed = NULL, *text = NULL;
	size_t packed_len = 0, text_len = 0;
	struct err ignored;
	bool yes = packed_read(path, &packed, &packed_len, &ignored) == 0 &&
	           codec_decompress(codec, slice_of(packed, packed_len), CASE_TEXT_MAX, true, &text,
	                            &text_len, &ignored) == 0 &&
	           slice_starts(slice_of(text, text_len), "{\"schema\":\"dialtone.case/");

	free(packed);
	free(text);
	return yes;
}

/* 0 when there is nothing at path that anybody would miss. */
static int target_check(const struct codec *codec, const char *path, struct err *err) {
	struct stat st;

	if (stat(path, &st) < 0) {
		return errno == ENOENT ? 0
		                       : err_set(err, -errno, "cannot write '%s': %s", path,
		                                 strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return err_set(err, -EEXIST, "'%s' is not a regular file; give another name", path);
	}
	if (st.st_size > 0 && !is_case_file(codec, path)) {
		return err_set(err, -EEXIST,
		               "'%s' exists and is not a case file; it is left as it is", path);
	}
	return 0;
}

int casefile_write(const char *path, const struct case_meta *meta,
                   const struct evidence_store *store, struct err *err) {
	CLEANUP(codec_closep) struct codec *codec = codec_open(err);
	char *text = NULL, *packed = NULL;
	size_t text_len = 0, packed_len = 0;
	int r = codec ? target_check(codec, path, err) : -ENOSYS;

	if (r == 0) {
		r = casefile_format(codec, meta, store, &text, &text_len, err);
	}
	if (r == 0) {
		r = codec_compress(codec, slice_of(text, text_len), &packed, &packed_len, err);
	}
	if (r == 0) {
		r = file_replace(path, slice_of(packed, packed_len), err);
	}
	free(text);
	free(packed);
	return r;
}
