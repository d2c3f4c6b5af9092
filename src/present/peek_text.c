// SPDX-License-Identifier: Apache-2.0
#include "present/peek.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/units.h"
#include "present/report.h"
#include "present/target_text.h"
#include "present/words.h"

enum { WIDTH = 79 };

static void print_names(const char *title, const struct peek_name *at, size_t count,
			struct arena *mem, FILE *to)
{
	if (count)
		fprintf(to, "\n%s\n", title);
	for (size_t i = 0; i < count; i++)
		fprintf(to, "%8" PRIu64 "  %s\n", at[i].count,
			words_clean(at[i].text, WIDTH - 10, mem));
}

void peek_print_text(const struct report *r, FILE *to)
{
	const struct peek_facts *p = &r->now->peek;
	struct arena mem = { 0 };
	char a[16], b[16];

	target_text_head(r, to);
	words_wrap(arena_format(&mem, "%s: %s in memory, %s of it read in %" PRIu64 " fragments",
				words_clean(p->what, 0, &mem), units_print_size(p->resident, a),
				units_print_size(p->read, b), p->fragments),
		   0, 2, WIDTH, to);
	if (p->end)
		fprintf(to, "0x%" PRIx64 " to 0x%" PRIx64 "\n", p->start, p->end);
	fputc('\n', to);
	for (size_t i = 0; i < p->kinds.count; i++) {
		const struct peek_kind *k = &p->kinds.at[i];

		fprintf(to, "%5.1f %%  %-30s  such as at 0x%" PRIx64 "\n", k->share * 100, k->title,
			k->example_at);
	}
	print_names("Packages and names, and how often the sample has them", p->names.at,
		    p->names.count, &mem, to);
	print_names(p->unmasked ? "Texts, as they are"
				: "Texts, with what looks like a secret masked",
		    p->texts.at, p->texts.count, &mem, to);
	if (!p->unmasked)
		fputs("\nMasking is no guarantee: a password that stands alone looks like a "
		      "word.\n",
		      to);
	arena_drop(&mem);
}
