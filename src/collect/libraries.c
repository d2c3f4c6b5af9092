// SPDX-License-Identifier: Apache-2.0
// A mapped file is a library when it is an ELF image, whatever its name: its header says which
// addresses are its segments, and where its .bss lies behind the last of them.  Where the header
// can't be read, an executable mapping of the file suggests the same.
#include "collect/collector.h"
#include "collect/mappings.h"

#include "base/fail.h"
#include "base/units.h"
#include "os/elf.h"
#include "os/mapped.h"

static bool is_file(const struct mapping *m)
{
	return m->path[0] == '/' && m->inode;
}

static bool is_same_file(const struct mapping *a, const struct mapping *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

static void claim(struct look *look, uint64_t start, uint64_t end, const char *name,
		  enum certainty certainty)
{
	snapshot_claim(look->out,
		       (struct claim){ .start = start,
				       .end = end,
				       .account = "libraries",
				       .part = name,
				       .source = certainty == CERTAINTY_ESTIMATED ? "shape" : "elf",
				       .certainty = certainty });
}

static bool read_image(struct look *look, const struct mapping *m, struct elf_image *out)
{
	const struct target *t = look->target;
	struct mapped_file file = mappings_file(t, m);
	struct fail here = { .kind = FAIL_NONE };
	struct span head;

	if (!t->memory_denied) {
		if (elf_open(t->memory, m->start, out, &here))
			return true;
		if (here.kind == FAIL_CORRUPT) // it was readable, and is no ELF image
			return false;
	}
	return mapped_read_head(t->files, &file, ELF_HEADER_BYTES, look->mem, &head, NULL) &&
	       elf_parse(head, m->start, out, NULL);
}

// Whether the file's last segment is mapped where the image says: a file that is merely mapped for
// reading has no .bss.
static bool is_loaded(const struct look *look, const struct mapping *first,
		      const struct elf_image *image)
{
	const struct elf_segment *last = &image->segments[image->segment_count - 1];
	const struct mapping *m = maps_find(&look->maps, units_page_down(last->start));

	return m && is_same_file(m, first);
}

// The parts of an anonymous mapping that a segment's rest (.bss) covers.
static void claim_rest(struct look *look, const struct mapping *m, const char *name,
		       const struct elf_image *image)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		uint64_t start = units_page_up(image->segments[i].file_end);
		uint64_t end = units_page_up(image->segments[i].end);

		claim(look, start > m->start ? start : m->start, end < m->end ? end : m->end, name,
		      CERTAINTY_EXACT);
	}
}

// The file's mappings inside the image, and what follows them without a gap: .bss.  Returns the
// first mapping behind the image.
static size_t claim_image(struct look *look, size_t index, const struct elf_image *image)
{
	const struct mapping *first = &look->maps.at[index];
	const char *name = mapping_file_name(first);
	bool loaded = is_loaded(look, first, image);
	uint64_t end = first->start; // of the last mapping that belongs to the image
	size_t i = index;

	for (; i < look->maps.count && look->maps.at[i].start < image->end; i++) {
		const struct mapping *m = &look->maps.at[i];

		if (is_same_file(m, first)) {
			claim(look, m->start, m->end, name, CERTAINTY_EXACT);
			end = m->end;
		} else if (is_file(m)) {
			break;
		} else if (loaded && mapping_is_anonymous(m) && m->start == end) {
			claim_rest(look, m, name, image);
			end = m->end;
		}
	}
	return i;
}

// Without a readable header: all neighbours of that file, when one of them is executable.
static size_t claim_by_shape(struct look *look, size_t index)
{
	const struct mapping *first = &look->maps.at[index];
	bool executable = false;
	size_t end = index;

	while (end < look->maps.count && is_same_file(&look->maps.at[end], first))
		executable |= look->maps.at[end++].executable;
	for (size_t i = index; executable && i < end; i++)
		claim(look, look->maps.at[i].start, look->maps.at[i].end, mapping_file_name(first),
		      CERTAINTY_ESTIMATED);
	return end;
}

static bool run(struct look *look, struct fail *why)
{
	for (size_t i = 0; i < look->maps.count;) {
		const struct mapping *m = &look->maps.at[i];
		struct elf_image image;

		if (!is_file(m) || m->offset)
			i++;
		else if (read_image(look, m, &image))
			i = claim_image(look, i, &image);
		else
			i = claim_by_shape(look, i);
	}
	return true;
}

const struct collector collector_libraries = {
	.name = "libraries",
	.sentence = "programs and libraries with their .bss, known by their ELF headers",
	.needs = TIER_C,
	.plain = true,
	.run = run,
};
