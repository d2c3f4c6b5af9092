// SPDX-License-Identifier: Apache-2.0
#include "parse/vm_metaspace.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/fail.h"

static struct arena mem;
static struct fail why;
static struct vm_metaspace got;

#define TOTALS                                                                                     \
	"Total Usage - 10 loaders, 619 classes (602 shared):\n"                                    \
	"  Non-Class:   10 chunks,  4214784 bytes capacity,282624 bytes (  7%) committed, 225024 " \
	"bytes (  5%) used, 57600 bytes (  1%) free\n"                                             \
	"      Class:   10 chunks,  272384 bytes capacity,75776 bytes ( 28%) committed,  9504 "    \
	"bytes (  3%) used, 66272 bytes ( 24%) free\n"                                             \
	"       Both:   20 chunks,  4487168 bytes capacity,358400 bytes (  8%) committed, 234528 " \
	"bytes (  5%) used\n"                                                                      \
	"Virtual space:\n"                                                                         \
	"  Non-class space:  67108864 bytes reserved,  327680 bytes ( <1%) committed,  1 nodes.\n" \
	"      Class space:  1073741824 bytes reserved,  131072 bytes ( <1%) committed,  1 "       \
	"nodes.\n"
#define NODES                                                                                      \
	"vsl non-class-space:\n"                                                                   \
	"- node #0: base 0x00007f1e17000000: reserved=65536.00 KB, committed=320.00 KB ( <1%), "   \
	"used=16384.00 KB ( 25%)\n"                                                                \
	"vsl class-space:\n"

Test(vm_metaspace, totals_and_nodes_are_read)
{
	cr_assert(vm_metaspace_parse(
			  SPAN(TOTALS NODES
			       "- node #0: base 0x00007f1e1c000000: reserved=1048576.00 KB, "
			       "committed=128.00 KB ( <1%), used=16384.00 KB (  2%)\n"),
			  &mem, &got, &why),
		  "%s", why.text);
	cr_expect_eq(got.nonclass.used, 225024);
	cr_expect_eq(got.nonclass.committed, 327680, "of the nodes, not of the chunks");
	cr_expect_eq(got.class_space.used, 9504);
	cr_expect_eq(got.class_space.reserved, 1 << 30);
	cr_assert_eq(got.node_count, 2);
	cr_expect_eq(got.nodes[0].start, 0x7f1e17000000);
	cr_expect_eq(got.nodes[0].end, 0x7f1e1b000000);
	cr_expect(got.nodes[1].class_space);
}

Test(vm_metaspace, nodes_that_are_not_all_are_corrupt)
{
	cr_expect_not(vm_metaspace_parse(SPAN(TOTALS NODES), &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}

Test(vm_metaspace, a_text_without_nodes_is_absent)
{
	cr_expect_not(vm_metaspace_parse(SPAN(TOTALS), &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}
