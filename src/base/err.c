/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...) {
	if (!err) {
		return code;
	}
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	err->code = code;
	return code;
}

int err_wrap(struct err *err, const char *fmt, ...) {
	if (!err) {
		return 0;
	}
	char outer[ERR_MSG_MAX];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(outer, sizeof(outer), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(outer)) {
		snprintf(outer + n, sizeof(outer) - (size_t)n, ": %.*s",
		         (int)(sizeof(outer) - (size_t)n), err->msg);
	}
	memcpy(err->msg, outer, sizeof(err->msg));
	return err->code;
}
