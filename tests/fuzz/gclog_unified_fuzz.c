// SPDX-License-Identifier: Apache-2.0
#include "gclog_check.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	return check_gclog(bytes, len);
}
