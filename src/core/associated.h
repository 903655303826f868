/* SPDX-License-Identifier: MIT
 * The language that a setting "files.associations" of the VS Code family gives a file. The Go extension's server is asked
 * only about documents whose language is go.
 * Source: VS Code, src/vs/editor/common/services/languagesAssociations.ts, getAssociationByPath; vscode-go v0.57.2,
 * extension/src/language/goLanguageServer.ts (documentSelector).
 */
#ifndef CORE_ASSOCIATED_H
#define CORE_ASSOCIATED_H

#include "core/facts.h"

/* The object of associations; each of its members is a setting "files.associations.PATTERN". */
#define ASSOCIATIONS_SETTING "files.associations"

/* The setting in force that makes this file another language than go, or NULL when none does. A pattern with braces is
 * never said to match. */
const struct fact_setting *associated_elsewhere(const struct facts *facts, const char *file);

#endif
