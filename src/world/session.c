/* SPDX-License-Identifier: MIT
 */
#include "world/session.h"

#include "base/clock.h"
#include "base/fd.h"
#include "wire/frame.h"
#include "wire/transcript.h"
#include "world/spawn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define STOP_LIMIT_NS (3 * NS_PER_S) /* more than a warden takes */
#define READS_A_TURN  32 /* of LIVE_CHUNK_BYTES, so that a flood does not starve the others */

struct live_session {
	struct session base;
	struct child child;
	struct frame_reader reader;
	struct transcript transcript;
	char *backlog; /* malloc'ed: what is to be written */
	size_t backlog_len;
	size_t backlog_size;
	uint64_t received; /* stdout and stderr */
	size_t stderr_kept;
	int64_t tick_ns; /* when the last tick was */
	bool told_started;
	bool noted_done; /* the dialogue was done at the end of the last wait */
	bool ended;      /* the last event has been told */
	bool stopping;   /* by us: the dialogue hears nothing more */
	bool flooded;
};

static int64_t session_age_ns(const struct live_session *session) {
	return clock_now_ns() - session->child.start_ns;
}

static void session_tell(struct live_session *session, enum session_event event,
                         struct slice bytes) {
	struct dialogue *dialogue = session->base.dialogue;

	if (!session->stopping) {
		dialogue->on_event(dialogue, &session->base, event, bytes, session_age_ns(session));
	}
}

static void session_record(struct live_session *session, enum transcript_kind kind,
                           struct slice bytes) {
	/* Without memory the transcript is shorter; the dialogue has heard everything all the same.
	 */
	(void)transcript_add(&session->transcript, kind, session_age_ns(session), bytes);
}

static void session_note(struct live_session *session, const char *text) {
	session_record(session, TRANSCRIPT_NOTE, slice_str(text));
}

/* For a replay: looks at what is below the server name this process. */
static void note_pid(struct live_session *session) {
	char text[sizeof SESSION_NOTE_PID + 20];

	if (session->base.pid > 0) {
		snprintf(text, sizeof text, SESSION_NOTE_PID "%lld", (long long)session->base.pid);
		session_note(session, text);
	}
}

/* ---- sending ---- */

static void session_flush(struct live_session *session) {
	size_t sent = 0;

	while (sent < session->backlog_len && session->child.in_fd >= 0) {
		ssize_t n = send(session->child.in_fd, session->backlog + sent,
		                 session->backlog_len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			sent += (size_t)n;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && errno == EAGAIN) {
			break;
		} else {
			fd_closep(&session->child.in_fd);
			session->child.in_fd = -1;
		}
	}
	session->backlog_len -= sent;
	if (sent > 0 && session->backlog_len > 0) {
		memmove(session->backlog, session->backlog + sent, session->backlog_len);
	}
}

/* False when it does not fit. */
static bool backlog_add(struct live_session *session, struct slice bytes) {
	size_t want = session->backlog_len + bytes.len;

	if (want > session->backlog_size) {
		char *grown = realloc(session->backlog, want * 2);

		if (!grown) {
			return false;
		}
		session->backlog = grown;
		session->backlog_size = want * 2;
	}
	memcpy(session->backlog + session->backlog_len, bytes.data, bytes.len);
	session->backlog_len = want;
	return true;
}

void live_session_send(struct session *s, struct slice body) {
	struct live_session *session = (struct live_session *)s;
	char header[FRAME_HEADER_SIZE];
	size_t header_len = frame_header(header, body.len);

	if (session->ended || session->child.in_fd < 0) {
		return;
	}
	if (session->backlog_len + header_len + body.len > SESSION_BACKLOG_MAX ||
	    !backlog_add(session, slice_of(header, header_len)) || !backlog_add(session, body)) {
		session_note(session, "not sent");
		fd_closep(&session->child.in_fd);
		session->child.in_fd = -1;
		return;
	}
	session_record(session, TRANSCRIPT_SENT, body);
	session_flush(session);
}

/* ---- receiving ---- */

static void session_take_frames(struct live_session *session) {
	struct frame frame;

	while (frame_next(&session->reader, &frame) != FRAME_MORE) {
		if (frame.kind == FRAME_BODY) {
			session_record(session, TRANSCRIPT_RECEIVED, frame.bytes);
			session_tell(session, SESSION_FRAME, frame.bytes);
			continue;
		}
		if (frame.kind == FRAME_ERROR) {
			char note[32];

			snprintf(note, sizeof note, "frame error %d", (int)frame.error);
			session_note(session, note);
		}
		/* The beginning of a message whose end never came was no text. */
		bool is_cut = frame.kind == FRAME_ERROR && frame.error == FRAME_ERROR_TRUNCATED;

		if (frame.bytes.len > 0 && !is_cut) {
			session_record(session, TRANSCRIPT_JUNK, frame.bytes);
			session_tell(session, SESSION_JUNK, frame.bytes);
		}
	}
}

static void session_take_stderr(struct live_session *session, struct slice bytes) {
	size_t room = SESSION_STDERR_KEPT - session->stderr_kept;

	bytes.len = bytes.len < room ? bytes.len : room;
	if (bytes.len > 0) {
		session->stderr_kept += bytes.len;
		session_record(session, TRANSCRIPT_STDERR, bytes);
		session_tell(session, SESSION_STDERR, bytes);
	}
}

/* Too much: it is ended, and what it still says is not read. */
static void session_cut(struct live_session *session) {
	session->flooded = true;
	session_note(session, "output cap");
	fd_closep(&session->child.out_fd);
	session->child.out_fd = -1;
	fd_closep(&session->child.err_fd);
	session->child.err_fd = -1;
	child_end(&session->child);
}

static void session_read(struct live_world *lw, struct live_session *session, int *fd) {
	bool is_stdout = fd == &session->child.out_fd;

	for (int i = 0; *fd >= 0 && (i < READS_A_TURN || session->child.gone); i++) {
		ssize_t n = read(*fd, lw->chunk, sizeof lw->chunk);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0 && errno == EAGAIN) {
			return;
		}
		if (n <= 0) {
			fd_closep(fd);
			*fd = -1;
			return;
		}
		session->received += (size_t)n;
		if (!is_stdout) {
			session_take_stderr(session, slice_of(lw->chunk, (size_t)n));
		} else if (frame_feed(&session->reader, slice_of(lw->chunk, (size_t)n)) == 0) {
			session_take_frames(session);
		} else {
			session->received = SESSION_RECEIVE_MAX + 1;
		}
		if (session->received > SESSION_RECEIVE_MAX) {
			session_cut(session);
		}
	}
}

static void session_finish(struct live_session *session) {
	const struct child *child = &session->child;
	char text[256];
	size_t len;

	frame_end(&session->reader);
	session_take_frames(session);
	session->ended = true;
	if (child->started) {
		if (child->exited) {
			len = child_last_text(&child->last, text);
			session_record(session, TRANSCRIPT_NOTE, slice_of(text, len));
		}
		len = child_status_text(child->wait_status, text);
		session_record(session, TRANSCRIPT_EXIT, slice_of(text, len));
		session_tell(session, SESSION_EXITED, slice_of(text, len));
	} else {
		len = (size_t)snprintf(text, sizeof text, "errno %d", child->exec_error);
		session_record(session, TRANSCRIPT_EXIT, slice_of(text, len));
		session_tell(session, SESSION_FAILED, slice_of(text, len));
	}
}

int64_t live_session_prepare(const struct live_session *session, struct poll_set *set) {
	const struct child *child = &session->child;

	if (session->ended) {
		return INT64_MAX;
	}
	if (child->gone) {
		return 0; /* it never lived, and that is still to be told */
	}
	poll_set_add(set, child->report_fd, POLLIN);
	if (session->told_started) {
		/* Before that, bytes wait: STARTED comes first. */
		poll_set_add(set, child->out_fd, POLLIN);
		poll_set_add(set, child->err_fd, POLLIN);
		poll_set_add(set, session->backlog_len ? child->in_fd : -1, POLLOUT);
	}
	return session->tick_ns + SESSION_TICK_NS;
}

void live_session_serve(struct live_world *lw, struct live_session *session,
                        const struct poll_set *set) {
	struct child *child = &session->child;

	if (session->ended) {
		return;
	}
	if (poll_set_ready(set, child->report_fd)) {
		child_read_report(child);
	}
	if (child->started && !session->told_started) {
		session->told_started = true;
		session_note(session, SESSION_NOTE_STARTED);
		session_tell(session, SESSION_STARTED, slice_of("", 0));
	}
	if (poll_set_ready(set, child->in_fd)) {
		session_flush(session);
	}
	if (child->gone || poll_set_ready(set, child->err_fd)) {
		session_read(lw, session, &child->err_fd);
	}
	if (child->gone || poll_set_ready(set, child->out_fd)) {
		session_read(lw, session, &child->out_fd);
	}
	if (child->gone) {
		session_finish(session);
	} else if (clock_now_ns() >= session->tick_ns + SESSION_TICK_NS) {
		session->tick_ns = clock_now_ns();
		session_tell(session, SESSION_TICK, slice_of("", 0));
	}
}

/* ---- the world's operations ---- */

struct session *live_session_start(struct world *w, const struct session_spec *spec,
                                   const char *source) {
	struct live_world *lw = (struct live_world *)w;
	struct child_spec child_spec = {.kind = CHILD_SESSION,
	                                .argv = spec->argv,
	                                .address = spec->address,
	                                .envp = spec->env ? spec->env->vars : NULL,
	                                .cwd = spec->cwd,
	                                .nofile = spec->nofile,
	                                .nproc = spec->nproc,
	                                .fatal = spec->fatal};
	struct live_session *session = arena_new_of(w->arena, struct live_session);
	size_t slot = 0;

	(void)source;
	while (slot < LIVE_SESSIONS_MAX && lw->sessions[slot]) {
		slot++;
	}
	frame_reader_init(&session->reader, SESSION_BODY_MAX);
	transcript_init(&session->transcript);
	if (slot < LIVE_SESSIONS_MAX) {
		child_start(&session->child, &child_spec);
		lw->sessions[slot] = session;
	} else {
		session->child = (struct child){.control_fd = -1,
		                                .report_fd = -1,
		                                .in_fd = -1,
		                                .out_fd = -1,
		                                .err_fd = -1,
		                                .gone = true,
		                                .exec_error = EAGAIN,
		                                .start_ns = clock_now_ns()};
		session->ended = true;
		session_note(session, "too many sessions");
	}
	session->base.pid = session->child.warden;
	note_pid(session);
	session->tick_ns = session->child.start_ns;
	return &session->base;
}

void live_session_wait(struct world *w, struct session *s, int64_t deadline_ns) {
	struct live_world *lw = (struct live_world *)w;
	struct live_session *session = (struct live_session *)s;

	while (!session->ended && !w->interrupted && !s->dialogue->is_done(s->dialogue) &&
	       clock_now_ns() < deadline_ns) {
		live_turn(lw, deadline_ns);
	}
	bool done = s->dialogue->is_done(s->dialogue);

	/* A dialogue may be done because of the time alone, and when it is told the time hangs on our load. */
	if (done && !session->noted_done && !session->ended) {
		session_note(session, SESSION_NOTE_DONE);
	}
	session->noted_done = done;
}

static void session_release(struct live_world *lw, struct live_session *session) {
	for (size_t i = 0; i < LIVE_SESSIONS_MAX; i++) {
		if (lw->sessions[i] == session) {
			lw->sessions[i] = NULL;
		}
	}
	child_close(&session->child);
	frame_reader_release(&session->reader);
	transcript_release(&session->transcript);
	free(session->backlog);
	session->backlog = NULL;
}

void live_session_stop(struct world *w, struct session *s, struct evidence *ev) {
	struct live_world *lw = (struct live_world *)w;
	struct live_session *session = (struct live_session *)s;
	int64_t until_ns = clock_now_ns() + STOP_LIMIT_NS;
	struct slice bytes;
	char *copy;

	if (!session->ended) {
		session->stopping = true;
		session_note(session, SESSION_NOTE_STOP);
		child_end(&session->child);
	}
	while (!session->ended && clock_now_ns() < until_ns) {
		live_turn(lw, until_ns);
	}
	bytes = transcript_bytes(&session->transcript);
	copy = arena_alloc(w->store->arena, bytes.len + 1);
	if (bytes.len > 0) {
		memcpy(copy, bytes.data, bytes.len);
	}
	copy[bytes.len] = '\0';
	ev->bytes = slice_of(copy, bytes.len);
	ev->error = session->child.started ? 0 : session->child.exec_error;
	ev->state = ev_state_of_errno(ev->error);
	if (ev->state == EV_READ && (session->transcript.truncated || session->flooded)) {
		ev->state = EV_TRUNCATED;
	}
	session_release(lw, session);
}

void live_sessions_end(struct live_world *lw) {
	for (size_t i = 0; i < LIVE_SESSIONS_MAX; i++) {
		if (lw->sessions[i]) {
			child_end(&lw->sessions[i]->child);
		}
	}
	for (size_t i = 0; i < LIVE_SESSIONS_MAX; i++) {
		if (lw->sessions[i]) {
			session_release(lw, lw->sessions[i]);
		}
	}
}
