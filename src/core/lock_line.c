/* SPDX-License-Identifier: MIT
 */
#include "core/lock_line.h"

#include "base/ascii.h"

static int hex_digit(char c) {
	return ascii_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void skip_blanks(struct slice *rest) {
	while (rest->len > 0 && rest->data[0] == ' ') {
		*rest = slice_of(rest->data + 1, rest->len - 1);
	}
}

/* The next word; blanks before it are skipped. */
static struct slice take_word(struct slice *rest) {
	struct slice word = {0};

	skip_blanks(rest);
	slice_cut(rest, ' ', &word);
	return word;
}

/* All of word as a number; a minus is allowed. */
static bool number_of(struct slice word, int64_t *ret) {
	bool minus = word.len > 1 && word.data[0] == '-';
	int64_t value = 0;

	if (word.len == 0) {
		return false;
	}
	for (size_t i = minus; i < word.len; i++) {
		if (!ascii_is_digit(word.data[i]) || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, word.data[i] - '0', &value)) {
			return false;
		}
	}
	*ret = minus ? -value : value;
	return true;
}

static bool unsigned_of(struct slice word, uint64_t *ret) {
	uint64_t value = 0;

	for (size_t i = 0; i < word.len; i++) {
		if (!ascii_is_digit(word.data[i]) || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(word.data[i] - '0'), &value)) {
			return false;
		}
	}
	*ret = value;
	return word.len > 0;
}

static bool hex_of(struct slice word, uint32_t *ret) {
	uint32_t value = 0;

	if (word.len == 0 || word.len > 8) {
		return false;
	}
	for (size_t i = 0; i < word.len; i++) {
		int digit = hex_digit(word.data[i]);

		if (digit < 0) {
			return false;
		}
		value = value << 4 | (uint32_t)digit;
	}
	*ret = value;
	return true;
}

/* "fe:00:10111533"; "<none>:0" for a lock without a file. */
static bool place_of(struct slice word, struct lock_line *ret) {
	struct slice major, minor;

	if (slice_eq(word, "<none>:0")) {
		return true;
	}
	ret->has_place = true;
	return slice_cut(&word, ':', &major) && slice_cut(&word, ':', &minor) &&
	       hex_of(major, &ret->place.major) && hex_of(minor, &ret->place.minor) &&
	       unsigned_of(word, &ret->place.ino);
}

static bool word_copy(char *to, struct slice word) {
	if (word.len == 0 || word.len >= LOCK_WORD_SIZE) {
		return false;
	}
	for (size_t i = 0; i < word.len; i++) {
		if (!(word.data[i] >= 'A' && word.data[i] <= 'Z') && word.data[i] != '*') {
			return false;
		}
	}
	memcpy(to, word.data, word.len);
	to[word.len] = '\0';
	return true;
}

/* Blanks and "-> " behind the number: how deep in the queue. */
static unsigned take_depth(struct slice *rest) {
	const char *from = rest->data;

	skip_blanks(rest);
	if (!slice_starts(*rest, "->")) {
		return 0;
	}
	size_t depth = (size_t)(rest->data - from) + 1;

	*rest = slice_of(rest->data + 2, rest->len - 2);
	return depth < 4096 ? (unsigned)depth : 4096;
}

bool lock_line_parse(struct slice line, struct lock_line *ret) {
	struct slice group;

	*ret = (struct lock_line){0};
	skip_blanks(&line);
	if (!slice_cut(&line, ':', &group) || !number_of(group, &ret->group)) {
		return false;
	}
	if (line.len > 0 && line.data[0] == ' ') {
		line = slice_of(line.data + 1, line.len - 1);
	}
	ret->depth = take_depth(&line);
	if (!word_copy(ret->class, take_word(&line)) || !word_copy(ret->state, take_word(&line)) ||
	    !word_copy(ret->mode, take_word(&line)) || !number_of(take_word(&line), &ret->pid) ||
	    !place_of(take_word(&line), ret) || !number_of(take_word(&line), &ret->start)) {
		return false;
	}
	struct slice end = slice_trim(take_word(&line));

	ret->end = -1;
	return slice_eq(end, "EOF") || number_of(end, &ret->end);
}

/* "ino:\t123": what follows the key, when the line has it. */
static bool value_of(struct slice line, const char *key, struct slice *ret) {
	size_t len = strlen(key);

	if (!slice_starts(line, key)) {
		return false;
	}
	*ret = slice_trim(slice_of(line.data + len, line.len - len));
	return true;
}

struct fdinfo fdinfo_parse(struct slice text) {
	struct fdinfo info = {.mnt_id = -1};
	struct slice line, value;

	for (struct slice rest = text, at = text; slice_line(&rest, &line); at = rest) {
		if (value_of(line, "ino:", &value)) {
			info.has_ino = unsigned_of(value, &info.ino);
		} else if (value_of(line, "mnt_id:", &value)) {
			if (!number_of(value, &info.mnt_id)) {
				info.mnt_id = -1;
			}
		} else if (slice_starts(line, "lock:")) {
			info.text = at;
			break;
		}
	}
	return info;
}

bool fdinfo_lock(struct slice *rest, struct lock_line *ret) {
	struct slice line, value;

	while (slice_line(rest, &line)) {
		if (value_of(line, "lock:", &value) && lock_line_parse(value, ret)) {
			return true;
		}
	}
	return false;
}
