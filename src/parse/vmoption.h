// SPDX-License-Identifier: Apache-2.0
// One option of a JVM's command line: which flag of the VM it sets, and to what.
//
// -XX:+Flag, -XX:-Flag, -XX:Flag=value, and the -X options that are other names of flags.  What a
// flag may be set to is the VM's to say; here a value is text, and a number where it reads as one.
// Format notes: docs/formats/vmoption.md.

#ifndef PARSE_VMOPTION_H
#define PARSE_VMOPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum vmoption_form {
	VMOPTION_ON,    // -XX:+Flag
	VMOPTION_OFF,   // -XX:-Flag
	VMOPTION_VALUE, // -XX:Flag=value, or -Xmx64m
};

struct vmoption {
	struct span flag;   // "MaxHeapSize", also of -Xmx
	struct span also;   // a second flag that is set to the same, of -Xmn; empty: none
	bool is_other_name; // -Xmx and its like: no -XX:
	enum vmoption_form form;
	struct span value; // as given; empty for ON and OFF
	bool has_number; // the value is one: with k, m, g, t as the VM reads it, in the flag's unit
	uint64_t number; // two's complement of a negative one
	bool has_real;   // it is a decimal number, whole or not
	double real;
};

// False: an option that sets no flag of the VM (-D, -cp, -agentlib ...).
bool vmoption_parse(struct span text, struct vmoption *out);
// What stands behind "-XX:" in a -XX:Flags file: "+Flag", "Flag=value".
bool vmoption_parse_flag(struct span text, struct vmoption *out);

#endif
