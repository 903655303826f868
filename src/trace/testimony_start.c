/* SPDX-License-Identifier: MIT
 * Who started the server and how: the environment of the client, and as its settings what it gave
 * the server besides: arguments, variables, options.
 */
#include "base/envset.h"
#include "base/path.h"
#include "core/target.h"
#include "trace/testimony_work.h"

#include <inttypes.h>
#include <json-c/json.h>

/* NULL when it was not recorded or its environment was not, or when it is a dialtone, which has no
 * settings. */
static const struct witness *client_of(const struct witness *server) {
	const struct witness *w = testimony_above(server);
	return w && w->has_env && !streq(path_base(w->exe), "dialtone") ? w : NULL;
}

/* What of the client's environment the server has too: its value may be another. */
static struct slice inherited(struct testimony *t, const struct witness *client,
                              const struct envset *got) {
	struct envset own;
	struct strbuf block;
	envset_init(&own, t->arena);
	envset_add_block(&own, client->env);
	strbuf_init(&block, t->arena);
	for (size_t i = 0; i < own.count; i++) {
		const char *value = NULL;
		struct slice name = envset_name(&own, i, &value);
		if (envset_get(got, arena_slicedup(t->arena, name))) {
			strbuf_printf(&block, "%.*s=%s", (int)name.len, name.data, value);
			strbuf_add_char(&block, '\0');
		}
	}
	return slice_of(block.data, block.len);
}

/* Variables that the client did not have so itself. */
static struct json_object *given(struct testimony *t, const struct witness *client,
                                 const struct envset *got) {
	struct json_object *object = json_object_new_object();
	struct envset own;
	envset_init(&own, t->arena);
	if (!client) {
		return object;
	}
	envset_add_block(&own, client->env);
	for (size_t i = 0; i < got->count; i++) {
		const char *value = NULL;
		const char *name = arena_slicedup(t->arena, envset_name(got, i, &value));
		const char *before = envset_get(&own, name);
		if ((!before || !streq(before, value)) && !streq(name, "_") &&
		    !streq(name, "PWD") && !streq(name, "SHLVL") && !streq(name, "OLDPWD")) {
			json_object_object_add(object, name, json_object_new_string(value));
		}
	}
	return object;
}

static struct json_object *arguments(struct testimony *t, const struct witness *server) {
	struct json_object *list = json_object_new_array();
	struct slice rest = server->argv;
	struct slice part;
	for (bool first = true; slice_cut(&rest, '\0', &part); first = false) {
		if (!first && (part.len > 0 || rest.len > 0)) {
			json_object_array_add(
				list, json_object_new_string(arena_slicedup(t->arena, part)));
		}
	}
	return list;
}

static void put_client(struct testimony *t, struct evidence_store *store,
                       const struct witness *client, const struct envset *got) {
	struct json_object *root = json_object_new_object();
	const char *const texts[] = {t->init_options, t->configuration};
	static const char *const names[] = {"options", "settings"};
	json_object_object_add(root, "command", json_object_new_string(t->server->exe));
	json_object_object_add(root, "args", arguments(t, t->server));
	json_object_object_add(root, "env", given(t, client, got));
	for (size_t i = 0; i < 2; i++) {
		if (texts[i]) {
			json_object_object_add(root, names[i], json_tokener_parse(texts[i]));
		}
	}
	testimony_put(t, store, "file:" TARGET_RECORDED_CLIENT, t->server->start_ns,
	              slice_str(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN)));
	json_object_put(root);
}

void testimony_give_start(struct testimony *t, struct evidence_store *store) {
	const struct witness *w = t->server              ? t->server
	                          : t->searcher          ? t->searcher
	                          : t->witness_count > 0 ? t->witnesses[0]
	                                                 : NULL;
	if (!w) {
		return;
	}
	const struct witness *client = t->server ? client_of(w) : NULL;
	struct strbuf text;
	struct envset got;
	envset_init(&got, t->arena);
	envset_add_block(&got, w->env);
	strbuf_init(&text, t->arena);
	strbuf_printf(&text, "pid=%d\nppid=0\nstart_wall_ns=%" PRId64 "\ncomm=client\n",
	              (int)w->ppid, w->start_ns + t->wall_offset_ns);
	if (w->uid >= 0) {
		strbuf_printf(&text, "uid=%" PRId64 "\n", w->uid);
	}
	testimony_put(t, store, "proc:self", w->start_ns, slice_of(text.data, text.len));
	if (w->has_env) {
		testimony_put(t, store, "proc:self/environ", w->start_ns,
		              client ? inherited(t, client, &got) : w->env);
	}
	if (t->server && w->has_env) {
		put_client(t, store, client, &got);
	}
}
