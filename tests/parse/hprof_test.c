// SPDX-License-Identifier: Apache-2.0
#include "parse/hprof.h"

#include <criterion/criterion.h>

#include "../heap/maker.h"
#include "base/fail.h"

static struct span span_of_maker(const struct maker *m)
{
	return (struct span){ (const char *)m->at, m->len };
}

Test(hprof, the_head_says_how_wide_ids_are)
{
	struct hprof_header h;
	struct maker m;

	start_dump(&m, 8, "JAVA PROFILE 1.0.2");
	cr_assert(hprof_parse_header(span_of_maker(&m), &h, NULL));
	cr_expect_eq(h.id_bytes, 8);
	cr_expect_eq(h.at_ms, 1234567);
	cr_expect_eq(h.len, m.len);
	for (size_t len = 0; len < m.len; len++)
		cr_expect_not(hprof_parse_header((struct span){ (char *)m.at, len }, &h, NULL));
	m.at[22] = 5;
	cr_expect_not(hprof_parse_header(span_of_maker(&m), &h, NULL));
	free(m.at);
}

Test(hprof, other_formats_are_refused_by_name)
{
	static const char PHD[] = "\0\x12portable heap dump\0\0\0\x06";
	struct hprof_header h;
	struct fail why;
	struct maker m;

	cr_expect_not(hprof_parse_header((struct span){ PHD, sizeof(PHD) }, &h, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect_neq(strstr(why.text, "OpenJ9"), NULL);
	start_dump(&m, 4, "JAVA PROFILE 1.0.3");
	cr_expect_not(hprof_parse_header(span_of_maker(&m), &h, &why));
	cr_expect_neq(strstr(why.text, "Android"), NULL);
	cr_expect_not(hprof_parse_header(SPAN("PK\3\4 and so on, long enough"), &h, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
	free(m.at);
}

Test(hprof, parts_come_one_by_one_and_none_leads_past_its_end)
{
	struct maker m = { .ids = 8 };
	struct hprof_part p;
	const uint8_t *at, *end;

	put_instance(&m, 0x100, 0x200, (uint64_t[]){ 1, 2 }, 2);
	put_objects(&m, 0x110, 0x210, (uint64_t[]){ 3 }, 1);
	put_numbers(&m, 0x120, 11, 8, 2, 9);
	put_root(&m, 0x03, 0x130, 5, 6);
	at = m.at;
	end = m.at + m.len;
	cr_assert_eq(hprof_take_part(&at, end, 8, &p), HPROF_TOOK_PART);
	cr_expect(p.id == 0x100 && p.class_id == 0x200 && p.count == 16 && p.len == 16);
	cr_assert_eq(hprof_take_part(&at, end, 8, &p), HPROF_TOOK_PART);
	cr_expect(p.id == 0x110 && p.class_id == 0x210 && p.count == 1 && hprof_u64(p.data) == 3);
	cr_assert_eq(hprof_take_part(&at, end, 8, &p), HPROF_TOOK_PART);
	cr_expect(p.id == 0x120 && p.type == HPROF_LONG && p.count == 2 && p.len == 16);
	cr_assert_eq(hprof_take_part(&at, end, 8, &p), HPROF_TOOK_PART);
	cr_expect(p.id == 0x130 && p.thread == 5 && p.frame == 6);
	cr_assert_eq(hprof_take_part(&at, end, 8, &p), HPROF_TOOK_NONE);
	for (const uint8_t *cut = m.at + 1; cut < m.at + 41; cut++) {
		at = m.at;
		cr_expect_eq(hprof_take_part(&at, cut, 8, &p), HPROF_TOOK_CUT);
		cr_expect_eq(at, m.at);
	}
	m.at[0] = 0x99;
	at = m.at;
	cr_expect_eq(hprof_take_part(&at, end, 8, &p), HPROF_TOOK_UNKNOWN);
	free(m.at);
}

Test(hprof, a_class_has_its_statics_and_fields)
{
	const struct made_field statics[] = { { 50, 2, 0x77 }, { 51, 10, 5 } };
	const struct made_field fields[] = { { 52, 11, 0 } };
	struct maker m = { .ids = 4 };
	struct hprof_part p;
	struct hprof_class c;
	struct hprof_static s;
	const uint8_t *at, *inside;

	put_class(&m, 0x100, 0x10, 0x20, statics, 2, fields, 1);
	at = m.at;
	cr_assert_eq(hprof_take_part(&at, m.at + m.len, 4, &p), HPROF_TOOK_PART);
	inside = p.data;
	cr_assert(hprof_take_class(&inside, p.data + p.len, 4, &c));
	cr_expect(c.super == 0x10 && c.loader == 0x20);
	cr_expect(c.static_count == 2 && c.field_count == 1 && c.fields[4] == HPROF_LONG);
	inside = c.statics;
	hprof_take_static(&inside, 4, &s);
	cr_expect(s.name == 50 && s.type == HPROF_OBJECT && hprof_u32(s.value) == 0x77);
	hprof_take_static(&inside, 4, &s);
	cr_expect(s.name == 51 && s.type == HPROF_INT && hprof_u32(s.value) == 5);
	for (size_t len = 1; len < m.len; len++) {
		at = m.at;
		cr_expect_eq(hprof_take_part(&at, m.at + len, 4, &p), HPROF_TOOK_CUT);
	}
	free(m.at);
}

Test(hprof, a_segment_that_was_never_closed_reaches_to_the_end)
{
	struct maker m = { .ids = 8 };
	struct hprof_record r;
	const uint8_t *at;

	open_record(&m, HPROF_HEAP_SEGMENT);
	put_numbers(&m, 0x120, 11, 8, 2, 9);
	at = m.at; // its length is still 0
	cr_assert(hprof_take_record(&at, m.at + m.len, &r));
	cr_expect_eq(r.have, m.len - 9);
	m.len = 9;
	m.open = 0;
	open_record(&m, HPROF_HEAP_END);
	close_record(&m);
	at = m.at;
	cr_assert(hprof_take_record(&at, m.at + m.len, &r));
	cr_expect_eq(r.have, 0, "an empty segment is one");
	cr_assert(hprof_take_record(&at, m.at + m.len, &r));
	cr_expect_eq(r.tag, HPROF_HEAP_END);
	cr_expect_not(hprof_take_record(&at, m.at + m.len, &r));
	free(m.at);
}
