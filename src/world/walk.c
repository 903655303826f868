/* SPDX-License-Identifier: MIT
 */
#include "world/looks.h"

#include "base/clock.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWNERS_DEPTH_MAX 3
#define TIME_CHECK_EVERY 64 /* entries between two looks at the clock */

/* A directory to be listed; the list is a queue, so what lies near the top is seen first. */
struct walk_dir {
	struct walk_dir *next;
	const char *path;
	struct walk_branch *branch; /* look_walked: the directory directly below the beginning */
	unsigned depth;             /* 0: where the walk began */
};

struct walk_branch {
	const char *name;
	size_t entries;
};

struct walk {
	const struct look_request *request;
	struct look_reply *reply;
	struct walk_dir *first, *last;
	size_t entries;
	size_t entries_max;
	size_t go_files;
	bool cut;
	struct strbuf foreign, own; /* look_owners: lines about entries of others and of ours */
	size_t foreign_count, own_count;
	uid_t uid;
	size_t dirs; /* look_walked */
	const struct walk_branch *largest;
};

typedef void walk_entry_fn(struct walk *walk, const struct walk_dir *dir, int dir_fd,
                           const char *name, unsigned char type);

static void walk_push(struct walk *walk, const char *path, unsigned depth) {
	struct walk_dir *dir = arena_new_of(walk->request->arena, struct walk_dir);

	dir->path = path;
	dir->depth = depth;
	if (walk->last) {
		walk->last->next = dir;
	} else {
		walk->first = dir;
	}
	walk->last = dir;
}

static void put_line(struct walk *walk, const char *word, const char *path) {
	strbuf_printf(&walk->reply->bytes, "%s %s\n", word,
	              keyline_escape(walk->request->arena, path));
}

static bool walk_may_go_on(struct walk *walk) {
	if (walk->entries >= walk->entries_max || walk->reply->bytes.len > walk->request->cap ||
	    (walk->entries % TIME_CHECK_EVERY == 0 && clock_now_ns() > walk->request->until_ns)) {
		walk->cut = true;
	}
	return !walk->cut;
}

/* 0 or a positive errno of opening the directory. */
static int walk_list(struct walk *walk, const struct walk_dir *at, walk_entry_fn *entry_fn) {
	int fd = open(at->path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC |
	                                (at->depth > 0 ? O_NOFOLLOW : 0));
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		return errno;
	}
	while (walk_may_go_on(walk) && (entry = readdir(dir))) {
		unsigned char type = entry->d_type;
		struct stat st;

		if (streq(entry->d_name, ".") || streq(entry->d_name, "..")) {
			continue;
		}
		walk->entries++;
		if (type == DT_UNKNOWN &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			type = (unsigned char)IFTODT(st.st_mode);
		}
		entry_fn(walk, at, dirfd(dir), entry->d_name, type);
	}
	closedir(dir);
	return 0;
}

static void walk_run(struct walk *walk, walk_entry_fn *entry_fn) {
	struct look_reply *reply = walk->reply;

	walk_push(walk, walk->request->arg, 0);
	for (const struct walk_dir *dir = walk->first; dir && !walk->cut; dir = dir->next) {
		int error = walk_list(walk, dir, entry_fn);

		if (error && dir->depth == 0) {
			look_reply_errno(reply, error);
			return;
		}
		if (error == EACCES || error == EPERM) {
			put_line(walk, "denied", dir->path);
		}
	}
	reply->state = walk->cut ? EV_TRUNCATED : EV_READ;
	reply->error = 0;
}

static bool dir_is_skipped(const char *name) {
	return name[0] == '.' || name[0] == '_' || streq(name, "vendor") ||
	       streq(name, "node_modules") || streq(name, "testdata");
}

static void workspace_entry(struct walk *walk, const struct walk_dir *dir, int dir_fd,
                            const char *name, unsigned char type) {
	struct arena *arena = walk->request->arena;

	if (type == DT_DIR) {
		if (streq(name, "vendor") &&
		    faccessat(dir_fd, "vendor/modules.txt", F_OK, 0) == 0) {
			put_line(walk, "vendor", path_join(arena, dir->path, "vendor/modules.txt"));
		}
		if (!dir_is_skipped(name)) {
			walk_push(walk, path_join(arena, dir->path, name), dir->depth + 1);
		}
	} else if (streq(name, "go.mod")) {
		put_line(walk, "mod", path_join(arena, dir->path, name));
	} else if (streq(name, "go.work")) {
		put_line(walk, "work", path_join(arena, dir->path, name));
	} else if (str_ends(name, ".go") && walk->go_files < WALK_GO_FILES_MAX) {
		walk->go_files++;
		put_line(walk, "go", path_join(arena, dir->path, name));
	}
}

void look_walk(const struct looker *looker, const struct look_request *request,
               struct look_reply *reply) {
	(void)looker;
	struct walk walk = {.request = request, .reply = reply, .entries_max = WALK_ENTRIES_MAX};

	walk_run(&walk, workspace_entry);
	if (reply->state == EV_READ || reply->state == EV_TRUNCATED) {
		strbuf_printf(&reply->bytes, "entries %zu\n", walk.entries);
	}
}

/* As cmd/go/internal/modload/search.go (matchPackages) walks a module. */
static void walked_entry(struct walk *walk, const struct walk_dir *dir, int dir_fd,
                         const char *name, unsigned char type) {
	struct arena *arena = walk->request->arena;
	struct walk_branch *branch = dir->branch;

	if (branch && ++branch->entries > (walk->largest ? walk->largest->entries : 0)) {
		walk->largest = branch;
	}
	if (type != DT_DIR || name[0] == '.' || name[0] == '_' || streq(name, "testdata")) {
		return;
	}
	const char *path = path_join(arena, dir->path, name);

	if (faccessat(dir_fd, path_join(arena, name, "go.mod"), F_OK, 0) == 0) {
		return;
	}
	walk->dirs++;
	walk_push(walk, path, dir->depth + 1);
	if (!branch) {
		branch = arena_new_of(arena, struct walk_branch);
		branch->name = path_base(path);
	}
	walk->last->branch = branch;
}

void look_walked(const struct looker *looker, const struct look_request *request,
                 struct look_reply *reply) {
	(void)looker;
	struct walk walk = {.request = request, .reply = reply, .entries_max = TREE_ENTRIES_MAX};

	walk_run(&walk, walked_entry);
	if (reply->state != EV_READ && reply->state != EV_TRUNCATED) {
		return;
	}
	reply->bytes.len = 0; /* without the refused directories */
	strbuf_printf(&reply->bytes, "dirs %zu\nentries %zu\n", walk.dirs, walk.entries);
	if (walk.largest) {
		strbuf_printf(&reply->bytes, "largest %zu %s\n", walk.largest->entries,
		              keyline_escape(request->arena, walk.largest->name));
	}
}

static void owner_entry(struct walk *walk, const struct walk_dir *dir, int dir_fd, const char *name,
                        unsigned char type) {
	struct arena *arena = walk->request->arena;
	bool is_dir = type == DT_DIR;
	bool can_read, can_write;
	struct stat st;

	if (type == DT_LNK || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		return;
	}
	can_read = faccessat(dir_fd, name, is_dir ? R_OK | X_OK : R_OK, AT_EACCESS) == 0;
	can_write = faccessat(dir_fd, name, W_OK, AT_EACCESS) == 0;
	if (!can_read || (is_dir && !can_write)) {
		bool is_own = st.st_uid == walk->uid;
		size_t *count = is_own ? &walk->own_count : &walk->foreign_count;

		if ((*count)++ < OWNERS_LISTED_MAX) {
			strbuf_printf(is_own ? &walk->own : &walk->foreign, "%c %u %o %d %d %s\n",
			              is_dir ? 'd' : 'f', st.st_uid, st.st_mode & 07777, can_read,
			              can_write,
			              keyline_escape(arena, path_join(arena, dir->path, name)));
		}
	}
	if (is_dir && can_read && dir->depth + 1 < OWNERS_DEPTH_MAX) {
		walk_push(walk, path_join(arena, dir->path, name), dir->depth + 1);
	}
}

void look_owners(const struct looker *looker, const struct look_request *request,
                 struct look_reply *reply) {
	(void)looker;
	struct walk walk = {.request = request,
	                    .reply = reply,
	                    .entries_max = OWNERS_ENTRIES_MAX,
	                    .uid = geteuid()};
	struct slice own, line;
	size_t listed;

	strbuf_init(&walk.foreign, request->arena);
	strbuf_init(&walk.own, request->arena);
	walk_run(&walk, owner_entry);
	if (reply->state != EV_READ && reply->state != EV_TRUNCATED) {
		return;
	}
	strbuf_add_n(&reply->bytes, walk.foreign.data, walk.foreign.len);
	listed = walk.foreign_count < OWNERS_LISTED_MAX ? walk.foreign_count : OWNERS_LISTED_MAX;
	own = slice_of(walk.own.data, walk.own.len);
	while (listed < OWNERS_LISTED_MAX && slice_line(&own, &line)) {
		strbuf_add_n(&reply->bytes, line.data, line.len);
		strbuf_add_char(&reply->bytes, '\n');
		listed++;
	}
	strbuf_printf(&reply->bytes, "entries %zu\n", walk.entries);
}
