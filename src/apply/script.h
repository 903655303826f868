/* SPDX-License-Identifier: MIT
 * Repairs as a shell script, for what is not done from here: commented, to be read first; run twice it does nothing twice;
 * with the word undo it takes back.
 */
#ifndef APPLY_SCRIPT_H
#define APPLY_SCRIPT_H

#include "apply/journal.h"
#include "base/str.h"
#include "core/plan.h"

#define SCRIPT_FILE_MAX ((size_t)256 * 1024) /* of a file whose bytes stand in the script */

struct script {
	struct strbuf *out;
	struct strbuf files; /* the bytes before and after, written out by the script */
	struct strbuf forth; /* calls in their order */
	struct strbuf back;  /* likewise, the other way round */
	size_t count;
	bool needs_root;
};

/* workspace: for the comment at the head. */
void script_begin(struct script *script, struct strbuf *out, const char *workspace);
void script_add(struct script *script, const struct plan *plan, const struct repair *repair);
void script_end(struct script *script);

#endif
