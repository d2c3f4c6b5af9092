// SPDX-License-Identifier: Apache-2.0
// Threads and their stacks: the kernel's list is the frame, the VM tells names, kinds and stacks of
// its threads, glibc's descriptors the stacks of all others.
#include "jvm/threads.h"

#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "base/mask.h"
#include "base/units.h"
#include "collect/collector.h"
#include "jvm/addresses.h"
#include "jvm/hotspot.h"
#include "jvm/pthreads.h"
#include "malloc/musl.h"
#include "os/tasks.h"

enum {
	SHAPE_LIMIT = 64 << 20, // no thread's stack is guessed to be larger
	STACK_SLACK = 64 << 10, // the VM rounds its stacks' low ends
	DEFAULT_STACK = 1 << 20,
	TRIES = 6,
	PAUSE_NS = 1000000, // twice as long each time: 62 ms, for a thread that starts and waits
};

// Collector threads by the names that HotSpot gives them; the kernel keeps 15 bytes.
static const char *const GC_NAMES[] = { "GC Thread", "GC task thread", "G1 ",       "Gang worker",
					"CMS ",      "Concurrent ",    "ParGC",     "Parallel GC",
					"Shen",      "ZDirector",      "ZDriver",   "ZWorker",
					"ZStat",     "ZUncommitter",   "ZUnmapper", "XDirector",
					"XDriver",   "XWorker",        "XStat",     "XUncommitter",
					"XUnmapper", "RuntimeWorker" };
static const char *const VM_NAMES[] = { "VM Thread", "VM Periodic", "Watcher", "VM Op",
					"AsyncLog",  "StringDedup", "JFR ",    "Logger" };

struct state {
	struct look *look;
	struct tasks tasks;
	struct hotspot_threads vm;
	struct pthreads libc;
	bool has_libc;
	const char *libc_name;
	// tid_key() -> index into the lists; the VM's own threads stand behind the Java ones.
	struct addresses in_vm, in_libc;
	struct addresses claimed; // ends of stacks that have an owner
};

static uint64_t tid_key(uint32_t tid)
{
	return (uint64_t)tid << 3;
}

static bool starts_with_any(const char *name, const char *const *starts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strncmp(name, starts[i], strlen(starts[i])))
			return true;
	return false;
}

static bool is_gc_name(const char *name)
{
	return starts_with_any(name, GC_NAMES, sizeof(GC_NAMES) / sizeof(*GC_NAMES));
}

static enum thread_kind kind_of(const struct state *s, const struct hotspot_thread *t,
				const char *kernel_name)
{
	static const enum thread_kind KINDS[] = {
		[VM_THREAD_JAVA] = THREAD_JAVA,
		[VM_THREAD_COMPILER] = THREAD_JIT,
		[VM_THREAD_SERVICE] = THREAD_VM,
		[VM_THREAD_INTERNAL] = THREAD_VM,
	};

	if (t && t->kind != VM_THREAD_INTERNAL)
		return t->kind == VM_THREAD_SERVICE && strstr(kernel_name, "CompilerThre")
			       ? THREAD_JIT
			       : KINDS[t->kind];
	// Where Thread::current() was not found the VM's own threads are told by name.
	if (!t && s->vm.internal.count)
		return THREAD_NATIVE;
	if (is_gc_name(kernel_name))
		return THREAD_GC;
	if (t || starts_with_any(kernel_name, VM_NAMES, sizeof(VM_NAMES) / sizeof(*VM_NAMES)))
		return THREAD_VM;
	return THREAD_NATIVE;
}

static const struct hotspot_thread *vm_thread(const struct state *s, uint32_t index)
{
	return index < s->vm.java.count ? &s->vm.java.at[index]
					: &s->vm.internal.at[index - s->vm.java.count];
}

static size_t vm_count(const struct state *s)
{
	return s->vm.java.count + s->vm.internal.count;
}

static bool is_vm_name(const char *name)
{
	return is_gc_name(name) ||
	       starts_with_any(name, VM_NAMES, sizeof(VM_NAMES) / sizeof(*VM_NAMES));
}

// glibc since 2.34 has this name, and a list of the stacks that it keeps. (A program may map data
// that are called so.)
static bool has_new_libc(const struct look *look)
{
	for (size_t i = 0; i < look->maps.count; i++)
		if (look->maps.at[i].executable &&
		    !strcmp(mapping_file_name(&look->maps.at[i]), "libc.so.6"))
			return true;
	return false;
}

// Where the VM and glibc, which both tell a thread's stack, contradict each other: 0 nowhere, else
// a number that is the same when it is the same contradiction.
static uint64_t find_contradiction(const struct state *s)
{
	if (s->vm.torn)
		return 1;
	if (has_new_libc(s->look) && (!s->has_libc || !s->libc.cache_known))
		return 2;
	for (size_t i = 0; s->has_libc && i < vm_count(s); i++) {
		const struct hotspot_thread *t = vm_thread(s, (uint32_t)i);
		const struct pthread_row *p;
		uint32_t index = 0;

		if (t->ns_tid == (uint32_t)s->look->target->ns_pid)
			continue; // the first thread's stack is the kernel's
		if (!addresses_find(&s->in_libc, tid_key(t->ns_tid), &index))
			return t->at;
		p = &s->libc.rows.at[index];
		if (p->pthread_at != t->pthread_at || p->top != t->stack_end ||
		    p->stack_start > t->stack_end ||
		    (p->stack_start > t->stack_start
			     ? p->stack_start - t->stack_start
			     : t->stack_start - p->stack_start) > STACK_SLACK)
			return t->at;
	}
	for (size_t i = 0; s->vm.internal.count && i < s->tasks.count; i++) {
		uint32_t index = 0;

		if (is_vm_name(s->tasks.at[i].name) &&
		    !addresses_find(&s->in_vm, tid_key((uint32_t)s->tasks.at[i].ns_tid), &index))
			return (uint64_t)s->tasks.at[i].tid << 32;
	}
	return 0;
}

static bool read_lists_once(struct state *s, struct fail *why)
{
	struct look *look = s->look;
	struct pthread_seed *seeds;

	addresses_init(&s->in_vm, look->mem);
	addresses_init(&s->in_libc, look->mem);
	if (!tasks_read(look->target->files, look->target->pid, look->mem, &s->tasks, why) ||
	    !threads_read(look->vm, look->classes, look->mem, &s->vm, why))
		return false;
	seeds = arena_array(look->mem, struct pthread_seed, s->vm.java.count);
	for (size_t i = 0; i < s->vm.java.count; i++) {
		const struct hotspot_thread *t = &s->vm.java.at[i];

		seeds[i] = (struct pthread_seed){ t->pthread_at, t->stack_start, t->stack_end,
						  t->ns_tid };
	}
	s->libc_name = musl_library(&look->maps) ? "musl" : "glibc";
	s->has_libc = (musl_library(&look->maps) ? pthreads_read_musl : pthreads_read)(
		look->target->memory, &look->maps, seeds, s->vm.java.count, look->mem, &s->libc,
		NULL);
	if (s->has_libc)
		threads_find_internal(look->vm, &s->libc, look->mem, &s->vm);
	for (size_t i = 0; i < vm_count(s); i++)
		addresses_put(&s->in_vm, tid_key(vm_thread(s, (uint32_t)i)->ns_tid), (uint32_t)i,
			      NULL);
	for (size_t i = 0; s->has_libc && i < s->libc.rows.count; i++)
		if (s->libc.rows.at[i].tid)
			addresses_put(&s->in_libc, tid_key(s->libc.rows.at[i].tid), (uint32_t)i,
				      NULL);
	return true;
}

// Changes when threads come or go.
static uint64_t fingerprint(const struct state *s)
{
	uint64_t sum = s->tasks.count;

	for (size_t i = 0; i < s->tasks.count; i++)
		sum = (sum ^ (uint64_t)s->tasks.at[i].tid) * 0x100000001b3;
	return sum;
}

// Threads come and go while the lists are read; a contradiction that stays though they don't is
// damage.
static bool read_lists(struct state *s, struct fail *why)
{
	uint64_t now = 0, before = 0, set = 0;
	unsigned same = 0;

	for (int try = 0; try < TRIES; try++) {
		if (try) { // a thread that is being started is in one list first: give it the time
			nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS << try }, NULL);
			memory_forget(s->look->target->memory);
		}
		if (!read_lists_once(s, why))
			return false;
		now = find_contradiction(s);
		if (!now)
			return true;
		same = now == before && fingerprint(s) == set ? same + 1 : 0;
		before = now;
		set = fingerprint(s);
	}
	return same < TRIES - 1 ||
	       fail(why, FAIL_CORRUPT, "layout unknown: the VM's and the C library's threads");
}

// What NMT counts as committed: the pages of the stack that are in memory.
static uint64_t resident_bytes(const struct look *look, uint64_t start, uint64_t end)
{
	return pages_between(&look->pages, start, end, PAGE_PRESENT | PAGE_ZERO);
}

// The VM protects the low end of a Java thread's stack (red, yellow and reserved zone) and commits
// it for that: NMT counts it though no page of it is ever touched.
static uint64_t guard_zone(const struct look *look, uint64_t start, uint64_t end)
{
	const struct mapping *m = maps_find(&look->maps, start);

	if (!m || m->readable || m->writable || m->start != start || m->end >= end)
		return 0;
	return m->end - m->start;
}

struct stack {
	uint64_t start, end;
	const char *source;
	enum certainty certainty;
};

// What the VM gives its own threads.
static uint64_t usual_stack(const struct look *look)
{
	static const char *const FLAGS[] = { "VMThreadStackSize", "CompilerThreadStackSize" };
	uint64_t most = DEFAULT_STACK, kb;

	for (size_t i = 0; i < sizeof(FLAGS) / sizeof(FLAGS[0]); i++)
		if (hotspot_flag(look->vm, FLAGS[i], &kb) && kb < SHAPE_LIMIT / 1024 &&
		    KIB(kb) > most)
			most = KIB(kb);
	return most;
}

// The stack around a stack pointer, from the guard below it: the whole mapping, or as much of it as
// the VM gives a thread, because the kernel makes one mapping of neighbours.
static bool stack_by_shape(const struct look *look, uint64_t stack_pointer, struct stack *out)
{
	const struct mapping *m = stack_pointer ? maps_find(&look->maps, stack_pointer) : NULL;
	uint64_t usual = usual_stack(look), end;

	if (!m || !m->writable || !mapping_is_anonymous(m) || m == look->maps.at ||
	    m->end - m->start > SHAPE_LIMIT || m[-1].end != m->start || m[-1].readable)
		return false;
	end = m->end - m->start > usual + STACK_SLACK ? m->start + usual : m->end;
	if (stack_pointer >= end)
		return false;
	*out = (struct stack){ m->start, end, "shape", CERTAINTY_ESTIMATED };
	return true;
}

// The first thread's stack is the kernel's own mapping.
static bool first_stack(const struct look *look, struct stack *out)
{
	for (size_t i = 0; i < look->maps.count; i++)
		if (!strcmp(look->maps.at[i].path, "[stack]")) {
			*out = (struct stack){ look->maps.at[i].start, look->maps.at[i].end, "proc",
					       CERTAINTY_EXACT };
			return true;
		}
	return false;
}

static bool find_stack(const struct state *s, const struct task *task,
		       const struct hotspot_thread *t, struct stack *out)
{
	const struct pthread_row *p = NULL;
	uint32_t index = 0;

	if (addresses_find(&s->in_libc, tid_key((uint32_t)task->ns_tid), &index))
		p = &s->libc.rows.at[index];
	if (t) { // above it musl has thread-local storage, in the same mapping
		*out = (struct stack){ t->stack_start,
				       p && p->top == t->stack_end ? p->stack_end : t->stack_end,
				       "vmstructs", CERTAINTY_EXACT };
		return true;
	}
	if (p) {
		*out = (struct stack){ p->stack_start, p->stack_end, s->libc_name,
				       CERTAINTY_DERIVED };
		return true;
	}
	if (task->tid == s->look->target->pid && first_stack(s->look, out))
		return true;
	// musl's stacks are smaller, without a gap to what malloc has beside them.
	return !musl_library(&s->look->maps) && stack_by_shape(s->look, task->stack_pointer, out);
}

// Collector maps has claimed the kernel's own mapping; the thread is what it did not know.
static bool own_claim(struct look *look, const struct stack *stack, uint32_t row)
{
	for (size_t i = 0; i < look->out->claims.count; i++) {
		struct claim *c = &look->out->claims.at[i];

		if (c->start == stack->start && c->end == stack->end && c->table == CLAIM_OF_NONE &&
		    !strcmp(c->account, "thread-stacks")) {
			c->table = CLAIM_OF_THREAD;
			c->row = row;
			return true;
		}
	}
	return false;
}

static void claim_stack(struct look *look, const struct stack *stack, const char *part,
			uint32_t row)
{
	snapshot_claim(look->out,
		       (struct claim){ .start = stack->start,
				       .end = stack->end,
				       .account = "thread-stacks",
				       .part = part,
				       .source = stack->source,
				       .certainty = stack->certainty,
				       .table = row == UINT32_MAX ? CLAIM_OF_NONE : CLAIM_OF_THREAD,
				       .row = row == UINT32_MAX ? 0 : row });
}

static void add_thread(struct state *s, const struct task *task)
{
	struct look *look = s->look;
	struct thread_row row = { .tid = task->tid, .name = task->name };
	const struct hotspot_thread *t = NULL;
	struct stack stack;
	uint32_t index = 0;

	if (addresses_find(&s->in_vm, tid_key((uint32_t)task->ns_tid), &index))
		t = vm_thread(s, index);
	row.kind = kind_of(s, t, task->name);
	if (t && t->kind != VM_THREAD_INTERNAL)
		row.name = t->name;
	if (row.name) // a capture holds it masked
		row.name = mask_copy(look->mem, row.name);
	if (t) {
		row.context_loader_at = t->context_loader_at;
		row.has_allocated = t->allocated_known;
		row.allocated = t->allocated;
	}
	for (size_t i = 0; t && t->temp_known && i < t->temp_count; i++)
		row.temp_bytes += s->vm.temp.at[t->first_temp + i].bytes;
	if (find_stack(s, task, t, &stack)) {
		row.has_stack = true;
		row.stack_start = stack.start;
		row.stack_end = stack.end;
		if (row.kind != THREAD_NATIVE && look->has_pages)
			row.stack_committed = resident_bytes(look, stack.start, stack.end) +
					      guard_zone(look, stack.start, stack.end);
		index = (uint32_t)look->out->threads.count;
		addresses_put(&s->claimed, stack.end, 0, NULL);
		if (strcmp(stack.source, "proc") != 0 || !own_claim(look, &stack, index))
			claim_stack(look, &stack, thread_kind_name(row.kind), index);
	}
	vec_push(look->mem, &look->out->threads, row);
}

// Stacks without a thread in the kernel's list: of ended threads, kept by glibc for the next ones,
// and of threads that start or end while we look.  Resident, and nobody else's.
static void add_ownerless_stacks(struct state *s)
{
	for (size_t i = 0; s->has_libc && i < s->libc.rows.count; i++) {
		const struct pthread_row *p = &s->libc.rows.at[i];
		struct stack stack = { p->stack_start, p->stack_end, s->libc_name,
				       CERTAINTY_DERIVED };

		if (addresses_put(&s->claimed, p->stack_end, 0, NULL))
			claim_stack(s->look, &stack,
				    p->cached ? "kept for new threads" : "starting or ending",
				    UINT32_MAX);
	}
}

// What is not in the list of cleaners stands nowhere else.
static void add_temporary(struct look *look, const struct tempbuffer *b)
{
	const struct mapping *m = maps_find(&look->maps, b->at);

	if (!b->counted && m && m->writable && !m->inode && m->end - b->at >= b->bytes)
		snapshot_claim(look->out, (struct claim){ .start = b->at,
							  .end = b->at + b->bytes,
							  .account = "direct-buffers",
							  .part = "kept for threads",
							  .source = "vmstructs",
							  .certainty = CERTAINTY_EXACT });
}

// Where some thread's are not known the sum is not either, but for those that start and have none
// yet.
static void set_temporary(struct look *look, const struct hotspot_threads *vm,
			  struct provenance from)
{
	uint64_t sum = 0, counted = 0;
	bool lost = vm->temp_lost;

	for (size_t i = 0; i < vm->java.count && !lost; i++)
		lost = !vm->java.at[i].temp_known && vm->java.at[i].name;
	if (lost) {
		static const char WHY[] = "thread locals moved while they were read";

		snapshot_set_missing(look->out, F_DIRECT_TEMPORARY, from, WHY);
		snapshot_set_missing(look->out, F_DIRECT_TEMPORARY_COUNTED, from, WHY);
		return;
	}
	for (size_t i = 0; i < vm->temp.count; i++) {
		sum += vm->temp.at[i].bytes;
		counted += vm->temp.at[i].counted ? vm->temp.at[i].bytes : 0;
		add_temporary(look, &vm->temp.at[i]);
	}
	snapshot_set(look->out, F_DIRECT_TEMPORARY, sum, from);
	snapshot_set(look->out, F_DIRECT_TEMPORARY_COUNTED, counted, from);
}

static bool run(struct look *look, struct fail *why)
{
	struct provenance from = look_from(look, "threads", "vmstructs", CERTAINTY_EXACT);
	struct state s = { .look = look };

	addresses_init(&s.claimed, look->mem);
	if (!read_lists(&s, why)) {
		look->out->fact[F_JAVA_THREADS].known = false; // jvmstat's hides some
		snapshot_set_missing(look->out, F_JAVA_THREADS, from, why->text);
		return false;
	}
	for (size_t i = 0; i < s.tasks.count; i++)
		add_thread(&s, &s.tasks.at[i]);
	add_ownerless_stacks(&s);
	set_temporary(look, &s.vm, from);
	snapshot_set(look->out, F_JAVA_THREADS, s.vm.java.count + s.vm.torn, from);
	return true;
}

const struct collector collector_threads = {
	.name = "threads",
	.sentence = "threads with names, kinds and stacks",
	.needs = TIER_B,
	.needs_vm = true,
	.accounts = { "thread-stacks" },
	.run = run,
};
