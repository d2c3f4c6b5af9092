// SPDX-License-Identifier: Apache-2.0
#include "present/classes.h"

#include <stdio.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/watch.h"
#include "collect/classlog.h"
#include "facts/classgrowth.h"
#include "facts/classlog.h"
#include "facts/snapshot.h"
#include "present/classlog.h"

// Classes are one source's alone: without it there is nothing to show.
static void say_what_is_missing(const struct snapshot *s)
{
	const char *reason = s->fact[F_CLASSES].why_not;

	for (size_t i = 0; !reason && i < s->misses.count; i++)
		reason = s->misses.at[i].text;
	complain("the classes of process %d can't be told: %s%s%s%s%s", s->pid,
		 reason ? reason : "its class loaders were not found", s->tier_denied ? "; " : "",
		 s->tier_denied ? s->tier_denied : "", s->tier_gain ? "; " : "",
		 s->tier_gain ? s->tier_gain : "");
}

static void show(const struct report *r, const struct options *o, void *arg)
{
	struct classes_report c = { .of = r,
				    .views = o->views ? o->views : CLASSES_VIEW_LOADERS,
				    .columns = o->columns ? o->columns
							  : classstats_columns(o->all_columns),
				    .with_loaders = o->all_columns };
	struct arena mem = { 0 };
	struct classgrowth growth;
	struct definitions definitions;
	bool *any = arg;

	if (!r->now->loaders.count) {
		say_what_is_missing(r->now);
		return;
	}
	if (c.views & CLASSES_VIEW_WHY_ALIVE && !r->now->lifeline.loader) {
		if (r->now->lifeline.why_not)
			complain("process %d: %s", r->now->pid, r->now->lifeline.why_not);
		else
			say_what_is_missing(r->now);
		return;
	}
	*any = true;
	if (c.views & CLASSES_VIEW_FAMILIES) {
		classgrowth_of(r->first, r->now, r->window_s, &mem, &growth);
		c.growth = &growth;
	}
	if (c.views & CLASSES_VIEW_DUPLICATES) {
		classgrowth_definitions(r->now, &definitions);
		c.definitions = &definitions;
	}
	if (o->csv)
		classes_stats_csv(&c, stdout);
	else if (o->json)
		classes_print_json(&c, stdout);
	else
		classes_print_text(&c, stdout);
	arena_drop(&mem);
}

static int show_log(const struct options *o)
{
	const char *path = o->argument[0];
	struct arena mem = { 0 };
	struct classlog_facts facts;
	struct fail why;
	bool read;

	if (o->views & ~(unsigned)(CLASSES_VIEW_FAMILIES | CLASSES_VIEW_DUPLICATES)) {
		complain("%s is a log of classes: it tells families and duplicates only", path);
		return EXIT_USAGE;
	}
	if (o->has_for || o->has_every) {
		complain("%s is a log of classes: there is nothing to wait for", path);
		return EXIT_USAGE;
	}
	read = classlog_read(path, &mem, &facts, &why);
	if (!read)
		complain("%s", why.text);
	else if (o->json)
		classlog_print_json(&facts, JLEDGER_VERSION, stdout);
	else
		classlog_print_text(
			&facts,
			&(struct classlog_shown){ .duplicates = o->views & CLASSES_VIEW_DUPLICATES,
						  .top = o->top,
						  .all_rows = o->has_top && !o->top,
						  .colour = o->colour },
			stdout);
	arena_drop(&mem);
	return read ? EXIT_DONE : EXIT_UNREADABLE;
}

static int run(const struct options *o)
{
	bool any = false;
	int code;

	if (classlog_is_one(o->argument[0]))
		return show_log(o);
	code = watch_target(o, show, &any);
	return code == EXIT_DONE && !any ? EXIT_UNREADABLE : code;
}

const struct command cmd_classes = {
	.name = "classes",
	.sentence = "who fills Metaspace: loaders, families of classes, copies",
	.arguments = "TARGET",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(FOR) | OPTION_BIT(EVERY) |
		   OPTION_BIT(NO_ATTACH) | OPTION_BIT(TOP) | OPTION_BIT(LOADERS) |
		   OPTION_BIT(FAMILIES) | OPTION_BIT(DUPLICATES) | OPTION_BIT(WHY_ALIVE) |
		   OPTION_BIT(METASPACE) | OPTION_BIT(STATS) | OPTION_BIT(ALL_COLUMNS) |
		   OPTION_BIT(CSV),
	.about =
		"Lists the class loaders of TARGET with the classes that each defined and the "
		"Metaspace that these take: what jmap -clstats and jcmd VM.classloader_stats "
		"print, "
		"without a safepoint, without attach, also of a process that is stopped. Used and "
		"committed are BlockSz and ChunkSz; the compressed class space is part of both. "
		"Loaders are named by their ClassLoaderData, which does not move.\n\n"
		"--families puts classes together whose names differ in numbers only, and names "
		"the "
		"generator by the marks that it leaves, whatever package it was put into. With "
		"--for "
		"it tells how many came each second and for each MB that the program allocated "
		"(null "
		"in JSON where threads ended meanwhile: what they allocated went with them).\n\n"
		"--duplicates lists names that more than one class has. Several in one loader are "
		"definitions that failed: on JDK 8 their classes stay as long as the loader, later "
		"until a collection that unloads classes. What the VM counted and is not there any "
		"more is told as a number. Two threads that race for a class may leave two as well."
		"\n\n"
		"--why-alive tells what keeps a loader: instances of its classes, the loader "
		"object, "
		"and the Class objects, in that order. Threads, child loaders, hidden classes and "
		"JNI "
		"global references are read; statics, stacks and fields of other objects take a "
		"search of the heap, and nothing is said of them.\n\n"
		"--stats is the table that jcmd GC.class_stats printed up to JDK 14, for every "
		"JDK: "
		"what each class takes, part by part, by the columns' names of then. A list of "
		"columns shows these alone (Others and Metaspace are columns that only their names "
		"show: what GC.class_stats left out, and all that lies in Metaspace and in no "
		"archive). Index counts from the largest Total on. InstCount and InstBytes take a "
		"walk over the Java heap, which this look leaves alone: they are empty, null in "
		"JSON. --csv prints every class in bytes; text prints 40, --top 0 all.\n\n"
		"--metaspace is what jcmd VM.metaspace prints, without attach or safepoint, and on "
		"JDK 8 as well: chunks by size and by the kind of loader that has them (boot, "
		"standard, reflection, hidden), free chunks, nodes, what of the committed memory "
		"holds nothing and why, the high-water mark at which the VM collects for Metaspace "
		"(of a libjvm.so that has its .symtab), and the flags in force.\n\n"
		"TARGET is a PID, part of a main class or jar name that fits one JVM, the start of "
		"a container id that holds one, all, a capture, or a log of classes "
		"(-verbose:class, "
		"-Xlog:class+load,class+unload, or a piece of one, known by what is in it): of a "
		"log "
		"families, sources, rates, and with --duplicates the names that came again.\n\n"
		"The target is not stopped, not signalled and not written to. Where its memory may "
		"not be read, the attach protocol is asked, which starts a thread in the target "
		"the "
		"first time; --no-attach forbids it.",
	.examples = "jledger classes 4711 ## every class loader, the largest first\n"
		    "jledger classes shop.jar --families --for 30s ## who makes classes, and how "
		    "fast\n"
		    "jledger classes 4711 --duplicates ## the same class again and again\n"
		    "jledger classes 4711 --why-alive app.PluginLoader ## what keeps that loader\n"
		    "jledger classes 4711 --stats KlassBytes,Total --csv ## a line a class\n"
		    "jledger classes 4711 --metaspace ## where Metaspace is lost\n"
		    "jledger classes gc-and-classes.log ## a log, families and sources\n",
	.run = run,
};
