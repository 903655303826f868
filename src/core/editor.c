/* SPDX-License-Identifier: MIT
 */
#include "core/editor.h"

#include "base/str.h"
#include "core/registry.h"

#include <stdio.h>

const struct editor *editor_find(const char *name) {
	for (size_t i = 0; registry_editors[i]; i++) {
		if (streq(registry_editors[i]->name, name)) {
			return registry_editors[i];
		}
	}
	return NULL;
}

const struct editor *editor_of_kind(const char *kind) {
	for (size_t i = 0; registry_editors[i]; i++) {
		const char *const *k = registry_editors[i]->kinds;
		for (; k && *k; k++) {
			if (streq(*k, kind)) {
				return registry_editors[i];
			}
		}
	}
	return NULL;
}

void editor_names(char *buffer, size_t len) {
	size_t used = 0;
	for (size_t i = 0; registry_editors[i] && used < len; i++) {
		int n = snprintf(buffer + used, len - used, "%s%s", i > 0 ? ", " : "",
		                 registry_editors[i]->name);
		used += n > 0 ? (size_t)n : 0;
	}
}
