/* SPDX-License-Identifier: MIT
 * `--backend auto`: the way of recording that costs the traced least, and the next one when that turns out to be
 * refused. A backend can be asked beforehand (`can`), but what it loads into the kernel is judged there only when it
 * is loaded: the verifier may reject it although every right is there.
 */
#ifndef TRACE_CHOOSE_H
#define TRACE_CHOOSE_H

#include "base/str.h"
#include "trace/backend.h"

/* Which of `all` (NULL at the end) can serve the request, has not been tried and costs least; it counts as tried from now on.
 * NULL when there is none. Why those that cannot serve cannot is added to `why`, each once. */
struct choice {
	const struct backend *const *all;
	uint32_t tried; /* bits by place in `all` */
	struct strbuf *why;
};
const struct backend *choice_next(struct choice *choice, const struct trace_request *request);

/* What it could not be used for is added to `why` as well: "ebpf: SENTENCE". */
void choice_refused(struct choice *choice, const struct backend *backend, const struct err *err);

#endif
