/* SPDX-License-Identifier: MIT
 * The tables of the journal, and how those of earlier versions become them.
 */
#ifndef APPLY_JOURNAL_SCHEMA_H
#define APPLY_JOURNAL_SCHEMA_H

#include "apply/database.h"

#define JOURNAL_VERSION 2

/* Makes the tables, or brings those of an earlier version up, as one transaction. -EPROTO: a later version; -EIO. */
int journal_schema(struct sqlite *db, struct err *err);

#endif
