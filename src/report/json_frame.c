/* SPDX-License-Identifier: MIT */
#include "report/json_frame.h"

#include "base/clock.h"

void json_begin(struct json *json, const char *schema) {
	json_open(json, '{');
	json_put(json, "schema", schema);
}

void json_put_tool(struct json *json) {
	json_open_member(json, "tool", '{');
	json_put(json, "version", DIALTONE_VERSION);
	json_close(json, '}');
}

void json_open_timing(struct json *json, const struct report_timings *timings) {
	json_open_member(json, "timing_ms", '{');
	json_put_number(json, "total", timings->total_ns / NS_PER_MS);
	json_put_number(json, "own_cpu", timings->own_cpu_ns / NS_PER_MS);
}

void json_end(struct json *json) {
	json_close(json, '}');
	strbuf_add_char(json->out, '\n');
}
