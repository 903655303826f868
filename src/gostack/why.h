/* SPDX-License-Identifier: MIT
 * Which goroutine others wait for. What a goroutine waits on is certain: the runtime has it in the
 * goroutine (g.waiting), or in the frame of semacquire1. Who will let it go on is not written down
 * anywhere: Go's locks have no owner, a channel has no other end. So every answer has a proof:
 *
 * WHY_PROVEN: it follows from code of the standard library that is known line by line, and from
 * goroutines that did not run from the first look to the last.
 *   - A goroutine parked on the writer's semaphore of an RWMutex in Lock has taken its inner mutex and
 *     has made readerCount negative (sync/rwmutex.go): every later RLock and Lock waits for it.
 *   - A goroutine with the deferred Unlock of sync.(*Once).doSlow pending has o.m, and doSlow gives it
 *     back only by that Unlock (sync/once.go): whoever waits in Do of that Once waits for it.
 *   - A function of internal/poll with the deferred readUnlock or writeUnlock of an FD pending has that
 *     lock: it is deferred where the lock was taken, and the functions do nothing else with it
 *     (internal/poll/fd_unix.go): whoever waits in rwlock of that FD waits for it.
 *   - A nil channel, and select without cases: nobody can end that.
 * WHY_LIKELY: the goroutine will release the object, and most probably has it.
 *   - A deferred Unlock, RUnlock or Done of that object is pending (defers.h). That it will be called
 *     is certain. That it has the lock now is not: a function may unlock, and lock again before it
 *     ends. So neither it nor one it has called may be seen to do that (lockflow.h), and it is not in
 *     sync.Cond.Wait with this lock.
 *   - On every way through the code of the function to where it stands the lock is taken and not given
 *     back; behind, it is given back; and none it has called is seen to give a lock back that it has
 *     not taken (lockflow.h). The pointer to the lock is one the maps of the garbage collector name.
 *   - A deferred close of that channel, or Broadcast of that Cond, is pending: it will end the wait, others
 *     may do so earlier.
 *   Of a Mutex that is not locked, or of which several look likely, none is.
 * WHY_POSSIBLE: a pointer to the object is on its stack, and alive; the user may be that one, or nobody.
 * Nothing at all: it cannot be told.
 *
 * A cycle is named only over locks, Onces and WaitGroups whose holder is proven or the only likely one;
 * it is as sure as its weakest link. Sources: Go 1.18-1.27 src/sync/mutex.go, rwmutex.go, once.go,
 * waitgroup.go, cond.go; src/internal/poll/fd_mutex.go; src/runtime/sema.go, chan.go, select.go, runtime2.go (sudog).
 */
#ifndef GOSTACK_WHY_H
#define GOSTACK_WHY_H

#include "base/str.h"
#include "gostack/defers.h"

enum why_kind {
	WHY_CHANNEL,
	WHY_MUTEX,
	WHY_RWMUTEX,
	WHY_WAITGROUP,
	WHY_COND,
	WHY_FD_READ, /* one of the locks of an internal/poll.FD: its address is that of the semaphore */
	WHY_FD_WRITE,
};

enum why_how {
	WHY_RECEIVES,
	WHY_SENDS,
	WHY_SELECTS, /* any of several channels would do */
	WHY_LOCKS,
	WHY_RLOCKS,
	WHY_AWAITS_READERS, /* a writer that has the RWMutex but for its readers */
	WHY_WAITS,
	WHY_AWAITS_SIGNAL,
};

enum why_proof { WHY_PROVEN, WHY_LIKELY, WHY_POSSIBLE };

enum why_reason {
	WHY_BY_WRITER,    /* it waits for the readers, everybody else for it */
	WHY_BY_ONCE,      /* it runs the function of that sync.Once */
	WHY_BY_DEFER,     /* its deferred call has not run */
	WHY_BY_CODE,      /* its function has locked, and unlocks behind where it stands */
	WHY_BY_REFERENCE, /* its stack has a pointer */
};

struct why_waiter {
	uint32_t goroutine; /* index */
	enum why_how how;
};

struct why_holder {
	uint32_t goroutine; /* index */
	enum why_proof proof;
	enum why_reason reason;
	uint16_t calls;              /* CALLS_… of a deferred call */
	const struct go_line *where; /* the line it stands on; NULL when not known */
};

struct why_object {
	enum why_kind kind;
	uint64_t address;
	bool once;  /* the mutex of a sync.Once */
	bool known; /* what follows was read */
	bool locked, starving, closed, timer;
	uint64_t length, capacity; /* channel */
	int64_t descriptor;        /* of a file */
	int64_t count; /* WaitGroup: calls of Done that are missing; RWMutex: readers, or those that
	                    the writer waits for */
	struct why_waiter *waiters;
	size_t waiter_count, waiter_slots;
	struct why_holder *holders; /* the surest first */
	size_t holder_count, holder_slots;
	bool dropped; /* more holders than are kept */
};

/* goroutines[i] waits on objects[i], and for goroutines[i + 1]; the last for the first. */
struct why_cycle {
	const uint32_t *goroutines; /* indices */
	const uint32_t *objects;
	size_t count;
	enum why_proof proof;
};

#define WHY_OBJECTS_MAX ((size_t)65536)
#define WHY_HOLDERS_MAX ((size_t)64) /* of one object */
#define WHY_CYCLES_MAX  ((size_t)64)
#define WHY_STACK_MAX   ((size_t)256 * 1024) /* of one stack that is searched */
#define WHY_STACKS_MAX  ((uint64_t)256 * 1024 * 1024)

struct why {
	struct why_object *objects; /* locks first, those with most waiters first */
	size_t object_count, object_slots;
	uint32_t *table; /* hash of objects by address: index + 1, 0 is empty */
	size_t table_size;
	struct why_cycle cycles[WHY_CYCLES_MAX];
	size_t cycle_count;
	uint32_t *forever; /* goroutines that wait for what never comes: nil channels, select {} */
	size_t forever_count, forever_slots;
	size_t untold; /* that wait on something which was not found: locks of the runtime */
	size_t moved;  /* that moved while it was looked at, and are left out */
	bool cut;      /* more objects or stacks than are looked at */
};

/* s was read by gostack_read. */
struct why *why_find(struct gostack *s);

/* "sync.Mutex" … */
const char *why_kind_name(const struct why_object *o);
const char *why_proof_name(enum why_proof proof);
const char *why_reason_name(enum why_reason reason);
const char *why_how_name(enum why_how how);
/* The line of the program a goroutine stands on: the first that is not of the runtime or sync. */
const struct go_line *why_line(const struct gostack *s, const struct goroutine *g);

void why_text(struct strbuf *out, struct gostack *s, const struct why *why);

/* Parts of why_find. */

/* Objects that goroutines wait on, with their state (waiting.c). */
void why_find_waiters(struct gostack *s, struct why *why);
/* The notifyList a goroutine waits on in sync.Cond.Wait; 0 when it is not found (waiting.c). */
uint64_t why_notify_list(struct gostack *s, const struct goroutine *g);
#define WHY_COND_LIST 16 /* a Cond begins so far before */
#define WHY_FD_RSEMA  8
#define WHY_FD_WSEMA  12
/* The object at an address; NULL when nobody waits on one there. */
struct why_object *why_object_at(const struct why *why, uint64_t address);
/* Who may release them (holders.c). */
void why_find_holders(struct gostack *s, struct why *why);
/* Who waits for whom in a circle (cycles.c). */
void why_find_cycles(struct gostack *s, struct why *why);

#endif
