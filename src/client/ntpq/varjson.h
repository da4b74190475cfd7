/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * varjson.h - what a daemon said, as JSON values: variables, texts, moments.
 *
 * Strings are escaped (SECURITY.md I9): only printable ASCII comes out.
 */
#ifndef CLIENT_VARJSON_H
#define CLIENT_VARJSON_H

#include <jansson.h>

#include "client/control/vars.h"

#define VARJSON_NAME 128 /* of a variable, escaped; what is longer is cut */

json_t *varjson_text(const char *bytes, size_t len);
/* "2026-11-24T13:20:05.123456Z"; null for a time that never was. */
json_t *varjson_moment(tstamp at);

void varjson_name(const struct vars_item *item, char name[VARJSON_NAME]);
/* Whole numbers, other numbers, moments, and text: by name and by form. */
json_t *varjson_value(const char *name, const struct vars_item *item);
/* All variables that have values, as members of the object. */
void varjson_add(json_t *into, struct vars v);

#endif
