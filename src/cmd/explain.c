// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "cmd/command.h"
#include "cmd/complain.h"
#include "diagnose/rule.h"
#include "present/catalogue.h"

static int run(const struct options *o)
{
	const struct cause *c;

	if (!o->arguments) {
		if (o->json)
			report_causes_json(stdout);
		else
			report_causes_text(stdout);
		return EXIT_DONE;
	}
	c = cause_find(o->argument[0]);
	if (!c) {
		complain("no cause '%s'; jledger explain lists them all", o->argument[0]);
		return EXIT_USAGE;
	}
	if (o->json)
		report_explain_json(c, stdout);
	else
		report_explain_text(c, command_takes_jvm, stdout);
	return EXIT_DONE;
}

const struct command cmd_explain = {
	.name = "explain",
	.sentence = "what a cause of the catalogue is, its proof and remedy",
	.arguments = "CAUSE",
	.max_arguments = 1,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR),
	.about = "Prints what the catalogue knows of CAUSE: how it shows, what decides that it is "
		 "there, what rules it out, the remedy, and where the knowledge comes from. "
		 "Without CAUSE it lists all causes.",
	.examples = "jledger explain class-generation ## one cause in full\n"
		    "jledger explain ## all causes\n",
	.run = run,
};
