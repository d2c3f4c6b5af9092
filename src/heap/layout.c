// SPDX-License-Identifier: Apache-2.0
#include "heap/layout.h"

#include <string.h>

#include "heap/dump.h"

enum { HOLES = 64 };
enum { WIDENED_LIMIT = 320 };      // two paddings of @Contended and a few injected fields
enum { CONTRADICTION = 4 };        // one impossible size outweighs four that fit
static const double PACKED = 0.93; // of the sample: objects lie close, so a distance is a size

static const struct layout CANDIDATES[] = {
	{ 8, 4, 12, 16, 16, LAYOUT_NEW, .is_inferred = true },
	{ 8, 4, 12, 16, 16, LAYOUT_OLD, .is_inferred = true },
	{ 8, 8, 12, 16, 16, LAYOUT_NEW, .is_inferred = true },
	{ 8, 8, 12, 16, 16, LAYOUT_OLD, .is_inferred = true },
	{ 8, 8, 16, 24, 24, LAYOUT_NEW, .is_inferred = true },
	{ 8, 8, 16, 24, 24, LAYOUT_OLD, .is_inferred = true },
	{ 8, 4, 16, 24, 24, LAYOUT_NEW, .is_inferred = true },
	{ 8, 4, 16, 24, 24, LAYOUT_OLD, .is_inferred = true },
	{ 8, 4, 16, 20, 24, LAYOUT_NEW, .is_inferred = true },
	{ 8, 8, 16, 20, 24, LAYOUT_NEW, .is_inferred = true },
	{ 8, 4, 8, 12, 16, LAYOUT_NEW, .is_inferred = true },
	{ 8, 8, 8, 12, 16, LAYOUT_NEW, .is_inferred = true },
};
static const struct layout CANDIDATES_32[] = {
	{ 8, 4, 8, 12, 16, LAYOUT_OLD, .is_inferred = true },
	{ 8, 4, 8, 12, 16, LAYOUT_NEW, .is_inferred = true },
};

// Classes to whose instances HotSpot adds fields or padding; those below them get them too.
static const char *const WIDENED[] = {
	"java.lang.Thread",
	"java.lang.ClassLoader",
	"java.lang.Module",
	"java.lang.InternalError",
	"java.lang.StackFrameInfo",
	"java.lang.invoke.MemberName",
	"java.lang.invoke.MethodHandleNatives$CallSiteContext",
	"java.lang.invoke.ResolvedMethodName",
	"java.lang.reflect.Field",
	"java.util.concurrent.ForkJoinPool",
	"java.util.concurrent.ForkJoinPool$WorkQueue",
	"java.util.concurrent.DelayScheduler",
	"jdk.internal.vm.StackChunk",
	"java.util.concurrent.Exchanger$Node",
	"java.util.concurrent.SubmissionPublisher$BufferedSubscription",
	"java.util.concurrent.ConcurrentHashMap$CounterCell",
	"java.util.concurrent.atomic.Striped64$Cell",
};

uint64_t layout_array(const struct layout *l, unsigned element_bytes, uint64_t count)
{
	return layout_align(l, (element_bytes == 8 ? l->array_head8 : l->array_head) +
				       count * element_bytes);
}

static unsigned round_up(unsigned n, unsigned to)
{
	return (n + to - 1) / to * to;
}

// How many fields of each kind a class adds.
struct fields {
	unsigned of_size[9]; // primitives of 1, 2, 4 and 8 bytes
	unsigned references;
};

static struct fields count_fields(const struct dump *d, const struct klass *k)
{
	struct fields f = { 0 };

	for (uint32_t i = 0; i < k->body.field_count; i++) {
		unsigned type = k->body.fields[i * (d->ids + 1) + d->ids];

		if (type == HPROF_OBJECT)
			f.references++;
		else
			f.of_size[hprof_type_bytes(type, d->ids)]++;
	}
	return f;
}

// JDK 8 to 14: each class's fields form a block behind its super's, largest first, references last. The
// hole before a block of longs takes smaller fields.
static unsigned place_old(const struct layout *l, struct fields f, unsigned end)
{
	if (f.of_size[8] && end % 8) {
		unsigned hole = 8 - end % 8;

		for (unsigned size = 4; size; size /= 2)
			for (; hole >= size && f.of_size[size]; hole -= size)
				f.of_size[size]--;
		if (hole >= 4 && l->reference == 4 && f.references &&
		    !(f.of_size[4] | f.of_size[2] | f.of_size[1]))
			f.references--;
		end = round_up(end, 8);
	}
	for (unsigned size = 8; size; size /= 2)
		end += size * f.of_size[size];
	if (f.references)
		end = round_up(end, l->reference) + l->reference * f.references;
	return round_up(end, l->reference);
}

struct hole {
	unsigned at, len;
};
struct holes {
	struct hole at[HOLES];
	unsigned count;
};

static void add_hole(struct holes *h, unsigned at, unsigned end)
{
	if (end > at && h->count < HOLES)
		h->at[h->count++] = (struct hole){ at, end - at };
}

// Since 15: each field goes to the smallest hole of the whole chain that takes it, else to the end.
static void place_new(struct holes *h, unsigned size, unsigned *end)
{
	unsigned at = round_up(*end, size);
	int best = -1;

	for (unsigned i = 0; i < h->count; i++) {
		unsigned start = round_up(h->at[i].at, size);

		if (start + size <= h->at[i].at + h->at[i].len &&
		    (best < 0 || h->at[i].len < h->at[best].len))
			best = (int)i;
	}
	if (best < 0) {
		add_hole(h, *end, at);
		*end = at + size;
	} else {
		struct hole taken = h->at[best];

		at = round_up(taken.at, size);
		h->at[best] = h->at[--h->count];
		add_hole(h, taken.at, at);
		add_hole(h, at + size, taken.at + taken.len);
	}
}

uint64_t layout_instance(const struct layout *l, const struct dump *d, const struct klass *k)
{
	const struct klass *chain[KLASS_DEPTH_LIMIT + 2];
	struct holes holes = { .count = 0 };
	unsigned n = 0, end = l->head;

	for (; k && n < KLASS_DEPTH_LIMIT + 2; k = k->super)
		chain[n++] = k;
	while (n--) {
		struct fields f = count_fields(d, chain[n]);

		if (l->rule == LAYOUT_OLD) {
			end = place_old(l, f, end);
			continue;
		}
		for (unsigned size = 8; size; size /= 2)
			for (unsigned i = 0; i < f.of_size[size]; i++)
				place_new(&holes, size, &end);
		for (unsigned i = 0; i < f.references; i++)
			place_new(&holes, l->reference, &end);
	}
	return layout_align(l, end);
}

static unsigned element_bytes(const struct layout *l, const struct klass *k)
{
	return k->element == HPROF_OBJECT ? l->reference : hprof_type_bytes(k->element, 8);
}

static uint64_t distance(const struct dump *d, uint64_t id)
{
	uint64_t next = idmap_next(&d->idmap, id);

	return next > id ? next - id : 0;
}

static uint64_t sample_count(const struct klass *k)
{
	return k->instances < KLASS_SAMPLES ? k->instances : KLASS_SAMPLES;
}

struct fit {
	uint64_t equal, larger, sample;
};

static struct fit try_layout(const struct layout *l, const struct dump *d)
{
	struct fit f = { 0 };

	for (size_t i = 0; i < d->classes.count; i++) {
		const struct klass *k = d->classes.at[i];
		uint64_t size = k->instances && !k->arrays ? layout_instance(l, d, k) : 0;

		for (uint64_t s = 0; k != d->mirror && !k->is_stack && s < sample_count(k); s++) {
			uint64_t gap = distance(d, k->samples[s].id);

			if (k->arrays)
				size = layout_array(l, element_bytes(l, k), k->samples[s].count);
			f.sample += gap > 0;
			f.equal += gap && size == gap;
			f.larger += gap && size > gap;
		}
	}
	return f;
}

static unsigned alignment_of(const struct dump *d)
{
	uint64_t all = 0, low;

	for (size_t i = 0; i < d->classes.count; i++) {
		const struct klass *k = d->classes.at[i];

		all |= k->id;
		for (uint64_t s = 0; s < sample_count(k); s++)
			all |= k->samples[s].id;
	}
	low = all & -all;
	return low > 256 ? 8 : (unsigned)low;
}

static void choose(struct dump *d)
{
	const struct layout *of = d->ids == 8 ? CANDIDATES : CANDIDATES_32;
	size_t n = d->ids == 8 ? sizeof(CANDIDATES) / sizeof(*of)
			       : sizeof(CANDIDATES_32) / sizeof(*of);
	unsigned alignment = alignment_of(d);
	int64_t best = 0;

	d->layout = of[0];
	d->layout.is_inferred = false;
	if (alignment < 8)
		return; // serial numbers
	d->layout.alignment = alignment;
	for (size_t i = 0; i < n; i++) {
		struct layout l = of[i];
		struct fit f;
		int64_t score;

		l.alignment = alignment;
		f = try_layout(&l, d);
		score = (int64_t)f.equal - CONTRADICTION * (int64_t)f.larger;
		if (score <= best)
			continue;
		best = score;
		l.sample = f.sample;
		l.contradicted = f.larger;
		l.adjacent = (double)f.equal / (double)f.sample;
		d->layout = l;
	}
}

static bool is_widened(const struct klass *k)
{
	for (size_t i = 0; i < sizeof(WIDENED) / sizeof(WIDENED[0]); i++)
		if (klass_is_below(k, WIDENED[i]))
			return true;
	return false;
}

// What a piece of stack takes beside the fields: its words, and a bit for each place of a reference.
static uint64_t stack_bytes(const struct layout *l, uint64_t words)
{
	return 8 * (words + (words * (8 / l->reference) + 63) / 64);
}

// The smallest distance of the class' instances where it stands for a size, else what the fields need.
static uint64_t instance_size(const struct dump *d, const struct klass *k)
{
	uint64_t size = layout_instance(&d->layout, d, k), least = UINT64_MAX, equal = 0, seen = 0;

	if (!d->layout.is_inferred)
		return size;
	for (uint64_t s = 0; s < sample_count(k); s++) {
		uint64_t gap = distance(d, k->samples[s].id);

		if (k->is_stack)
			gap -= gap ? stack_bytes(&d->layout, k->samples[s].count) : 0;
		if (!gap)
			continue;
		seen++;
		equal = gap < least ? 1 : equal + (gap == least);
		least = gap < least ? gap : least;
	}
	if (!seen || least <= size || least - size > WIDENED_LIMIT)
		return size;
	// Others than the known classes: only where all agree, in a heap without holes.
	if (is_widened(k) || (d->layout.adjacent >= PACKED && equal >= 8 && equal == seen))
		return least;
	return size;
}

static uint64_t static_bytes(struct dump *d, const struct klass *k)
{
	const uint8_t *at = k->body.statics;
	struct hprof_static s;
	uint64_t bytes = 0;
	uint32_t text;

	for (uint32_t i = 0; i < k->body.static_count; i++) {
		bool synthetic = false;

		hprof_take_static(&at, d->ids, &s);
		if (addresses_find(&d->text_at, s.name, &text)) {
			const struct dump_text *t = &d->texts.at[text];

			synthetic = t->len && (*t->at == '<' ||
					       (t->len == 9 && !memcmp(t->at, "init_lock", 9)));
		}
		if (!synthetic)
			bytes += s.type == HPROF_OBJECT ? d->layout.reference
							: hprof_type_bytes(s.type, d->ids);
	}
	return bytes;
}

// Classes' own objects: a head that is the same for all, and their static fields.
static void size_mirrors(struct dump *d)
{
	uint32_t seen[64] = { 0 };
	unsigned head = 0;

	for (size_t i = 0; i < d->classes.count; i++) {
		struct klass *k = d->classes.at[i];
		uint64_t gap = k->id ? distance(d, k->id) : 0, own;

		if (!gap || !k->is_known)
			continue;
		own = static_bytes(d, k);
		if (own % 8 == 0 && gap > own && gap - own < 512)
			seen[(gap - own) / 8]++;
	}
	for (unsigned i = 1; i < 64; i++)
		if (seen[i] > seen[head])
			head = i;
	for (size_t i = 0; i < d->classes.count; i++) {
		struct klass *k = d->classes.at[i];
		uint64_t gap = k->id ? distance(d, k->id) : 0;

		k->mirror_bytes =
			layout_align(&d->layout, (head ? head * 8 : 112) + static_bytes(d, k));
		if (head && gap && gap < k->mirror_bytes)
			k->mirror_bytes = gap;
	}
	if (d->mirror && head)
		d->mirror->size = head * 8;
}

static uint64_t arrays_bytes(const struct layout *l, const struct klass *k)
{
	unsigned each = element_bytes(l, k);
	uint64_t bytes = each * k->arrays->elements;

	for (unsigned r = 0; r < 256; r++)
		bytes += k->arrays->by_rest[r] * (layout_array(l, each, r) - (uint64_t)each * r);
	return bytes;
}

void layout_infer(struct dump *d)
{
	choose(d);
	for (size_t i = 0; i < d->classes.count; i++) {
		struct klass *k = d->classes.at[i];

		if (k->is_array)
			continue;
		k->size = instance_size(d, k);
		d->layout.widened += k->instances && k->size > layout_instance(&d->layout, d, k);
	}
	size_mirrors(d);
	for (size_t i = 0; i < d->classes.count; i++) {
		struct klass *k = d->classes.at[i];

		k->bytes = k->arrays ? arrays_bytes(&d->layout, k) : k->instances * k->size;
		if (k->is_stack)
			k->bytes += 8 * (k->stack_words + k->stack_bits[d->layout.reference == 4]);
	}
	for (size_t i = 0; d->mirror && i < d->classes.count; i++)
		if (d->classes.at[i]->id && d->classes.at[i]->is_known) {
			d->mirror->instances++;
			d->mirror->bytes += d->classes.at[i]->mirror_bytes;
		}
}

uint64_t dump_size(const struct dump *d, const struct klass *k, const struct hprof_part *p)
{
	if (k->is_stack)
		return k->size + stack_bytes(&d->layout, dump_stack_words(k, p));
	return k->arrays ? layout_array(&d->layout, element_bytes(&d->layout, k), p->count)
			 : k->size;
}
