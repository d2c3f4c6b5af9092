// SPDX-License-Identifier: Apache-2.0
#include "collect/settings.h"

#include <string.h>

#include "base/mask.h"
#include "collect/collector.h"
#include "parse/cmdline.h"
#include "parse/tunables.h"

static const char *const PREFIXES[] = { "MALLOC_", "TCMALLOC_", "MIMALLOC_" };

static const char *text_of(struct look *look, struct span s)
{
	return mask_copy(look->mem, arena_copy(look->mem, s.at, s.len));
}

static void add(struct look *look, struct setting_row row, struct span value)
{
	row.value = text_of(look, value);
	row.has_number = tunables_number(value, &row.number, &row.whole);
	vec_push(look->mem, &look->out->settings, row);
}

static void add_tunables(struct look *look, struct span text)
{
	struct span name, value;
	bool whole;

	while (tunables_take(&text, &name, &value, &whole)) {
		struct setting_row row = { .name = text_of(look, name), .where = "GLIBC_TUNABLES" };

		// Other tunables are not malloc's; what has no '=' may have been meant for it.
		if (whole && !span_starts(name, "glibc.malloc."))
			continue;
		row.malformed = !whole || memchr(value.at, '=', value.len);
		add(look, row, value);
	}
}

// By the file's name: the path in LD_PRELOAD may be a link, or a bare name.
static bool is_mapped(const struct look *look, struct span library)
{
	const char *base = memrchr(library.at, '/', library.len);
	size_t stem;

	if (base) {
		base++;
		library.len -= (size_t)(base - library.at);
		library.at = base;
	}
	// "libjemalloc.so.2" may be a link to "libjemalloc.so.2.5.3": up to ".so".
	if (span_find(library, ".so", &stem))
		library.len = stem;
	for (size_t i = 0; i < look->maps.count; i++)
		if (library.len &&
		    !strncmp(mapping_file_name(&look->maps.at[i]), library.at, library.len))
			return true;
	return false;
}

static void add_preload(struct look *look, struct span value)
{
	while (value.len) {
		size_t n = 0;
		struct span one;

		while (n < value.len && value.at[n] != ' ' && value.at[n] != ':')
			n++;
		one = (struct span){ value.at, n };
		n += n < value.len;
		value.at += n;
		value.len -= n;
		if (one.len)
			add(look,
			    (struct setting_row){ .name = "LD_PRELOAD",
						  .where = "environment",
						  .mapped = is_mapped(look, one) },
			    one);
	}
}

void settings_add(struct look *look, struct span environment)
{
	struct span one, name;

	while (cmdline_take(&environment, &one)) {
		if (!span_take_until(&one, '=', &name))
			continue;
		if (span_is(name, "GLIBC_TUNABLES"))
			add_tunables(look, one);
		else if (span_is(name, "LD_PRELOAD"))
			add_preload(look, one);
		for (size_t i = 0; i < sizeof(PREFIXES) / sizeof(PREFIXES[0]); i++)
			if (span_starts(name, PREFIXES[i]))
				add(look,
				    (struct setting_row){ .name = text_of(look, name),
							  .where = "environment" },
				    one);
	}
}
