// SPDX-License-Identifier: Apache-2.0
#include "diagnose/flag_values.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/mask.h"
#include "base/units.h"
#include "diagnose/lifetimes.h"

bool flag_values_equal(const struct option_row *a, const struct option_row *b)
{
	if (a->form != b->form)
		return false;
	if (a->form != GIVEN_VALUE)
		return true;
	if (a->has_number && b->has_number)
		return a->number == b->number;
	return !strcmp(a->value, b->value);
}

static const char *value_text(const struct flag_row *row, struct arena *mem)
{
	char size[16];

	switch (row->type) {
	case FLAG_BOOL:
		return row->number ? "true" : "false";
	case FLAG_DOUBLE:
		return arena_format(mem, "%g", row->real);
	case FLAG_STRING:
		return row->text ? mask_copy(mem, row->text) : "nothing";
	case FLAG_INT:
		return arena_format(mem, "%" PRId64, (int64_t)row->number);
	default:
		if (row->number >= MIB(1) && row->number < (uint64_t)1 << 62)
			return arena_text(mem, units_print_size(row->number, size));
		return arena_format(mem, "%" PRIu64, row->number);
	}
}

// Sizes become whole pages, large pages or regions, up or down, and that is as told.
static bool is_rounded(const struct vmview *v, uint64_t given, uint64_t got, bool in_kilobytes)
{
	const struct flag_row *region = snapshot_find_flag(v->s, "G1HeapRegionSize");
	uint64_t units[] = {
		in_kilobytes ? 4 : KIB(4),  in_kilobytes ? 64 : KIB(64), KIB(512), MIB(1), MIB(2),
		region ? region->number : 0
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i] && given >= units[i] &&
		    (got == given / units[i] * units[i] ||
		     got == (given + units[i] - 1) / units[i] * units[i]))
			return true;
	return false;
}

static bool is_size(const char *flag)
{
	return strstr(flag, "Size") || strstr(flag, "Heap");
}

static bool is_same(const struct vmview *v, const struct option_row *o, const struct flag_row *row,
		    struct arena *mem)
{
	switch (row->type) {
	case FLAG_BOOL:
		return o->form != GIVEN_VALUE && row->number == (o->form == GIVEN_ON);
	case FLAG_DOUBLE:
		return o->has_real && fabs(o->real - row->real) <= 1e-6 * fabs(row->real) + 1e-9;
	case FLAG_STRING:
		return o->value && row->text && !strcmp(o->value, mask_copy(mem, row->text));
	default:
		if (!o->has_number)
			return false;
		if (o->number == row->number)
			return true;
		return is_size(row->name) &&
		       is_rounded(v, o->number, row->number, !strcmp(row->name, "ThreadStackSize"));
	}
}

static const char WANTS_POINT[] = "JDK 8 takes a decimal number with its point only: 50.0";

static bool lacks_point(const struct vmview *v, const struct option_row *o)
{
	return v->jdk == 8 && o->has_number;
}

const char *flag_values_differ(const struct vmview *v, const struct option_row *o,
			       const struct flag_row *row, struct arena *mem)
{
	const char *who = "the VM made it so";

	if (is_same(v, o, row, mem))
		return NULL;
	if (!strcmp(row->origin, "management") || !strcmp(row->origin, "attach"))
		who = "changed while it runs";
	else if (row->type == FLAG_DOUBLE && lacks_point(v, o))
		who = WANTS_POINT;
	else if (!strcmp(row->origin, "default"))
		who = "the VM did not take it";
	return arena_format(mem, "in force is %s: %s", value_text(row, mem), who);
}

const char *flag_values_refused(const struct vmview *v, const struct option_row *o,
				const struct lifetime *l, struct arena *mem)
{
	uint64_t largest;

	if (!l || l->type == LIFETIME_UNKNOWN)
		return NULL;
	if (l->type == LIFETIME_BOOL && o->form == GIVEN_VALUE)
		return arena_format(mem, "it is a switch: -XX:+%s or -XX:-%s", o->flag, o->flag);
	if (l->type != LIFETIME_BOOL && o->form != GIVEN_VALUE)
		return arena_format(mem, "it takes a value: -XX:%s=...", o->flag);
	if (l->type == LIFETIME_NUMBER && !o->has_number)
		return arena_format(mem, "'%s' is no number that the VM reads", o->value);
	if (l->type == LIFETIME_DOUBLE && !o->has_real)
		return arena_format(mem, "'%s' is no decimal number", o->value);
	if (l->type == LIFETIME_DOUBLE && lacks_point(v, o))
		return WANTS_POINT;
	if (!strcmp(o->flag, "InitialHeapSize") &&
	    vmview_given_number(v, "MaxHeapSize", &largest) && o->number > largest)
		return "the heap's first size is larger than its maximum";
	return NULL;
}

static const char *no_compressed_oops(const struct vmview *v, struct arena *mem)
{
	uint64_t heap, alignment = 8;
	char size[16];

	vmview_given_number(v, "ObjectAlignmentInBytes", &alignment);
	if (v->collector && !strcmp(v->collector, "Z"))
		return "Z has no compressed pointers to objects";
	if (!vmview_given_number(v, "MaxHeapSize", &heap) || !alignment ||
	    heap / alignment < GIB(4))
		return NULL;
	return arena_format(mem, "the heap's maximum of %s is more than compressed pointers reach",
			    units_print_size(heap, size));
}

// Up to JDK 14 compressed class pointers come with compressed pointers to objects only.
static bool lacks_compressed_oops(const struct vmview *v)
{
	bool known, on = vmview_switch(v, "UseCompressedOops", &known);

	return v->jdk < 15 && known && !on;
}

const char *flag_values_foreseen(const struct vmview *v, const struct option_row *o,
				 struct arena *mem)
{
	uint64_t limit;

	if (!strcmp(o->flag, "UseCompressedOops") && o->form == GIVEN_ON)
		return no_compressed_oops(v, mem);
	if (!strcmp(o->flag, "UseCompressedClassPointers") && o->form == GIVEN_ON &&
	    lacks_compressed_oops(v))
		return "UseCompressedOops is off";
	if ((!strcmp(o->flag, "MetaspaceSize") || !strcmp(o->flag, "CompressedClassSpaceSize")) &&
	    vmview_given_number(v, "MaxMetaspaceSize", &limit) && o->number > limit)
		return "MaxMetaspaceSize is smaller";
	if ((!strcmp(o->flag, "NewSize") || !strcmp(o->flag, "MaxNewSize")) &&
	    vmview_given_number(v, "MaxHeapSize", &limit) && o->number >= limit)
		return "it is not smaller than the whole heap";
	return NULL;
}
