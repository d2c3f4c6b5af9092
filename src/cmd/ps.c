// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "collect/discover.h"
#include "facts/jvms.h"
#include "present/jvm_list.h"

static int run(const struct options *o)
{
	struct arena mem = { 0 };
	char host[256] = "";
	struct jvm_rows rows;
	struct fail why;

	if (!discover_all(discover_live(&mem), &mem, &rows, &why)) {
		complain("%s", why.text);
		arena_drop(&mem);
		return EXIT_UNREADABLE;
	}
	gethostname(host, sizeof(host) - 1);
	if (o->json)
		report_ps_json(&rows, host, stdout);
	else
		report_ps_text(&rows, o->colour, stdout);
	if (!rows.count && !o->json)
		complain("no JVM runs here, or none that may be seen");
	arena_drop(&mem);
	return EXIT_DONE;
}

const struct command cmd_ps = {
	.name = "ps",
	.sentence = "which JVMs run here, containers included",
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(NO_ATTACH),
	.about =
		"Lists the JVMs of this machine, those in containers too: process id, main class "
		"or jar, JDK version, resident memory, the limit of the container, used and "
		"largest Java heap (all in MB), and a state in one word. Nothing of a JVM is read "
		"but what /proc and its jvmstat file tell.\n\n"
		"The tier says what the kernel lets us read. A: memory and pages. B: the same, as "
		"the same user. C: the memory is closed (Yama, seccomp), but maps, jvmstat and the "
		"attach protocol work. D: another user's process, of which only ps-like facts are "
		"known.\n\n"
		"OpenJ9 and GraalVM native images are listed too, as OpenJ9 or native where a "
		"version stands else, and in the state unsupported: no other command takes them.",
	.examples = "jledger ps ## the JVMs that run here\n"
		    "jledger ps --json ## the same as one JSON object\n",
	.run = run,
};
