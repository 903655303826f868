/* SPDX-License-Identifier: MIT
 * `dialtone pin` for people and for programs: what would be done, what was done, what is pinned.
 */
#include "base/clock.h"
#include "base/path.h"
#include "cmd/pin.h"
#include "report/diff.h"
#include "report/harmless.h"
#include "report/json_frame.h"
#include "wire/jsonc.h"

#include <stdlib.h>
#include <sys/stat.h>

/* ---- PATH ---- */

static const char *real_path(struct arena *arena, const char *path) {
	char *real = path ? realpath(path, NULL) : NULL;
	const char *copy = real ? arena_strdup(arena, real) : NULL;
	free(real);
	return copy;
}

/* What PATH finds in place of the shim of this tool; NULL when it finds the shim. */
static const char *found_instead(struct pin_run *run, const struct pin_tool *tool) {
	const char *name = path_base(tool->programs[0]);
	const char *found = pin_on_path(run, name);
	const char *shim = store_shim(run->arena, run->root, tool->programs[0]);
	return streq(found, shim) || (found && streq(real_path(run->arena, found),
	                                             real_path(run->arena, shim)))
	               ? NULL
	       : found ? found
	               : "";
}

static void put_path_advice(struct strbuf *out, struct pin_run *run, const struct pin_tool *tool) {
	const char *other = found_instead(run, tool);
	if (!other) {
		return;
	}
	const char *bin = arena_printf(run->arena, "%s/bin", run->root);
	strbuf_printf(out,
	              "PATH finds %s; for the pin to count in a shell:\n  export PATH=%s:$PATH\n",
	              *other ? harmless(run->arena, other, run->terminal.utf8)
	                     : arena_printf(run->arena, "no %s yet", tool->name),
	              str_shell_quote(run->arena, bin));
}

/* ---- changes ---- */

static bool is_text(const struct image *image) {
	return !image_exists(image) || image->kind == IMAGE_FILE;
}

/* Several changes of one file are shown as one: NULL but for the first of them. */
static const struct image *shown_after(const struct pin_run *run, size_t index) {
	const struct journal_change *all = run->repair.changes;
	const struct image *after = &all[index].after;
	for (size_t i = 0; i < run->repair.change_count; i++) {
		if (i != index && streq(all[i].path, all[index].path)) {
			if (i < index) {
				return NULL;
			}
			after = &all[i].after;
		}
	}
	return after;
}

static void put_change(struct strbuf *out, const struct pin_run *run, size_t index,
                       const struct report_style *style) {
	const struct journal_change *c = &run->repair.changes[index];
	const struct image *after = shown_after(run, index);
	if (!is_text(&c->before) || !is_text(&c->after) || c->kind != CHANGE_FILE) {
		strbuf_printf(out, "  %s\n", harmless(out->arena, c->what, run->terminal.utf8));
		return;
	}
	struct slice before = image_exists(&c->before) ? c->before.bytes : slice_of(NULL, 0);
	if (image_exists(&c->before) && !before.data) {
		before.data = "";
	}
	if (after) {
		diff_write(out, harmless(out->arena, c->path, style->utf8), before, after->bytes,
		           style);
	}
}

static void put_changes(struct strbuf *out, const struct pin_run *run) {
	const struct report_style style = {.colour = run->terminal.colour,
	                                   .utf8 = run->terminal.utf8,
	                                   .columns = run->terminal.columns};
	for (size_t i = 0; i < run->repair.change_count; i++) {
		put_change(out, run, i, &style);
	}
}

/* ---- for programs ---- */

static int64_t ms_of(int64_t ns) {
	return ns > 0 ? (ns + NS_PER_MS - 1) / NS_PER_MS : -1;
}

static void json_item(struct json *json, const struct pin_item *item) {
	static const char *const states[] = {"to_install", "installed", "unpinned"};
	json_element(json);
	json_open(json, '{');
	json_put(json, "tool", item->spec.tool->name);
	json_put(json, "version", pin_is_none(&item->spec) ? NULL : item->spec.version);
	json_put(json, "state", states[item->state]);
	json_put(json, "before", item->was);
	json_put_or_null(json, "folder", item->dir);
	json_put_or_null(json, "source", item->source);
	json_put_or_null(json, "verified", item->verified);
	json_put_or_null(json, "damage", item->damage);
	json_put_ms(json, "install_ms", ms_of(item->install_ns));
	json_put_ms(json, "check_ms", ms_of(item->check_ns));
	json_close(json, '}');
}

static int show_json(struct pin_run *run) {
	struct strbuf out;
	struct json json = {.out = &out};
	strbuf_init(&out, run->arena);
	json_begin(&json, "dialtone.pin/1");
	json_put_tool(&json);
	json_put(&json, "workspace", run->options->workspace ? run->workspace : NULL);
	json_put_or_null(&json, "because", run->because);
	json_put_bool(&json, "done", run->options->yes);
	json_put_number_or_null(&json, "repair", run->repair.id);
	json_put_ms(&json, "switch_ms", ms_of(run->switch_ns));
	json_put(&json, "bin", arena_printf(run->arena, "%s/bin", run->root));
	json_open_member(&json, "items", '[');
	for (size_t i = 0; i < run->count; i++) {
		json_item(&json, &run->items[i]);
	}
	json_close(&json, ']');
	json_open_member(&json, "changes", '[');
	for (size_t i = 0; i < run->repair.change_count; i++) {
		const struct journal_change *c = &run->repair.changes[i];
		json_open_element(&json, '{');
		json_put(&json, "what", c->what);
		json_put(&json, "path", c->path);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_end(&json);
	return output_write(&out, STATUS_HEALTHY);
}

/* ---- what would be done ---- */

static void put_because(struct strbuf *out, const struct pin_run *run) {
	if (*run->because) {
		strbuf_printf(out, "%s.\n", harmless(run->arena, run->because, run->terminal.utf8));
	}
}

static void put_intention(struct strbuf *out, struct pin_run *run, const struct pin_item *item) {
	const char *name = item->spec.tool->name;
	const char *version = item->spec.version;
	if (item->state == PIN_UNPIN) {
		strbuf_printf(out, "%s would not be pinned any more%s%s.\n", name,
		              item->was ? "; now it is " : "", item->was ? item->was : "");
		return;
	}
	strbuf_printf(out, "%s %s would be %s%s.\n", name, version,
	              item->state == PIN_INSTALL ? "installed and pinned" : "pinned",
	              run->options->workspace ? " for this workspace" : "");
	if (*item->damage) {
		strbuf_printf(out, "What is installed does not count: %s.\n",
		              harmless(run->arena, item->damage, run->terminal.utf8));
	}
	if (item->state == PIN_INSTALL) {
		strbuf_printf(out, "  into %s\n  from %s\n", item->dir,
		              harmless(run->arena, mask_urls(run->arena, item->source),
		                       run->terminal.utf8));
	}
}

int pin_show_plan(struct pin_run *run) {
	struct strbuf out;
	bool install = false;
	if (run->options->json) {
		return show_json(run);
	}
	strbuf_init(&out, run->arena);
	put_because(&out, run);
	for (size_t i = 0; i < run->count; i++) {
		install = install || run->items[i].state == PIN_INSTALL;
		if (install || run->repair.change_count > 0) {
			put_intention(&out, run, &run->items[i]);
		}
	}
	put_changes(&out, run);
	strbuf_add(&out, !install && run->repair.change_count == 0
	                         ? "Nothing to do: it is so already.\n"
	                         : "Nothing was changed; --yes does it.\n");
	return output_write(&out, STATUS_HEALTHY);
}

/* ---- what was done ---- */

static void put_deed(struct strbuf *out, struct pin_run *run, const struct pin_item *item) {
	const char *name = item->spec.tool->name;
	if (item->state == PIN_UNPIN) {
		strbuf_printf(out, "%s is not pinned any more.\n", name);
		return;
	}
	strbuf_printf(out, "%s %s is pinned%s%s%s%s.\n", name, item->spec.version,
	              run->options->workspace ? " for " : "",
	              run->options->workspace
	                      ? harmless(run->arena, run->workspace, run->terminal.utf8)
	                      : "",
	              item->was && !run->options->workspace ? "; before it was " : "",
	              item->was && !run->options->workspace ? item->was : "");
	if (*item->verified) {
		strbuf_printf(out, "  verified by %s\n",
		              harmless(run->arena, item->verified, run->terminal.utf8));
	}
	if (item->install_ns > 0) {
		strbuf_printf(out, "  installed in %.1f s\n",
		              (double)item->install_ns / (double)NS_PER_S);
	} else {
		strbuf_printf(out, "  the bytes that were installed: %zu MiB checked in %lld ms\n",
		              item->checked_bytes >> 20, (long long)ms_of(item->check_ns));
	}
}

int pin_show_done(struct pin_run *run) {
	struct strbuf out;
	if (run->options->json) {
		return show_json(run);
	}
	strbuf_init(&out, run->arena);
	put_because(&out, run);
	for (size_t i = 0; i < run->count; i++) {
		put_deed(&out, run, &run->items[i]);
	}
	strbuf_add(&out, run->notes);
	if (run->done) {
		strbuf_printf(&out, "Switched in %lld ms. Take it back: dialtone undo %lld\n",
		              (long long)ms_of(run->switch_ns), (long long)run->repair.id);
	}
	for (size_t i = 0; i < run->count; i++) {
		if (run->items[i].state != PIN_UNPIN && !run->options->workspace) {
			put_path_advice(&out, run, run->items[i].spec.tool);
		}
	}
	if (run->done) {
		strbuf_add(&out, "A server that runs already stays what it is: restart it in the "
		                 "editor.\n");
	}
	return output_write(&out, STATUS_HEALTHY);
}

/* ---- what is ---- */

struct shown {
	const struct pin_tool *tool;
	const char *current;
	const char *previous;
	const char *in_workspace; /* what the settings of the workspace name, or NULL */
	const char *const *versions;
};

static const char *workspace_pin(struct pin_run *run, const struct pin_tool *tool) {
	const char *file = path_join(run->arena, run->workspace, ".vscode/settings.json");
	const struct evidence *ev = world_look(run->world, LOOK_FILE, file, LOOK_CAP_SETTINGS);
	const struct jsonc_doc *doc =
		evidence_has_bytes(ev) ? jsonc_parse(run->arena, ev->bytes) : NULL;
	return doc ? jsonc_string(jsonc_get_path(doc->root, "go.alternateTools", tool->name, NULL))
	           : NULL;
}

static struct shown shown_of(struct pin_run *run, const struct pin_tool *tool) {
	return (struct shown){
		.tool = tool,
		.current =
			store_linked(run->arena, store_current(run->arena, run->root, tool), tool),
		.previous =
			store_linked(run->arena, store_previous(run->arena, run->root, tool), tool),
		.in_workspace = workspace_pin(run, tool),
		.versions = store_versions(run->arena, run->root, tool),
	};
}

/* "" when the bytes are those that were installed. */
static const char *damage_of(struct pin_run *run, const struct pin_tool *tool,
                             const char *version) {
	struct pin_item item = {
		.spec = {tool, version},
		.dir = store_version_dir(run->arena, run->root, tool, version),
	};
	pin_check_installed(run, &item);
	return item.state == PIN_INSTALLED ? "" : *item.damage ? item.damage : "it is gone";
}

static const char *recorded(struct pin_run *run, const struct pin_tool *tool, const char *version,
                            const char *key) {
	const char *file = path_join(
		run->arena, store_version_dir(run->arena, run->root, tool, version), STORE_RECORD);
	const struct evidence *ev = world_look(run->world, LOOK_FILE, file, LOOK_CAP_SMALL);
	return evidence_has_bytes(ev) ? keyline_text(run->arena, ev->bytes, key) : "";
}

static void put_version(struct strbuf *out, struct pin_run *run, const struct shown *s,
                        const char *version) {
	const char *damage = damage_of(run, s->tool, version);
	const char *verified = recorded(run, s->tool, version, "verified");
	bool utf8 = run->terminal.utf8;
	strbuf_printf(out, "  %s%s%s\n", version,
	              streq(version, s->current)    ? "  pinned"
	              : streq(version, s->previous) ? "  before"
	                                            : "",
	              *damage ? arena_printf(run->arena, "  DAMAGED: %s",
	                                     harmless(run->arena, damage, utf8))
	              : run->options->list && *verified
	                      ? arena_printf(run->arena, "  as installed; verified by %s",
	                                     harmless(run->arena, verified, utf8))
	                      : "  as installed");
}

static void put_tool(struct strbuf *out, struct pin_run *run, const struct shown *s) {
	const char *dir = store_version_dir(run->arena, run->root, s->tool, "");
	if (s->versions[0] || s->in_workspace) {
		strbuf_printf(out, "%s: %s\n", s->tool->name,
		              s->current ? s->current : "not pinned for the user");
	}
	for (size_t i = 0; s->versions[i]; i++) {
		if (run->options->list || streq(s->versions[i], s->current)) {
			put_version(out, run, s, s->versions[i]);
		}
	}
	if (s->in_workspace) {
		strbuf_printf(out, "  the settings of %s name %s%s\n",
		              harmless(run->arena, run->workspace, run->terminal.utf8),
		              harmless(run->arena, s->in_workspace, run->terminal.utf8),
		              str_starts(s->in_workspace, dir) ? "" : ", which is not from here");
	}
	if (s->current) {
		put_path_advice(out, run, s->tool);
	}
}

static void json_tool(struct json *json, struct pin_run *run, const struct shown *s) {
	json_open_element(json, '{');
	json_put(json, "tool", s->tool->name);
	json_put(json, "pinned", s->current);
	json_put(json, "before", s->previous);
	json_put(json, "workspace_setting", s->in_workspace);
	const char *other = s->current ? found_instead(run, s->tool) : NULL;
	json_put_bool(json, "on_path", s->current && !other);
	json_put_or_null(json, "path_finds", other ? other : "");
	json_open_member(json, "versions", '[');
	for (size_t i = 0; s->versions[i]; i++) {
		const char *version = s->versions[i];
		json_open_element(json, '{');
		json_put(json, "version", version);
		json_put(json, "folder",
		         store_version_dir(run->arena, run->root, s->tool, version));
		json_put_or_null(json, "source", recorded(run, s->tool, version, "source"));
		json_put_or_null(json, "verified", recorded(run, s->tool, version, "verified"));
		json_put_or_null(json, "damage", damage_of(run, s->tool, version));
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

int pin_show_state(struct pin_run *run) {
	struct strbuf out;
	struct json json = {.out = &out};
	strbuf_init(&out, run->arena);
	if (run->options->json) {
		json_begin(&json, "dialtone.pins/1");
		json_put_tool(&json);
		json_put(&json, "bin", arena_printf(run->arena, "%s/bin", run->root));
		json_open_member(&json, "tools", '[');
	}
	for (const struct pin_tool *tool = pin_tools(); tool->name; tool++) {
		struct shown s = shown_of(run, tool);
		if (run->options->json) {
			json_tool(&json, run, &s);
		} else {
			put_tool(&out, run, &s);
		}
	}
	if (run->options->json) {
		json_close(&json, ']');
		json_end(&json);
	} else if (out.len == 0) {
		strbuf_add(&out, "Nothing is pinned. dialtone pin gopls@vX | dlv@vX | go@X | "
		                 "--compatible\n");
	}
	return output_write(&out, STATUS_HEALTHY);
}
