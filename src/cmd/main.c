// SPDX-License-Identifier: Apache-2.0
// The table of commands, each a file of its own, and what holds for all of them.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/help.h"

static const struct command *const COMMANDS[] = {
#define COMMAND(name) &cmd_##name,
#include "cmd/commands.def"
#undef COMMAND
};
enum { COMMANDS_HERE = sizeof(COMMANDS) / sizeof(COMMANDS[0]) };

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS_HERE; i++)
		if (!strcmp(COMMANDS[i]->name, name))
			return COMMANDS[i];
	return NULL;
}

bool command_takes_jvm(const char *name)
{
	const struct command *c = find(name);

	return c && !c->files_alone;
}

static int run(const struct command *c, int argc, char **argv)
{
	struct options o;
	struct fail why;

	if (argc == 1 && !strcmp(argv[0], "--help-man")) {
		help_print_man(c, stdout); // how docs/man/ is written
		return EXIT_DONE;
	}
	if (!options_parse(c, argc, argv, &o, &why)) {
		complain("%s", why.text);
		return EXIT_USAGE;
	}
	if (o.help) {
		help_print_text(c, stdout);
		return EXIT_DONE;
	}
	return c->run(&o);
}

// A descriptor below 3 that is closed would be the next file's, and what is printed would go there.
static void hold_standard_streams(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/", O_RDONLY | O_DIRECTORY);
}

// What could not be printed was not done.
static int finish(int code)
{
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	complain("standard output: %s", strerror(errno));
	return EXIT_UNREADABLE;
}

static int choose(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	const struct command *c;

	if (!word)
		return run(COMMANDS[0], 0, argv + 1);
	if (!strcmp(word, "-h") || !strcmp(word, "--help") || !strcmp(word, "help")) {
		help_print_commands(COMMANDS, COMMANDS_HERE, stdout);
		return EXIT_DONE;
	}
	if (!strcmp(word, "--version")) {
		puts("jledger " JLEDGER_VERSION);
		return EXIT_DONE;
	}
	if (word[0] == '-')
		return run(COMMANDS[0], argc - 1, argv + 1);
	c = find(word);
	if (!c) {
		complain("no command '%s'; jledger -h lists them", word);
		return EXIT_USAGE;
	}
	return run(c, argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
	hold_standard_streams();
	return finish(choose(argc, argv));
}
