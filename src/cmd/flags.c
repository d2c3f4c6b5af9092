// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/watch.h"

// Flags are one source's alone: without it there is nothing to show.
static void say_what_is_missing(const struct snapshot *s)
{
	const char *reason = NULL;

	for (size_t i = 0; i < s->misses.count; i++)
		if (!strcmp(s->misses.at[i].collector, "vm") ||
		    !strcmp(s->misses.at[i].collector, "attach"))
			reason = s->misses.at[i].text;
	complain("the flags of process %d can't be told: %s%s%s", s->pid,
		 reason ? reason : "the VM's table of flags was not found",
		 s->tier_gain ? "; " : "", s->tier_gain ? s->tier_gain : "");
}

static void show(const struct report *r, const struct options *o, void *arg)
{
	bool *any = arg;

	if (!r->now->flags.count) {
		say_what_is_missing(r->now);
		return;
	}
	*any = true;
	if (o->json)
		report_flags_json(r, stdout);
	else
		report_flags_text(r, stdout);
}

static int run(const struct options *o)
{
	bool any = false;
	int code = watch_target(o, show, &any);

	return code == EXIT_DONE && !any ? EXIT_UNREADABLE : code;
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
