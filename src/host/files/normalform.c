/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/files/normalform.h"

#include <stdlib.h>

#define ROOM 65536
#define MOST ((size_t)256 << 20) /* of a file of STORE_TEXT_MAX */

char *normalform_by(const struct config *c,
		    void (*print)(const struct config *c, struct text *out))
{
	for (size_t size = ROOM; size <= MOST; size *= 8) {
		char *buffer = malloc(size);
		struct text text;

		if (!buffer) {
			return NULL;
		}
		text = text_over(buffer, size);
		print(c, &text);
		if (!text.cut) {
			return buffer;
		}
		free(buffer);
	}
	return NULL;
}

char *normalform(const struct config *c)
{
	return normalform_by(c, config_print);
}
