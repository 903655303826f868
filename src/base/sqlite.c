/* SPDX-License-Identifier: MIT */
#include "base/sqlite.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
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

static void bind_slice(const struct sqlite *s, sqlite3_stmt *stmt, int at, char type,
                       struct slice bytes) {
	if (type == 'b') {
		/* An empty blob needs a pointer, else it is NULL. */
		s->bind_blob(stmt, at, bytes.len > 0 ? bytes.data : "", (int)bytes.len,
		             SQLITE_STATIC);
	} else if (bytes.data) {
		s->bind_text(stmt, at, bytes.data, (int)bytes.len, SQLITE_STATIC);
	} else {
		s->bind_null(stmt, at);
	}
}

int sqlite_bind_args(const struct sqlite *s, sqlite3_stmt *stmt, int at, const char *types,
                     va_list args) {
	for (; *types; types++, at++) {
		if (*types == 'i') {
			s->bind_int64(stmt, at, va_arg(args, int64_t));
		} else if (*types == 'n') {
			s->bind_null(stmt, at);
		} else {
			bind_slice(s, stmt, at, *types, va_arg(args, struct slice));
		}
	}
	return at;
}

int sqlite_bind(const struct sqlite *s, sqlite3_stmt *stmt, int at, const char *types, ...) {
	va_list args;
	va_start(args, types);
	at = sqlite_bind_args(s, stmt, at, types, args);
	va_end(args);
	return at;
}

struct slice sqlite_column(const struct sqlite *s, sqlite3_stmt *stmt, int at) {
	const void *data = s->column_blob(stmt, at);
	int len = s->column_bytes(stmt, at);
	return data && len > 0 ? slice_of(data, (size_t)len) : slice_of("", 0);
}
