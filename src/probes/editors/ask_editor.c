/* SPDX-License-Identifier: MIT */
#include "probes/editors/ask_editor.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/editor.h"
#include "probes/editors/client_config.h"
#include "probes/editors/start.h"
#include "probes/go/govars.h"
#include "probes/modules/source.h"
#include "probes/search.h"
#include "wire/jsonc.h"

#define OUT_BYTES_MAX ((size_t)2 << 20)
#define GRACE_NS      (2 * NS_PER_S) /* beyond the time the editor gets */
#define ARGS_MAX      64
#define WORDS_MAX     64

/* ---- running it ---- */

static const char *find_program(struct exam *exam, const char *const *programs) {
	const char *path = envset_get(&exam->target->judged, "PATH");
	for (; *programs; programs++) {
		const char *found = search_path_only(exam, path ? path : "", *programs);
		if (found) {
			return found;
		}
	}
	const struct fact_editor_process *p = facts_first(editor_process, exam->facts);
	return p && world_stat(exam->world, p->exe).can_exec ? p->exe : NULL;
}

static void add_gopls(struct exam *exam, const char **args, size_t *count, const char *path) {
	for (size_t i = 0; i < *count; i++) {
		if (streq(args[i], path)) {
			return;
		}
	}
	if (*count < ARGS_MAX - 16 && path[0] == '/' && world_stat(exam->world, path).is_file) {
		args[(*count)++] = path;
	}
}

static void add_list(struct exam *exam, const char **args, size_t *count, const char *list,
                     const char *suffix) {
	struct slice rest = slice_str(list ? list : "");
	struct slice dir;
	while (slice_cut(&rest, ':', &dir)) {
		add_gopls(
			exam, args, count,
			arena_printf(exam->arena, "%.*s%s/gopls", (int)dir.len, dir.data, suffix));
	}
}

/* Every gopls the editor might start; one that lies elsewhere is found when it runs. */
static void add_servers(struct exam *exam, const char **args, size_t *count) {
	static const char *const below[] = {"go/bin",
	                                    "bin",
	                                    ".local/bin",
	                                    ".local/share/nvim/mason/bin",
	                                    ".local/share/mise/shims",
	                                    ".asdf/shims"};
	const struct target *t = exam->target;
	add_list(exam, args, count, envset_get(&t->judged, "PATH"), "");
	add_list(exam, args, count, envset_get(&t->judged, "GOBIN"), "");
	add_list(exam, args, count, envset_get(&t->judged, "GOPATH"), "/bin");
	for (size_t i = 0; i < sizeof(below) / sizeof(*below); i++) {
		add_list(exam, args, count, path_join(exam->arena, t->home, below[i]), "");
	}
	add_list(exam, args, count, "/usr/local/bin:/usr/bin:/usr/local/go/bin", "");
}

/* At most half of what is left of the run: the server wants its time, too. */
static int64_t seconds_for(const struct exam *exam, const struct ask_spec *spec) {
	int64_t half = (exam->deadline_ns - world_now_ns(exam->world)) / (2 * NS_PER_S);
	return half < 1 ? 1 : half < spec->seconds ? half : spec->seconds;
}

static struct run_result run_editor(struct exam *exam, const struct ask_spec *spec,
                                    const char *program, const char *file) {
	const struct target *t = exam->target;
	const struct evidence *self = world_look(exam->world, LOOK_PROCESS, "self", LOOK_CAP_SMALL);
	const char **args = arena_array_of(exam->arena, const char *, ARGS_MAX + 1);
	int64_t seconds = seconds_for(exam, spec);
	size_t count = 0;
	args[count++] = keyline_get(exam->arena, self->bytes, "exe");
	args[count++] = "--ask-editor";
	args[count++] = target_home(t);
	args[count++] = t->workspace;
	args[count++] = arena_printf(exam->arena, "%lld", (long long)seconds);
	args[count++] = spec->pty ? "pty" : "plain";
	add_servers(exam, args, &count);
	args[count++] = "--";
	args[count++] = program;
	for (const char *const *a = spec->args; *a && count < ARGS_MAX - 6; a++) {
		args[count++] = *a;
	}
	args[count++] = file;
	for (const char *const *a = spec->args_after; a && *a && count < ARGS_MAX; a++) {
		args[count++] = *a;
	}
	return world_run(exam->world,
	                 &(struct run_spec){
				 .label = arena_printf(exam->arena, "ask %s", spec->name),
				 .argv = args,
				 .env = &t->judged,
				 .cwd = t->workspace,
				 .deadline_ns = seconds * NS_PER_S + GRACE_NS,
				 .cap_bytes = OUT_BYTES_MAX,
			 });
}

/* ---- what it told ---- */

static const char *text_in(const struct jsonc_node *node, const char *key) {
	const char *text = jsonc_string(jsonc_get(node, key));
	return text ? text : "";
}

static void take_start(struct exam *exam, const struct jsonc_node *start, struct asked_client *c) {
	const struct jsonc_node *words = jsonc_get(start, "argv");
	size_t count = words && words->count < WORDS_MAX ? words->count : 0;
	const char **argv = arena_array_of(exam->arena, const char *, count + 1);
	size_t i = 0;
	for (const struct jsonc_node *w = count > 0 ? words->first_child : NULL; w; w = w->next) {
		argv[i++] = jsonc_string(w) ? jsonc_string(w) : "";
	}
	c->cwd = text_in(start, "cwd");
	if (count > 0 && argv[0][0] != '/') {
		argv[0] = path_clean(exam->arena, path_join(exam->arena, c->cwd, argv[0]));
	}
	c->argv = argv;
	c->env = jsonc_get(start, "env");
}

static const char *root_of(struct exam *exam, const struct jsonc_node *params) {
	const struct jsonc_node *folders = jsonc_get(params, "workspaceFolders");
	bool some = folders && folders->type == JSONC_ARRAY && folders->first_child;
	const char *uri = some ? text_in(folders->first_child, "uri") : text_in(params, "rootUri");
	if (str_starts(uri, "file://")) {
		return path_clean(exam->arena, path_from_uri(exam->arena, uri));
	}
	const char *path = text_in(params, "rootPath");
	return path[0] == '/' ? path_clean(exam->arena, path) : "";
}

static void take_initialize(struct exam *exam, const struct jsonc_node *params,
                            struct asked_client *c) {
	const struct jsonc_node *workspace =
		jsonc_get_path(params, "capabilities", "workspace", NULL);
	const struct jsonc_node *watches =
		jsonc_get_path(workspace, "didChangeWatchedFiles", "dynamicRegistration", NULL);
	const struct jsonc_node *options = jsonc_get(params, "initializationOptions");
	c->root = root_of(exam, params);
	c->initialize = jsonc_to_json(exam->arena, params);
	c->name = text_in(jsonc_get(params, "clientInfo"), "name");
	c->init_options = options && options->type == JSONC_OBJECT
	                          ? jsonc_to_json(exam->arena, options)
	                          : "{}";
	c->watches_files = watches && watches->boolean;
}

static void take_configuration(struct exam *exam, const struct jsonc_node *said,
                               struct asked_client *c) {
	static const char *const kinds[] = {"result", "error", "silent"};
	c->reply = "unannounced";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const struct jsonc_node *value = jsonc_get(said, kinds[i]);
		if (value) {
			c->reply = kinds[i];
			c->answer = jsonc_to_json(exam->arena, value);
		}
	}
}

static struct asked_client *client_of(struct asked *asked, double *pids, double pid) {
	for (size_t i = 0; i < asked->count; i++) {
		if (pids[i] == pid) {
			return &asked->clients[i];
		}
	}
	if (asked->count >= ASKED_CLIENTS_MAX) {
		return NULL;
	}
	struct asked_client *c = &asked->clients[asked->count];
	*c = (struct asked_client){.cwd = "",
	                           .root = "",
	                           .initialize = "",
	                           .name = "",
	                           .init_options = "{}",
	                           .settings = "",
	                           .reply = "",
	                           .answer = ""};
	pids[asked->count++] = pid;
	return c;
}

static void take_line(struct exam *exam, const struct jsonc_node *line, struct asked *asked,
                      double *pids) {
	const struct jsonc_node *pid = jsonc_get(line, "witness");
	struct asked_client *c = pid ? client_of(asked, pids, pid->number) : NULL;
	const struct jsonc_node *value = NULL;
	if (!c) {
		const char *refused = text_in(line, "refused");
		if (!str_empty(refused)) {
			asked->why_not = arena_printf(exam->arena,
			                              "no scratch machine could be made for it: %s",
			                              refused);
		}
	} else if ((value = jsonc_get(line, "start"))) {
		take_start(exam, value, c);
	} else if ((value = jsonc_get(line, "initialize"))) {
		take_initialize(exam, value, c);
	} else if ((value = jsonc_get(line, "configuration"))) {
		take_configuration(exam, value, c);
	} else if ((value = jsonc_get(line, "changed"))) {
		const struct jsonc_node *own = jsonc_get(value, "gopls");
		c->settings = jsonc_to_json(exam->arena, own ? own : value);
	}
}

/* One that never came to initialize is no client (it was a question for the version). */
static void drop_mute(struct asked *asked) {
	size_t kept = 0;
	for (size_t i = 0; i < asked->count; i++) {
		const struct asked_client *c = &asked->clients[i];
		if (!str_empty(c->reply) && c->argv && c->argv[0]) {
			asked->clients[kept++] = *c;
		}
	}
	asked->count = kept;
}

/* What gopls v0.16.2 to v0.24.0 live with: a list, whatever is in it, or null. */
static bool answer_fits(struct exam *exam, const struct asked_client *c) {
	if (!streq(c->reply, "result")) {
		return streq(c->reply, "unannounced");
	}
	const struct jsonc_node *root = jsonc_parse(exam->arena, slice_str(c->answer))->root;
	return root && (root->type == JSONC_ARRAY || root->type == JSONC_NULL);
}

static const char *command_text(struct arena *arena, const char *const *argv) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; argv[i]; i++) {
		strbuf_printf(&out, "%s%s", i > 0 ? " " : "", str_shell_quote(arena, argv[i]));
	}
	return out.data;
}

static const char *root_state(struct exam *exam, const char *root) {
	if (root[0] != '/') {
		return "";
	}
	struct file_stat st = world_stat(exam->world, root);
	return st.is_dir ? "ok" : st.exists ? "not_dir" : st.known ? "absent" : "";
}

static void state_client(struct exam *exam, const struct evidence *ev, const char *editor,
                         const struct asked_client *c, size_t number) {
	FACTS_ADD(exam->facts, client, ev, .editor = editor, .from = "asked",
	          .number = (int64_t)number, .command = command_text(exam->arena, c->argv),
	          .cwd = c->cwd, .root = c->root, .root_state = root_state(exam, c->root),
	          .name = c->name, .reply = c->reply, .answer = c->answer,
	          .fits = answer_fits(exam, c), .settings = c->settings,
	          .options = c->init_options);
}

bool ask_editor(struct exam *exam, const struct ask_spec *spec, struct asked *ret) {
	*ret = (struct asked){0};
	const char *program = NULL;
	const char *file = NULL;
	struct run_result run = {0};
	if (!exam->target->trusted) {
		ret->why_not = arena_printf(
			exam->arena, "the configuration of %s is a program, which was not run",
			spec->title);
	} else if (!(program = find_program(exam, spec->programs))) {
		ret->why_not = arena_printf(exam->arena, "%s was not found", spec->title);
	} else if (!(file = source_choose(exam))) {
		ret->why_not = "there is no Go file to open";
	} else {
		double pids[ASKED_CLIENTS_MAX] = {0};
		struct slice line;
		run = run_editor(exam, spec, program, file);
		for (struct slice rest = run.out; slice_line(&rest, &line);) {
			take_line(exam, jsonc_parse(exam->arena, line)->root, ret, pids);
		}
		drop_mute(ret);
	}
	for (size_t i = 0; i < ret->count; i++) {
		state_client(exam, run.ev, spec->name, &ret->clients[i], i + 1);
	}
	if (ret->count == 0) {
		ret->why_not = ret->why_not
		                       ? ret->why_not
		                       : arena_printf(exam->arena,
		                                      "%s started no gopls in its time when %s "
		                                      "was opened",
		                                      spec->title, file);
		facts_refuse(exam->facts, FACT_client, ret->why_not,
		             exam->target->trusted ? "a longer --timeout" : "--trust");
	}
	return ret->count > 0;
}

/* ---- the target ---- */

static void take_manners(struct exam *exam, const struct asked_client *c) {
	struct target *t = exam->target;
	t->root = c->root;
	t->server_cwd = str_empty(c->cwd) ? t->workspace : c->cwd;
	t->client_name = str_empty(c->name) ? NULL : c->name;
	t->client_initialize = str_empty(c->initialize) ? NULL : c->initialize;
	t->init_options = c->init_options;
	t->no_watched_files = !c->watches_files;
	t->no_configuration = streq(c->reply, "unannounced");
	if (streq(c->reply, "result")) {
		t->configuration = c->answer;
		t->configuration_reply = REPLY_RESULT;
	} else if (!t->no_configuration) {
		t->configuration_reply = REPLY_UNKNOWN;
	}
	for (const struct jsonc_node *v = c->env ? c->env->first_child : NULL; v; v = v->next) {
		if (jsonc_string(v)) {
			envset_set(&t->server, v->key, jsonc_string(v));
		} else {
			envset_unset(&t->server, v->key);
		}
	}
}

static const char *find_gopls(struct exam *exam, const char *wanted) {
	struct search s;
	search_begin(&s, exam, "gopls");
	const char *path = envset_get(&exam->target->server, "PATH");
	if (wanted && !streq(wanted, search_path_only(exam, path ? path : "", "gopls"))) {
		search_file(&s, wanted, "alternate", true);
	}
	search_path(&s, &exam->target->server);
	if (!s.found) {
		search_elsewhere(&s);
	}
	return s.found;
}

void ask_editor_arrange(struct exam *exam, const struct asked_client *client,
                        const struct client_config *written) {
	struct target *t = exam->target;
	const char *wanted = client ? client->argv[0] : NULL;
	t->init_options = "{}";
	if (client) {
		take_manners(exam, client);
	}
	if (written) {
		client_config_state_env(exam, written);
	}
	t->go_path = search_on_path(exam, "go", &t->server);
	govars_gopls_env(exam, &t->server);
	govars_state(exam, &t->server, t->go_path,
	             search_program(exam, wanted ? wanted : "gopls", &t->server));
	t->gopls_path = find_gopls(exam, wanted); /* elsewhere is also where GOBIN says */
	start_judge(exam, &t->server);
	start_with(exam, client && wanted ? client->argv + 1 : NULL);
}

void ask_editor_or_read(struct exam *exam, const struct ask_spec *spec,
                        struct client_config *(*read_fn)(struct exam *exam)) {
	struct asked asked;
	const struct client_config *written = read_fn ? read_fn(exam) : NULL;
	if (ask_editor(exam, spec, &asked)) {
		ask_editor_arrange(exam, &asked.clients[0], written);
		return;
	}
	client_config_take(exam, written);
	if (exam->target->editor_config) {
		client_config_arrange(exam);
	} else {
		ask_editor_arrange(exam, NULL, NULL);
	}
}

static bool holds(struct exam *exam, const char *dir, const char *marker) {
	return world_stat(exam->world, path_join(exam->arena, dir, marker)).exists;
}

void ask_editor_plain_root(struct exam *exam, const char *const *markers, bool or_file_dir) {
	struct target *t = exam->target;
	const char *start = t->open_file ? path_parent(exam->arena, t->open_file) : t->workspace;
	const char *root = NULL;
	for (; *markers && !root; markers++) {
		const char *dir = start;
		while (!holds(exam, dir, *markers) && !streq(dir, "/")) {
			dir = path_parent(exam->arena, dir);
		}
		root = holds(exam, dir, *markers) ? dir : NULL;
	}
	t->root = root ? root : or_file_dir ? start : t->workspace;
	FACTS_ADD(exam->facts, client, NULL, .editor = t->editor->name, .from = "plain",
	          .number = 1, .root = t->root, .root_state = "ok", .fits = true,
	          .command = t->gopls_path ? t->gopls_path : "gopls");
}
