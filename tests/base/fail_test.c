// SPDX-License-Identifier: Apache-2.0
#include "base/fail.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(fail, a_failure_is_false_with_a_kind_and_a_text)
{
	struct fail why;

	cr_assert_not(fail(&why, FAIL_CORRUPT, "line %d", 7));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
	cr_expect_eq(why.os_errno, 0);
	cr_expect_str_eq(why.text, "line 7");
}

Test(fail, nobody_has_to_ask_why)
{
	cr_expect_not(fail(NULL, FAIL_OS, "x"));
	cr_expect_not(fail_while(NULL, "x"));
	cr_expect_not(fail_errno(NULL, ENOENT, "x"));
}

Test(fail, the_kind_follows_the_errno)
{
	struct fail why;

	fail_errno(&why, EACCES, "maps");
	cr_expect_eq(why.kind, FAIL_DENIED);
	cr_expect_eq(why.os_errno, EACCES);
	cr_expect_str_eq(why.text, "maps: Permission denied");
	fail_errno(&why, ESRCH, "maps");
	cr_expect_eq(why.kind, FAIL_GONE);
	fail_errno(&why, ENOENT, "maps");
	cr_expect_eq(why.kind, FAIL_ABSENT);
	fail_errno(&why, EIO, "maps");
	cr_expect_eq(why.kind, FAIL_OS);
}

Test(fail, what_was_done_stands_before_what_failed)
{
	struct fail why;

	fail_errno(&why, EPERM, "pagemap");
	fail_while(&why, "scanning %d", 9);
	cr_expect_str_eq(why.text, "scanning 9: pagemap: Operation not permitted");
	cr_expect_eq(why.kind, FAIL_DENIED);
}

Test(fail, a_long_text_is_cut_and_ends)
{
	struct fail why;
	char text[1000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fail(&why, FAIL_OS, "%s", text);
	fail_while(&why, "%s", text);
	fail_errno(&why, EIO, "%s", text);
	cr_expect_eq(strlen(why.text), sizeof(why.text) - 1);
}
