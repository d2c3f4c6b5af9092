// SPDX-License-Identifier: Apache-2.0
#include "present/flags.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/watch.h"
#include "collect/commandline.h"
#include "collect/discover.h"
#include "diagnose/budget.h"
#include "diagnose/flag_judge.h"
#include "diagnose/lifetimes.h"
#include "diagnose/malloc_settings.h"

// Flags are one source's alone: without it there is nothing to show.
static void say_what_is_missing(const struct snapshot *s)
{
	const char *reason = NULL;

	for (size_t i = 0; i < s->misses.count; i++)
		if (!strcmp(s->misses.at[i].collector, "vm") ||
		    !strcmp(s->misses.at[i].collector, "attach"))
			reason = s->misses.at[i].text;
	complain("the flags of process %d can't be told: %s%s%s%s%s", s->pid,
		 reason ? reason : "the VM's table of flags was not found",
		 s->tier_denied ? "; " : "", s->tier_denied ? s->tier_denied : "",
		 s->tier_gain ? "; " : "", s->tier_gain ? s->tier_gain : "");
}

static void print(const struct flags_report *f, const struct options *o)
{
	if (o->json)
		flags_print_json(f, stdout);
	else
		flags_print_text(f, stdout);
}

static void show(const struct report *r, const struct options *o, void *arg)
{
	struct flag_judgement flags = { 0 };
	struct malloc_judgement settings;
	struct arena mem = { 0 };
	struct budget budget;
	bool *any = arg;

	if (!r->now->flags.count) {
		say_what_is_missing(r->now);
		return;
	}
	*any = true;
	flag_judge(r->now, 0, &mem, &flags);
	malloc_settings_judge(r->now, &mem, &settings);
	budget_of(r->now, r->ledger, o->limit, &mem, &budget);
	print(&(struct flags_report){ r, &flags, &settings, &budget, NULL, 0 }, o);
	arena_drop(&mem);
}

// A program's name without a folder is looked for as a shell would.
static const char *find_program(const char *name, struct arena *mem)
{
	const char *path = getenv("PATH");
	char full[PATH_MAX];

	if (strchr(name, '/'))
		return realpath(name, full) ? arena_text(mem, full) : name;
	while (path && *path) {
		size_t len = strcspn(path, ":");
		const char *file = arena_format(mem, "%.*s/%s", (int)len, path, name);

		if (len && !access(file, X_OK) && realpath(file, full))
			return arena_text(mem, full);
		path += len + (path[len] == ':');
	}
	return name;
}

// Scripts put --json last, whatever stands before it: among options alone it can only be ours.
static bool takes_json(struct commandline *c)
{
	if (!c->count || strcmp(c->words[c->count - 1], "--json") != 0)
		return false;
	for (size_t i = 0; i < c->count; i++)
		if (*c->words[i] != '-' && *c->words[i] != '@')
			return false;
	c->count--;
	return true;
}

static int judge_command_line(const struct options *given)
{
	struct options with = *given, *o = &with;
	struct flag_judgement flags = { 0 };
	struct arena mem = { 0 };
	struct snapshot s;
	struct budget budget;
	struct fail why;
	struct report r = { .now = &s, .first = &s, .tool_version = JLEDGER_VERSION };
	struct commandline c = { .words = (const char *const *)o->rest,
				 .count = (size_t)o->rest_count,
				 .cwd = "/proc/self/cwd",
				 .jdk = o->jdk };
	unsigned one = 0;
	size_t count = 1;

	if (c.count && **c.words != '-' && **c.words != '@') {
		c.java = find_program(*c.words, &mem);
		c.words++;
		c.count--;
	}
	with.json |= takes_json(&c);
	if (!commandline_look(discover_live(&mem), &c, &mem, &s, &why)) {
		complain("%s", why.text);
		arena_drop(&mem);
		return EXIT_UNREADABLE;
	}
	one = (unsigned)snapshot_get(&s, F_JDK, 0);
	if (!one)
		count = LIFETIME_RELEASE_COUNT;
	for (size_t i = 0; i < count; i++)
		flag_judge(&s, one ? one : LIFETIME_RELEASES[i], &mem, &flags);
	budget_foresee(&s, one ? one : LIFETIME_RELEASES[count - 1], o->limit, &mem, &budget);
	print(&(struct flags_report){ &r, &flags, NULL, &budget, one ? &one : LIFETIME_RELEASES,
				      count },
	      o);
	arena_drop(&mem);
	return EXIT_DONE;
}

static int run(const struct options *o)
{
	bool any = false;
	int code;

	if (o->has_rest && o->arguments) {
		complain("flags takes TARGET or -- JAVA OPTIONS, not both");
		return EXIT_USAGE;
	}
	if (o->jdk && !o->has_rest) {
		complain("--jdk is for a command line behind --: a JVM that runs says itself what "
			 "it is");
		return EXIT_USAGE;
	}
	if (o->has_rest)
		return judge_command_line(o);
	code = watch_target(o, show, &any);
	return code == EXIT_DONE && !any ? EXIT_UNREADABLE : code;
}

const struct command cmd_flags = {
	.name = "flags",
	.sentence = "flags in force, options without effect, memory budget",
	.arguments = "TARGET",
	.min_arguments = 1,
	.max_arguments = 1,
	.rest = "JAVA OPTIONS",
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(NO_ATTACH) | OPTION_BIT(TOP) |
		   OPTION_BIT(LIMIT) | OPTION_BIT(JDK),
	.about =
		"Prints every flag of the VM of TARGET that is not at its default, with its value "
		"and where it came from: command line, environment, config file, management, "
		"ergonomic, attach or internal. --top 0 and --json give all flags, also the "
		"diagnostic and experimental ones and those at their default.\n\n"
		"Then what was given without effect, from every place that options come from "
		"(command line, @FILE, JAVA_TOOL_OPTIONS, JDK_JAVA_OPTIONS, _JAVA_OPTIONS, "
		"-XX:Flags and -XX:VMOptionsFile): obsolete (taken and ignored), expired (gone, "
		"and "
		"refused unless the VM was told to ignore it), unknown, or without effect, because "
		"a later option, the collector or another flag decides. Options that only scripts "
		"read (JAVA_OPTS) and that never came to the VM are among them. Settings of malloc "
		"follow, from its variables and GLIBC_TUNABLES.\n\n"
		"The memory budget sets what the JVM may and does need against the limit of its "
		"container, or the machine's memory, or --limit. A part counts with the limit that "
		"somebody set for it, else with what is in use now; the ceiling is what the VM "
		"would "
		"let it grow to. With --limit, and where it does not fit, options are advised, "
		"with "
		"the sum that led to each.\n\n"
		"With -- a command line is judged that does not run: options alone, or with the "
		"java program before them, whose release file tells the JDK. Else --jdk does; "
		"without either every release from 8 to 28 that was asked is judged, and the rows "
		"say for which they hold.\n\n"
		"Read from the VM's own tables; nothing runs in the target. Values that look "
		"like secrets are masked.",
	.examples = "jledger flags 4711 ## what was set, by whom, and what of it has no effect\n"
		    "jledger flags 4711 --limit 2g ## what would fit a container of 2 GB\n"
		    "jledger flags --jdk 17 -- -Xmx1g -XX:MaxPermSize=128m ## before it runs\n"
		    "jledger flags 4711 --json ## all of them\n",
	.run = run,
};
