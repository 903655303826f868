/* SPDX-License-Identifier: MIT
 * Where in some bytes a secret stands:
 *  - the value of a variable, setting or header whose name says so (secret_name), in `NAME=value`,
 * `"name": "value"`, NUL-separated environments and URL queries
 *  - `user:password@` in a URL, and any user in front of an http(s) host
 *  - `Authorization: …`, `Bearer …`; login, password and account of a .netrc
 *  - what the well-known services mark as theirs: AKIA… (AWS), ghp_… (GitHub), glpat-… (GitLab),
 * xoxb-… (Slack), npm_…, JSON web tokens; private keys in PEM
 */
#ifndef WORLD_SECRET_SCAN_H
#define WORLD_SECRET_SCAN_H

#include "base/slice.h"

enum secret_scan_flags {
	SECRET_SCAN_CODE = 1,    /* program text: `token = next()` is no secret */
	SECRET_SCAN_LSP = 2,     /* "token" is a progress token */
	SECRET_SCAN_NETRC = 4,   /* single "password x" counts */
	SECRET_SCAN_ENVIRON = 8, /* NUL-separated: a value may hold blanks */
};

typedef void secret_found_fn(void *data, size_t start, size_t len);

/* Tells each; they may overlap and come in any order. */
void secret_scan(struct slice bytes, unsigned flags, secret_found_fn *found_fn, void *data);

/* True when the name of a variable or setting says that its value is secret: it holds token,
 * secret, password, passwd, apikey, credential, privatekey, accesskey or passphrase (case and '_',
 * '-', '.' do not matter). */
bool secret_name(struct slice name);

#endif
