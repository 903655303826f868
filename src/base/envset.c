/* SPDX-License-Identifier: MIT */
#include "base/envset.h"

void envset_init(struct envset *env, struct arena *arena) {
	*env = (struct envset){.arena = arena, .size = 64};
	env->vars = arena_array_of(arena, char *, env->size);
}

static size_t find(const struct envset *env, struct slice name) {
	for (size_t i = 0; i < env->count; i++) {
		const char *v = env->vars[i];
		if (strncmp(v, name.data, name.len) == 0 && v[name.len] == '=') {
			return i;
		}
	}
	return env->count;
}

static void put(struct envset *env, struct slice name, char *entry) {
	size_t i = find(env, name);
	if (i == env->count) {
		if (env->count + 1 == env->size) {
			char **bigger = arena_array_of(env->arena, char *, env->size * 2);
			memcpy(bigger, env->vars, env->count * sizeof(*bigger));
			env->vars = bigger;
			env->size *= 2;
		}
		env->count++;
		env->vars[env->count] = NULL;
	}
	env->vars[i] = entry;
}

void envset_copy(struct envset *env, const struct envset *from) {
	envset_init(env, from->arena);
	for (size_t i = 0; i < from->count; i++) {
		put(env, envset_name(from, i, NULL), from->vars[i]);
	}
}

const char *envset_get(const struct envset *env, const char *name) {
	size_t i = find(env, slice_str(name));
	return i == env->count ? NULL : env->vars[i] + strlen(name) + 1;
}

void envset_set(struct envset *env, const char *name, const char *value) {
	put(env, slice_str(name), arena_printf(env->arena, "%s=%s", name, value));
}

void envset_unset(struct envset *env, const char *name) {
	size_t i = find(env, slice_str(name));
	if (i < env->count) {
		memmove(&env->vars[i], &env->vars[i + 1], (env->count - i) * sizeof(*env->vars));
		env->count--;
	}
}

void envset_change(struct envset *env, const char *const *changes) {
	for (; changes && *changes; changes++) {
		const char *equals = strchr(*changes, '=');
		if (equals) {
			envset_set(env,
			           arena_strndup(env->arena, *changes, (size_t)(equals - *changes)),
			           equals + 1);
		} else {
			envset_unset(env, *changes);
		}
	}
}

void envset_add_block(struct envset *env, struct slice block) {
	struct slice entry;
	while (slice_cut(&block, '\0', &entry)) {
		const char *eq = entry.len > 0 ? memchr(entry.data, '=', entry.len) : NULL;
		if (eq && eq > entry.data) {
			put(env, slice_of(entry.data, (size_t)(eq - entry.data)),
			    arena_slicedup(env->arena, entry));
		}
	}
}

struct slice envset_name(const struct envset *env, size_t i, const char **ret_value) {
	const char *v = env->vars[i];
	const char *eq = strchr(v, '=');
	if (ret_value) {
		*ret_value = eq + 1;
	}
	return slice_of(v, (size_t)(eq - v));
}
