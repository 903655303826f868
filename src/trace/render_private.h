/* SPDX-License-Identifier: MIT
 * Between render.c (calls and words), render_text.c (strings) and render_struct.c (structures).
 */
#ifndef TRACE_RENDER_PRIVATE_H
#define TRACE_RENDER_PRIVATE_H

#include "trace/flags.h"
#include "trace/render.h"

/* In double quotes, escaped as C does it with octal numbers, "..." behind it when it was cut. */
void render_quoted(struct strbuf *out, struct slice bytes, bool cut);
/* The same with every byte as \x41. */
void render_hex_bytes(struct strbuf *out, struct slice bytes, bool cut);
/* A path: whole. */
void render_path(struct strbuf *out, const struct payload *p);
void render_pointer(struct strbuf *out, uint64_t address);
void render_sockaddr(struct strbuf *out, struct slice bytes);
/* {tv_sec=1, tv_nsec=0}; false when there are too few bytes. */
bool render_timespec(struct strbuf *out, struct slice bytes);
bool render_stat(struct strbuf *out, struct slice bytes, enum event_arch arch);
/* The structure that argument `at` of that call points to; false when this one is not known. */
bool render_struct(struct strbuf *out, const struct event *e, const struct call *call, int at,
                   struct slice bytes);
/* An array of structures; the same. */
bool render_structs(struct strbuf *out, const struct event *e, const struct call *call, int at,
                    struct slice bytes);
/* [HUP CHLD], ~[] */
void render_sigset(struct strbuf *out, uint64_t set);
/* AF_INET's protocol and what SO_ and TCP_ words mean: arguments whose names another one decides. */
const struct flag *render_names(const struct event *e, const struct call *call, int at);

#endif
