// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "cmd/command.h"
#include "cmd/watch.h"

static void show(const struct report *r, const struct options *o, void *arg)
{
	if (o->json)
		report_flags_json(r, stdout);
	else
		report_flags_text(r, stdout);
}

static int run(const struct options *o)
{
	return watch_target(o, show, NULL);
}

const struct command cmd_flags = {
	.name = "flags",
	.sentence = "the flags in force in a JVM, with their origin",
	.arguments = "TARGET",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(NO_ATTACH) | OPTION_BIT(TOP),
	.about = "Prints every flag of the VM of TARGET that is not at its default, with its value "
		 "and where it came from: command line, environment, config file, management, "
		 "ergonomic, attach or internal. --top 0 and --json give all flags, also the "
		 "diagnostic and experimental ones and those at their default.\n\n"
		 "Read from the VM's own flag table; nothing runs in the target. Values that look "
		 "like secrets are masked.",
	.examples = "jledger flags 4711 ## what was set, and by whom\n"
		    "jledger flags 4711 --json ## all of them\n",
	.run = run,
};
