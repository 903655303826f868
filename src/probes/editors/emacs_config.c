/* SPDX-License-Identifier: MIT */
#include "probes/editors/emacs_config.h"

#include "base/path.h"
#include "base/str.h"
#include "wire/lisp.h"

#define FILE_CAP_BYTES ((size_t)(256 * 1024))
#define PARENTS_MAX    32
#define FORM_DEPTH_MAX 40
#define WORDS_MAX      32

/* Variables of lsp-mode that become settings of gopls. Source: emacs-lsp/lsp-mode clients/lsp-go.el,
 * lsp-register-custom-settings. */
static const struct {
	const char *variable;
	const char *setting;
	enum jsonc_type type;
} of_lsp_go[] = {
	{"lsp-go-env", "env", JSONC_OBJECT},
	{"lsp-go-build-flags", "buildFlags", JSONC_ARRAY},
	{"lsp-go-directory-filters", "directoryFilters", JSONC_ARRAY},
};

#define OF_LSP_GO (sizeof of_lsp_go / sizeof *of_lsp_go)

/* One value, as often as it is said; kept apart when it is said twice and not alike. */
struct said {
	struct config_value value;
	const char *json;
	bool contradicts;
};

struct lisp_reader {
	struct exam *exam;
	const char *file;
	bool eglot; /* a form speaks of it */
	bool lsp_mode;
	struct said contact;  /* the words of eglot-server-programs, a list */
	struct said options;  /* its :initializationOptions */
	struct said settings; /* eglot-workspace-configuration */
	struct said program;  /* of lsp-mode */
	struct said args;
	struct said custom;           /* lsp-register-custom-settings */
	struct said of_go[OF_LSP_GO]; /* of_lsp_go */
	struct config_value env;      /* setenv, of the first file that has any */
	struct jsonc_node *variables; /* its node */
};

static void say(struct lisp_reader *r, struct said *said, struct jsonc_node *node,
                const char *name) {
	if (!node) {
		return;
	}
	const char *json = jsonc_to_json(r->exam->arena, node);
	if (said->json) {
		said->contradicts = said->contradicts || !streq(json, said->json);
		return;
	}
	node->key = node->key ? node->key : name;
	node->key_place = node->place;
	said->json = json;
	said->value = (struct config_value){
		.node = node, .file = r->file, .layer = client_config_layer(r->exam, r->file)};
}

/* Strings that follow each other, as a list; NULL when one of them is none. */
static struct jsonc_node *words_of(struct lisp_reader *r, const struct lisp_node *n,
                                   const struct lisp_node **ret_rest) {
	struct arena *arena = r->exam->arena;
	struct jsonc_node *list = arena_new_of(arena, struct jsonc_node);
	struct jsonc_node **end = &list->first_child;

	*list = (struct jsonc_node){.type = JSONC_ARRAY, .string = ""};
	list->place = n ? n->place : (struct jsonc_place){.line = 1, .column = 1};
	for (; n && n->type == LISP_STRING && list->count < WORDS_MAX; n = n->next) {
		struct jsonc_node *word = lisp_to_json(arena, n);
		*end = word;
		end = &word->next;
		list->count++;
	}
	*ret_rest = n;
	bool ends = !n || (n->type == LISP_SYMBOL && n->text[0] == ':');
	return ends && list->count > 0 ? list : NULL;
}

/* ---- eglot ---- */

static bool is_go_mode(const struct lisp_node *n) {
	if (n && n->type == LISP_LIST) {
		for (const struct lisp_node *m = n->first_child; m; m = m->next) {
			if (is_go_mode(m)) {
				return true;
			}
		}
	}
	return lisp_is(n, "go-mode") || lisp_is(n, "go-ts-mode");
}

/* (MODES . ("gopls" "-x" :initializationOptions (…))) */
static void read_contact(struct lisp_reader *r, const struct lisp_node *entry) {
	const struct lisp_node *rest = NULL;
	if (!entry || entry->type != LISP_LIST || !is_go_mode(entry->first_child)) {
		return;
	}
	say(r, &r->contact, words_of(r, entry->first_child->next, &rest), "eglot-server-programs");
	for (; rest && rest->next; rest = rest->next->next) {
		if (lisp_is(rest, ":initializationOptions")) {
			say(r, &r->options, lisp_to_json(r->exam->arena, rest->next),
			    "initializationOptions");
		}
	}
}

static void read_contacts(struct lisp_reader *r, const struct lisp_node *list) {
	bool is_list = list && list->type == LISP_LIST;
	for (const struct lisp_node *n = is_list ? list->first_child : NULL; n; n = n->next) {
		read_contact(r, n);
	}
}

/* ---- variables ---- */

static void read_custom_settings(struct lisp_reader *r, const struct lisp_node *list) {
	struct arena *arena = r->exam->arena;
	struct jsonc_node *object = arena_new_of(arena, struct jsonc_node);
	struct jsonc_node **end = &object->first_child;
	bool is_list = list && list->type == LISP_LIST;

	*object = (struct jsonc_node){.type = JSONC_OBJECT, .string = ""};
	for (const struct lisp_node *n = is_list ? list->first_child : NULL; n; n = n->next) {
		const struct lisp_node *name = n->type == LISP_LIST ? n->first_child : NULL;
		bool gopls = name && name->type == LISP_STRING && str_starts(name->text, "gopls.");
		struct jsonc_node *value =
			gopls && name->next ? lisp_to_json(arena, name->next) : NULL;
		if (value) {
			value->key = name->text + strlen("gopls.");
			value->key_len = strlen(value->key);
			value->key_place = name->place;
			*end = value;
			end = &value->next;
			object->count++;
		}
	}
	if (object->count > 0) {
		object->place = list->place;
		say(r, &r->custom, object, "lsp-register-custom-settings");
	}
}

static bool is_configuration(const struct jsonc_node *node) {
	const struct jsonc_node *gopls = jsonc_get(node, "gopls");
	return gopls && gopls->type == JSONC_OBJECT && gopls->count > 0;
}

/* (NAME VALUE), or (NAME . VALUE) whose list has become a part of this one: what makes sense. */
static struct jsonc_node *configuration_of(struct lisp_reader *r, const struct lisp_node *rest,
                                           bool dotted) {
	struct arena *arena = r->exam->arena;
	struct jsonc_node *one = rest->next ? NULL : lisp_to_json(arena, rest);
	struct jsonc_node *all =
		is_configuration(one) ? one : lisp_rest_to_json(arena, rest, dotted);
	return is_configuration(all) ? all : NULL;
}

static void read_value(struct lisp_reader *r, const char *name, const struct lisp_node *value) {
	static const char *const programs[] = {"lsp-go-gopls-server-path", "lsp-gopls-server-path"};
	static const char *const args[] = {"lsp-go-gopls-server-args", "lsp-gopls-server-args"};
	const struct lisp_node *behind = NULL;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		if (streq(name, programs[i]) && value->type == LISP_STRING) {
			say(r, &r->program, lisp_to_json(r->exam->arena, value), programs[i]);
		}
		if (streq(name, args[i]) && value->type == LISP_LIST && value->first_child) {
			say(r, &r->args, words_of(r, value->first_child, &behind), args[i]);
		}
	}
	for (size_t i = 0; i < OF_LSP_GO; i++) {
		struct jsonc_node *node = streq(name, of_lsp_go[i].variable)
		                                  ? lisp_to_json(r->exam->arena, value)
		                                  : NULL;
		if (node && node->type == of_lsp_go[i].type) {
			say(r, &r->of_go[i], node, of_lsp_go[i].setting);
		}
	}
	if (streq(name, "eglot-server-programs")) {
		read_contacts(r, value);
	}
}

static bool sets_variables(const struct lisp_node *head) {
	return lisp_is(head, "setq") || lisp_is(head, "setq-default") || lisp_is(head, "setopt") ||
	       lisp_is(head, "customize-set-variable");
}

/* (use-package x :disabled …), (comment …), (when nil …): none of it counts. */
static bool is_dead(const struct lisp_node *list) {
	const struct lisp_node *head = list->first_child;
	bool package = lisp_is(head, "use-package") || lisp_is(head, "use-package!") ||
	               lisp_is(head, "leaf");
	for (const struct lisp_node *n = package ? head : NULL; n; n = n->next) {
		if (lisp_is(n, ":disabled")) {
			return true;
		}
	}
	return lisp_is(head, "comment") || lisp_is(head, "defvar") || lisp_is(head, "defcustom") ||
	       ((lisp_is(head, "when") || lisp_is(head, "if")) && lisp_is(head->next, "nil"));
}

/* ---- the environment ---- */

/* The member of this name, or where one is to be added. */
static struct jsonc_node **env_slot(struct jsonc_node *object, const char *name) {
	struct jsonc_node **at = &object->first_child;
	while (*at && !streq((*at)->key, name)) {
		at = &(*at)->next;
	}
	return at;
}

/* (setenv "NAME" "value"): the last one counts, and one whose value is not written out leaves none known. */
static void read_setenv(struct lisp_reader *r, const struct lisp_node *name) {
	struct arena *arena = r->exam->arena;
	const struct lisp_node *value = name ? name->next : NULL;
	if (!name || name->type != LISP_STRING || (r->env.node && !streq(r->env.file, r->file))) {
		return;
	}
	if (!r->env.node) {
		r->variables = arena_new_of(arena, struct jsonc_node);
		*r->variables = (struct jsonc_node){.type = JSONC_OBJECT, .string = ""};
		r->env = (struct config_value){.node = r->variables,
		                               .file = r->file,
		                               .layer = client_config_layer(r->exam, r->file)};
	}
	struct jsonc_node **at = env_slot(r->variables, name->text);
	if (*at) {
		*at = (*at)->next;
		at = env_slot(r->variables, name->text);
	}
	if (value && value->type == LISP_STRING && !value->next) {
		*at = lisp_to_json(arena, value);
		(*at)->key = name->text;
		(*at)->key_len = strlen(name->text);
		(*at)->key_place = name->place;
	}
}

/* What is in it is done whenever the file is read, sooner or later. */
static bool is_done_always(const struct lisp_node *form) {
	const struct lisp_node *head = form->first_child;
	bool package = lisp_is(head, "use-package") || lisp_is(head, "use-package!");
	for (const struct lisp_node *n = package ? head : NULL; n; n = n->next) {
		if (lisp_is(n, ":if") || lisp_is(n, ":when") || lisp_is(n, ":unless")) {
			return false;
		}
	}
	return package || lisp_is(head, "progn") || lisp_is(head, "with-eval-after-load") ||
	       lisp_is(head, "eval-and-compile");
}

static void read_environment(struct lisp_reader *r, const struct lisp_node *form) {
	const struct lisp_node *head = form->first_child;
	if (lisp_is(head, "setenv")) {
		read_setenv(r, head->next);
		return;
	}
	bool inside = head && is_done_always(form) && !is_dead(form);
	for (const struct lisp_node *n = inside ? head : NULL; n; n = n->next) {
		read_environment(r, n);
	}
}

/* ---- forms ---- */

static void note_client(struct lisp_reader *r, const struct lisp_node *n) {
	r->eglot = r->eglot || lisp_is(n, "eglot") || lisp_is(n, "eglot-ensure");
	r->lsp_mode = r->lsp_mode || lisp_is(n, "lsp") || lisp_is(n, "lsp-deferred") ||
	              lisp_is(n, "lsp-mode");
}

static void read_form(struct lisp_reader *r, const struct lisp_node *form, int depth) {
	const struct lisp_node *head = form->first_child;
	note_client(r, form);
	if (depth > FORM_DEPTH_MAX || !head || is_dead(form)) {
		return;
	}
	if (lisp_is(head, "add-to-list") && lisp_is(head->next, "eglot-server-programs")) {
		read_contact(r, head->next->next);
	} else if (lisp_is(head, "lsp-register-custom-settings")) {
		read_custom_settings(r, head->next);
	} else if (sets_variables(head)) {
		for (const struct lisp_node *n = head->next; n && n->next; n = n->next->next) {
			read_value(r, n->text, n->next);
			if (lisp_is(n, "eglot-workspace-configuration")) {
				say(r, &r->settings, lisp_to_json(r->exam->arena, n->next),
				    n->text);
			}
		}
	} else if (head->type == LISP_SYMBOL && head->next) {
		/* (VARIABLE VALUE) of :custom and custom-set-variables, (VARIABLE . VALUE) of
		 * .dir-locals.el. */
		read_value(r, head->text, head->next);
		if (lisp_is(head, "eglot-workspace-configuration")) {
			say(r, &r->settings, configuration_of(r, head->next, form->dotted),
			    head->text);
		}
	}
	for (const struct lisp_node *n = head; n; n = n->next) {
		read_form(r, n, depth + 1);
	}
}

static bool read_file(struct lisp_reader *r, const char *path) {
	struct exam *exam = r->exam;
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, FILE_CAP_BYTES);
	if (!evidence_has_bytes(ev)) {
		return false;
	}
	r->file = path;
	const struct lisp_node *all = lisp_read(exam->arena, ev->bytes);
	for (const struct lisp_node *n = all->first_child; n; n = n->next) {
		read_form(r, n, 1);
		read_environment(r, n);
	}
	return true;
}

/* The first of Emacs' own, and what its distributions read instead. */
static void read_init(struct lisp_reader *r) {
	static const char *const own[] = {".emacs.el", ".emacs", ".emacs.d/init.el",
	                                  ".config/emacs/init.el"};
	static const char *const more[] = {".emacs.d/custom.el", ".doom.d/config.el",
	                                   ".config/doom/config.el", ".spacemacs"};
	bool found = false;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own) && !found; i++) {
		found = read_file(r, client_config_home(r->exam, own[i]));
	}
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
		read_file(r, client_config_home(r->exam, more[i]));
	}
}

/* The nearest one above the open file. */
static void read_dir_locals(struct lisp_reader *r) {
	const char *dir = r->exam->target->workspace;
	for (int i = 0; i < PARENTS_MAX; i++) {
		if (read_file(r, path_join(r->exam->arena, dir, ".dir-locals.el")) ||
		    streq(dir, "/")) {
			return;
		}
		dir = path_parent(r->exam->arena, dir);
	}
}

static struct config_value agreed(const struct said *said) {
	return said->json && !said->contradicts ? said->value
	                                        : (struct config_value){.file = "", .layer = ""};
}

static void take_eglot(struct lisp_reader *r, struct client_config *c) {
	c->args_at = agreed(&r->contact);
	const char *const *words = client_config_words(r->exam, c->args_at.node);
	if (words && words[0]) {
		c->command_at = c->args_at;
		c->command = words[0];
		c->args = words + 1;
	}
	c->options = agreed(&r->options);
	c->settings = agreed(&r->settings);
	c->settings.node = jsonc_get(c->settings.node, "gopls");
	c->client_name = "Eglot";
}

/* What lsp-register-custom-settings says, and the variables of lsp-mode where they say something else; of one file. */
static struct config_value settings_of_lsp_mode(struct lisp_reader *r) {
	struct config_value all = agreed(&r->custom);

	for (size_t i = 0; i < OF_LSP_GO; i++) {
		struct config_value one = agreed(&r->of_go[i]);
		struct jsonc_node *object;
		if (!one.node || (all.node && (!streq(one.file, all.file) ||
		                               jsonc_get(all.node, of_lsp_go[i].setting)))) {
			continue;
		}
		struct jsonc_node *member = arena_new_of(r->exam->arena, struct jsonc_node);
		object = arena_new_of(r->exam->arena, struct jsonc_node);
		*member = *one.node;
		*object = all.node ? *all.node
		                   : (struct jsonc_node){.type = JSONC_OBJECT,
		                                         .string = "",
		                                         .key = one.node->key,
		                                         .place = one.node->place,
		                                         .key_place = one.node->place};
		member->key = of_lsp_go[i].setting;
		member->key_len = strlen(member->key);
		member->next = object->first_child;
		object->first_child = member;
		object->count++;
		all = one;
		all.node = object;
	}
	return all;
}

static void take_lsp_mode(struct lisp_reader *r, struct client_config *c) {
	c->command_at = agreed(&r->program);
	c->command = jsonc_string(c->command_at.node);
	c->args_at = agreed(&r->args);
	c->args = client_config_words(r->exam, c->args_at.node);
	c->settings = settings_of_lsp_mode(r);
	c->client_name = "emacs";
}

struct client_config *emacs_config_read(struct exam *exam) {
	struct lisp_reader *r = arena_new_of(exam->arena, struct lisp_reader);
	struct client_config *c = arena_new_of(exam->arena, struct client_config);
	r->exam = exam;
	read_init(r);
	read_dir_locals(r);
	c->env = r->env;
	if (r->eglot && r->lsp_mode) {
		/* Which of the two is used is not written down. */
	} else if (r->lsp_mode) {
		take_lsp_mode(r, c);
	} else {
		take_eglot(r, c);
	}
	bool said = c->args_at.node || c->command_at.node || c->options.node || c->settings.node ||
	            (c->env.node && c->env.node->first_child);
	return said ? c : NULL;
}
