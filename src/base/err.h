/* SPDX-License-Identifier: MIT
 * An error of ours: a code and a sentence. It fits the stack and never allocates.
 * Errors are about dialtone; what is wrong with the patient is a finding (core/finding.h).
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_MSG_MAX 480

struct err {
	int code;              /* negative errno, 0 when nothing went wrong */
	char msg[ERR_MSG_MAX]; /* one sentence: lower case, no full stop, subjects in quotes */
};

/* Sets code and sentence; returns code, so that `return err_set(err, -EINVAL, …)` reads well.
 * err may be NULL: then only the code is returned. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts the caller's words in front: "outer: inner". Returns the code already in err. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
