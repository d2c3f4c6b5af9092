// SPDX-License-Identifier: Apache-2.0
// Captures that are damaged or were made to do harm.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "machine.h"
#include "store/capture.h"
#include "store/packer.h"
#include "store/unpacker.h"

TestSuite(damage, .fini = machine_clean_up);

static struct machine live;

static struct span good_capture(void)
{
	machine_init(&live);
	machine_capture(&live, machine_temporary("good.zip"));
	return machine_slurp(machine_temporary("good.zip"));
}

// Opens the bytes; a capture that opens must also replay without harm.
static bool opens(struct span zip, struct fail *why)
{
	struct arena mem = { 0 };
	struct capture c;
	struct memory memory;
	struct tree files;
	bool ok = capture_open_bytes(zip, &mem, &c, why);

	if (ok) {
		for (size_t i = 0; i < c.moments; i++)
			if (capture_moment(&c, i, &files, &memory, NULL))
				machine_ask_all(&files, &memory);
		capture_close(&c);
	}
	arena_drop(&mem);
	return ok;
}

static struct span copy(struct span s, size_t len)
{
	char *bytes = malloc(len ? len : 1);

	memcpy(bytes, s.at, len);
	return (struct span){ bytes, len };
}

Test(damage, the_capture_that_is_damaged_below_is_good_before)
{
	struct fail why = { 0 };

	cr_expect(opens(good_capture(), &why), "%s", why.text);
}

Test(damage, a_capture_cut_at_any_byte_is_corrupt)
{
	struct span good = good_capture();

	for (size_t len = 0; len < good.len; len++) {
		struct span cut = copy(good, len);
		struct fail why = { 0 };

		cr_expect_not(opens(cut, &why), "cut at %zu", len);
		cr_expect_eq(why.kind, FAIL_CORRUPT, "cut at %zu: %s", len, why.text);
		free((char *)cut.at);
	}
}

Test(damage, a_changed_byte_does_no_harm_and_never_fails_without_words, .timeout = 60)
{
	struct span good = good_capture();
	size_t refused = 0;

	for (size_t at = 0; at < good.len; at++)
		for (int bit = 0; bit < 8; bit += 3) {
			struct span bad = copy(good, good.len);
			struct fail why = { 0 };

			((char *)bad.at)[at] ^= (char)(1 << bit);
			if (!opens(bad, &why)) {
				refused++;
				cr_expect(why.kind == FAIL_CORRUPT && why.text[0], "byte %zu: %s",
					  at, why.text);
			}
			free((char *)bad.at);
		}
	cr_expect(refused > good.len, "%zu of %zu", refused, good.len * 3);
}

Test(damage, a_wrong_checksum_is_named_with_its_place)
{
	struct span good = good_capture();
	struct span bad = copy(good, good.len);
	char *name = memmem(bad.at, bad.len, "0001/files/proc/7/maps", 22);
	struct fail why = { 0 };

	cr_assert(name);
	name[22 + 8] ^= 1; // within the deflated bytes behind the name
	cr_expect_not(opens(bad, &why));
	cr_expect(strstr(why.text, "0001/files/proc/7/maps"), "%s", why.text);
}

// A ZIP of the given pieces.
static struct span packed(const char *const *names, size_t count, struct span bytes)
{
	const char *path = machine_temporary("bad.zip");
	struct arena mem = { 0 };
	struct packer *p = packer_create(path, 0, &mem);
	struct fail why;

	for (size_t i = 0; i < count; i++)
		packer_add(p, names[i], bytes);
	cr_assert(packer_finish(p, NULL, &why), "%s", why.text);
	return machine_slurp(machine_temporary("bad.zip"));
}

static void check_refused(struct span zip, const char *because)
{
	struct arena mem = { 0 };
	struct fail why = { 0 };

	cr_expect_null(unpacker_open_bytes(zip, &mem, &why), "%s", because);
	cr_expect_eq(why.kind, FAIL_CORRUPT);
	cr_expect(strstr(why.text, because), "'%s' does not say '%s'", why.text, because);
}

Test(damage, a_name_that_leads_out_is_refused)
{
	static const char *const BAD[] = { "../evil", "/etc/passwd", "a/../../b", "a//b",
					   "a/./b",   "..",          "a\nb",      "a/.." };

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		check_refused(packed(&BAD[i], 1, SPAN("x")), "leads out");
}

Test(damage, a_name_that_is_there_twice_is_refused)
{
	static const char *const TWICE[] = { "a", "b", "a" };

	check_refused(packed(TWICE, 3, SPAN("x")), "a is there twice");
}

// Sets the unpacked size in every row of the ZIP's table.
static void claim_size(struct span zip, uint32_t size)
{
	enum { SIZE_AT = 24 };
	char *at = (char *)zip.at, *end = at + zip.len;

	while ((at = memmem(at, (size_t)(end - at), "PK\1\2", 4))) {
		memcpy(at + SIZE_AT, &size, sizeof(size));
		at += 4;
	}
}

Test(damage, a_piece_that_would_unpack_to_too_much_is_refused)
{
	static const char *const ONE[] = { "a" };
	struct span zip = packed(ONE, 1, SPAN("x"));

	claim_size(zip, 300u << 20);
	check_refused(zip, "more than 256 MB");
}

Test(damage, pieces_that_would_unpack_to_too_much_together_are_refused)
{
	static const char *const FIVE[] = { "a", "b", "c", "d", "e" };
	struct span zip = packed(FIVE, 5, SPAN("x"));

	claim_size(zip, 250u << 20);
	check_refused(zip, "more than 1 GB");
}

Test(damage, a_piece_that_unpacks_to_another_size_than_it_says_is_corrupt)
{
	static const char *const ONE[] = { "a" };
	static const uint32_t SIZES[] = { 0, 3, 5, 1000 };

	for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
		struct span zip = packed(ONE, 1, SPAN("four"));
		struct arena mem = { 0 };
		struct fail why = { 0 };
		struct unpacker *u;
		struct span out;

		claim_size(zip, SIZES[i]);
		u = unpacker_open_bytes(zip, &mem, &why);
		cr_assert(u, "%s", why.text);
		cr_expect_not(unpacker_read(u, "a", &mem, &out, &why), "%u", SIZES[i]);
		cr_expect_eq(why.kind, FAIL_CORRUPT);
		unpacker_close(u);
		arena_drop(&mem);
	}
}

Test(damage, a_zip_of_something_else_is_no_capture)
{
	static const char *const NAMES[] = { "META-INF", "x.class" };
	struct span zip = packed(NAMES, 2, SPAN("x"));
	struct fail why = { 0 };

	cr_expect_not(opens(zip, &why));
	cr_expect_not(capture_is_one(machine_temporary("bad.zip")));
	cr_expect_not(capture_is_one("/etc/passwd"));
	cr_expect_not(capture_is_one("/etc"));
	cr_expect_not(capture_is_one("/nowhere"));
	cr_expect_not(capture_is_one("/dev/null"));
}

Test(damage, a_capture_with_its_end_cut_off_is_still_known_as_one)
{
	good_capture();
	cr_assert(!truncate(machine_temporary("good.zip"), 200));
	cr_expect(capture_is_one(machine_temporary("good.zip")));
}

static void check_directory(const char *because, enum fail_kind kind)
{
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct capture c;

	cr_expect_not(capture_open(machine_temporary("dir"), &mem, &c, &why));
	cr_expect_eq(why.kind, kind, "%s", why.text);
	cr_expect(strstr(why.text, because), "'%s' does not say '%s'", why.text, because);
}

Test(damage, a_link_within_a_directory_is_not_followed)
{
	machine_init(&live);
	machine_capture(&live, machine_temporary("dir/"));
	cr_assert(!unlink(machine_temporary("dir/0001/memory.runs")));
	cr_assert(!symlink("/etc/passwd", machine_temporary("dir/0001/memory.runs")));
	check_directory("memory.runs is a link", FAIL_CORRUPT);
}

Test(damage, a_folder_that_is_a_link_is_not_followed)
{
	char *elsewhere;

	machine_init(&live);
	machine_capture(&live, machine_temporary("dir/"));
	elsewhere = strdup(machine_temporary("elsewhere"));
	cr_assert(!rename(machine_temporary("dir/0001/files"), elsewhere));
	cr_assert(!symlink(elsewhere, machine_temporary("dir/0001/files")));
	check_directory("0001/files", FAIL_CORRUPT);
}

Test(damage, a_piece_that_is_missing_from_a_directory_is_named)
{
	machine_init(&live);
	machine_capture(&live, machine_temporary("dir/"));
	cr_assert(!unlink(machine_temporary("dir/0001/files/proc/7/maps")));
	check_directory("0001/files/proc/7/maps is missing", FAIL_CORRUPT);
}

Test(damage, no_such_file_is_absent_and_not_corrupt)
{
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct capture c;

	cr_expect_not(capture_open("/nowhere.zip", &mem, &c, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}
