/* SPDX-License-Identifier: MIT
 * What the files of an Emacs configuration say of gopls without being run: what eglot or lsp-mode
 * are told in forms that are written out, and a project's .dir-locals.el. Two places that contradict
 * each other count as none. Sources: eglot manual (eglot-server-programs, Project-specific
 * configuration, initializationOptions), lsp-mode clients/lsp-go.el.
 */
#ifndef PROBES_EDITORS_EMACS_CONFIG_H
#define PROBES_EDITORS_EMACS_CONFIG_H

#include "probes/editors/client_config.h"

/* NULL when nothing is said. */
struct client_config *emacs_config_read(struct exam *exam);

#endif
