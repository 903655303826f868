/* SPDX-License-Identifier: MIT
 * Changes one thing in Emacs Lisp and nothing else: (setenv "KEY" "value"), whose name stands in the line, or one of
 * the words of the list whose first string stands there. Pure.
 */
#ifndef WIRE_LISP_EDIT_H
#define WIRE_LISP_EDIT_H

#include "wire/member_edit.h"

/* As member_edit; of the key only the name of a variable counts, and with an element none. */
int lisp_edit(struct arena *arena, struct slice text, const struct member_edit *edit,
              struct slice *ret, struct err *err);

#endif
