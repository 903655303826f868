/* SPDX-License-Identifier: MIT
 * Which product of the VS Code family is meant, and where it keeps its things. Several may be
 * installed, and each has settings, profiles, extensions and trusted folders of its own: only those
 * of one count. That is the running one; when none runs, the one that was used last.
 *
 * Sources: microsoft/vscode src/vs/platform/environment/common/environmentService.ts and
 * node/userDataPath.ts (--user-data-dir, VSCODE_PORTABLE, VSCODE_EXTENSIONS), product.json of each
 * (nameLong, dataFolderName, serverDataFolderName, applicationName); coder/code-server
 * src/node/util.ts (data in $XDG_DATA_HOME/code-server).
 */
#ifndef PROBES_EDITORS_VSCODE_INSTALL_H
#define PROBES_EDITORS_VSCODE_INSTALL_H

#include "core/probe.h"

struct vscode_install {
	const char *name;       /* of its folder: "Code", "VSCodium", "code-server" … */
	const char *cli;        /* what people type: "code" */
	const char *data;       /* holds User and logs, of the program on this desktop; or NULL */
	const char *server;     /* the same of its server part, for editors on other machines (holds
	                           Machine, logs); or NULL */
	const char *extensions; /* directory */
	const char *profile;    /* directory of the profile that counts; NULL: the default one */
	const char *profile_name;
	const char *profile_extensions; /* its list of extensions; NULL: the list in `extensions` */
	const char *default_settings; /* settings.json of the default profile: settings of the whole
	                                 application are read there; or NULL */
	const char *settings;         /* settings.json of the profile that counts; or NULL */
	const char *machine; /* settings.json of the machine, when a server part counts; or NULL */
	const char *from;    /* process: told by the running one; used: by what was used last */
	int64_t pid;         /* of the process that told, or 0 */
	int64_t used_ns;     /* when it was last seen to be used; 0: not known */
	bool trusts_all;     /* started with --disable-workspace-trust */
};

/* The one that counts for this exam; NULL when no product lies here. Found once. */
const struct vscode_install *vscode_install(struct exam *exam);

/* "code", or "code-server" when that is what counts; NULL when nothing is installed. */
const char *vscode_install_editor(struct exam *exam);

/* States what was found (install). */
void vscode_install_state(struct exam *exam);

#endif
