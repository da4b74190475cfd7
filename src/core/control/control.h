/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control.h - answers control requests (mode 6, RFC 9327) from reports.
 *
 * In steps, so that one of 2000 associations can be asked about without
 * describing all of them: control_parse() says what the answer will need,
 * control_permit() whether the caller may have it, somebody fills that, and
 * control_answer() writes it. Lists of what is not the engine's become
 * EFFECT_LIST (lists.h); what is to be changed is carried out elsewhere
 * (engine/wish.c).
 */
#ifndef CORE_CONTROL_H
#define CORE_CONTROL_H

#include "core/control/caller.h"
#include "core/control/pieces.h"
#include "core/effect.h"
#include "core/report/report.h"
#include "wire/mode6.h"

/* What control_answer() wants filled beside the system's report. */
enum control_need {
	CONTROL_DROP,          /* it deserves no answer */
	CONTROL_NEEDS_NOTHING, /* the system's report will do, or an error */
	CONTROL_NEEDS_LIST,    /* all associations and their status */
	CONTROL_NEEDS_PEER,    /* association request->header.assoc */
	CONTROL_NEEDS_CLOCK,   /* the refclock with that association; of 0:
				  the system's own, or the first */
	CONTROL_NEEDS_NONCE,   /* one for the caller's address */
	/* Not for control_answer(): */
	CONTROL_NEEDS_CLIENTS, /* READ_MRU, for whoever has a nonce */
	CONTROL_NEEDS_SOCKETS,
	CONTROL_NEEDS_RESTRICTIONS,
	CONTROL_NEEDS_CHANGE, /* WRITEVAR, CONFIGURE, SAVECONFIG */
};

struct control_request {
	struct mode6 header;
	enum control_need need;
	bool refused; /* the answer is `error` */
	enum mode6_error error;
	const uint8_t *data;         /* of the datagram; header.count octets */
	struct pieces_signer signer; /* of the answer */
};

struct control_listed {
	uint16_t assoc, status;
};

/* What the need was; NULL where there is no such association. */
struct control_subject {
	const struct control_listed *list;
	size_t listed;
	const struct peer_report *peer;
	const struct clock_report *clock;
	const char *nonce;
};

/* `q` points into the datagram. */
MUST_USE enum control_need control_parse(struct control_request *q,
					 const uint8_t *data, size_t len);

/* The answer to what was to be changed: words, or q->error. */
void control_answer_text(const struct control_request *q,
			 const struct system_report *s, const char *text,
			 size_t len, struct outbox *out);
/* Refuses what the caller may not do. */
void control_permit(struct control_request *q, const struct caller *caller);

/* Of each datagram of the answer. */
struct mode6 control_header(const struct control_request *q,
			    const struct system_report *s);

/* One EFFECT_ANSWER for each datagram of the answer, in order. */
void control_answer(const struct control_request *q,
		    const struct system_report *s,
		    const struct control_subject *subject, struct outbox *out);

#endif
