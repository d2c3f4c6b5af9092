// SPDX-License-Identifier: Apache-2.0
#include "cmd/against.h"
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
	return o->against ? against_show(o, show, NULL) : watch_target(o, show, NULL);
}

const struct command cmd_map = {
	.name = "map",
	.sentence = "where the memory of a JVM is: every resident byte by account",
	.arguments = "TARGET",
	.min_arguments = 1,
	.max_arguments = 1,
	.chunks = CHUNKS_FEW,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(FOR) | OPTION_BIT(EVERY) |
		   OPTION_BIT(NO_ATTACH) | OPTION_BIT(BY) | OPTION_BIT(AGAINST) | OPTION_BIT(TOP) |
		   OPTION_BIT(PSS) | OPTION_BIT(AT) | OPTION_BIT(LAST),
	.about =
		"Prints the ledger of TARGET: each resident byte stands in one account (Java heap, "
		"Metaspace, thread stacks, malloc ...) or is unaccounted, and all of them sum to "
		"the resident set size that the kernel counts. Beside it stand what the JVM says "
		"it uses, has committed and has reserved. With --for it looks twice and shows what "
		"grew in between. In a container with a limit a further line splits what the "
		"container holds: anonymous memory and files of the JVM and of others, the "
		"kernel's part, and how often its tasks waited for memory or hit the limit; "
		"--json has it without a limit as well.\n\n"
		"TARGET is a PID, part of a main class or jar name that fits one JVM, the start of "
		"a container id that holds one, all, a capture file or a history. Of a history "
		"each "
		"JVM's last whole look is shown, or with --at the one at that time, and --last "
		"only "
		"the JVM that ended last: all but addresses and single mappings, which are not "
		"kept.\n\n"
		"The target is not stopped, not signalled and not written to; only pages that are "
		"in memory are read (and, for a user who may not open map_files, what is asked "
		"of a library or archive that was deleted meanwhile), and the target's memory lock "
		"is held for less than a millisecond at a time. Where its memory may not be read, "
		"the attach protocol of "
		"the JVM is asked for what it knows, which starts a thread in the target the first "
		"time; --no-attach forbids it. --pss, and a look that may not read pagemap, read "
		"smaps once.\n\n"
		"Where the JVM runs with Native Memory Tracking, --by category shows its own "
		"categories and what of them is in memory, blocks of malloc included: all of "
		"malloc's memory is read for these. --by site, at level detail, shows who asked "
		"for the most. The JVM's counters are read from its memory; where they are not to "
		"be found there and --by account, category or site is given, the JVM is asked for "
		"them by the attach protocol (VM.native_memory; a signal starts a thread in the "
		"target), which --no-attach forbids. "
		"--against compares with the last moment of an older capture, of this run or of "
		"another.\n\n"
		"Where glibc's malloc has at most 64 MB of blocks in memory, and a hundredth of "
		"what is resident, they are walked "
		"through: "
		"malloc then stands as what is in use and what was freed, of which a trim would "
		"return a part. jledger malloc does so for any size.\n\n"
		"Certainty says how a number was found: exact (tables of the VM, the kernel or the "
		"allocator say so), derived (a probe whose redundant fields agree) or estimated "
		"(the shape of a mapping suggests it).",
	.examples = "jledger map 4711 ## the ledger of process 4711\n"
		    "jledger map shop.jar --for 30s ## what grew within half a minute\n"
		    "jledger map 4711 --by mapping --top 0 ## every mapping, and who owns most of "
		    "it\n"
		    "jledger map 4711 --against monday.jlc.zip ## what grew since that capture\n"
		    "jledger map jvms.db --at 14:30 ## the ledgers of that time, from a history\n"
		    "jledger map all --json ## one object a line, of every JVM that runs here\n",
	.run = run,
};
