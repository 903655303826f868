/* SPDX-License-Identifier: MIT
 * What leaves the machine in a case file: everything that was looked at, without secrets and
 * without the names of people.
 *
 * Secrets (secret_scan.h says what counts as one) become "secret-1", "secret-2" …, in the bytes
 * where they were found and wherever else the same value stands in any bytes or source. The user's
 * name and the last element of HOME become "user-1" (the same name the same token, the home
 * directory keeps its parent: /home/lena is /home/user-1), as do the names of other people in
 * /etc/passwd ("user-2" …); full names there are emptied. The tokens are put in everywhere, in
 * sources, in paths and file URIs, in what the editor and the server said, so a replay reaches the
 * same verdict.
 *
 * A name that is also an ordinary word (dev, test, code …) or short is replaced only where it is a
 * home directory or the value of USER, LOGNAME, USERNAME or a line of /etc/passwd. root and HOME=/
 * are not names of people.
 */
#ifndef WORLD_REDACT_H
#define WORLD_REDACT_H

#include "world/casefile.h"

/* Copies `from` into the empty store `to`, redacted; meta->home, cwd and argv (in its arena)
 * likewise, and meta->raw becomes false. meta->uid says who we are in /etc/passwd. Stretches of
 * bytes that hold nothing are shared, not copied: `from` has to live as long as `to`. */
void redact_case(const struct evidence_store *from, struct evidence_store *to,
                 struct case_meta *meta);

#endif
