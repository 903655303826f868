/* SPDX-License-Identifier: MIT
 * `dialtone settings get`: the value in force, who says it, and who else does.
 */
#include "base/str.h"
#include "cmd/settings.h"
#include "report/harmless.h"
#include "report/json_frame.h"
#include "settings/keypath.h"
#include "wire/json_text.h"

struct said {
	const struct layer *layer;
	const struct jsonc_node *value;
};

struct answer {
	const char *key;
	struct said said[LAYERS_MAX]; /* weakest first */
	size_t count;
	const char *effective; /* JSON, NULL when nobody sets it */
	const char *fallback;  /* default of the schema, JSON, or NULL */
};

/* Objects are merged member by member; otherwise the last one counts. */
static void merge(struct strbuf *out, const struct jsonc_node *const *values, size_t count) {
	const struct jsonc_node *top = values[count - 1];
	size_t from = count;
	while (from > 0 && values[from - 1]->type == JSONC_OBJECT) {
		from--;
	}
	if (top->type != JSONC_OBJECT || count - from == 1) {
		strbuf_add(out, jsonc_to_json(out->arena, top));
		return;
	}
	strbuf_add_char(out, '{');
	bool filled = false;
	for (size_t i = from; i < count; i++) {
		for (const struct jsonc_node *m = values[i]->first_child; m; m = m->next) {
			bool seen = m->duplicate_of != NULL;
			for (size_t k = from; k < i; k++) {
				seen = seen || jsonc_get(values[k], m->key);
			}
			if (seen) {
				continue;
			}
			const struct jsonc_node **inner =
				arena_array_of(out->arena, const struct jsonc_node *, count);
			size_t n = 0;
			for (size_t k = from; k < count; k++) {
				const struct jsonc_node *v = jsonc_get(values[k], m->key);
				if (v) {
					inner[n++] = v;
				}
			}
			strbuf_add(out, filled ? "," : "");
			json_text_string(out, slice_str(m->key));
			strbuf_add_char(out, ':');
			merge(out, inner, n);
			filled = true;
		}
	}
	strbuf_add_char(out, '}');
}

static const char *default_of(const struct settings_view *view, const char *key) {
	const struct schema *schema = &view->schema;
	const struct jsonc_node *setting = schema_setting(schema, key);
	const struct jsonc_node *value = jsonc_get(setting, "default");
	struct gopls_option option;
	if (value) {
		return jsonc_to_json(view->arena, value);
	}
	if (str_starts(key, "gopls.") && schema_gopls(schema, key, &option)) {
		return option.default_json;
	}
	return setting ? "null" : NULL;
}

static void collect(struct settings_view *view, struct answer *answer) {
	const struct jsonc_node *values[LAYERS_MAX];
	for (size_t i = 0; i < view->layers.count; i++) {
		const struct layer *layer = &view->layers.items[i];
		struct keypath path = keypath_of(&view->schema, layer->root, answer->key);
		const struct jsonc_node *value = keypath_find(layer->root, &path);
		if (value && layer_counts(&view->layers, layer, view->arena, &view->where)) {
			values[answer->count] = value;
			answer->said[answer->count++] =
				(struct said){.layer = layer, .value = value};
		}
	}
	if (answer->count > 0) {
		struct strbuf out;
		strbuf_init(&out, view->arena);
		merge(&out, values, answer->count);
		answer->effective = out.data;
	}
	answer->fallback = default_of(view, answer->key);
}

static void write_json(struct strbuf *out, const struct answer *a) {
	struct json json = {.out = out};
	json_begin(&json, "dialtone.setting/1");
	json_put(&json, "key", a->key);
	json_put_bool(&json, "set", a->count > 0);
	json_key(&json, "value");
	strbuf_add(out, a->effective ? a->effective : a->fallback ? a->fallback : "null");
	json_open_member(&json, "layers", '[');
	for (size_t i = a->count; i-- > 0;) {
		json_open_element(&json, '{');
		json_put(&json, "layer", layer_name(a->said[i].layer->kind));
		json_put(&json, "file", a->said[i].layer->file);
		json_put_number(&json, "line", (int64_t)a->said[i].value->key_place.line);
		json_key(&json, "value");
		strbuf_add(out, jsonc_to_json(out->arena, a->said[i].value));
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_end(&json);
}

static void write_text(struct strbuf *out, const struct answer *a, const struct terminal *t) {
	const char *value = a->effective ? a->effective : a->fallback;
	strbuf_printf(out, "%s = %s\n", a->key, harmless(out->arena, value, t->utf8));
	if (a->count == 0) {
		strbuf_add(out, "    the default; nobody sets it\n");
	}
	for (size_t i = a->count; i-- > 0;) {
		const struct said *s = &a->said[i];
		strbuf_printf(out, "    %s %s line %zu: %s\n", layer_name(s->layer->kind),
		              harmless(out->arena, s->layer->file, t->utf8),
		              s->value->key_place.line,
		              harmless(out->arena, jsonc_to_json(out->arena, s->value), t->utf8));
	}
}

int settings_get(struct settings_view *view, const char *key) {
	struct answer answer = {.key = key};
	struct strbuf out;
	strbuf_init(&out, view->arena);
	collect(view, &answer);
	if (answer.count == 0 && !answer.fallback) {
		const char *near = str_starts(key, "gopls.")
		                           ? schema_near_gopls(&view->schema, key)
		                           : schema_near_setting(&view->schema, key);
		output_complain(
			near ? "nobody sets '%s', and there is no such setting; the nearest is "
			       "%s%s"
			     : "nobody sets '%s', and no default of it is known",
			key, str_starts(key, "gopls.") ? "gopls." : "", near ? near : "");
		return STATUS_FOUND;
	}
	if (view->options->json) {
		write_json(&out, &answer);
	} else {
		struct terminal terminal = terminal_find(view->options->color);
		write_text(&out, &answer, &terminal);
	}
	return output_write(&out, STATUS_HEALTHY);
}
