/* SPDX-License-Identifier: MIT */
#include "base/sqlite.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define SQLITE_LIBRARY "libsqlite3.so.0"

/* ISO C has no conversion between object and function pointers; POSIX promises that dlsym's works.
 */
static bool symbol_get(void *library, const char *name, void *ret_function) {
	void *symbol = dlsym(library, name);
	memcpy(ret_function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

int sqlite_load(struct sqlite *sqlite, const char *what_needs_it, struct err *err) {
	bool bound = true;
	*sqlite = (struct sqlite){.library = dlopen(SQLITE_LIBRARY, RTLD_NOW | RTLD_LOCAL)};
	if (sqlite->library) {
#define X(name) bound = bound && symbol_get(sqlite->library, "sqlite3_" #name, &sqlite->name);
		SQLITE_FUNCTIONS(X)
#undef X
	}
	return sqlite->library && bound
	               ? 0
	               : err_set(err, -ENOSYS, "%s needs the library '%s', which is not installed",
	                         what_needs_it, SQLITE_LIBRARY);
}

void sqlite_unload(struct sqlite *sqlite) {
	if (sqlite->db) {
		sqlite->close_v2(sqlite->db);
	}
	if (sqlite->library) {
		dlclose(sqlite->library);
	}
	*sqlite = (struct sqlite){0};
}
