/* SPDX-License-Identifier: MIT
 * Caches, temporary directories and the filesystems below them: questions that several probes and
 * rules ask.
 */
#ifndef CORE_STORAGE_H
#define CORE_STORAGE_H

#include "core/facts.h"
#include "core/finding.h"

/* Names of facts of the counter-check (probes/go/spare_caches.c). */
#define STORAGE_RUN_STD     "std"
#define STORAGE_RUN_OWN     "own"
#define STORAGE_RUN_WHY     "why"
#define STORAGE_TRIAL_CACHE "other GOCACHE"
#define STORAGE_TRIAL_TMP   "other TMPDIR"

/* So little room that a file or a directory can no longer be made. A cold build cache for a small
 * project still succeeds with 1 MiB and fails with 256 KiB (go 1.24 to 1.27). */
bool storage_is_full(const struct fact_place *place);
/* "no free inode left (300 of 300 in use, 63.9 MiB free)" or "12.0 KiB of 8.0 MiB free". */
const char *storage_room(struct arena *arena, const struct fact_place *place);

/* The place of this role is full or nearly, read-only, not writable, or something in it cannot be
 * used: worth a counter-check. */
bool storage_is_odd(const struct facts *facts, const char *role);
/* The place neither exists nor can be made. */
bool storage_cannot_be_made(const struct fact_place *place);
/* The first entry below the place of this role that this user cannot read, or cannot write; NULL
 * when none. */
const struct fact_owner_gap *storage_gap(const struct facts *facts, const char *role);

/* What keeps go from using the build cache at GOCACHE, or the temporary directory, is proven by a
 * counter-check, or certain without one (then even before the server has answered). */
bool storage_cache_fails(const struct facts *facts);
bool storage_tmp_fails(const struct facts *facts);
/* gopls ended because of its index, or cannot answer because of it: what it said about that, "" when
 * it ended without a word, NULL when it is well in this respect. (gopls/internal/filecache, Start:
 * log.Fatalf, exit 1; before v0.18 only "can't create cache" in the log.) */
const char *storage_index_error(const struct facts *facts);
/* The place of the index in use: that of role GOPLSCACHE, or TMPDIR's where gopls falls back to
 * it. NULL when unknown. */
const struct fact_place *storage_index(const struct facts *facts);
/* A module or toolchain that is needed is not in the module cache, so that go must write there:
 * the fact that says so, or NULL. */
const struct fact *storage_module_wanted(const struct facts *facts);

/* What go says when -mod=mod makes it write go.mod or go.sum and it may not: that fact, or NULL.
 * file: its path, refusal: the words of the errno, both in the arena of facts.
 * ("updating go.mod: open PATH: read-only file system", cmd/go/internal/modload, go 1.24 to 1.27) */
const struct fact *storage_modfile_refused(const struct facts *facts, const char **file,
                                           const char **refusal);

/* What this user was refused his mode allows: an attribute (chattr +i), an access list or a policy forbids it. */
bool storage_mode_allows(const struct facts *facts, int64_t uid, int64_t mode);
/* "belongs to root (uid 0)", "belongs to uid 1001", "is not writable (mode 0555)" for one's own. */
const char *storage_owner_words(const struct facts *facts, int64_t uid, int64_t mode);
/* Adds the fix that puts a cache somewhere else, in the way its variable is set now. */
void storage_fix_move(const struct facts *facts, struct findings *out, struct finding *finding,
                      const char *variable, const char *path);
/* Cites what proves a cache in the way: the counter-check with both sides, and go's own words. */
void storage_cite_proof(const struct facts *facts, struct finding *finding, const char *trial);

#endif
