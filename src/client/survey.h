/* SPDX-License-Identifier: MIT
 * A client that goes through a language server's whole menu: initialize, open one file, ask for each
 * announced feature, several times, then shutdown and exit. Pure like every dialogue
 * (core/world.h); it works with any server and keeps what the protocol does not allow
 * (client/conformance.h).
 */
#ifndef CLIENT_SURVEY_H
#define CLIENT_SURVEY_H

#include "base/clock.h"
#include "client/conformance.h"
#include "client/spots.h"
#include "core/world.h"

#define SURVEY_REPEAT_MAX 1000
#define SURVEY_REQUEST_NS (10 * NS_PER_S) /* for one answer */
#define SURVEY_OPENING_NS (20 * NS_PER_S) /* for that to initialize */
#define SURVEY_SETTLE_NS  (8 * NS_PER_S) /* from opening the file: an empty answer is asked again */
#define SURVEY_CLOSING_NS (10 * NS_PER_S) /* for shutdown, and again for the end after exit */
#define SURVEY_PUBLISH_NS (5 * NS_PER_S)  /* from opening the file: for its diagnostics */

enum ask {
#define ASK(name_, text_, method_, capability_, needs_, empty_) ASK_##name_,
#include "client/ask.def"
#undef ASK
	ASK_COUNT,
};

/* The states of the report contract. */
enum ask_state { ASKED_SKIPPED, ASKED_OK, ASKED_FAILED, ASKED_TIMEOUT, ASKED_NO_ANSWER };

struct survey_answer {
	enum ask_state state;
	const char *detail; /* where it leads, how many there are, why not; "" */
	int64_t first_ns;   /* the first answer, the server's loading included */
	int64_t *times_ns;  /* of the repetitions, `count` of them, in the order they came */
	size_t count;
};

struct survey_script {
	const char *root;          /* absolute; rootUri and the only workspace folder */
	const char *file;          /* absolute, or NULL: only initialize and shutdown */
	struct slice text;         /* of the file */
	const char *language;      /* its languageId */
	struct spot at;            /* known: every question is asked there */
	const char *options;       /* initializationOptions, strict JSON, or NULL */
	const char *configuration; /* answer to each item of workspace/configuration, or NULL */
	size_t repeat;             /* further times each question is asked */
	int64_t process_id;
};

enum survey_life { SURVEY_COMING, SURVEY_ALIVE, SURVEY_EXITED, SURVEY_FAILED };

struct survey {
	struct dialogue base;
	struct arena *arena;
	struct survey_script script;
	struct conformance conformance;

	enum survey_life life;
	int error;       /* SURVEY_FAILED: errno */
	const char *end; /* SURVEY_EXITED: "exit N" or "signal N" */
	bool by_itself;  /* it ended before it was asked to */

	int64_t now_ns;
	int64_t ready_ns;         /* answer to initialize; 0: none */
	int64_t opened_ns;        /* didOpen */
	int64_t diagnostics_ns;   /* first publication for the file, since opened_ns; 0: none */
	size_t diagnostics;       /* in the latest one */
	const char *capabilities; /* of the server, JSON, or "{}" */
	const char *initialize_error;
	const char *server_name;    /* serverInfo; "" */
	const char *server_version; /* "" */
	struct survey_answer answers[ASK_COUNT];

	uint64_t sent_bytes, received_bytes, stderr_bytes;
	uint64_t requests;       /* of the server */
	const char *stderr_head; /* its first line, "" */
	bool stderr_line_ended;

	/* At work. */
	struct survey_work *work;
};

/* In the arena; the texts of the script must live as long. */
struct survey *survey_new(struct arena *arena, const struct survey_script *script);

/* shutdown is answered, and the server lives until survey_exit: the time to look at what it has cost. A dialogue that
 * rests is done for the time being. */
bool survey_rests(const struct survey *survey);
/* Sends exit to one that rests. */
void survey_exit(struct survey *survey, struct session *session);
/* Nothing will come any more. */
bool survey_is_over(const struct survey *survey);

const char *ask_name(enum ask ask);
const char *ask_state_name(enum ask_state state);
/* The value below which that share (0..1) of the times lies: nearest rank. -1 without times. */
int64_t survey_percentile(struct arena *arena, const struct survey_answer *answer, double share);

#endif
