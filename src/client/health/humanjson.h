/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * humanjson.h - overview, verdict and findings as JSON values, which the
 * caller owns. Numbers are in the unit that their names end in; what is not
 * known is null. Schema: docs/schema/ntpq.json.
 */
#ifndef CLIENT_HUMANJSON_H
#define CLIENT_HUMANJSON_H

#include <jansson.h>

#include "client/health/doctor.h"
#include "client/health/verdict.h"

json_t *humanjson_verdict(const struct overview *o, const struct verdict *v);
json_t *humanjson_sources(const struct overview *o);
json_t *humanjson_findings(const struct finding findings[CHECKS]);

#endif
