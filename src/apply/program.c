/* SPDX-License-Identifier: MIT */
#include "apply/program.h"

#include "apply/put.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define OUTPUT_BYTES     ((size_t)64 * 1024)
#define LAST_WORDS_BYTES ((size_t)300)
#define NEIGHBOURS_MAX   ((size_t)5000)
#define NAMED_MAX        5

/* ---- written down: a letter, the text, NUL ---- */

static void put_words(struct strbuf *out, char letter, const char *const *words) {
	for (size_t i = 0; words && words[i]; i++) {
		strbuf_add_char(out, letter);
		strbuf_add_n(out, words[i], strlen(words[i]) + 1);
	}
}

struct slice program_encode(struct arena *arena, const struct program *program) {
	struct strbuf out;
	const char *const cwd[] = {program->cwd, NULL};
	const char *const network[] = {"", NULL};
	strbuf_init(&out, arena);
	put_words(&out, 'c', cwd);
	put_words(&out, 'a', program->argv);
	put_words(&out, 'e', program->env);
	put_words(&out, 'p', program->announces);
	if (program->network) {
		put_words(&out, 'n', network);
	}
	return slice_of(out.data, out.len);
}

struct words {
	const char **items;
	size_t count;
	size_t slots;
};

static void add_word(struct arena *arena, struct words *words, const char *text) {
	VEC_ROOM(arena, words->items, words->count + 1, &words->slots);
	words->items[words->count++] = text;
	words->items[words->count] = NULL;
}

int program_decode(struct arena *arena, struct slice detail, struct program *ret) {
	struct words argv = {0};
	struct words env = {0};
	struct words announces = {0};
	struct slice item;
	*ret = (struct program){0};
	while (slice_cut(&detail, '\0', &item)) {
		if (item.len == 0) {
			return -EBADMSG;
		}
		const char *text = arena_strndup(arena, item.data + 1, item.len - 1);
		switch (item.data[0]) {
		case 'c':
			ret->cwd = text;
			break;
		case 'a':
			add_word(arena, &argv, text);
			break;
		case 'e':
			add_word(arena, &env, text);
			break;
		case 'p':
			add_word(arena, &announces, text);
			break;
		case 'n':
			ret->network = true;
			break;
		default:
			return -EBADMSG;
		}
	}
	static const char *const none[] = {NULL};
	ret->argv = argv.items;
	ret->env = env.items ? (const char *const *)env.items : none;
	ret->announces = announces.items ? (const char *const *)announces.items : none;
	return ret->cwd && ret->argv ? 0 : -EBADMSG;
}

/* ---- what it did not announce ---- */

static bool is_announced(const struct program *p, const char *path) {
	for (size_t i = 0; p->announces[i]; i++) {
		/* A directory above something announced changes with it. */
		if (path_below(path, p->announces[i]) || path_below(p->announces[i], path)) {
			return true;
		}
	}
	return false;
}

static void list_dir(struct arena *arena, const struct program *p, const char *dir,
                     struct tree *tree) {
	struct err ignored;
	DIR *d = opendir(dir);
	const struct dirent *entry;
	while (d && tree->count < NEIGHBOURS_MAX && (entry = readdir(d))) {
		const char *path = path_join(arena, dir, entry->d_name);
		CLEANUP(place_closep) struct place place = {.dir_fd = -1};
		struct stat st;
		if (streq(entry->d_name, ".") || streq(entry->d_name, "..") ||
		    is_announced(p, path) || place_open(arena, path, &place, &ignored) < 0 ||
		    place_stat(&place, &st) < 0) {
			continue;
		}
		VEC_ROOM(arena, tree->entries, tree->count, &tree->slots);
		tree->entries[tree->count++] = (struct tree_entry){
			.path = path,
			.image = {.size = S_ISDIR(st.st_mode) ? 0 : st.st_size,
		                  .mode = st.st_mode,
		                  .ino = st.st_ino,
		                  .mtime_ns = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec},
		};
	}
	if (d) {
		closedir(d);
	}
}

int neighbours_take(struct arena *arena, const struct program *p, struct neighbours *ret) {
	*ret = (struct neighbours){0};
	list_dir(arena, p, p->cwd, &ret->tree);
	for (size_t i = 0; p->announces[i]; i++) {
		const char *dir = path_parent(arena, p->announces[i]);
		bool known = streq(dir, p->cwd);
		for (size_t k = 0; k < i && !known; k++) {
			known = streq(dir, path_parent(arena, p->announces[k]));
		}
		if (!known && !streq(dir, "/")) {
			list_dir(arena, p, dir, &ret->tree);
		}
	}
	return 0;
}

static const struct tree_entry *neighbour(const struct tree *tree, const char *path) {
	for (size_t i = 0; i < tree->count; i++) {
		if (streq(tree->entries[i].path, path)) {
			return &tree->entries[i];
		}
	}
	return NULL;
}

static void name_changed(struct strbuf *out, size_t *count, const char *path) {
	if ((*count)++ < NAMED_MAX) {
		strbuf_printf(out, "%s%s", out->len > 0 ? ", " : "", path);
	}
}

const char *neighbours_changed(struct arena *arena, const struct program *p,
                               const struct neighbours *before) {
	struct neighbours now;
	struct strbuf out;
	size_t count = 0;
	strbuf_init(&out, arena);
	(void)neighbours_take(arena, p, &now);
	for (size_t i = 0; i < now.tree.count; i++) {
		const struct tree_entry *e = &now.tree.entries[i];
		const struct tree_entry *old = neighbour(&before->tree, e->path);
		if (!old || old->image.ino != e->image.ino || old->image.size != e->image.size ||
		    old->image.mode != e->image.mode || old->image.mtime_ns != e->image.mtime_ns) {
			name_changed(&out, &count, e->path);
		}
	}
	for (size_t i = 0; i < before->tree.count; i++) {
		if (!neighbour(&now.tree, before->tree.entries[i].path)) {
			name_changed(&out, &count, before->tree.entries[i].path);
		}
	}
	if (count > NAMED_MAX) {
		strbuf_printf(&out, " and %zu more", count - NAMED_MAX);
	}
	return out.data;
}

/* ---- running ---- */

static const char *last_words(struct arena *arena, const struct run_result *run) {
	struct slice said = slice_trim(run->err.len > 0 ? run->err : run->out);
	if (said.len > LAST_WORDS_BYTES) {
		said = slice_of(said.data + said.len - LAST_WORDS_BYTES, LAST_WORDS_BYTES);
	}
	return arena_slicedup(arena, said);
}

int program_run(struct arena *arena, struct world *world, const struct envset *env,
                const struct program *p, const char *label, struct err *err) {
	struct envset changed;
	envset_init(&changed, arena);
	envset_copy(&changed, env);
	for (size_t i = 0; p->env[i]; i++) {
		const char *equals = strchr(p->env[i], '=');
		if (equals) {
			envset_set(&changed,
			           arena_strndup(arena, p->env[i], (size_t)(equals - p->env[i])),
			           equals + 1);
		} else {
			envset_unset(&changed, p->env[i]);
		}
	}
	const struct run_spec spec = {
		.label = label,
		.argv = p->argv,
		.env = &changed,
		.cwd = p->cwd,
		.deadline_ns = PROGRAM_SECONDS * NS_PER_S,
		.cap_bytes = OUTPUT_BYTES,
	};
	struct run_result run = world_run(world, &spec);
	const char *name = path_base(p->argv[0]);
	if (world->interrupted) {
		return err_set(err, -EINTR, "%s was stopped", name);
	}
	if (!run.started) {
		return err_set(err, -ENOEXEC, "%s could not be started: %s", p->argv[0],
		               strerror(run.ev->error));
	}
	if (run.timed_out) {
		return err_set(err, -ETIMEDOUT, "%s did not end within %d s", name,
		               PROGRAM_SECONDS);
	}
	if (run.exit_code != 0) {
		return err_set(err, -EIO, "%s ended with %s %d: %s", name,
		               run.signal ? "signal" : "status",
		               run.signal ? run.signal : run.exit_code, last_words(arena, &run));
	}
	return 0;
}

/* ---- what it changed ---- */

static bool differs(const struct image *a, const struct image *b) {
	if (a->kind == IMAGE_DIRECTORY || a->kind != b->kind) {
		return !image_same(a, b); /* times of directories are kept elsewhere */
	}
	if (a->size == b->size && a->mtime_ns == b->mtime_ns && a->ino == b->ino &&
	    a->ctime_ns == b->ctime_ns) {
		return false;
	}
	return a->mtime_ns != b->mtime_ns || !image_same(a, b);
}

struct collect {
	struct arena *arena;
	const char *keep;
	struct repair *repair;
	size_t copies;
	struct err *err;
};

static int keep_after(struct collect *c, const char *path, struct image *after) {
	if (after->kind != IMAGE_FILE || !after->kept) {
		return 0;
	}
	const char *copy = arena_printf(c->arena, "%s/after-%zu", c->keep, c->copies++);
	int opened = image_open_file(AT_FDCWD, after->kept);
	CLEANUP(fd_closep) int from = opened;
	CLEANUP(fd_closep) int to = open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int r = opened < 0 ? opened : to < 0 ? -errno : put_copy(from, to);
	after->kept = copy;
	return r < 0 ? err_set(c->err, r, "cannot copy '%s' aside: %s", path, strerror(-r)) : 0;
}

static int add(struct collect *c, const char *path, const struct image *before,
               const struct image *after) {
	struct journal_change *change = repair_add(c->arena, c->repair, CHANGE_FILE);
	const char *word = !before ? "made" : !after ? "removed" : "changed";
	change->what = arena_printf(c->arena, "%s by the program: %s", word, path);
	change->path = path;
	change->state = CHANGE_DONE;
	change->before = before ? *before : (struct image){.kind = IMAGE_ABSENT};
	change->after = after ? *after : (struct image){.kind = IMAGE_ABSENT};
	return keep_after(c, path, &change->after);
}

enum turn { DIRECTORIES_MADE, FILES, DIRECTORIES_GONE };

static enum turn turn_of(const struct image *before, const struct image *after) {
	bool was = before && before->kind == IMAGE_DIRECTORY;
	bool is = after && after->kind == IMAGE_DIRECTORY;
	return is && !was ? DIRECTORIES_MADE : was && !is ? DIRECTORIES_GONE : FILES;
}

/* Both are sorted by path. Gone ones are walked from the end: what lies in a directory before it. */
static int collect_turn(struct collect *c, enum turn turn, const struct tree *before,
                        const struct tree *after) {
	int r = 0;
	for (size_t i = 0; r == 0 && i < after->count && turn != DIRECTORIES_GONE; i++) {
		const struct tree_entry *e = &after->entries[i];
		const struct tree_entry *old = tree_find(before, e->path);
		if (turn_of(old ? &old->image : NULL, &e->image) == turn &&
		    (!old || differs(&old->image, &e->image))) {
			r = add(c, e->path, old ? &old->image : NULL, &e->image);
		}
	}
	for (size_t i = before->count; r == 0 && i-- > 0 && turn != DIRECTORIES_MADE;) {
		const struct tree_entry *e = &before->entries[i];
		const struct tree_entry *now = tree_find(after, e->path);
		bool gone = !now || turn == DIRECTORIES_GONE;
		if (gone && turn_of(&e->image, now ? &now->image : NULL) == turn) {
			r = add(c, e->path, &e->image, now ? &now->image : NULL);
		}
	}
	return r;
}

int program_collect(struct arena *arena, const struct program *program, const struct tree *before,
                    const char *keep, struct repair *repair, struct err *err) {
	struct collect c = {.arena = arena, .keep = keep, .repair = repair, .err = err};
	struct tree after;
	int r = tree_take(arena, program->announces, NULL, &after, err);
	for (int turn = DIRECTORIES_MADE; r == 0 && turn <= DIRECTORIES_GONE; turn++) {
		r = collect_turn(&c, (enum turn)turn, before, &after);
	}
	CLEANUP(fd_closep) int fd = open(keep, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r == 0 && fd >= 0 && syncfs(fd) < 0) {
		r = err_set(err, -errno, "cannot write to '%s': %s", keep, strerror(errno));
	}
	return r;
}
