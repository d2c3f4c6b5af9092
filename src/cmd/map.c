// SPDX-License-Identifier: Apache-2.0
#include "cmd/command.h"
#include "cmd/watch.h"

static void show(const struct report *r, const struct options *o, void *arg)
{
	if (o->json)
		report_map_json(r, stdout);
	else
		report_map_text(r, stdout);
}

static int run(const struct options *o)
{
	return watch_target(o, show, NULL);
}

const struct command cmd_map = {
	.name = "map",
	.sentence = "where the memory of a JVM is: every resident byte by account",
	.arguments = "TARGET",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(FOR) | OPTION_BIT(EVERY) |
		   OPTION_BIT(NO_ATTACH) | OPTION_BIT(BY) | OPTION_BIT(TOP) | OPTION_BIT(PSS),
	.about =
		"Prints the ledger of TARGET: each resident byte stands in one account (Java heap, "
		"Metaspace, thread stacks, malloc ...) or is unaccounted, and all of them sum to "
		"the resident set size that the kernel counts. Beside it stand what the JVM says "
		"it uses, has committed and has reserved. With --for it looks twice and shows what "
		"grew in between.\n\n"
		"TARGET is a PID, part of a main class or jar name that fits one JVM, the start of "
		"a container id that holds one, all, or a capture file.\n\n"
		"The target is not stopped, not signalled and not written to; only pages that are "
		"in memory are read, and the target's memory lock is held for less than a "
		"millisecond at a time. Where its memory may not be read, the attach protocol of "
		"the JVM is asked for what it knows, which starts a thread in the target the first "
		"time; --no-attach forbids it. --pss, and a look that may not read pagemap, read "
		"smaps once.\n\n"
		"Certainty says how a number was found: exact (tables of the VM, the kernel or the "
		"allocator say so), derived (a probe whose redundant fields agree) or estimated "
		"(the shape of a mapping suggests it).",
	.examples = "jledger map 4711 ## the ledger of process 4711\n"
		    "jledger map shop.jar --for 30s ## what grew within half a minute\n"
		    "jledger map 4711 --by mapping --top 0 ## every mapping, and who owns most of "
		    "it\n"
		    "jledger map all --json ## one object a line, of every JVM that runs here\n",
	.run = run,
};
