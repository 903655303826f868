/* SPDX-License-Identifier: MIT
 * A running server and our side of its three streams.
 *
 * Its transcript (wire/transcript.h) holds what was sent and received, and these notes of ours:
 * "pid N" (that of struct session), "started", "done" (to the dialogue nothing more was to be learnt), "stop" (what follows is our doing), "output cap" (it
 * was ended because it sent too much), "not sent" (it did not read), "frame error N" (enum
 * frame_error), "end …" (what was left to see of it: child_last_text in spawn.h). The end is "exit N",
 * "signal N" or, when it could not be executed, "errno N".
 *
 * From world_session_stop on the dialogue hears nothing more.
 */
#ifndef WORLD_SESSION_H
#define WORLD_SESSION_H

#include "world/loop.h"

#define SESSION_RECEIVE_MAX ((size_t)64 * 1024 * 1024) /* stdout and stderr together */
#define SESSION_STDERR_KEPT ((size_t)1024 * 1024)
#define SESSION_BODY_MAX    ((size_t)32 * 1024 * 1024)
#define SESSION_BACKLOG_MAX                                                                        \
	((size_t)32 * 1024 * 1024) /* what may wait for a server that does not read */
#define SESSION_TICK_NS ((int64_t)50000000)

/* Notes in the transcript, which world/replay.h reads again. */
#define SESSION_NOTE_STARTED "started"
#define SESSION_NOTE_STOP    "stop"
#define SESSION_NOTE_PID     "pid "
#define SESSION_NOTE_DONE    "done"

/* world_ops */
struct session *live_session_start(struct world *w, const struct session_spec *spec,
                                   const char *source);
void live_session_send(struct session *s, struct slice body);
void live_session_wait(struct world *w, struct session *s, int64_t deadline_ns);
void live_session_stop(struct world *w, struct session *s, struct evidence *ev);

/* Ends all of them at once; for closing the world. */
void live_sessions_end(struct live_world *lw);

/* For live_turn. prepare gives the time of the next tick (clock_now_ns). */
int64_t live_session_prepare(const struct live_session *session, struct poll_set *set);
void live_session_serve(struct live_world *lw, struct live_session *session,
                        const struct poll_set *set);

#endif
