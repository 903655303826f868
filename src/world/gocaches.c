/* SPDX-License-Identifier: MIT
 * Is what lies in the caches of go what was once put there? Nothing is hashed but what the argument
 * names. Sources: golang.org/x/mod/sumdb/dirhash (h1); cmd/go/internal/modfetch/cache.go (names);
 * cmd/go/internal/cache/cache.go of Go 1.26: "xx/ID-a" says "v1 ID OUTPUT SIZE TIME", and
 * "xx/OUTPUT-d" holds the bytes whose SHA-256 is OUTPUT.
 */
#include "base/fd.h"
#include "base/path.h"
#include "gofile/modzip.h"
#include "world/codec.h"
#include "world/looks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODULE_BYTES_MAX ((size_t)48 * 1024 * 1024) /* of one module that is hashed */
#define MODULE_FILES_MAX ((size_t)8000)
#define ZIP_BYTES_MAX    ((size_t)48 * 1024 * 1024)
#define ENTRY_BYTES_MAX  ((size_t)64 * 1024 * 1024) /* of all entries of one look */
#define LISTED_MAX       ((size_t)12)
#define DEPTH_MAX        64
#define DIGEST_HEX       ((size_t)(SHA256_HEX_SIZE - 1))

struct hashed_file {
	const char *name; /* below the module's directory */
	char hex[SHA256_HEX_SIZE];
	uint32_t size, crc;
};

struct hashing {
	const struct look_request *request;
	const struct codec *codec;
	struct hashed_file *files;
	size_t count, size, bytes;
	int error; /* positive errno: something could not be read, or it is too much (EFBIG) */
};

/* The file's bytes in the arena, or a positive errno. */
static int slurp(struct arena *arena, int dir_fd, const char *path, size_t cap, struct slice *ret) {
	struct look_reply reply = {.state = EV_FAILED};

	strbuf_init(&reply.bytes, arena);
	int error = look_read_file(dir_fd, path, cap, &reply);
	*ret = slice_of(reply.bytes.data, reply.bytes.len);
	return error ? error : reply.state == EV_TRUNCATED ? EFBIG : 0;
}

static unsigned nibble(char c) {
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

/* "h1:" and the digest in base64 (RFC 4648). */
static const char *h1_of(struct arena *arena, const struct codec *codec, struct slice text) {
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char hex[SHA256_HEX_SIZE];
	unsigned char raw[DIGEST_HEX / 2 + 1] = {0};
	struct strbuf out;

	codec_sha256(codec, text, hex);
	for (size_t i = 0; i < DIGEST_HEX / 2 && hex[0]; i++) {
		raw[i] = (unsigned char)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
	}
	strbuf_init(&out, arena);
	strbuf_add(&out, "h1:");
	for (size_t i = 0; i < DIGEST_HEX / 2; i += 3) {
		unsigned v = (unsigned)raw[i] << 16 | (unsigned)raw[i + 1] << 8 |
		             (i + 2 < DIGEST_HEX / 2 ? raw[i + 2] : 0U);

		for (int k = 3; k >= 0; k--) {
			bool pad = k == 0 && i + 2 >= DIGEST_HEX / 2;
			strbuf_add_char(&out, pad ? '=' : digits[v >> (6 * k) & 63]);
		}
	}
	return out.data;
}

/* ---- a module's directory ---- */

static void hash_file(struct hashing *h, int dir_fd, const char *base, const char *name) {
	struct arena *arena = h->request->arena;
	struct slice bytes;
	int error = slurp(arena, dir_fd, base, MODULE_BYTES_MAX - h->bytes, &bytes);

	if (error || h->count >= MODULE_FILES_MAX) {
		h->error = error ? error : EFBIG;
		return;
	}
	if (h->count == h->size) {
		size_t size = h->size ? 2 * h->size : 64;
		struct hashed_file *files = arena_array_of(arena, struct hashed_file, size);
		if (h->count > 0) {
			memcpy(files, h->files, h->count * sizeof *files);
		}
		h->files = files;
		h->size = size;
	}
	struct hashed_file *f = &h->files[h->count++];
	f->name = name;
	f->size = (uint32_t)bytes.len;
	f->crc = modzip_crc(0, bytes);
	h->bytes += bytes.len;
	codec_sha256(h->codec, bytes, f->hex);
}

static void hash_below(struct hashing *h, int parent_fd, const char *base, const char *prefix,
                       int depth) {
	struct arena *arena = h->request->arena;
	int fd = openat(parent_fd, base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		h->error = errno;
		return;
	}
	for (const struct dirent *e = readdir(dir); e && !h->error; e = readdir(dir)) {
		struct stat st;

		if (streq(e->d_name, ".") || streq(e->d_name, "..") ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
			continue;
		}
		const char *name = arena_printf(arena, "%s%s", prefix, e->d_name);
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			hash_below(h, fd, e->d_name, arena_printf(arena, "%s/", name), depth + 1);
		} else if (S_ISREG(st.st_mode)) {
			hash_file(h, fd, e->d_name, name);
		}
	}
	closedir(dir);
}

static int by_name(const void *a, const void *b) {
	return strcmp(((const struct hashed_file *)a)->name, ((const struct hashed_file *)b)->name);
}

static const char *module_hash(struct hashing *h, const char *module) {
	struct strbuf text;

	strbuf_init(&text, h->request->arena);
	for (size_t i = 0; i < h->count; i++) {
		strbuf_printf(&text, "%s  %s/%s\n", h->files[i].hex, module, h->files[i].name);
	}
	return h1_of(h->request->arena, h->codec, slice_of(text.data, text.len));
}

static struct hashed_file *file_named(const struct hashing *h, const char *name) {
	struct hashed_file key = {.name = name};

	return h->count ? bsearch(&key, h->files, h->count, sizeof *h->files, by_name) : NULL;
}

static bool in_zip(const struct modzip *zip, const char *module, const char *name) {
	size_t prefix = strlen(module) + 1;

	for (size_t i = 0; i < zip->count; i++) {
		struct slice n = zip->entries[i].name;
		if (n.len > prefix && slice_eq(slice_of(n.data + prefix, n.len - prefix), name)) {
			return true;
		}
	}
	return false;
}

/* What the zip has beside what lies there. */
static void compare_zip(struct hashing *h, const struct modzip *zip, const char *module,
                        struct look_reply *reply) {
	struct arena *arena = h->request->arena;
	size_t prefix = strlen(module) + 1, listed = 0;

	for (size_t i = 0; i < zip->count; i++) {
		struct slice name = zip->entries[i].name;
		if (name.len <= prefix || !slice_starts(name, module)) {
			continue;
		}
		const char *rest = arena_strndup(arena, name.data + prefix, name.len - prefix);
		const struct hashed_file *f = file_named(h, rest);
		bool same = f && f->size == zip->entries[i].size && f->crc == zip->entries[i].crc;
		const char *what = !f                               ? "missing"
		                   : f->size < zip->entries[i].size ? "short"
		                                                    : "altered";
		if (!same && listed++ < LISTED_MAX) {
			strbuf_printf(&reply->bytes, "%s %s\n", what, keyline_escape(arena, rest));
		}
	}
	for (size_t i = 0; i < h->count && listed < LISTED_MAX; i++) {
		const char *name = h->files[i].name;
		if (str_ends(name, ".go") && !str_ends(name, "_test.go") &&
		    !in_zip(zip, module, name)) {
			strbuf_printf(&reply->bytes, "extra %s\n", keyline_escape(arena, name));
			listed++;
		}
	}
}

/* The zip or the words why not. */
static const char *read_zip(struct arena *arena, const char *path, struct modzip *ret) {
	struct slice bytes;
	int error = slurp(arena, AT_FDCWD, path, ZIP_BYTES_MAX, &bytes);

	if (error) {
		return error == ENOENT ? "absent" : error == EFBIG ? "large" : "unreadable";
	}
	*ret = modzip_parse(arena, bytes);
	return ret->whole ? "ok" : "broken";
}

void look_module(const struct looker *looker, const struct look_request *request,
                 struct look_reply *reply) {
	(void)looker;
	struct arena *arena = request->arena;
	CLEANUP(codec_closep) struct codec *codec = codec_open(NULL);
	struct slice rest = slice_str(request->arg), cache = {0}, module = {0}, want = {0};

	slice_line(&rest, &cache);
	slice_line(&rest, &module);
	slice_line(&rest, &want);
	if (!codec || module.len == 0) {
		look_reply_errno(reply, codec ? EINVAL : ENOSYS);
		return;
	}
	struct hashing h = {.request = request, .codec = codec};
	const char *escaped = arena_slicedup(arena, module);
	const char *at = strrchr(escaped, '@');
	const char *name = modzip_unescape(arena, escaped);
	const char *top = arena_slicedup(arena, cache);
	const char *download =
		arena_printf(arena, "%s/cache/download/%.*s/@v/%s", top,
	                     (int)(at ? at - escaped : 0), escaped, at ? at + 1 : "");
	struct modzip zip = {0};

	hash_below(&h, AT_FDCWD, path_join(arena, top, escaped), "", 0);
	if (h.error) {
		strbuf_printf(&reply->bytes, "dir %s\n",
		              h.error == ENOENT  ? "absent"
		              : h.error == EFBIG ? "large"
		                                 : "unreadable");
	} else {
		if (h.count > 0) {
			qsort(h.files, h.count, sizeof *h.files, by_name);
		}
		const char *hash = module_hash(&h, name);
		strbuf_printf(&reply->bytes, "dir ok\nfiles %zu\nhash %s\n", h.count, hash);
		if (slice_eq(want, hash)) {
			look_reply_errno(reply, 0);
			return;
		}
	}
	strbuf_printf(&reply->bytes, "zip %s\n",
	              read_zip(arena, arena_printf(arena, "%s.zip", download), &zip));
	if (!h.error && zip.whole) {
		compare_zip(&h, &zip, name, reply);
	}
	look_reply_errno(reply, 0);
}

/* ---- the go.mod files beside the zips ---- */

static const char *gomod_hash(struct arena *arena, const struct codec *codec, struct slice bytes) {
	char hex[SHA256_HEX_SIZE];

	codec_sha256(codec, bytes, hex);
	return h1_of(arena, codec, slice_str(arena_printf(arena, "%s  go.mod\n", hex)));
}

static void check_gomod(struct arena *arena, const struct codec *codec, const char *top,
                        const char *escaped, const char *want, struct look_reply *reply) {
	const char *at = strrchr(escaped, '@');
	const char *base = arena_printf(arena, "%s/cache/download/%.*s/@v/%s", top,
	                                (int)(at ? at - escaped : 0), escaped, at ? at + 1 : "");
	const char *path = arena_printf(arena, "%s.mod", base);
	const char *beside = arena_printf(arena, "%s/%s/go.mod", top, escaped);
	struct slice bytes, own;
	int error = slurp(arena, AT_FDCWD, path, LOOK_CAP_MODULE, &bytes);

	bool same = slurp(arena, AT_FDCWD, beside, LOOK_CAP_MODULE, &own) == 0 &&
	            streq(gomod_hash(arena, codec, own), want);
	const char *hash = error ? "-" : gomod_hash(arena, codec, bytes);
	const char *kind = "differs";
	if (error == ENOENT) {
		struct stat st;
		bool dir = stat(arena_printf(arena, "%s/%s", top, escaped), &st) == 0;
		bool zip = stat(arena_printf(arena, "%s.zip", base), &st) == 0;
		if (!dir && !zip) {
			return; /* it was never downloaded */
		}
		kind = "absent";
	} else if (error || want[0] == '\0' || streq(hash, want)) {
		return;
	} else if (bytes.len == 0) {
		kind = "empty";
	} else if (same || !slice_has(bytes, "module") || memchr(bytes.data, '\0', bytes.len)) {
		kind = "altered";
	}
	strbuf_printf(&reply->bytes, "%s %s %d %s %s\n", kind, escaped, same, hash, path);
}

void look_gomods(const struct looker *looker, const struct look_request *request,
                 struct look_reply *reply) {
	(void)looker;
	struct arena *arena = request->arena;
	CLEANUP(codec_closep) struct codec *codec = codec_open(NULL);
	struct slice rest = slice_str(request->arg), line = {0}, module;

	if (!codec || !slice_line(&rest, &line)) {
		look_reply_errno(reply, codec ? EINVAL : ENOSYS);
		return;
	}
	const char *top = arena_slicedup(arena, line);
	while (slice_line(&rest, &line) && reply->bytes.len < request->cap) {
		if (slice_cut(&line, ' ', &module)) {
			check_gomod(arena, codec, top, arena_slicedup(arena, module),
			            arena_slicedup(arena, line), reply);
		}
	}
	look_reply_errno(reply, 0);
}

/* ---- entries of the build cache ---- */

static bool is_digest(struct slice s) {
	for (size_t i = 0; i < s.len; i++) {
		if (!memchr("0123456789abcdef", s.data[i], 16)) {
			return false;
		}
	}
	return s.len == DIGEST_HEX;
}

static bool is_zeros(struct slice bytes) {
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.data[i] != '\0') {
			return false;
		}
	}
	return true;
}

/* The path of an entry's file: "TOP/xx/ID-KIND". */
static const char *entry_path(struct arena *arena, const char *top, struct slice id, char kind) {
	return arena_printf(arena, "%s/%.2s/%.*s-%c", top, id.data, (int)id.len, id.data, kind);
}

static void check_entry(struct arena *arena, const struct codec *codec, const char *top,
                        struct slice id, size_t *bytes_left, struct look_reply *reply) {
	struct slice text, word, bytes;
	char hex[SHA256_HEX_SIZE];

	if (slurp(arena, AT_FDCWD, entry_path(arena, top, id, 'a'), LOOK_CAP_SMALL, &text) != 0 ||
	    !slice_cut(&text, ' ', &word) || !slice_eq(word, "v1") ||
	    !slice_cut(&text, ' ', &word) || !slice_cut(&text, ' ', &word) || !is_digest(word)) {
		return; /* go makes it anew */
	}
	struct slice size = slice_trim(text), digits;
	const char *path = entry_path(arena, top, word, 'd');
	int64_t want = -1;

	if (slurp(arena, AT_FDCWD, path, *bytes_left, &bytes) != 0 ||
	    !slice_cut(&size, ' ', &digits) ||
	    str_to_int64(arena_slicedup(arena, digits), &want) != 0 || want != (int64_t)bytes.len) {
		return; /* go looks at the size, and makes it anew */
	}
	*bytes_left -= bytes.len;
	codec_sha256(codec, bytes, hex);
	if (!slice_eq(word, hex)) {
		strbuf_printf(&reply->bytes, "%s %s\n", is_zeros(bytes) ? "zeros" : "altered",
		              path);
	}
}

void look_gocache(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	(void)looker;
	struct arena *arena = request->arena;
	CLEANUP(codec_closep) struct codec *codec = codec_open(NULL);
	struct slice rest = slice_str(request->arg), line = {0};
	size_t checked = 0, bytes_left = ENTRY_BYTES_MAX;

	if (!codec || !slice_line(&rest, &line)) {
		look_reply_errno(reply, codec ? EINVAL : ENOSYS);
		return;
	}
	const char *top = arena_slicedup(arena, line);
	while (slice_line(&rest, &line) && reply->bytes.len < request->cap) {
		if (is_digest(line)) {
			check_entry(arena, codec, top, line, &bytes_left, reply);
			checked++;
		}
	}
	strbuf_printf(&reply->bytes, "checked %zu\n", checked);
	look_reply_errno(reply, 0);
}
