/* SPDX-License-Identifier: MIT
 * The framing of the LSP base protocol ("Content-Length: N", blank line, N bytes), as a push
 * parser: feed bytes as they arrive, take what they make. Source: Language Server Protocol 3.17,
 * "Base Protocol", Header Part and Content Part.
 *
 * It is more patient than a real client, because it has to see what stands behind a disturbance.
 * vscode-jsonrpc (messageBuffer, messageReader) takes everything up to the first CRLF CRLF as the
 * header block: a banner on stdout becomes part of a header, which then has no colon or no
 * Content-Length, and the connection is dead. Here such bytes come out as FRAME_JUNK and the search
 * goes on for the next plausible header, also in the middle of a line. (One kind of banner gets
 * past a real client: "name: text" lines that end in CR LF. They are junk here all the same.)
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_BYTES_MAX ((size_t)64 << 20) /* the largest body ever accepted */
#define FRAME_HEADER_BYTES_MAX                                                                     \
	((size_t)4096)                        /* a header block or a line that is longer is junk   \
	                                       */
#define FRAME_BACKLOG_BYTES ((size_t)1 << 20) /* what may wait unread beside one body */
#define FRAME_HEADER_SIZE   48                /* room for what frame_header writes, with its NUL */

enum frame_kind {
	FRAME_MORE,  /* nothing complete: feed more */
	FRAME_BODY,  /* bytes is the body of one frame */
	FRAME_JUNK,  /* bytes belongs to no frame */
	FRAME_ERROR, /* bytes is a header block that cannot be obeyed; see error */
};

enum frame_error {
	FRAME_ERROR_NONE,
	FRAME_ERROR_NO_LENGTH,  /* a header block without Content-Length */
	FRAME_ERROR_NEGATIVE,   /* Content-Length: -5 */
	FRAME_ERROR_NOT_NUMBER, /* Content-Length: five (vscode-jsonrpc would take "5x" for 5) */
	FRAME_ERROR_TOO_LARGE,  /* more than the reader's cap; nothing is allocated for it */
	FRAME_ERROR_TRUNCATED,  /* the stream ended in the middle: bytes is what there is */
};

struct frame {
	enum frame_kind kind;
	enum frame_error error;
	struct slice bytes;  /* in the reader's buffer: valid until the next feed, end or release */
	size_t header_bytes; /* FRAME_BODY: length of the header block in front of it */
	uint64_t body_bytes; /* announced length: FRAME_BODY, TOO_LARGE (saturated) and TRUNCATED */
	bool lf_only; /* FRAME_BODY: header lines ended in LF, which a real client never gets past
	               */
};

struct frame_reader {
	size_t max_body_bytes;
	char *data; /* own, malloc'ed; grows only by bytes that really came */
	size_t size;
	size_t start;   /* first byte not yet handed out */
	size_t end;     /* behind the last byte fed */
	size_t scanned; /* no LF lies between start and here while a line is awaited */
	bool ended;

	/* Facts for the caller to read. */
	uint64_t frames;     /* bodies handed out */
	uint64_t junk_bytes; /* bytes that belong to no frame */
};

/* max_body_bytes 0 or above FRAME_BYTES_MAX means FRAME_BYTES_MAX. Allocates nothing. */
void frame_reader_init(struct frame_reader *reader, size_t max_body_bytes);
/* Frees the buffer; the reader may be initialised again. */
void frame_reader_release(struct frame_reader *reader);

/* Appends bytes. 0; -ENOMEM; -ENOBUFS when more waits than one largest body and FRAME_BACKLOG_BYTES
 * (the caller did not call frame_next until FRAME_MORE); -EPIPE after frame_end. On an error
 * nothing was taken. */
int frame_feed(struct frame_reader *reader, struct slice bytes);
/* The stream is over: what is left comes out of frame_next as junk or as FRAME_ERROR_TRUNCATED. */
void frame_end(struct frame_reader *reader);

/* The next thing in the stream; *ret is always set. Returns its kind. One run of junk may come in
 * several pieces. Recognised on reading: header names in any case, lines ended by LF alone, other
 * headers beside Content-Length (the last Content-Length counts, as in a client). */
enum frame_kind frame_next(struct frame_reader *reader, struct frame *ret);

/* Writes "Content-Length: <body_bytes>\r\n\r\n" and a NUL; returns its length. */
size_t frame_header(char buf[FRAME_HEADER_SIZE], size_t body_bytes);

#endif
