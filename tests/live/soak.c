// SPDX-License-Identifier: Apache-2.0
// Looks at one JVM again and again, as fast as it can: a line of JSON for each look.
//
// What `jledger map --json` prints, with all drill-downs in one, the families, and now and then a second
// walk over the classes that tests/live/soak.py can't judge by what is printed: the classes of one of
// Soak's loaders share the number in its name.  Ends when the looks are done, or with a line
// {"gone": REASON} when the process can't be looked at any more.  A look that hangs ends the program
// by SIGALRM.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/memory.h"
#include "collect/collector.h"
#include "collect/discover.h"
#include "collect/look.h"
#include "facts/snapshot.h"
#include "jvm/classes.h"
#include "ledger/ledger.h"
#include "present/drill_json.h"
#include "present/json.h"
#include "present/map_json.h"
#include "present/report.h"

enum { HANG_S = 30, WALK_EVERY = 4, STEM = sizeof("SoakClass_") - 1, NUMBER = 5 };

static json_t *families_json(const struct snapshot *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->families.count; i++) {
		const struct family_row *f = &s->families.at[i];

		json_add(array, json_pack("[s,s,i,i]", f->name, f->example, (int)f->class_count,
					  (int)f->loader_count));
	}
	return array;
}

static bool is_soak_class(const char *name)
{
	return !strncmp(name, "SoakClass_", STEM) && strlen(name) > STEM + NUMBER;
}

// The digits in the name of one of Soak's loaders ("ring-00123"), or NULL.
static const char *number_of(const struct hotspot_loader *l)
{
	const char *dash = l->name ? strchr(l->name, '-') : NULL;

	return dash && strlen(dash + 1) == NUMBER ? dash + 1 : NULL;
}

// Names of classes that stand in the wrong loader, each with a number that it should have.
static json_t *strays_json(const struct hotspot_classes *c)
{
	json_t *array = json_array();

	for (size_t i = 0; i < c->loaders.count; i++) {
		const struct hotspot_loader *l = &c->loaders.at[i];
		const char *number = number_of(l);

		for (size_t k = 0; k < l->count; k++) {
			const char *name = c->classes.at[l->first + k].name;

			if (!is_soak_class(name))
				continue;
			if (!number)
				number = name + STEM;
			if (strncmp(name + STEM, number, NUMBER) != 0)
				json_add(array, json_pack("[s,s]", name, number));
		}
	}
	return array;
}

// The walk once more; NULL where it says that the classes can't be read.
static json_t *walk_classes(const struct target *target, struct arena *mem)
{
	struct snapshot snapshot;
	struct look look = { .target = target, .out = &snapshot, .mem = mem };
	struct fail why;

	snapshot_init(&snapshot, mem);
	memory_forget(target->memory);
	if (!collector_maps.run(&look, &why) || !collector_vm.run(&look, &why) || !look.vm ||
	    !collector_classes.run(&look, &why))
		return NULL;
	return strays_json(look.classes);
}

static void print_look(const struct target *target, struct arena *mem, struct report *r, bool walk)
{
	json_t *o = map_json_head(r), *strays = walk ? walk_classes(target, mem) : NULL;

	map_json_ledger(r, o);
	for (int by = BY_THREAD; by <= BY_ARENA; by++) {
		r->by = (enum report_by)by;
		drill_json_add(r, o);
	}
	map_json_facts(r, o);
	json_set(o, "families", families_json(r->now));
	json_set(o, "strays", strays ? strays : json_null());
	json_print(o, stdout);
}

static bool look_once(int pid, bool walk, struct fail *why)
{
	struct arena mem = { 0 };
	const struct tree *files = discover_live(&mem);
	struct target target;
	struct snapshot snapshot;
	struct ledger ledger;
	struct report r = { .now = &snapshot,
			    .first = &snapshot,
			    .ledger = &ledger,
			    .first_ledger = &ledger,
			    .tool_version = JLEDGER_VERSION };
	bool ok = discover_open(files, pid, &mem, &target, why);

	if (ok) {
		ok = look_at(&target, &mem, &snapshot, why) &&
		     ledger_build(&snapshot, &mem, &ledger, why);
		if (ok)
			print_look(&target, &mem, &r, walk);
		discover_close(&target);
	}
	arena_drop(&mem);
	return ok;
}

int main(int argc, char **argv)
{
	int pid = argc > 1 ? atoi(argv[1]) : 0;
	long looks = argc > 2 ? atol(argv[2]) : 1;
	struct fail why = { 0 };

	if (pid <= 0 || looks <= 0) {
		fputs("usage: soak PID LOOKS\n", stderr);
		return 2;
	}
	while (looks-- > 0) {
		alarm(HANG_S);
		if (!look_once(pid, looks % WALK_EVERY == 0, &why)) {
			json_print(json_pack("{s:s,s:s}", "gone", why.text, "kind",
					     fail_kind_name(why.kind)),
				   stdout);
			return 3;
		}
		if (fflush(stdout))
			return 1;
	}
	return 0;
}
