/* SPDX-License-Identifier: MIT
 * Which files a language server is for, and what the protocol calls their language.
 */
#ifndef CLIENT_LANGUAGE_H
#define CLIENT_LANGUAGE_H

#include "core/world.h"

/* The languageId of a file by its name (LSP 3.17, "TextDocumentItem"), "plaintext" when unknown. */
const char *language_of_file(const char *path);
/* A file below dir that the program would be asked about: by its well-known name ("clangd" is for C
 * and C++), else any source file. Nearest first; hidden directories and those of packages and builds
 * are not entered, at most 400 directories. NULL when there is none. */
const char *language_sample(struct arena *arena, struct world *world, const char *dir,
                            const char *program);

#endif
