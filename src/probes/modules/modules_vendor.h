/* SPDX-License-Identifier: MIT
 * Whether go takes packages from a vendor directory, and whether it accepts that directory.
 */
#ifndef PROBES_MODULES_MODULES_VENDOR_H
#define PROBES_MODULES_MODULES_VENDOR_H

#include "gofile/modulestxt.h"
#include "probes/modules/modules_view.h"

struct modules_vendor {
	const char *dir;
	const char *txt_path;
	const struct evidence *ev;
	struct modulestxt txt;
	const char *gomod; /* the file the list must agree with: go.mod or go.work */
	bool used;         /* packages come from there */
	bool gaps;         /* go refuses it as a whole */
};

/* States vendor and vendor_gap. */
void modules_vendor_state(const struct modules_view *view, struct modules_vendor *ret);

/* An import that no module of the workspace provides: with vendoring in use, states a vendor_gap
 * when the directory lacks it. */
void modules_vendor_import(const struct modules_view *view, const struct modules_vendor *vendor,
                           const char *import);

#endif
