// SPDX-License-Identifier: Apache-2.0
// What `jledger try PID trim` loads into a JVM that has no command for it: one call, and nothing kept.
//
// Linked without any library, so that it loads beside every C library: malloc_trim() is the one that
// the process has already, and absent (NULL) where that has none.  Asked again the JVM calls the copy
// that it has: dlopen() knows the file by its name.

int malloc_trim(unsigned long pad) __attribute__((weak));

// JVMTI's entry of agents that are loaded later (Agent_OnAttach(JavaVM *, char *, void *)); 0 is JNI_OK.
__attribute__((visibility("default"))) int Agent_OnAttach(void *vm, char *options, void *reserved)
{
	(void)vm;
	(void)options;
	(void)reserved;
	if (!malloc_trim)
		return 1;
	malloc_trim(0);
	return 0;
}
