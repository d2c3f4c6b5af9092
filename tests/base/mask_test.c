// SPDX-License-Identifier: Apache-2.0
#include "base/mask.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static char keys[1024];

static void note(void *arg, struct span key, struct span value)
{
	size_t used = strlen(keys);

	snprintf(keys + used, sizeof(keys) - used, "%s%.*s", used ? "," : "", (int)key.len, key.at);
}

// Masks a copy, compares, and checks that masking again changes and finds nothing.
static void check_bytes(enum mask_form form, const char *text, size_t len, const char *expected,
			const char *names)
{
	char *bytes = malloc(len + 1);

	memcpy(bytes, text, len);
	bytes[len] = '\0';
	keys[0] = '\0';
	mask_bytes(bytes, len, form, note, NULL);
	cr_expect(!memcmp(bytes, expected, len), "%s\n  became %s\n  not    %s", text, bytes,
		  expected);
	cr_expect_str_eq(keys, names, "%s: found '%s', not '%s'", text, keys, names);
	cr_expect_eq(mask_bytes(bytes, len, form, NULL, NULL), 0, "%s is masked twice", text);
	cr_expect(!memcmp(bytes, expected, len), "%s: the second pass changed it", text);
	free(bytes);
}

#define CHECK(form, text, expected, names)                                                         \
	do {                                                                                       \
		_Static_assert(sizeof(text) == sizeof(expected), "masks keep lengths");            \
		check_bytes(form, text, sizeof(text) - 1, expected, names);                        \
	} while (0)
#define ARGUMENTS(text, expected, names)   CHECK(MASK_ARGUMENTS, text, expected, names)
#define ENVIRONMENT(text, expected, names) CHECK(MASK_ENVIRONMENT, text, expected, names)
#define TEXT(text, expected, names)        CHECK(MASK_TEXT, text, expected, names)

Test(mask, an_argument_named_like_a_secret_is_masked_to_its_end)
{
	ARGUMENTS("java\0-Ddb.password=a b&c\0Main\0", "java\0-Ddb.password=*****\0Main\0",
		  "db.password");
	ARGUMENTS("--api-key=x;y\0--user=joe\0", "--api-key=***\0--user=joe\0", "api-key");
	ARGUMENTS("java\0-Xmx1g\0-DkeyStorePass=1\0", "java\0-Xmx1g\0-DkeyStorePass=*\0",
		  "keyStorePass");
}

Test(mask, an_option_with_its_value_in_the_next_argument_is_masked)
{
	ARGUMENTS("Main\0--password\0hun ter2\0-v\0", "Main\0--password\0********\0-v\0",
		  "password");
	ARGUMENTS("Main\0--token\0-v\0", "Main\0--token\0-v\0", "");
	TEXT("Main --password hunter2 next", "Main --password ******* next", "password");
}

Test(mask, a_property_without_a_value_does_not_hide_the_main_class)
{
	ARGUMENTS("java\0-Dapp.secret\0com.acme.Main\0", "java\0-Dapp.secret\0com.acme.Main\0", "");
}

Test(mask, a_secret_inside_an_argument_is_masked)
{
	ARGUMENTS("--url=jdbc:mysql://h/db?user=a&password=b1&x=1\0",
		  "--url=jdbc:mysql://h/db?user=a&password=**&x=1\0", "password");
	ARGUMENTS("-javaagent:/a.jar=token=abc\0", "-javaagent:/a.jar=token=***\0", "token");
}

Test(mask, an_option_in_a_line_of_options_is_masked_to_the_next_option)
{
	TEXT("-Da=1 -Ddb.password=one two -Xmx1g Main", "-Da=1 -Ddb.password=******* -Xmx1g Main",
	     "db.password");
}

Test(mask, a_line_of_arguments_that_were_masked_one_by_one_stays_as_it_is)
{
	TEXT("java -Ddb.password=*** Main arg", "java -Ddb.password=*** Main arg", "");
}

Test(mask, a_url_keeps_its_user_and_loses_its_password)
{
	TEXT("http://joe:pa@ss@host:80/x", "http://joe:*****@host:80/x", "url");
	TEXT("https://ghtoken@host/x?a@b", "https://*******@host/x?a@b", "url");
	TEXT("http://host/a@b http://host:80/", "http://host/a@b http://host:80/", "");
	TEXT("jdbc:oracle:thin:scott/tiger@//h", "jdbc:oracle:thin:scott/*****@//h", "url");
}

Test(mask, json_values_are_masked)
{
	TEXT("{\"password\": \"a\\\"b\", \"user\":\"x\"}",
	     "{\"password\": \"****\", \"user\":\"x\"}", "password");
	TEXT("\"{\\\"api_key\\\":\\\"abc\\\",\\\"n\\\":1}\"",
	     "\"{\\\"api_key\\\":\\\"***\\\",\\\"n\\\":1}\"", "api_key");
}

Test(mask, text_and_xml_values_are_masked)
{
	TEXT("password = hunter2\nuser = joe", "password = *******\nuser = joe", "password");
	TEXT("passwd: x y", "passwd: * y", "passwd");
	TEXT("<dbPassword>a b</dbPassword>", "<dbPassword>***</dbPassword>", "dbPassword");
	TEXT("secret='a b' c", "secret='***' c", "secret");
}

Test(mask, credentials_of_http_are_masked)
{
	TEXT("Authorization: Bearer abc.def_ghi-jkl0", "Authorization: ***********************",
	     "Authorization");
	TEXT("sent Bearer abcdefgh.ijklmnop", "sent Bearer *****************", "bearer");
	TEXT("curl -H 'X: Basic am9lOnBhc3M='", "curl -H 'X: Basic ************'", "basic");
	TEXT("Basic authentication is on, Bearer tokens too",
	     "Basic authentication is on, Bearer tokens too", "");
}

Test(mask, well_known_keys_are_masked_without_a_name)
{
	TEXT("id AKIAIOSFODNN7EXAMPLE.", "id ********************.", "access key");
	TEXT("AKIAIOSFODNN7EXAMPL AKIAIOSFODNN7EXAMPLES",
	     "AKIAIOSFODNN7EXAMPL AKIAIOSFODNN7EXAMPLES", "");
	TEXT("x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln y",
	     "x ***************************************** y", "jwt");
	TEXT("at glpat-0123456789abcdefghij", "at **************************", "access key");
}

Test(mask, the_body_of_a_private_key_is_masked)
{
	TEXT("-----BEGIN RSA PRIVATE KEY-----\nMIIB\nab==\n-----END RSA PRIVATE KEY-----\n",
	     "-----BEGIN RSA PRIVATE KEY-----***********-----END RSA PRIVATE KEY-----\n",
	     "private key");
	TEXT("-----BEGIN PRIVATE KEY-----\nMIIB", "-----BEGIN PRIVATE KEY-----*****",
	     "private key");
	TEXT("-----BEGIN CERTIFICATE-----\nMIIB", "-----BEGIN CERTIFICATE-----\nMIIB", "");
}

Test(mask, values_of_variables_are_masked_but_for_those_that_tell_how_java_runs)
{
	ENVIRONMENT("A=1\0JAVA_TOOL_OPTIONS=-Xmx1g -Dpassword=ab\0MALLOC_ARENA_MAX=2\0",
		    "A=*\0JAVA_TOOL_OPTIONS=-Xmx1g -Dpassword=**\0MALLOC_ARENA_MAX=2\0",
		    "A,password");
}

Test(mask, ordinary_text_is_left_alone)
{
	static const char TEXTS[] =
		"7f0000000000-7f0000001000 r-xp 00000000 08:01 123 /usr/lib/libc.so.6\n"
		"VmRSS:\t  123 kB\nPss_Dirty: 4 kB\nSeccomp: 0\n"
		"java.property.java.vm.name sun.rt.createVmBeginTime=12\n"
		"-XX:MaxHeapSize=1g -XX:+UseG1GC -Dbypass=1 com/acme/Token; token::next token\n"
		"Lcom/acme/PasswordService;->check(Ljava/lang/String;)V\n";

	TEXT(TEXTS, TEXTS, "");
}

Test(mask, a_zero_byte_ends_a_value_in_binary_text)
{
	TEXT("\1\2password=ab\0cd\0-password\0x", "\1\2password=**\0cd\0-password\0x", "password");
}

Test(mask, a_known_secret_is_masked_wherever_it_stands)
{
	char text[] = "hunter2 and hunter2\0hunter";

	cr_expect_eq(mask_literal(text, sizeof(text) - 1, SPAN("hunter2")), 2);
	cr_expect(!memcmp(text, "******* and *******\0hunter", sizeof(text)));
	cr_expect_eq(mask_literal(text, 3, SPAN("hunter2")), 0);
}

Test(mask, a_copy_is_masked_and_the_text_is_not)
{
	struct arena mem = { 0 };

	cr_expect_str_eq(mask_copy(&mem, "curl --token abc"), "curl --token ***");
	arena_drop(&mem);
}

Test(mask, every_prefix_of_a_text_with_secrets_is_handled)
{
	static const char ALL[] =
		"-Dp.secret=a\0--token\0b\0http://u:p@h \"pwd\":\"x\" Bearer abcdefghijklmnopqr "
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0 -----BEGIN PRIVATE KEY-----\nab "
		"<token>x</token> \\\"pwd\\\":\\\"y\\\" oracle:thin:a/b@c AKIAIOSFODNN7EXAMPLE";

	for (int form = MASK_TEXT; form <= MASK_ENVIRONMENT; form++)
		for (size_t len = 0; len <= sizeof(ALL); len++) {
			char *bytes = malloc(len ? len : 1), *once = malloc(len ? len : 1);

			memcpy(bytes, ALL, len);
			mask_bytes(bytes, len, (enum mask_form)form, NULL, NULL);
			memcpy(once, bytes, len);
			mask_bytes(bytes, len, (enum mask_form)form, NULL, NULL);
			cr_expect(!memcmp(bytes, once, len), "not the same twice at %zu", len);
			free(bytes);
			free(once);
		}
}
