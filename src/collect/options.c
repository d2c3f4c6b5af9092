// SPDX-License-Identifier: Apache-2.0
// The options that the JVM was given, each with the place it came from, and malloc's settings.
//
// The VM's own list has the options cut into words and in order; the places (environment, command
// line, files) give them their names.  Without that list (memory that may not be read) the jvmstat
// buffer has them as one text, and without that the places must do.
#include <string.h>

#include "base/fail.h"
#include "collect/collector.h"
#include "collect/given.h"
#include "collect/hsperf.h"
#include "collect/settings.h"
#include "jvm/arguments.h"
#include "parse/cmdline.h"
#include "parse/keyvalue.h"

// Variables that scripts read, and no VM.
static const char *const OF_SCRIPTS[] = { "JAVA_OPTS", "JAVA_OPTIONS", "JVM_OPTS", "JAVA_ARGS",
					  "CATALINA_OPTS" };
static const char ELSEWHERE[] = "the program that made the VM, or its image";

struct places {
	struct look *look;
	struct span environment; // NULs between the variables; empty when it can't be read
	bool has_environment;
	struct given given;
};

static bool read_file(struct look *look, const char *name, struct span *out, struct fail *why)
{
	return tree_read(look->target->files,
			 arena_format(look->mem, "/proc/%d/%s", look->target->pid, name), look->mem,
			 out, why);
}

// Where names of files that the target knows are found here: its root, and the working directory
// inside it.
static void find_folders(struct look *look, struct given *g)
{
	const struct target *t = look->target;
	const char *cwd, *root;
	size_t len;

	g->root = arena_format(look->mem, "/proc/%d/root", t->pid);
	g->cwd = g->root;
	if (!tree_link(t->files, arena_format(look->mem, "/proc/%d/cwd", t->pid), look->mem, &cwd,
		       NULL) ||
	    *cwd != '/')
		return;
	if (!tree_link(t->files, g->root, look->mem, &root, NULL))
		root = "/";
	len = strlen(root);
	if (len > 1 && !strncmp(cwd, root, len) && (cwd[len] == '/' || !cwd[len]))
		cwd += len;
	g->cwd = arena_format(look->mem, "%s%s", g->root, cwd);
}

static bool find_variable(const struct places *p, const char *name, struct span *value)
{
	struct span rest = p->environment, one;
	size_t len = strlen(name);

	while (cmdline_take(&rest, &one))
		if (one.len > len && !memcmp(one.at, name, len) && one.at[len] == '=') {
			*value = (struct span){ one.at + len + 1, one.len - len - 1 };
			return true;
		}
	return false;
}

static void add_variable(struct places *p, const char *name)
{
	struct span value;

	if (find_variable(p, name, &value))
		given_add_variable(&p->given, name, value);
}

static void read_places(struct places *p)
{
	struct look *look = p->look;
	struct given *g = &p->given;
	struct span bytes, argument;

	*g = (struct given){ .files = look->target->files,
			     .mem = look->mem,
			     .jdk = snapshot_get(look->out, F_JDK, 0) };
	find_folders(look, g);
	p->has_environment = read_file(look, "environ", &p->environment, NULL);
	add_variable(p, "JAVA_TOOL_OPTIONS");
	if (g->jdk != 8)
		add_variable(p, "JDK_JAVA_OPTIONS");
	if (read_file(look, "cmdline", &bytes, NULL) && cmdline_take(&bytes, &argument))
		while (cmdline_take(&bytes, &argument) && given_add_argument(g, argument))
			;
	add_variable(p, "_JAVA_OPTIONS");
	given_add_files(g);
}

// The VM's list as one text: an option begins behind a blank with '-'.
static struct arguments_list cut_text(struct span text, struct arena *mem)
{
	struct arguments_list list = { 0 };
	VEC(const char *) words = { 0 };

	while (text.len) {
		size_t n = 1;

		while (n < text.len &&
		       !(text.at[n] == ' ' && n + 1 < text.len && text.at[n + 1] == '-'))
			n++;
		vec_push(mem, &words, arena_copy(mem, text.at, n));
		n += n < text.len;
		text.at += n;
		text.len -= n;
	}
	list.at = words.at;
	list.count = words.count;
	return list;
}

static struct arguments_list cut_flags(struct span text, struct arena *mem)
{
	struct arguments_list list = { 0 };
	VEC(const char *) words = { 0 };
	struct span word;

	while (span_take_word(&text, &word))
		vec_push(mem, &words, arena_copy(mem, word.at, word.len));
	list.at = words.at;
	list.count = words.count;
	return list;
}

static bool read_list(struct look *look, struct arguments *out, struct fail *why)
{
	const char *source;
	struct span text;
	struct hsperf h;

	if (look->vm && arguments_read(look->vm, look->mem, out, why))
		return true;
	if (!hsperf_read_target(look, &h, &source, why))
		return false;
	if (!hsperf_text(&h, "java.rt.vmArgs", &text))
		return fail(why, FAIL_ABSENT, "the jvmstat buffer has no java.rt.vmArgs");
	*out = (struct arguments){ 0 };
	out->options = cut_text(text, look->mem);
	if (hsperf_text(&h, "java.rt.vmFlags", &text))
		out->flags = cut_flags(text, look->mem);
	return true;
}

static void add_row(struct look *look, const char *text, const char *where, bool of_flags_file)
{
	struct option_row row;

	if (given_row(text, where, of_flags_file, look->mem, &row))
		vec_push(look->mem, &look->out->options, row);
}

// Each of the VM's options gets the name of the next place that has it.
static void add_listed(struct places *p, const struct arguments *list)
{
	struct look *look = p->look;
	const char *flags_file = "-XX:Flags";
	size_t next = 0;

	for (size_t i = 0; i < p->given.words.count; i++)
		p->given.words.at[i].text = given_mask(p->given.words.at[i].text, look->mem);
	for (size_t i = 0; i < list->options.count; i++)
		if (!strncmp(list->options.at[i], "-XX:Flags=", 10))
			flags_file = given_mask(list->options.at[i], look->mem);
	for (size_t i = 0; i < list->flags.count; i++)
		add_row(look, list->flags.at[i], flags_file, true);
	for (size_t i = 0; i < list->options.count; i++) {
		const char *text = given_mask(list->options.at[i], look->mem);
		size_t at = next;

		while (at < p->given.words.count && strcmp(p->given.words.at[at].text, text) != 0)
			at++;
		if (at < p->given.words.count)
			next = at + 1;
		add_row(look, text,
			at < p->given.words.count ? p->given.words.at[at].where : ELSEWHERE, false);
	}
}

static void add_places(struct places *p)
{
	const struct given *g = &p->given;

	for (size_t i = 0; i < g->flags.count; i++)
		add_row(p->look, g->flags.at[i].text, g->flags.at[i].where, true);
	for (size_t i = 0; i < g->words.count; i++)
		add_row(p->look, g->words.at[i].text, g->words.at[i].where, false);
}

static bool is_listed(const struct snapshot *s, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(s->options.at[i].text, text))
			return true;
	return false;
}

// What a variable holds that no VM reads, as far as the VM did not get it in another way.
static void add_unread(struct places *p, const char *name, const char *why)
{
	struct look *look = p->look;
	size_t count = look->out->options.count;
	struct given g = { .files = look->target->files, .mem = look->mem, .jdk = 8 };
	struct option_row row;
	struct span value;

	if (!find_variable(p, name, &value))
		return;
	given_add_variable(&g, name, value);
	for (size_t i = 0; i < g.words.count; i++) {
		if (!given_row(g.words.at[i].text, name, false, look->mem, &row) ||
		    is_listed(look->out, count, row.text))
			continue;
		row.unread = why;
		vec_push(look->mem, &look->out->options, row);
	}
}

static void add_hotspotrc(struct places *p)
{
	struct look *look = p->look;
	struct given g = p->given;
	struct tree_stat st;

	for (size_t i = 0; i < look->out->options.count; i++)
		if (!strncmp(look->out->options.at[i].text, "-XX:Flags=", 10))
			return;
	if (!tree_stat(g.files, arena_format(look->mem, "%s/.hotspotrc", g.cwd), &st, NULL))
		return;
	g.words.at = NULL;
	g.words.count = g.words.room = g.flags.count = 0;
	vec_push(look->mem, &g.words, (struct given_word){ "-XX:Flags=.hotspotrc", "" });
	given_add_files(&g);
	for (size_t i = 0; i < g.flags.count; i++) {
		struct option_row row;

		if (!given_row(g.flags.at[i].text, ".hotspotrc", true, look->mem, &row))
			continue;
		row.unread = "the VM reads .hotspotrc of its working directory only with "
			     "-XX:Flags=.hotspotrc";
		vec_push(look->mem, &look->out->options, row);
	}
}

static void set_machine_memory(struct look *look)
{
	struct span text;

	if (tree_read(look->target->files, "/proc/meminfo", look->mem, &text, NULL))
		keyvalue_find_number(text, "MemTotal", &look->out->machine_memory);
}

static void list_options(struct places *p)
{
	struct look *look = p->look;
	struct arguments list = { 0 };
	struct fail here;

	if (read_list(look, &list, &here)) {
		add_listed(p, &list);
		look->out->options_whole = true;
		return;
	}
	add_places(p);
	look->out->options_whole = p->has_environment && !p->given.missing;
	if (!look->out->options_whole)
		look->out->options_why_not =
			p->given.missing ? p->given.missing
					 : "the environment of the process can't be read";
}

static bool run(struct look *look, struct fail *why)
{
	struct places p = { .look = look };

	if (look->target->plain) { // malloc's settings are all that there is
		if (read_file(look, "environ", &p.environment, why))
			settings_add(look, p.environment);
		return true;
	}
	read_places(&p);
	list_options(&p);
	if (snapshot_get(look->out, F_JDK, 0) == 8)
		add_unread(&p, "JDK_JAVA_OPTIONS",
			   "the launcher of JDK 8 does not read it: since 9");
	else
		add_unread(&p, "JDK_JAVA_OPTIONS", "the VM was not started by the java launcher");
	for (size_t i = 0; i < sizeof(OF_SCRIPTS) / sizeof(OF_SCRIPTS[0]); i++)
		add_unread(&p, OF_SCRIPTS[i], "no JVM reads it, and no script passed this on");
	add_hotspotrc(&p);
	set_machine_memory(look);
	if (p.has_environment)
		settings_add(look, p.environment);
	return true;
}

const struct collector collector_options = {
	.name = "options",
	.sentence = "the options that the JVM was given, with their places, and malloc's settings",
	.needs = TIER_C,
	.plain = true,
	.run = run,
};
