/* SPDX-License-Identifier: MIT
 * Which release of gopls is to be installed (rules advise it, fixes do it), and from where.
 */
#ifndef CORE_GOPLS_CHOICE_H
#define CORE_GOPLS_CHOICE_H

#include "core/facts.h"

#define GOPLS_PACKAGE "golang.org/x/tools/gopls"

/* The version itself when it is a release ("v0.20.0"); "latest" for "(devel)", "", one before a release. */
const char *gopls_release_or_latest(const char *version);

/* The same release again where the Go that runs compiles it, else the newest one it compiles. */
const char *gopls_choose_again(const struct fact_server_age *age);

/* The newest one that the Go that runs compiles. */
const char *gopls_choose_newer(const struct fact_server_age *age);

/* The version of the Go that is here ("1.26.8"), not of one it may switch to; "" when it is not known. */
const char *gopls_local_go(const struct facts *facts);

/* The folder of a GOPROXY that is a single file:// address, in the arena; else NULL. */
const char *goproxy_folder(struct arena *arena, const char *proxy);

#endif
