// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/units.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/pause.h"
#include "collect/discover.h"
#include "present/json.h"
#include "record/captured.h"
#include "store/capture.h"

// False when not even the first moment was had, or when we are to end; a target that ends later
// leaves what there is.
static bool record_all(struct capture_writer *w, const struct tree *live, int pid,
		       const struct options *o, struct fail *why)
{
	const struct captured_wish wish = { .may_attach = !o->no_attach,
					    .want_pss = o->pss,
					    .want_nmt = true,
					    .want_chunks = CHUNKS_ONCE };
	unsigned samples = o->has_samples ? o->samples : 1;

	for (unsigned i = 0; i < samples; i++) {
		struct arena mem = { 0 };
		bool done;

		if (i)
			pause_for(o->has_every ? o->every_s : 1);
		done = !pause_is_over() && captured_look(w, live, pid, &wish, &mem, NULL, why);
		arena_drop(&mem);
		if (pause_is_over())
			return fail(why, FAIL_OS, "interrupted: %s is not written", o->output);
		if (!done && !i)
			return false;
		if (!done) {
			capture_drop_moment(w);
			complain("after %u of %u moments: %s", i, samples, why->text);
			return true;
		}
		if (samples > 1 && isatty(STDERR_FILENO))
			fprintf(stderr, "\r%u of %u moments", i + 1, samples);
	}
	if (samples > 1 && isatty(STDERR_FILENO))
		fputc('\n', stderr);
	return true;
}

static void say_what_was_written(const struct capture_writer *w, const char *path)
{
	const struct capture_written *c = capture_written(w);
	char size[16], memory[16];

	complain("%s: %s, %zu moment%s, %s of the target's memory, %" PRIu64 " secret%s masked",
		 strcmp(path, "-") != 0 ? path : "standard output", units_print_size(c->size, size),
		 c->moments, c->moments == 1 ? "" : "s", units_print_size(c->memory_bytes, memory),
		 c->masked, c->masked == 1 ? "" : "s");
}

static void print_what_was_written(const struct capture_writer *w, const char *path)
{
	const struct capture_written *c = capture_written(w);
	json_t *j = json_object();

	json_set(j, "schema", json_integer(1));
	json_set(j, "file", json_of_text(path));
	json_set(j, "size", json_of_bytes(c->size));
	json_set(j, "moments", json_integer((json_int_t)c->moments));
	json_set(j, "memory_bytes", json_of_bytes(c->memory_bytes));
	json_set(j, "masked", json_integer((json_int_t)c->masked));
	json_print(j, stdout);
}

// What can't be done with these options, or NULL.
static const char *find_mistake(const struct options *o)
{
	bool to_stdout = o->output && !strcmp(o->output, "-");

	if (!o->output || !*o->output)
		return "capture needs -o FILE, -o DIRECTORY/ or -o -";
	if (to_stdout && o->json)
		return "--json and -o - both write to standard output";
	if (to_stdout && isatty(STDOUT_FILENO))
		return "a capture is no text: send -o - into a file or a pipe";
	if (!strcmp(o->argument[0], "all"))
		return "capture takes one JVM; jledger ps lists them";
	return NULL;
}

static int run(const struct options *o)
{
	struct arena mem = { 0 };
	const struct tree *live = discover_live(&mem);
	const char *mistake = find_mistake(o);
	struct capture_writer *w = NULL;
	struct fail why;
	bool done;
	int pid;

	if (mistake) {
		complain("%s", mistake);
		arena_drop(&mem);
		return EXIT_USAGE;
	}
	pause_note_signals();
	done = discover_find(live, o->argument[0], &mem, &pid, &why);
	if (done) {
		w = capture_create(o->output, pid, &mem);
		done = capture_check(w, &why) && record_all(w, live, pid, o, &why);
		if (done)
			done = capture_finish(w, &why);
		else
			capture_abort(w);
	}
	if (!done && capture_is_one(o->argument[0]))
		complain("%s is a capture already; capture takes a running JVM", o->argument[0]);
	else if (!done)
		complain("%s", why.text);
	else if (o->json)
		print_what_was_written(w, o->output);
	else
		say_what_was_written(w, o->output);
	arena_drop(&mem);
	if (!done && pause_is_over())
		pause_obey();
	return done ? EXIT_DONE : EXIT_UNREADABLE;
}

const struct command cmd_capture = {
	.name = "capture",
	.sentence = "all that jledger reads of a JVM, in one file",
	.arguments = "TARGET",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = OPTION_BIT(JSON) | OPTION_BIT(OUTPUT) | OPTION_BIT(SAMPLES) | OPTION_BIT(EVERY) |
		   OPTION_BIT(NO_ATTACH) | OPTION_BIT(PSS),
	.about =
		"Looks at TARGET as map does, and keeps what was read: the texts of /proc, the "
		"jvmstat file, replies of the attach protocol, and of the target's memory just the "
		"words and names that were asked for. Every command that takes a PID takes the "
		"file instead, on this machine or another, and prints the same.\n\n"
		"-o names a ZIP file, a directory (with a / behind it, or one that is there and "
		"empty), or - for a ZIP on standard output. Only its owner may read it. With "
		"--samples it holds several moments, --every seconds apart (one second without), "
		"and map and doctor then show what grew in between. One that is interrupted "
		"(Ctrl-C) leaves nothing behind.\n\n"
		"Secrets are masked with stars before anything is written: values of names like "
		"password, token or secret in options, texts and URLs, well-known kinds of keys, "
		"and "
		"the values of all environment variables but those that tell how Java runs. "
		"manifest.json in the file lists every mask. A bare password that no name stands "
		"beside can't be known as one: look before you pass a capture on.\n\n"
		"The impact on the target is that of map, once for each moment. Nothing of the "
		"Java heap is read but what a look needs: words that are numbers or references, "
		"and names of threads, classes and loaders.",
	.examples = "jledger capture 4711 -o shop.jlc.zip ## one moment of process 4711\n"
		    "jledger capture shop.jar -o - --samples 10 --every 30s >shop.jlc.zip ## five "
		    "minutes\n"
		    "jledger doctor shop.jlc.zip ## the verdict, from the file\n"
		    "unzip -l shop.jlc.zip ## what is in it\n",
	.run = run,
};
