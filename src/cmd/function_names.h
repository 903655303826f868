/* SPDX-License-Identifier: MIT
 * The functions in the files of programs and libraries, by their symbol tables (.symtab, .dynsym). Source: ELF gABI.
 */
#ifndef CMD_FUNCTION_NAMES_H
#define CMD_FUNCTION_NAMES_H

#include "base/str.h"

#include <stdint.h>

struct function_file;

struct function_names {
	struct arena *arena; /* of the names and tables */
	struct function_file *files;
	size_t count, slots;
};

void function_names_init(struct function_names *names, struct arena *arena);
/* Adds "net.(*Dialer).Dial+0x4f" for what lies at the offset in the file; false, and nothing, when it is stripped, gone or
 * no program. */
bool function_names_put(struct function_names *names, struct strbuf *out, const char *path,
                        uint64_t offset);
void function_names_free(struct function_names *names); /* the arena is yours */

#endif
