/* SPDX-License-Identifier: MIT
 * The tables of a trace file; docs/trace-format.md says what they mean. They are an interface:
 * what changes them other than by addition makes a new STORE_VERSION.
 */
#ifndef TRACE_STORE_SCHEMA_H
#define TRACE_STORE_SCHEMA_H

#define STORE_APPLICATION 0x44545452 /* "DTTR", PRAGMA application_id */
#define STORE_VERSION     1          /* PRAGMA user_version */

#define STORE_SCHEMA                                                                               \
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"                           \
	"CREATE TABLE chunk (id INTEGER PRIMARY KEY, events INTEGER, first_ns INTEGER,"            \
	" last_ns INTEGER, longest_ns INTEGER, failed INTEGER, head BLOB, data BLOB);"             \
	"CREATE TABLE process (id INTEGER PRIMARY KEY, pid INTEGER, start_ns INTEGER,"             \
	" ppid INTEGER, exe TEXT, argv TEXT, cwd TEXT, end_ns INTEGER, status INTEGER,"            \
	" how TEXT, threads INTEGER);"                                                             \
	"CREATE INDEX process_pid ON process (pid);"                                               \
	"CREATE TABLE exec (id INTEGER PRIMARY KEY, at_ns INTEGER, pid INTEGER, tid INTEGER,"      \
	" exe TEXT, argv TEXT, chunk INTEGER, position INTEGER);"                                  \
	"CREATE TABLE fork (at_ns INTEGER, pid INTEGER, tid INTEGER, child INTEGER,"               \
	" child_pid INTEGER, flags INTEGER);"                                                      \
	"CREATE TABLE exit (at_ns INTEGER, pid INTEGER, tid INTEGER, status INTEGER);"             \
	"CREATE TABLE signal (at_ns INTEGER, pid INTEGER, tid INTEGER, signal INTEGER,"            \
	" sender INTEGER);"                                                                        \
	"CREATE TABLE lost (at_ns INTEGER, pid INTEGER, lost INTEGER, why TEXT);"                  \
	"CREATE TABLE call (arch INTEGER, number INTEGER, name TEXT,"                              \
	" PRIMARY KEY (arch, number)) WITHOUT ROWID;"                                              \
	"CREATE TABLE call_summary (chunk INTEGER, pid INTEGER, arch INTEGER, number INTEGER,"     \
	" calls INTEGER, failed INTEGER, unfinished INTEGER, total_ns INTEGER,"                    \
	" shortest_ns INTEGER, longest_ns INTEGER);"                                               \
	"CREATE TABLE error_summary (chunk INTEGER, pid INTEGER, arch INTEGER, number INTEGER,"    \
	" error INTEGER, calls INTEGER);"                                                          \
	"CREATE TABLE kind_summary (chunk INTEGER, kind INTEGER, pid INTEGER, events INTEGER);"    \
	"CREATE VIEW summary AS SELECT c.name AS call, s.* FROM call_summary s"                    \
	" LEFT JOIN call c USING (arch, number);"

#endif
