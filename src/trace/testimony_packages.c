/* SPDX-License-Identifier: MIT
 * What go said of the open file's package when it loaded the workspace for the server: the errors in the JSON of its
 * list of packages (go help list). A question of `check` of its own asks for just that (probes/modules/cgo_trial.c).
 *
 *   run:go cgo   its errors, a line or more each
 */
#include "base/path.h"
#include "core/run_record.h"
#include "trace/testimony_work.h"

#include <json-c/json.h>

static const char *text_at(struct json_object *object, const char *key) {
	struct json_object *value = NULL;
	return json_object_object_get_ex(object, key, &value) &&
	                       json_object_is_type(value, json_type_string)
	               ? json_object_get_string(value)
	               : "";
}

static void put_error(struct strbuf *out, struct json_object *error) {
	const char *text =
		error && json_object_is_type(error, json_type_object) ? text_at(error, "Err") : "";
	if (!str_empty(text)) {
		strbuf_printf(out, "%s\n", text);
	}
}

static void put_errors(struct strbuf *out, struct json_object *package, const char *dir) {
	struct json_object *error = NULL, *list = NULL;
	if (!json_object_is_type(package, json_type_object) ||
	    !streq(text_at(package, "Dir"), dir)) {
		return;
	}
	if (json_object_object_get_ex(package, "Error", &error)) {
		put_error(out, error);
	}
	if (json_object_object_get_ex(package, "DepsErrors", &list) &&
	    json_object_is_type(list, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(list); i++) {
			put_error(out, json_object_array_get_idx(list, i));
		}
	}
}

/* One object behind the other. */
static void read_packages(struct slice rest, const char *dir, struct strbuf *out) {
	struct json_tokener *tokener = json_tokener_new();
	while (tokener && rest.len > 0) {
		json_tokener_reset(tokener);
		struct json_object *package =
			json_tokener_parse_ex(tokener, rest.data, (int)rest.len);
		size_t used = json_tokener_get_parse_end(tokener);
		if (!package || used == 0) {
			json_object_put(package);
			break;
		}
		put_errors(out, package, dir);
		json_object_put(package);
		rest = slice_trim(slice_from(rest, used));
	}
	json_tokener_free(tokener);
}

/* A load of packages with what the compilers of other languages make of them. */
static bool is_load(struct testimony *t, const struct witness *w) {
	return testimony_is_asked(t, w) && streq(testimony_string(t, w->argv, 1), "list") &&
	       slice_has(w->argv, "-compiled=true") && !w->flows[1]->cut;
}

void testimony_give_packages(struct testimony *t, struct evidence_store *store, const char *file) {
	struct strbuf errors;
	int64_t at_ns = 0;
	strbuf_init(&errors, t->arena);
	for (size_t i = t->witness_count; i > 0 && errors.len == 0; i--) {
		const struct witness *w = t->witnesses[i - 1];
		if (t->server && !str_empty(file) && is_load(t, w)) {
			const struct strbuf *bytes = &w->flows[1]->bytes;
			read_packages(slice_trim(slice_of(bytes->data, bytes->len)),
			              path_parent(t->arena, file), &errors);
			at_ns = w->start_ns;
		}
	}
	if (errors.len > 0) {
		const struct run_record record = {.started = true,
		                                  .out = slice_of(errors.data, errors.len)};
		testimony_put(t, store, "run:go cgo", at_ns, run_record_format(t->arena, &record));
	}
}
