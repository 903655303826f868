/* SPDX-License-Identifier: MIT
 */
#include "gofile/importpath.h"

#include "base/str.h"

#include <ctype.h>
#include <strings.h>

/* Names no file can have on Windows; go refuses them everywhere, so that a module can be used
 * there. */
static bool is_windows_name(const char *element, size_t len) {
	static const char *const names[] = {"con",  "com1", "com2", "com3", "com4", "com5",
	                                    "com6", "com7", "com8", "com9", "nul",  "prn",
	                                    "aux",  "lpt1", "lpt2", "lpt3", "lpt4", "lpt5",
	                                    "lpt6", "lpt7", "lpt8", "lpt9"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strlen(names[i]) == len && strncasecmp(names[i], element, len) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_allowed(char c) {
	return isalnum((unsigned char)c) || (c != '\0' && strchr("-._~+", c));
}

/* "~1" at the end of the part before the first dot: a short name of Windows. */
static bool ends_in_tilde_digits(const char *element, size_t len) {
	size_t digits = 0;
	while (digits < len && isdigit((unsigned char)element[len - 1 - digits])) {
		digits++;
	}
	return digits > 0 && digits < len && element[len - 1 - digits] == '~';
}

/* A character outside ASCII is shown whole. */
static const char *bad_character(struct arena *arena, const char *at, size_t left) {
	size_t n = 1;
	while (n < left && n < 4 && ((unsigned char)at[0] & 0x80) &&
	       ((unsigned char)at[n] & 0xC0) == 0x80) {
		n++;
	}
	return arena_printf(arena, "'%.*s' is not allowed in an import path", (int)n, at);
}

static const char *element_fault(struct arena *arena, const char *element, size_t len) {
	size_t dots = strspn(element, ".");
	if (len == 0) {
		return "it has an empty element";
	}
	if (dots >= len) {
		return "an element of dots alone is not allowed in an import path";
	}
	for (size_t i = 0; i < len; i++) {
		if (!is_allowed(element[i])) {
			return bad_character(arena, element + i, len - i);
		}
	}
	if (element[len - 1] == '.') {
		return "an element must not end with a dot";
	}
	const char *dot = memchr(element, '.', len);
	size_t stem = dot ? (size_t)(dot - element) : len;
	if (is_windows_name(element, stem)) {
		return arena_printf(arena, "\"%.*s\" is a device name on Windows", (int)stem,
		                    element);
	}
	return ends_in_tilde_digits(element, stem)
	               ? "an element must not end with a tilde and digits"
	               : NULL;
}

const char *importpath_fault(struct arena *arena, const char *path) {
	if (path[0] == '-') {
		return "it begins with a dash";
	}
	while (true) {
		size_t len = strcspn(path, "/");
		const char *fault = element_fault(arena, path, len);
		if (fault || path[len] == '\0') {
			return fault;
		}
		path += len + 1;
	}
}
