/* SPDX-License-Identifier: MIT
 * What can be odd about a package that the open file needs: it uses C, a file of it cannot be
 * read, its name is none that go accepts.
 */
#ifndef PROBES_MODULES_MODULES_ODDITIES_H
#define PROBES_MODULES_MODULES_ODDITIES_H

#include "probes/modules/modules_packages.h"

struct modules_site {
	const struct modules_import
		*import; /* who imports it; NULL: it is the open file's package */
	const char *dir;
};

/* States cgo_use, unreadable and odd_path about a package of the user's own modules. */
void modules_oddities_state(const struct modules_view *view, const struct modules_package *package,
                            const struct modules_site *site);

/* An import that no requirement provides, but one provides it that is spelled with other capital
 * letters: states odd_path. False when there is none. */
bool modules_other_case(const struct modules_view *view, const struct modules_import *import);

#endif
