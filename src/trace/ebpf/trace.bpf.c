/* SPDX-License-Identifier: MIT
 * The part of the eBPF backend that runs in the kernel. It knows no system call: what is wanted and
 * what of its memory is to be copied stands in `plans`, which the recorder fills from
 * trace/calls.def. Everything here is bounded; what does not fit is counted.
 *
 * Other processes pay for the test of one bit at the beginning and end of each call.
 */
#include "trace/ebpf/record.h"

#include <linux/bpf.h>
#include <linux/sched.h>

#include "trace/ebpf/copy.bpf.h"
#include "trace/ebpf/kernel.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

const char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct ebpf_shared shared; /* all there is in .bss */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EBPF_RING_BYTES);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, EBPF_ARCHES *EBPF_NUMBERS);
	__type(key, __u32);
	__type(value, struct ebpf_plan);
} plans SEC(".maps");

/* By the address of the task, since execve(2) changes thread ids. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct ebpf_thread);
} threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EBPF_COUNTS);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

/* Processes in a group stop. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} stopped SEC(".maps");

/* In another pid namespace: ids, as the recorder knows them, of processes to take in. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} seeds SEC(".maps");

static __always_inline void count(__u32 what, __u64 by) {
	__u64 *n = bpf_map_lookup_elem(&counts, &what);
	if (n) {
		*n += by;
	}
}

/* ---- who is recorded ---- */

static __always_inline int is_member(__u32 tgid) {
	return (shared.members[(tgid >> 6) & (EBPF_MEMBER_WORDS - 1)] >> (tgid & 63)) & 1;
}

static __always_inline void add_member(__u32 tgid) {
	__u64 bit = 1ULL << (tgid & 63);
	__u64 *word = &shared.members[(tgid >> 6) & (EBPF_MEMBER_WORDS - 1)];
	if (!(__sync_fetch_and_or(word, bit) & bit)) {
		__sync_fetch_and_add(&shared.live, 1);
	}
}

static __always_inline void remove_member(__u32 tgid) {
	__u64 bit = 1ULL << (tgid & 63);
	__u64 *word = &shared.members[(tgid >> 6) & (EBPF_MEMBER_WORDS - 1)];
	if (__sync_fetch_and_and(word, ~bit) & bit) {
		__sync_fetch_and_add(&shared.live, -1);
	}
}

/* In a pid namespace of its own the recorder cannot set bits: it does not know the kernel's ids. */
static __noinline int is_seed(__u32 tgid) {
	struct bpf_pidns_info ids = {0};
	if (bpf_get_ns_current_pid_tgid(options.namespace_device, options.namespace_inode, &ids,
	                                sizeof(ids))) {
		return 0;
	}
	__u32 key = ids.tgid;
	if (!bpf_map_lookup_elem(&seeds, &key)) {
		return 0;
	}
	bpf_map_delete_elem(&seeds, &key);
	add_member(tgid);
	return 1;
}

static __always_inline int is_recorded(void) {
	__u32 tgid = (__u32)(bpf_get_current_pid_tgid() >> 32);
	return is_member(tgid) || (options.other_namespace && is_seed(tgid));
}

/* The id of a task for the recorder; 0 when it cannot see it. */
static __noinline __u32 translated(struct task_struct *task) {
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	char *numbers = (char *)pid + bpf_core_field_offset(struct pid, numbers);
	for (__u32 i = 0; i < 8 && i <= level; i++) {
		struct upid *at = (struct upid *)(numbers + i * bpf_core_type_size(struct upid));
		struct pid_namespace *ns = BPF_CORE_READ(at, ns);
		if (BPF_CORE_READ(ns, ns.inum) == options.namespace_inode) {
			return (__u32)BPF_CORE_READ(at, nr);
		}
	}
	return 0;
}

static __always_inline __u32 tid_of(struct task_struct *task) {
	return options.other_namespace ? translated(task) : (__u32)BPF_CORE_READ(task, pid);
}

static __always_inline __u32 pid_of(struct task_struct *task) {
	return options.other_namespace ? translated(BPF_CORE_READ(task, group_leader))
	                               : (__u32)BPF_CORE_READ(task, tgid);
}

/* ---- records ---- */

/* The recorder is woken once when an eighth of the ring is full, else it comes by itself. With stacks it comes at once,
 * while what they lie in is still mapped. */
static __always_inline __u64 wakeup(void) {
	int enough = options.stacks ||
	             bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= EBPF_RING_BYTES / 8;
	if (!shared.waiting || !enough) {
		return BPF_RB_NO_WAKEUP;
	}
	shared.waiting = 0;
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline void scratch_send(struct scratch *s) {
	__u32 used = s->used;
	if (used > SCRATCH_LIMIT + EBPF_COPY_MAX) {
		used = SCRATCH_LIMIT + EBPF_COPY_MAX;
	}
	if (bpf_ringbuf_output(&ring, s->data, used, wakeup())) {
		count(EBPF_COUNT_LOST, 1);
	}
}

static __always_inline void send_small(__u8 kind, __u32 pid, __u32 tid, __s32 number, __s64 result,
                                       __u64 word, __u64 flags) {
	struct ebpf_record *r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);
	if (!r) {
		count(EBPF_COUNT_LOST, 1);
		return;
	}
	__builtin_memset(r, 0, sizeof(*r));
	r->kind = kind;
	r->pid = pid;
	r->tid = tid;
	r->number = number;
	r->result = result;
	r->args[0] = word;
	r->start_ns = bpf_ktime_get_ns();
	bpf_ringbuf_submit(r, flags);
}

/* ---- calls ---- */

#if defined(__TARGET_ARCH_x86)
static __always_inline __u32 width_of(long id) {
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	if (BPF_CORE_READ(task, thread_info.status) & TS_COMPAT) {
		return EBPF_COMPAT;
	}
	return id & X32_SYSCALL_BIT ? EBPF_X32 : EBPF_NATIVE;
}

static __always_inline void read_args(struct pt_regs *regs, __u32 width, __u64 *args) {
	int compat = width == EBPF_COMPAT;
	args[0] = compat ? (__u32)regs->bx : regs->di;
	args[1] = compat ? (__u32)regs->cx : regs->si;
	args[2] = compat ? (__u32)regs->dx : regs->dx;
	args[3] = compat ? (__u32)regs->si : regs->r10;
	args[4] = compat ? (__u32)regs->di : regs->r8;
	args[5] = compat ? (__u32)regs->bp : regs->r9;
}
#else
#define X32_SYSCALL_BIT 0
/* Compiled, but not yet tried on such a machine. */
static __always_inline __u32 width_of(long id) {
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	return BPF_CORE_READ(task, thread_info.flags) & (1UL << TIF_32BIT) ? EBPF_COMPAT
	                                                                   : EBPF_NATIVE;
}

static __always_inline void read_args(struct pt_regs *regs, __u32 width, __u64 *args) {
	args[0] = regs->orig_x0;
	args[1] = regs->user_regs.regs[1];
	args[2] = regs->user_regs.regs[2];
	args[3] = regs->user_regs.regs[3];
	args[4] = regs->user_regs.regs[4];
	args[5] = regs->user_regs.regs[5];
}
#endif

static __always_inline struct ebpf_plan *plan_of(__u32 width, __u32 number) {
	__u32 key = number & ~X32_SYSCALL_BIT;
	if (key >= EBPF_NUMBERS) {
		return NULL;
	}
	key += width * EBPF_NUMBERS;
	return bpf_map_lookup_elem(&plans, &key);
}

static __always_inline struct ebpf_thread *thread_get(__u64 task) {
	struct ebpf_thread *t = bpf_map_lookup_elem(&threads, &task);
	if (t) {
		return t;
	}
	struct scratch *s = scratch_get();
	if (!s) {
		return NULL;
	}
	/* What it holds of an earlier record is of no importance. */
	struct ebpf_thread *fresh = (struct ebpf_thread *)s->data;
	fresh->active = 0;
	bpf_map_update_elem(&threads, &task, fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&threads, &task);
}

static __always_inline void fill_head(struct ebpf_record *r, const struct ebpf_thread *t) {
	r->width = t->width;
	r->pid = t->pid;
	r->tid = t->tid;
	r->number = t->number;
	r->start_ns = t->start_ns;
	r->stack_bytes = 0;
	r->pad = 0;
	for (int i = 0; i < 6; i++) {
		r->args[i] = t->args[i];
	}
}

static __always_inline void scratch_call(struct scratch *s, const struct ebpf_thread *t,
                                         const struct ebpf_plan *p, __u64 result) {
	s->width = t->width;
	s->result = result;
	s->plan = *p;
	for (int i = 0; i < 6; i++) {
		s->args[i] = t->args[i];
	}
}

/* IN memory: kept with the thread when it is small, else sent ahead. */
static __noinline void begin_copies(struct ebpf_thread *t, const struct ebpf_plan *p) {
	struct scratch *s = scratch_begin(sizeof(struct ebpf_record));
	if (!s) {
		return;
	}
	scratch_call(s, t, p, 0);
	copy_arguments(s, 0x3f, 1);
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < 6; i++) {
		if (s->plan.copy[i] == EBPF_COPY_STRINGS_IN) {
			copy_strings(i, s->args[i], s->plan.bytes[i], t->width);
		}
	}
	t->missed = (__u8)s->missed;
	t->payloads = (__u8)s->payloads;
	__u32 bytes = s->used - sizeof(struct ebpf_record);
	if (bytes == 0) {
		return;
	}
	if (bytes <= EBPF_KEEP) {
		bpf_probe_read_kernel(t->data, bytes, &s->data[sizeof(struct ebpf_record)]);
		t->kept = bytes;
		return;
	}
	struct ebpf_record *r = (struct ebpf_record *)s->data;
	fill_head(r, t);
	r->kind = EBPF_PART;
	r->payloads = t->payloads;
	r->flags = 0;
	t->payloads = 0;
	t->flags |= EBPF_PARTED;
	scratch_send(s);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter, struct pt_regs *regs, long id) {
	if (!is_recorded()) {
		return 0;
	}
	__u32 width = width_of(id);
	struct ebpf_plan *p = plan_of(width, (__u32)id);
	if (!p || !p->wanted) {
		return 0;
	}
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct ebpf_thread *t = thread_get((__u64)task);
	if (!t) {
		count(EBPF_COUNT_LOST, 1);
		return 0;
	}
	read_args(regs, width, t->args);
	__u32 command = (__u32)t->args[1];
	if (p->quiet && command < 64 && (p->quiet >> (command & 63) & 1)) {
		t->active = 0;
		return 0;
	}
	t->number = (__s32)id;
	t->width = (__u8)width;
	t->tid = tid_of(task);
	t->pid = pid_of(task);
	t->kept = 0;
	t->payloads = 0;
	t->flags = 0;
	t->missed = 0;
	t->active = 1;
	t->start_ns = bpf_ktime_get_ns();
	if (p->copies_in) {
		begin_copies(t, p);
	}
	return 0;
}

/* A call without memory, the most frequent kind: nothing is copied twice. */
static __always_inline void end_plain(const struct ebpf_thread *t, long result, __u64 now,
                                      __u8 flags) {
	struct ebpf_record *r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);
	if (!r) {
		count(EBPF_COUNT_LOST, 1);
		return;
	}
	fill_head(r, t);
	r->kind = EBPF_CALL;
	r->payloads = 0;
	r->flags = t->flags | flags;
	r->end_ns = now;
	r->result = result;
	bpf_ringbuf_submit(r, wakeup());
}

static __always_inline void end_stack(void *ctx, struct scratch *s, struct ebpf_record *r) {
	__u32 used = s->used;
	if (used > SCRATCH_LIMIT) {
		return;
	}
	long got = bpf_get_stack(ctx, &s->data[used], EBPF_STACK_DEPTH * 8, BPF_F_USER_STACK);
	if (got > 0 && got <= EBPF_STACK_DEPTH * 8) {
		r->stack_bytes = (__u32)got;
		s->used = used + (__u32)got;
	}
}

static __always_inline void end_full(void *ctx, const struct ebpf_thread *t, long result, __u64 now,
                                     const struct ebpf_plan *p, __u8 flags) {
	struct scratch *s = scratch_begin(sizeof(struct ebpf_record));
	if (!s) {
		count(EBPF_COUNT_LOST, 1);
		return;
	}
	struct ebpf_record *r = (struct ebpf_record *)s->data;
	fill_head(r, t);
	r->kind = EBPF_CALL;
	r->flags = t->flags | flags;
	r->end_ns = now;
	r->result = result;
	__u32 kept = t->kept;
	if (kept > 0 && kept <= EBPF_KEEP) {
		bpf_probe_read_kernel(&s->data[sizeof(*r)], kept, t->data);
		s->used += kept;
		s->payloads = t->payloads;
	}
	if (p) {
		scratch_call(s, t, p, (__u64)result);
		if (t->missed) {
			/* The kernel has read it meanwhile, so that it is in memory now. */
			copy_arguments(s, t->missed, 1);
		}
		if (result >= 0) {
			copy_arguments(s, 0x3f, 0);
		}
		if (s->missed) {
			count(EBPF_COUNT_UNREAD, 1);
		}
	}
	r->payloads = (__u8)s->payloads;
	if (options.stacks) {
		end_stack(ctx, s, r);
	}
	scratch_send(s);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs *regs, long result) {
	if (!is_recorded()) {
		return 0;
	}
	__u64 task = bpf_get_current_task();
	struct ebpf_thread *t = bpf_map_lookup_elem(&threads, &task);
	if (!t || !t->active) {
		return 0;
	}
	t->active = 0;
	__u64 now = bpf_ktime_get_ns();
	struct ebpf_plan *p = plan_of(t->width, (__u32)t->number);
	if (!p) {
		return 0;
	}
	if (t->kept || t->missed || options.stacks || (p->copies_out && result >= 0)) {
		end_full(ctx, t, result, now, p, EBPF_ENDED);
	} else {
		end_plain(t, result, now, EBPF_ENDED);
	}
	return 0;
}

/* ---- processes ---- */

/* What clone(2) was told to share is seen from what they share: whichever call it was. */
static __always_inline __u64 shared_by(struct task_struct *parent, struct task_struct *child) {
	return (parent->mm == child->mm ? CLONE_VM : 0) | (parent->fs == child->fs ? CLONE_FS : 0) |
	       (parent->files == child->files ? CLONE_FILES : 0) |
	       (parent->tgid == child->tgid ? CLONE_THREAD : 0);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child) {
	__u32 parent_tgid = (__u32)parent->tgid, tgid = (__u32)child->tgid;
	if (!is_member(parent_tgid)) {
		return 0;
	}
	if (tgid != parent_tgid) {
		add_member(tgid);
	}
	send_small(EBPF_FORK, pid_of(parent), tid_of(parent), (__s32)tid_of(child), pid_of(child),
	           shared_by(parent, child), wakeup());
	return 0;
}

/* What runs now: its path, and from the new memory what it was given, unless the call tells that. */
static __noinline void copy_exec(struct linux_binprm *program, struct task_struct *task, int all) {
	struct scratch *s = scratch_get();
	__u8 *to = s ? payload_room(s) : NULL;
	if (!to) {
		return;
	}
	const char *path = BPF_CORE_READ(program, filename);
	long got = bpf_probe_read_kernel_str(to, 4096, path);
	if (got > 0) {
		payload_close(s, 0, EBPF_IS_STRING, (__u32)got - 1, (__u32)got - 1);
	}
	if (!all) {
		return;
	}
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	unsigned long args = BPF_CORE_READ(mm, arg_start), env = BPF_CORE_READ(mm, env_start);
	copy_bytes(1 | EBPF_IS_STRINGS << 8, args, BPF_CORE_READ(mm, arg_end) - args,
	           EBPF_COPY_MAX);
	copy_bytes(2 | EBPF_IS_STRINGS << 8, env, BPF_CORE_READ(mm, env_end) - env, EBPF_COPY_MAX);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *program) {
	if (!is_recorded()) {
		return 0;
	}
	__u64 key = (__u64)task;
	struct ebpf_thread *t = bpf_map_lookup_elem(&threads, &key);
	struct scratch *s = scratch_begin(sizeof(struct ebpf_record));
	if (!s) {
		count(EBPF_COUNT_LOST, 1);
		return 0;
	}
	copy_exec(program, task, !t || !t->active || t->missed);
	if (t) {
		t->missed = 0; /* that memory is gone */
	}
	struct ebpf_record *r = (struct ebpf_record *)s->data;
	__builtin_memset(r, 0, sizeof(*r));
	r->kind = EBPF_EXEC;
	r->payloads = (__u8)s->payloads;
	r->pid = pid_of(task);
	/* Another thread that asked has become the leader; its old id is with the call. */
	r->tid = !options.other_namespace ? (__u32)old_pid : t && t->active ? t->tid : r->pid;
	r->start_ns = bpf_ktime_get_ns();
	scratch_send(s);
	return 0;
}

/* A process has ended when its last thread has: then its leader is told, whichever thread it is. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_end, struct task_struct *task) {
	if (!is_recorded()) {
		return 0;
	}
	__u64 key = (__u64)task;
	struct ebpf_thread *t = bpf_map_lookup_elem(&threads, &key);
	if (t && t->active) {
		t->active = 0;
		if (t->kept) {
			end_full(ctx, t, 0, 0, NULL, 0);
		} else {
			end_plain(t, 0, 0, 0);
		}
	}
	bpf_map_delete_elem(&threads, &key);
	__u32 pid = pid_of(task), tid = tid_of(task), tgid = (__u32)task->tgid;
	if (task->pid != task->tgid) {
		send_small(EBPF_EXIT, pid, tid, task->exit_code, 0, 0, wakeup());
	}
	if (BPF_CORE_READ(task, signal, live.counter) > 0) {
		return 0;
	}
	/* include/linux/sched/signal.h: SIGNAL_GROUP_EXIT. */
	int status = BPF_CORE_READ(task, signal, flags) & 4
	                     ? BPF_CORE_READ(task, signal, group_exit_code)
	                     : BPF_CORE_READ(task, group_leader, exit_code);
	bpf_map_delete_elem(&stopped, &tgid);
	send_small(EBPF_EXIT, pid, pid, status, 0, 0, wakeup());
	remove_member(tgid);
	if (shared.live == 0) {
		/* An empty tree: the recorder is waited for by somebody. */
		send_small(EBPF_EXIT, 0, 0, 0, 0, 0, BPF_RB_FORCE_WAKEUP);
	}
	return 0;
}

/* ---- signals ---- */

#define SIGKILL_NUMBER 9
#define SIGCONT_NUMBER 18

/* Of a siginfo_t the number, errno and code are 32 bits each, the sender follows after four more
 * (include/uapi/asm-generic/siginfo.h); 0 and 1 are no addresses (SEND_SIG_NOINFO, SEND_SIG_PRIV). */
static __always_inline __s64 sender_of(const void *info) {
	struct {
		__s32 words[5];
	} head = {0};
	if ((unsigned long)info <= 1 || bpf_probe_read_kernel(&head, sizeof(head), info)) {
		return 0;
	}
	return head.words[2] <= 0 ? head.words[4] : 0;
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(on_signal, int sig, const void *info, struct k_sigaction *action) {
	/* SIGKILL comes here to each thread of a process that ends by itself, too. */
	if (sig == SIGKILL_NUMBER || !is_recorded()) {
		return 0;
	}
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u32 pid = pid_of(task), tid = tid_of(task);
	send_small(EBPF_SIGNAL, pid, tid, sig, sender_of(info), 0, wakeup());
	unsigned long handler = (unsigned long)BPF_CORE_READ(action, sa.sa_handler);
	if (sig >= 19 && sig <= 22 && handler == 0) {
		__u32 tgid = (__u32)BPF_CORE_READ(task, tgid);
		__u8 yes = 1;
		bpf_map_update_elem(&stopped, &tgid, &yes, BPF_ANY);
		send_small(EBPF_STOP, pid, tid, sig, 0, 0, wakeup());
	}
	return 0;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(on_generate, int sig, const void *info, struct task_struct *task, int group,
             int result) {
	if ((sig != SIGKILL_NUMBER && sig != SIGCONT_NUMBER) || !is_member((__u32)task->tgid)) {
		return 0;
	}
	__u32 tgid = (__u32)task->tgid;
	__u32 pid = pid_of(task), tid = tid_of(task);
	if (sig == SIGCONT_NUMBER) {
		if (bpf_map_delete_elem(&stopped, &tgid) == 0) {
			send_small(EBPF_RESUME, pid, tid, sig, 0, 0, wakeup());
		}
		return 0;
	}
	struct task_struct *self = (struct task_struct *)bpf_get_current_task();
	send_small(EBPF_SIGNAL, pid, tid, sig, (unsigned long)info == 1 ? 0 : pid_of(self), 0,
	           wakeup());
	return 0;
}
