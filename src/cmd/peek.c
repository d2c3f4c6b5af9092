// SPDX-License-Identifier: Apache-2.0
#include "present/peek.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/units.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/target.h"
#include "collect/discover.h"
#include "collect/look.h"
#include "collect/peek.h"
#include "ledger/ledger.h"
#include "present/report.h"

static const char *const SHARES[] = { "malloc-in-use", "malloc-freed", "malloc-freed-returnable",
				      "malloc-freed-pinned" };

static bool parse_question(const char *text, struct peek_question *out, struct fail *why)
{
	char *end;

	if (text[0] >= '0' && text[0] <= '9') {
		out->address = strtoull(text, &end, 16);
		return (!*end && out->address) ||
		       fail(why, FAIL_CORRUPT, "'%s' is no address: 0x7f0012345000", text);
	}
	out->account = text;
	for (size_t i = 0; i < sizeof(SHARES) / sizeof(SHARES[0]); i++)
		if (!strcmp(text, SHARES[i]))
			return true;
	return account_find(text) != ACCOUNT_NONE ||
	       fail(why, FAIL_CORRUPT,
		    "'%s' is neither an address nor an account: malloc-in-use, malloc-freed, or "
		    "one of jledger map --json",
		    text);
}

static const char *reason_of(const struct snapshot *s)
{
	for (size_t i = 0; i < s->misses.count; i++)
		if (!strcmp(s->misses.at[i].collector, "peek"))
			return s->misses.at[i].text;
	return s->tier_denied ? s->tier_denied : "its memory can't be read";
}

static bool show(const struct options *o, struct target *target, struct arena *mem,
		 struct fail *why)
{
	struct snapshot s;
	struct report r = { .now = &s, .first = &s, .tool_version = JLEDGER_VERSION };

	if (!look_at(target, mem, &s, why))
		return false;
	if (!s.peek.known)
		return fail(why, FAIL_ABSENT, "%s", reason_of(&s));
	if (o->json)
		peek_print_json(&r, stdout);
	else
		peek_print_text(&r, stdout);
	return true;
}

static bool dump(const struct options *o, const struct target *target, uint64_t address,
		 struct arena *mem, struct fail *why)
{
	uint64_t bytes;
	char size[16];

	if (!peek_dump(target, address, o->output, mem, &bytes, why))
		return false;
	complain("%s: %s, as it is: nothing of it is masked, and it may hold secrets", o->output,
		 units_print_size(bytes, size));
	return true;
}

static bool look(const struct options *o, const struct peek_question *question, struct arena *mem,
		 struct fail *why)
{
	struct subject subject;
	struct target target;
	bool done;

	if (!subject_resolve(o->argument[0], mem, &subject, why))
		return false;
	if (subject.is_capture || subject.all) {
		subject_close(&subject);
		return fail(why, FAIL_ABSENT,
			    "peek takes one running process; a capture does not "
			    "hold what memory contains");
	}
	if (!subject_open(&subject, 0, o, mem, &target, why))
		return false;
	target.peek = question;
	done = o->output ? dump(o, &target, question->address, mem, why)
			 : show(o, &target, mem, why);
	discover_close(&target);
	return done;
}

static int run(const struct options *o)
{
	struct peek_question question = { .unmask = o->unmask };
	struct arena mem = { 0 };
	struct fail why;
	bool done;

	if (!parse_question(o->argument[1], &question, &why) ||
	    (o->output && !question.address &&
	     !fail(&why, FAIL_CORRUPT,
		   "-o takes an address: the mapping that holds it is copied"))) {
		complain("%s", why.text);
		return EXIT_USAGE;
	}
	done = look(o, &question, &mem, &why);
	if (!done)
		complain("%s", why.text);
	arena_drop(&mem);
	return done ? EXIT_DONE : EXIT_UNREADABLE;
}

const struct command cmd_peek = {
	.name = "peek",
	.sentence = "what a piece of memory contains",
	.arguments = "TARGET ADDRESS|ACCOUNT",
	.min_arguments = 2,
	.max_arguments = 2,
	.any_process = true,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(OUTPUT) | OPTION_BIT(UNMASK),
	.about =
		"Looks into memory of TARGET and says what it contains: class files, jars and "
		"zips, "
		"certificates, images, JSON, SQL, XML, text, pointers, numbers, zeros, or bytes as "
		"even as only compressed or encrypted ones are; and the names of packages and the "
		"texts that are in it most often, which point to who left them there.\n\n"
		"ADDRESS (0x7f0012345678) means what holds it: a chunk of malloc's, a stack, a "
		"buffer, else the mapping. ACCOUNT is one of those of jledger map --json, or "
		"malloc-in-use, or malloc-freed: memory that was freed keeps its contents but for "
		"its first 32 bytes. At most 4096 fragments of a page are read, evenly over all "
		"that is present; the shares are of that sample. Pages are not brought in.\n\n"
		"What looks like a secret (values of names like password or token, keys, long runs "
		"of letters and digits) is masked in texts unless --unmask is given. Masking is no "
		"guarantee.\n\n"
		"-o FILE copies the mapping that holds ADDRESS into a new file that only its owner "
		"may read, as it is: nothing of it is masked.",
	.examples = "jledger peek 4711 malloc-freed ## whose memory does malloc keep?\n"
		    "jledger peek 4711 0x7f3a10000000 ## what is in this mapping?\n"
		    "jledger peek 4711 0x7f3a10000000 -o block.bin ## for other tools\n",
	.run = run,
};
