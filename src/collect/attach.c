// SPDX-License-Identifier: Apache-2.0
// What the VM itself tells about its memory: the attach protocol, in tier C alone.
//
// The one source that makes the target do something: it answers diagnostic commands, most of them
// in a safepoint.  Used only when the target's memory can't be read, the user did not forbid it
// (--no-attach) and nothing says that the VM does not take it.
#include "jvm/attach.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "collect/attach_tables.h"
#include "collect/collector.h"
#include "collect/hsperf.h"

// Where the arguments of a VM stand.  The jvmstat buffer has them all, from files and environment
// too; the command line is there without it.
static bool is_forbidden(const struct look *look)
{
	const struct target *t = look->target;
	const char *source, *names[] = { "java.rt.vmArgs", "java.rt.vmFlags" };
	struct hsperf h;
	struct span text;

	if (hsperf_read_target(look, &h, &source, NULL))
		for (size_t i = 0; i < 2; i++)
			if (hsperf_text(&h, names[i], &text) && attach_is_forbidden(text))
				return true;
	return tree_read(t->files, arena_format(look->mem, "/proc/%d/cmdline", t->pid), look->mem,
			 &text, NULL) &&
	       attach_is_forbidden(text);
}

// In this order: later ones use what earlier ones brought.
static const struct {
	const char *command;
	bool (*take)(struct look *look, struct span text, struct fail *why);
} COMMANDS[] = {
	{ "GC.heap_info", attach_take_heap },
	{ "VM.metaspace scale=1 vslist", attach_take_metaspace },
	{ "Compiler.codecache", attach_take_code },
	{ "VM.flags -all", attach_take_flags },
	{ "VM.classloader_stats", attach_take_loaders },
	{ "Thread.print", attach_take_threads },
	{ "VM.native_memory summary", attach_take_nmt },
};

static bool run(struct look *look, struct fail *why)
{
	const struct target *t = look->target;
	struct fail first = { .kind = FAIL_NONE };
	struct attach session;

	if (t->tier != TIER_C)
		return fail(why, FAIL_ABSENT,
			    "attaching is for targets whose memory can't be read");
	if (!t->may_attach) // of a capture: what was asked when it was taken is left out
		return fail(why, FAIL_DENIED, "attaching is switched off (--no-attach)");
	if (is_forbidden(look))
		return fail(why, FAIL_DENIED,
			    "the VM runs with -XX:+DisableAttachMechanism: it was not asked");
	attach_init(&session, t->files, t->pid, t->ns_pid);
	for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++) {
		struct fail here = { .kind = FAIL_NONE };
		struct span text;
		bool done = attach_run(&session, COMMANDS[i].command, look->mem, &text, &here) &&
			    COMMANDS[i].take(look, text, &here);

		if (!done && here.kind == FAIL_GONE) {
			*why = here;
			return false;
		}
		if (!done && first.kind == FAIL_NONE)
			first = here;
	}
	return first.kind == FAIL_NONE || fail(why, first.kind, "%s", first.text);
}

const struct collector collector_attach = {
	.name = "attach",
	.sentence = "heap, Metaspace, code, flags, loaders and threads, asked from the VM (tier C)",
	.needs = TIER_C,
	.only_without_vm = true,
	.of_classes = CLASSES_LOADERS,
	.run = run,
};
