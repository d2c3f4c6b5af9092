// SPDX-License-Identifier: Apache-2.0
#include "ledger/accounts.h"

#include <string.h>

const struct account_info ACCOUNTS[ACCOUNT_COUNT] = {
#define ACCOUNT(id, parent, rank, nmt, inside, title) { id, parent, nmt, inside, title, rank },
#include "ledger/accounts.def"
#undef ACCOUNT
};

int account_find(const char *id)
{
	for (int i = 0; id && i < ACCOUNT_COUNT; i++)
		if (!strcmp(ACCOUNTS[i].id, id))
			return i;
	return ACCOUNT_NONE;
}

// `words` is a list of ids separated by blanks.
static bool list_has(const char *words, const char *id)
{
	size_t len = strlen(id);

	for (const char *w = words; *w;) {
		size_t n = strcspn(w, " ");

		if (n == len && !memcmp(w, id, len))
			return true;
		w += n;
		w += strspn(w, " ");
	}
	return false;
}

bool account_may_lie_in(int inner, int outer)
{
	return list_has(ACCOUNTS[inner].inside, ACCOUNTS[outer].id);
}
