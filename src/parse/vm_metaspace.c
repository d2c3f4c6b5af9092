// SPDX-License-Identifier: Apache-2.0
#include "parse/vm_metaspace.h"

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "parse/jcmd.h"

enum section { IN_TOTALS, IN_SPACES, IN_NONCLASS_LIST, IN_CLASS_LIST, IN_REST };

// The size in front of `word`: "282624 bytes (  7%) committed, 225024 bytes (  5%) used".
static bool find_size_before(struct span line, const char *word, uint64_t *bytes)
{
	struct span part = line;
	size_t end, start;

	if (!span_find(line, word, &end))
		return false;
	part.len = end;
	if (!jcmd_find_last(part, ",", &start) && !jcmd_find_last(part, ":", &start))
		return false;
	part = (struct span){ part.at + start + 1, part.len - start - 1 };
	return jcmd_take_size(&part, bytes);
}

static bool parse_node(struct span line, bool class_space, struct vm_metaspace_node *out)
{
	uint64_t reserved;

	if (!jcmd_skip_past(&line, ": base ") || !jcmd_take_address(&line, &out->start) ||
	    !jcmd_find_size(line, "reserved=", &reserved) ||
	    !jcmd_find_size(line, "committed=", &out->committed) || !reserved ||
	    reserved != units_page_down(reserved) || out->start != units_page_down(out->start) ||
	    out->committed > reserved || __builtin_add_overflow(out->start, reserved, &out->end))
		return false;
	out->class_space = class_space;
	return true;
}

static enum section section_after(enum section now, struct span line)
{
	if (span_starts(line, "Virtual space:"))
		return IN_SPACES;
	if (span_starts(line, "vsl non-class-space"))
		return IN_NONCLASS_LIST;
	if (span_starts(line, "vsl class-space"))
		return IN_CLASS_LIST;
	if (span_starts(line, "Chunk freelists"))
		return IN_REST;
	return now;
}

static void take_totals(struct span line, enum section section, struct vm_metaspace *out)
{
	struct vm_metaspace_part *part = NULL;

	if (span_starts(line, "Non-Class:") || span_starts(line, "Non-class space:"))
		part = &out->nonclass;
	else if (span_starts(line, "Class:") || span_starts(line, "Class space:"))
		part = &out->class_space;
	if (!part)
		return;
	if (section == IN_TOTALS)
		find_size_before(line, " used", &part->used);
	else if (section == IN_SPACES) {
		find_size_before(line, " reserved", &part->reserved);
		find_size_before(line, " committed", &part->committed);
	}
}

static bool agrees(const struct vm_metaspace *m)
{
	uint64_t reserved[2] = { 0 };

	for (size_t i = 0; i < m->node_count; i++)
		reserved[m->nodes[i].class_space] += m->nodes[i].end - m->nodes[i].start;
	return reserved[false] == m->nonclass.reserved &&
	       reserved[true] == m->class_space.reserved &&
	       m->nonclass.used <= m->nonclass.committed &&
	       m->nonclass.committed <= m->nonclass.reserved &&
	       m->class_space.used <= m->class_space.committed &&
	       m->class_space.committed <= m->class_space.reserved;
}

bool vm_metaspace_parse(struct span text, struct arena *mem, struct vm_metaspace *out,
			struct fail *why)
{
	VEC(struct vm_metaspace_node) nodes = { 0 };
	struct vm_metaspace got = { 0 };
	enum section section = IN_TOTALS;
	struct span line;

	while (span_take_line(&text, &line)) {
		struct vm_metaspace_node node;

		line = jcmd_trim(line);
		section = section_after(section, line);
		if (section == IN_REST)
			break;
		if (section == IN_TOTALS || section == IN_SPACES) {
			take_totals(line, section, &got);
		} else if (span_starts(line, "- node #")) {
			if (!parse_node(line, section == IN_CLASS_LIST, &node))
				return fail(why, FAIL_CORRUPT,
					    "VM.metaspace: node %zu makes no sense", nodes.count);
			vec_push(mem, &nodes, node);
		}
	}
	if (!nodes.count)
		return fail(why, FAIL_ABSENT, "VM.metaspace: this JDK does not list its nodes");
	got.nodes = nodes.at;
	got.node_count = nodes.count;
	if (!agrees(&got))
		return fail(why, FAIL_CORRUPT, "VM.metaspace: nodes and totals do not agree");
	*out = got;
	return true;
}
