/* SPDX-License-Identifier: MIT
 * Pieces of HTML, for the page of report.h. Source: HTML Living Standard, "The HTML syntax".
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "report/report.h"

/* text from outside, harmless and escaped for element content and quoted attributes. */
void html_text(struct strbuf *out, const char *text);
/* The conversation of a session (wire/transcript.h) over time, as an inline SVG with a caption that
 * says the same in words; nothing when there was none. At most 40 requests are drawn. */
void html_timeline(struct strbuf *out, struct slice transcript);

#endif
