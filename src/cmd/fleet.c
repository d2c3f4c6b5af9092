// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "present/fleet.h"
#include "store/fleet.h"

static const size_t USUAL_TOP = 20;

struct line {
	char *at;
	size_t len, room;
	bool too_long;
};

static bool add_byte(struct line *l, char c)
{
	if (l->len == l->room) {
		size_t room = l->room ? l->room * 2 : 1 << 16;
		char *at = realloc(l->at, room);

		if (!at)
			return false;
		l->at = at;
		l->room = room;
	}
	l->at[l->len++] = c;
	return true;
}

// One line without its end; false at the end of the file.  Of one that is too long nothing is kept.
static bool read_line(FILE *from, struct line *l)
{
	int c;

	l->len = 0;
	l->too_long = false;
	while ((c = getc_unlocked(from)) != EOF && c != '\n')
		if (!l->too_long)
			l->too_long = l->len == FLEET_LINE_LIMIT || !add_byte(l, (char)c);
	return c != EOF || l->len || l->too_long;
}

static void take(const char *path, FILE *from, struct fleet_merge *m)
{
	struct line l = { 0 };
	struct fail why;
	bool said = false;

	for (size_t n = 1; read_line(from, &l); n++) {
		bool good = !l.too_long;

		if (l.too_long) {
			fail(&why, FAIL_CORRUPT, "the line is too long to be a verdict");
			fleet_add_strange(m);
		} else {
			good = fleet_add(m, (struct span){ l.at, l.len }, &why);
		}
		if (!good && !said)
			complain("%s:%zu: %s", path, n, why.text);
		said |= !good;
	}
	free(l.at);
}

static bool take_file(const char *path, struct fleet_merge *m)
{
	bool is_input = !strcmp(path, "-");
	FILE *from = is_input ? stdin : fopen(path, "re");
	bool done = from != NULL;
	struct stat s;

	if (from && !fstat(fileno(from), &s) && S_ISDIR(s.st_mode)) {
		errno = EISDIR;
		done = false;
	}
	if (done) {
		take(path, from, m);
		done = !ferror(from);
	}
	if (!done)
		complain("%s: %s", path, strerror(errno));
	if (from && !is_input)
		fclose(from);
	return done;
}

static int run(const struct options *o)
{
	size_t top = o->has_top ? o->top : USUAL_TOP;
	struct arena mem = { 0 };
	struct fleet_merge *m = fleet_begin(&mem);
	struct fleet fleet;
	bool done = true;

	for (int i = 0; i < o->arguments; i++)
		done &= take_file(o->argument[i], m);
	fleet_finish(m, &fleet);
	if (fleet.count || done) {
		if (o->json)
			report_fleet_json(&fleet, o->has_top ? o->top : 0, stdout);
		else
			report_fleet_text(&fleet, top, o->colour, stdout);
	}
	done &= fleet.count || !fleet.lines;
	arena_drop(&mem);
	return done ? EXIT_DONE : EXIT_UNREADABLE;
}

const struct command cmd_fleet = {
	.name = "fleet",
	.sentence = "many machines in one answer: top causes, worst JVMs",
	.arguments = "FILES...",
	.min_arguments = 1,
	.max_arguments = ARGUMENT_LIMIT,
	.files_alone = true,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(TOP),
	.about =
		"Merges verdicts of many machines: lines of jledger doctor all --json, of jledger "
		"doctor F.db --json on a recorder's history, and the .doctor.json files of its "
		"black box, in any order; - is standard input. A JVM is its host, container, "
		"number and start; of several verdicts on one the latest counts.\n\n"
		"Prints each cause with the JVMs that have it and the memory it explains in all of "
		"them, what is no fault (risks and notes) behind the causes; then the JVMs that "
		"are not well: first those that the kernel killed, then those with a confirmed "
		"cause, those with a likely one, and those that only near their limit, in each "
		"the one first whose limit is reached soonest.\n\n"
		"A line that is no verdict is counted and left out; the first of each file is "
		"named. 20 rows of each list are printed, or --top; with --json all.",
	.examples = "jledger doctor all --json >$(hostname).ndjson ## on each machine\n"
		    "jledger fleet *.ndjson ## then, where the files are\n"
		    "jledger doctor jvms.db --json | jledger fleet - ## what a recorder saw\n",
	.run = run,
};
