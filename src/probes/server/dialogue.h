/* SPDX-License-Identifier: MIT
 * An editor's side of a conversation with gopls: initialize, open one file, ask for every feature
 * at once, listen until everything has been said. Pure: it sees the events of a session and answers
 * bytes, so it runs the same on a live server, on a recorded session and in a test.
 *
 * What "everything" is was measured on gopls v0.16.2, v0.20.0, v0.23.0 and v0.24.0 (small module,
 * warm caches):
 *  - clean file: the progress "Setting up workspace" ends ("Finished loading packages."), then
 * within 30 ms one publishDiagnostics with an empty list for the open file and the answers to all
 * requests, in any order;
 *  - a load that failed in `go`: an error in window/logMessage ("go/packages.Load #1: err: …") and
 * a diagnostic of source "go list" on go.mod come before the first answer; the progress "Error
 * loading workspace" and the diagnostics of the open file follow a second later (the setting
 * diagnosticsDelay);
 *  - no view at all (go not found, bad GOROOT or GOFLAGS): window/showMessage, then every request
 * says "no views";
 *  - a load that silently found nothing (TMPDIR missing): the requests say "no package metadata",
 * and only a second later comes "No packages found for open file". So a healthy run ends with the
 * last answer, trouble that has been explained ends shortly behind it, and only unexplained trouble
 * waits for the second pass.
 */
#ifndef PROBES_SERVER_DIALOGUE_H
#define PROBES_SERVER_DIALOGUE_H

#include "base/arena.h"
#include "base/str.h"
#include "core/target.h"
#include "core/world.h"

#include <stdbool.h>
#include <stdint.h>

#define TALK_FRAME_BYTES_MAX ((size_t)16 << 20) /* a larger message is not looked at */
#define TALK_HEARD_BYTES_MAX                                                                       \
	((size_t)24 << 20) /* a server that sends more in so short a time says nothing */
#define TALK_ERR_HEARD_MAX                                                                         \
	((size_t)768 << 10)                /* on stderr likewise; the world passes on 1 MiB of it */
#define TALK_ERR_BYTES_MAX  ((size_t)4096) /* kept of stderr */
#define TALK_JUNK_BYTES_MAX ((size_t)512)  /* kept of what came before the first message */
#define TALK_TEXT_BYTES_MAX ((size_t)4096) /* kept of one message */
#define TALK_MESSAGES_MAX   200
#define TALK_COMPLAINTS_MAX 200
#define TALK_LOADS_MAX      8
#define TALK_REQUESTS_MAX   2000 /* of the server, answered; a healthy one has fewer than twenty */

/* The features of the report contract, in its order. */
enum talk_feature {
	TALK_INITIALIZE,
	TALK_DEFINITION,
	TALK_STDLIB_DEFINITION,
	TALK_COMPLETION,
	TALK_HOVER,
	TALK_DOCUMENT_SYMBOLS,
	TALK_DIAGNOSTICS,
	TALK_CODE_LENS,
	TALK_FEATURE_COUNT,
};

enum talk_state {
	TALK_NOT_ASKED,
	TALK_ASKED, /* no answer yet */
	TALK_OK,    /* a useful answer */
	TALK_EMPTY, /* an answer with nothing in it */
	TALK_ERROR, /* an error response; detail is its text */
};

struct talk_answer {
	enum talk_state state;
	int64_t asked_ns; /* since the start of the session */
	int64_t answered_ns;
	const char *detail; /* where it leads, how many there are, or the error; "" */
};

/* A position as the protocol counts: from 0, in UTF-16 units. */
struct talk_spot {
	bool known;
	unsigned line;
	unsigned character;
};

struct talk_script {
	/* As in core/target.h. */
	const char *root;
	const char *const *client_folders;
	const char *client_name;
	const char *init_options;
	const char *configuration;
	enum configuration_reply configuration_reply;
	bool no_configuration;
	bool no_watched_files;
	const char *file;  /* NULL: nothing is opened, only the load is listened to */
	struct slice text; /* of the file */
	struct talk_spot
		own; /* a use or declaration of a symbol of the file's own: definition, hover */
	bool own_is_imported;        /* there is none: own is a use of another package's symbol */
	struct talk_spot std;        /* a use of a symbol of the standard library: definition */
	struct talk_spot completion; /* behind "pkg." */
	/* Asked when the first question finds nothing, as it may where the user is just typing:
	 * where the symbol is declared, and the path of an import. */
	struct talk_spot own_again;
	struct talk_spot std_again;
	int64_t process_id;
	unsigned unasked; /* bits of enum talk_feature: a recorded client never asked for these */
	const char *initialize; /* these parameters instead of our own, JSON; or NULL */
};

struct talk_message {
	const char *via;   /* show, log, progress */
	const char *level; /* error, warning, info, log */
	const char *text;
	struct talk_message *next;
};

struct talk_complaint { /* one diagnostic */
	const char *path;
	unsigned line;        /* from 1 */
	const char *severity; /* error, warning, information, hint */
	const char *source;
	const char *code;
	const char *text;
	bool stale; /* a later publication for the path replaced it */
	struct talk_complaint *next;
};

enum talk_life { TALK_COMING, TALK_ALIVE, TALK_EXITED, TALK_FAILED };

struct talk {
	struct dialogue base; /* what the world sees */
	struct arena *arena;
	struct talk_script script;

	enum talk_life life;
	int error;     /* TALK_FAILED: errno of execve */
	int exit_code; /* TALK_EXITED: -1 when it was a signal */
	int signal;
	int64_t now_ns;      /* of the latest event, since the start of the session */
	int64_t said_ns;     /* when the server last said anything */
	int64_t answered_ns; /* when the last answer came */
	int64_t ended_ns;
	uint64_t frames;
	uint64_t bad_frames; /* messages that are no JSON-RPC */

	struct talk_answer answers[TALK_FEATURE_COUNT];
	bool asked_again[TALK_FEATURE_COUNT];
	const char *version;    /* "v0.23.0", from serverInfo; "" */
	bool pulls_diagnostics; /* the server wants to be asked for them */
	unsigned loads_open;    /* "Setting up workspace" that began and did not end */
	unsigned loads_done;
	const char *load_tokens[TALK_LOADS_MAX]; /* of the loads that are open */
	unsigned requests;                       /* of the server, answered */

	struct talk_message *messages, *last_message;
	size_t message_count;
	struct talk_complaint *complaints, *last_complaint;
	size_t complaint_count;
	struct strbuf err; /* stderr, its first TALK_ERR_BYTES_MAX */
	struct strbuf first_bytes;
	int64_t junk_bytes;
	int64_t junk_ns;      /* when the first of it came */
	uint64_t err_bytes;   /* on stderr */
	uint64_t heard_bytes; /* all of its output */
};

/* In the arena; texts of the script must live as long. */
struct talk *talk_new(struct arena *arena, const struct talk_script *script);

/* All that was asked has been answered (nothing asked: the workspace load has ended). */
bool talk_all_answered(const struct talk *talk);
/* The server answered, and a feature that applies gave nothing, or a load failure was said. */
bool talk_has_trouble(const struct talk *talk);
/* It sends so much that nothing more is to be learnt. */
bool talk_is_flood(const struct talk *talk);
/* Names the first load trouble in a short word ("load-failed", "import", "no-package",
 * "not-in-workspace", "go-list", "popup"), or NULL; *ret_text is what was said. */
const char *talk_load_trouble(const struct talk *talk, const char **ret_text);
/* An invalid settings pop-up, or NULL. */
const char *talk_settings_trouble(const struct talk *talk);

#endif
