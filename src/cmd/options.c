// SPDX-License-Identifier: Apache-2.0
#include "cmd/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/units.h"
#include "cmd/command.h"

const struct option_info OPTIONS[OPTION_COUNT] = {
#define OPTION(id, name, letter, value, help) [OPTION_##id] = { name, letter, value, help },
#include "cmd/options.def"
#undef OPTION
};

static bool parse_number(const char *text, unsigned long limit, unsigned long *out,
			 struct fail *why)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (end == text || *end || *text == '-' || *text == '+' || errno || n > limit)
		return fail(why, FAIL_CORRUPT, "'%s' is not a number from 0 to %lu", text, limit);
	*out = n;
	return true;
}

// The index of `text` in a list that ends with NULL, or -1.
static int find_word(const char *const *words, const char *text)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], text))
			return i;
	return -1;
}

static bool set_colour(const char *value, struct options *o, struct fail *why)
{
	static const char *const WORDS[] = { "never", "always", "auto", NULL };
	int i = find_word(WORDS, value);

	if (i < 0)
		return fail(why, FAIL_CORRUPT, "--color takes auto, always or never, not '%s'",
			    value);
	o->colour = i == 1 || (i == 2 && isatty(STDOUT_FILENO));
	return true;
}

static bool set_by(const char *value, struct options *o, struct fail *why)
{
	static const char *const WORDS[] = {
		[BY_ACCOUNT] = "account", [BY_MAPPING] = "mapping",
		[BY_THREAD] = "thread",   [BY_LOADER] = "loader",
		[BY_ARENA] = "arena",     [BY_CATEGORY] = "category",
		[BY_SITE] = "site",       NULL,
	};
	int i = find_word(WORDS, value);

	if (i < 0)
		return fail(why, FAIL_CORRUPT,
			    "--by takes account, mapping, thread, loader, arena, category or site, "
			    "not '%s'",
			    value);
	o->by = (enum report_by)i;
	o->has_by = true;
	return true;
}

static bool set_fail_on(const char *value, struct options *o, struct fail *why)
{
	if (!strcmp(value, "confirmed"))
		o->fail_on = FAIL_ON_CONFIRMED;
	else if (!strcmp(value, "likely"))
		o->fail_on = FAIL_ON_LIKELY;
	else
		return fail(why, FAIL_CORRUPT, "--fail-on takes confirmed or likely, not '%s'",
			    value);
	return true;
}

static bool set_events(const char *value, struct options *o, struct fail *why)
{
	if (!strcmp(value, "csv"))
		o->events = EVENTS_CSV;
	else if (!strcmp(value, "json"))
		o->events = EVENTS_JSON;
	else
		return fail(why, FAIL_CORRUPT, "--events takes csv or json, not '%s'", value);
	return true;
}

static bool set_jstat(const char *value, struct options *o, struct fail *why)
{
	static const char *const WORDS[] = {
		[JSTAT_NONE] = "",           [JSTAT_GC] = "gc",
		[JSTAT_GCUTIL] = "gcutil",   [JSTAT_GCCAPACITY] = "gccapacity",
		[JSTAT_GCCAUSE] = "gccause", NULL,
	};
	int i = find_word(WORDS, value);

	if (i <= JSTAT_NONE)
		return fail(why, FAIL_CORRUPT,
			    "--jstat takes gc, gcutil, gccapacity or gccause, not '%s'", value);
	o->jstat = (enum jstat_view)i;
	return true;
}

// "80%" or "0.8" is no difference that anybody would want to make: percent it is.
static bool set_share(const char *value, const char *option, double *out, struct fail *why)
{
	char *end;
	double n = strtod(value, &end);

	if (end == value || (*end && strcmp(end, "%") != 0) || !(n > 0) || n >= 100)
		return fail(why, FAIL_CORRUPT,
			    "--%s takes a percentage above 0 and below 100, not '%s'", option,
			    value);
	*out = n / 100;
	return true;
}

// "10m/s": the size in front of the unit of time that must stand there.
static bool set_growth(const char *value, struct options *o, struct fail *why)
{
	const char *slash = strchr(value, '/');
	char size[32];
	uint64_t bytes;

	if (!slash || strcmp(slash, "/s") != 0 || slash - value >= (ptrdiff_t)sizeof(size))
		return fail(why, FAIL_CORRUPT,
			    "--on-growth takes a size a second (10m/s), not '%s'", value);
	memcpy(size, value, (size_t)(slash - value));
	size[slash - value] = '\0';
	if (!units_parse_size(size, &bytes, why))
		return false;
	o->on.growth_per_s = (double)bytes;
	return bytes || fail(why, FAIL_CORRUPT, "--on-growth takes more than 0");
}

static bool set_full_gc(const char *value, struct options *o, struct fail *why)
{
	char *end;
	double n = strtod(value, &end);

	if (end == value || strcmp(end, "/min") != 0 || !(n > 0) || n > 1e6)
		return fail(why, FAIL_CORRUPT,
			    "--on-full-gc takes collections a minute (3/min), not '%s'", value);
	o->on.full_gc_per_min = n;
	return true;
}

static bool set_rss(const char *value, struct options *o, struct fail *why)
{
	char *end;
	double n = strtod(value, &end);

	if (end != value && !strcmp(end, "%xmx")) {
		o->on.rss_share = n / 100;
		return (n > 0 && n < 1e6) ||
		       fail(why, FAIL_CORRUPT, "--on-rss takes more than 0%%xmx");
	}
	return units_parse_size(value, &o->on.rss, why) &&
	       (o->on.rss || fail(why, FAIL_CORRUPT, "--on-rss takes more than 0"));
}

static bool set_value(enum option_id id, const char *value, struct options *o, struct fail *why)
{
	unsigned long n = 0;

	switch (id) {
	case OPTION_COLOR:
		return set_colour(value, o, why);
	case OPTION_BY:
		return set_by(value, o, why);
	case OPTION_FAIL_ON:
		return set_fail_on(value, o, why);
	case OPTION_FOR:
		o->has_for = true;
		return units_parse_duration(value, &o->for_s, why);
	case OPTION_EVERY:
		o->has_every = true;
		if (!units_parse_duration(value, &o->every_s, why))
			return false;
		// More often than that the looks would come one behind the other.
		return o->every_s >= 0.1 ||
		       fail(why, FAIL_CORRUPT, "--every takes at least 0.1 s, not '%s'", value);
	case OPTION_TOP:
		if (!parse_number(value, 1000000, &n, why))
			return false;
		o->top = n;
		o->has_top = true;
		return true;
	case OPTION_SAMPLES:
		if (!parse_number(value, 100000, &n, why))
			return false;
		if (!n)
			return fail(why, FAIL_CORRUPT, "--samples takes at least 1");
		o->samples = (unsigned)n;
		o->has_samples = true;
		return true;
	case OPTION_AGAINST:
		o->against = value;
		return true;
	case OPTION_WHY_ALIVE:
		o->why_alive = value;
		o->views |= CLASSES_VIEW_WHY_ALIVE;
		return true;
	case OPTION_STATS:
		o->views |= CLASSES_VIEW_STATS;
		return classstats_parse_columns(value, &o->columns, why);
	case OPTION_HTML:
		o->html = value;
		return *value || fail(why, FAIL_CORRUPT, "--html takes a file, or -");
	case OPTION_GC_LOG:
		if (o->gc_logs == ARGUMENT_LIMIT)
			return fail(why, FAIL_CORRUPT, "--gc-log takes %d files at most",
				    ARGUMENT_LIMIT);
		o->gc_log[o->gc_logs++] = value;
		return *value || fail(why, FAIL_CORRUPT, "--gc-log takes a file, or -");
	case OPTION_EVENTS:
		return set_events(value, o, why);
	case OPTION_JSTAT:
		return set_jstat(value, o, why);
	case OPTION_FROM:
		o->from = value;
		return true;
	case OPTION_TO:
		o->to = value;
		return true;
	case OPTION_OUTPUT:
		o->output = value;
		return true;
	case OPTION_LIMIT:
		return units_parse_size(value, &o->limit, why) &&
		       (o->limit || fail(why, FAIL_CORRUPT, "--limit takes more than 0"));
	case OPTION_KEEP:
		return units_parse_duration(value, &o->keep_s, why) &&
		       (o->keep_s >= 60 ||
			fail(why, FAIL_CORRUPT, "--keep takes at least a minute, not '%s'", value));
	case OPTION_ON_LIMIT:
		return set_share(value, "on-limit", &o->on.limit_share, why);
	case OPTION_ON_GROWTH:
		return set_growth(value, o, why);
	case OPTION_ON_FULL_GC:
		return set_full_gc(value, o, why);
	case OPTION_ON_RSS:
		return set_rss(value, o, why);
	case OPTION_EXEC:
		o->exec = value;
		return *value || fail(why, FAIL_CORRUPT, "--exec takes a command");
	case OPTION_LISTEN:
		o->listen = value;
		return true;
	case OPTION_TEXTFILE:
		o->textfile = value;
		return *value || fail(why, FAIL_CORRUPT, "--textfile takes a directory");
	case OPTION_AT:
		o->at = value;
		return true;
	case OPTION_MAX_MEMORY:
		return units_parse_size(value, &o->max_memory, why);
	case OPTION_EXCLUDE:
		o->exclude = value;
		return true;
	case OPTION_JDK:
		if (!parse_number(value, 999, &n, why))
			return false;
		o->jdk = (unsigned)n;
		return n >= 8 || fail(why, FAIL_CORRUPT, "--jdk takes 8 or later, not '%s'", value);
	default:
		return false;
	}
}

static void set_flag(enum option_id id, struct options *o)
{
	switch (id) {
	case OPTION_JSON:
		o->json = true;
		break;
	case OPTION_NO_ATTACH:
		o->no_attach = true;
		break;
	case OPTION_PSS:
		o->pss = true;
		break;
	case OPTION_CAUSES:
		o->causes = true;
		break;
	case OPTION_REQUIRE_COMPLETE:
		o->require_complete = true;
		break;
	case OPTION_FOLLOW:
		o->follow = true;
		break;
	case OPTION_RETAINED:
		o->retained = true;
		break;
	case OPTION_YES:
		o->yes = true;
		break;
	case OPTION_LOADERS:
		o->views |= CLASSES_VIEW_LOADERS;
		break;
	case OPTION_FAMILIES:
		o->views |= CLASSES_VIEW_FAMILIES;
		break;
	case OPTION_DUPLICATES:
		o->views |= CLASSES_VIEW_DUPLICATES;
		break;
	case OPTION_METASPACE:
		o->views |= CLASSES_VIEW_METASPACE;
		break;
	case OPTION_STATS:
		o->views |= CLASSES_VIEW_STATS;
		break;
	case OPTION_ALL_COLUMNS:
		o->all_columns = true;
		break;
	case OPTION_CSV:
		o->csv = true;
		break;
	case OPTION_ARENAS:
		o->arenas = true;
		break;
	case OPTION_SIZES:
		o->sizes = true;
		break;
	case OPTION_UNMASK:
		o->unmask = true;
		break;
	case OPTION_LAST:
		o->last = true;
		break;
	case OPTION_HELP:
		o->help = true;
		break;
	default:
		break;
	}
}

// "--by=x", "--by", "-d30", "-d": which option, and the value that is stuck to it.
static int find_option(const struct command *c, const char *word, const char **value)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);

	*value = NULL;
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (!(c->options & (UINT64_C(1) << i)) && i != OPTION_HELP)
			continue;
		if (word[1] != '-') {
			if (OPTIONS[i].letter != word[1])
				continue;
			*value = word[2] ? word + 2 : NULL;
			return i;
		}
		if (strlen(OPTIONS[i].name) == len - 2 &&
		    !strncmp(OPTIONS[i].name, word + 2, len - 2)) {
			*value = equals ? equals + 1 : NULL;
			return i;
		}
	}
	return -1;
}

static bool take_option(const struct command *c, int argc, char **argv, int *i, struct options *o,
			struct fail *why)
{
	const char *word = argv[*i], *value;
	int id = find_option(c, word, &value);

	if (id < 0)
		return fail(why, FAIL_CORRUPT, "%s has no option '%s'; jledger %s -h lists them",
			    c->name, word, c->name);
	if (!OPTIONS[id].value) {
		if (value)
			return fail(why, FAIL_CORRUPT, "--%s takes no value", OPTIONS[id].name);
		set_flag((enum option_id)id, o);
		return true;
	}
	// A value that may be left out is taken from the next word only where it is one.
	if (!value && *OPTIONS[id].value == '[' &&
	    (*i + 1 >= argc || !classstats_parse_columns(argv[*i + 1], &o->columns, NULL))) {
		set_flag((enum option_id)id, o);
		return true;
	}
	if (!value && *i + 1 >= argc)
		return fail(why, FAIL_CORRUPT, "--%s needs a value: --%s %s", OPTIONS[id].name,
			    OPTIONS[id].name, OPTIONS[id].value);
	return set_value((enum option_id)id, value ? value : argv[++*i], o, why);
}

bool options_parse(const struct command *c, int argc, char **argv, struct options *out,
		   struct fail *why)
{
	struct options o = { .command = c,
			     .colour = isatty(STDOUT_FILENO),
			     .limit = UNKNOWN_BYTES,
			     .max_memory = UINT64_MAX };
	bool only_arguments = false;

	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];

		if (!only_arguments && c->rest && !strcmp(word, "--")) {
			o.has_rest = true;
			o.rest = argv + i + 1;
			o.rest_count = argc - i - 1;
			break;
		}
		if (!only_arguments && !strcmp(word, "--")) {
			only_arguments = true;
		} else if (!only_arguments && word[0] == '-' && word[1]) {
			if (!take_option(c, argc, argv, &i, &o, why))
				return false;
		} else if (o.arguments == c->max_arguments) {
			return fail(why, FAIL_CORRUPT, "%s takes no argument '%s'; jledger %s -h",
				    c->name, word, c->name);
		} else {
			o.argument[o.arguments++] = word;
		}
	}
	if (!o.help && !o.has_rest && o.arguments < c->min_arguments)
		return fail(why, FAIL_CORRUPT, "%s needs %s; jledger %s -h says more", c->name,
			    c->arguments, c->name);
	*out = o;
	return true;
}
