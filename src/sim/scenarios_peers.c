/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios about symmetric peers; scenarios.def says what each is. */
#include <math.h>

#include "core/serve/refid.h"
#include "sim/scenario.h"

#define HOUR_S 3600
#define KEYS \
	"7 SHA1 a_secret_of_two\n" \
	"8 SHA256 another_secret\n" \
	"9 AES AnotherOneStill\n"
#define COMMON "trustedkey 7\ntos orphan 6 orphanwait 120\n"
#define OFFSET_S 2e-3

/* Servers are nodes 0 and 1, peers 2 and 3. */
struct pair {
	struct node *a, *b;
};

static struct node *add(struct world *w, const char *config)
{
	struct oscillator kind = oscillator_quartz(0.02, 15e-6, 1e-9);
	struct operator_orders orders = { .config = config, .keys = KEYS };

	return stage_daemon(w, &kind, &orders);
}

static struct pair stage_pair(struct world *w)
{
	struct pair p;

	world_add_servers(w, 2);
	p.a = add(w, COMMON "server 10.0.0.1 iburst\npeer 10.0.3.1 key 7\n");
	p.b = add(w, COMMON "server 10.0.1.1 iburst\npeer 10.0.2.1 key 7\n");
	w->spoof.listens = true;
	return p;
}

static void settle(struct world *w, struct pair *p)
{
	stage_settle(w, p->a, HOUR_S, OFFSET_S);
	oracle_expect(w, daemon_synchronised(p->b), "so is the other");
	oracle_limit(p->b, OFFSET_S);
}

void tell_peers(struct world *w)
{
	struct pair p = stage_pair(w);

	settle(w, &p);
	world_run(w, 6 * HOUR_S);
	oracle_expect(w,
		      w->spoof.heard[0].len > PACKET_LEN &&
			      w->spoof.heard[1].len > PACKET_LEN,
		      "signed packets go both ways");
}

void tell_peers_attacked(struct world *w)
{
	struct pair p = stage_pair(w);

	w->spoof.lie_s = 10;
	settle(w, &p);
	for (unsigned i = 0; i < HOUR_S; i++) {
		world_run(w, 1);
		spoof_peer(w, &p.a->addr, &p.b->addr);
		spoof_peer(w, &p.b->addr, &p.a->addr);
	}
	oracle_expect(w, w->spoof.forged > HOUR_S, "there was an attack");
	oracle_expect(w, daemon_synchronised(p.a) && daemon_synchronised(p.b),
		      "both are still synchronised");
	oracle_expect(w,
		      fabs(node_error_s(p.a)) < OFFSET_S &&
			      fabs(node_error_s(p.b)) < OFFSET_S,
		      "and where they were");
	oracle_expect(w,
		      p.a->daemon->notes[NOTE_UNREACHABLE] == 0 &&
			      p.b->daemon->notes[NOTE_UNREACHABLE] == 0,
		      "they never lost each other");
	/* Those of nobody would be new associations (D1). */
	oracle_expect(w,
		      p.a->daemon->notes[NOTE_MOBILIZE] == 2 &&
			      p.b->daemon->notes[NOTE_MOBILIZE] == 2,
		      "and nobody new came");
}

static bool follows(const struct node *n, uint32_t refid)
{
	return daemon_synchronised(n) && n->daemon->view.refid == refid;
}

static void cut_off(struct world *w, struct pair *p)
{
	oracle_excuse(p->a, ORACLE_BOUND);
	oracle_excuse(p->b, ORACLE_BOUND);
	w->nodes[0]->upstream.manner.silent = true;
	w->nodes[1]->upstream.manner.silent = true;
}

void tell_peers_orphans(struct world *w)
{
	struct pair p = stage_pair(w);

	settle(w, &p);
	cut_off(w, &p);
	world_run(w, 6 * HOUR_S);
	oracle_expect(w, follows(p.a, REFID_LOOPBACK),
		      "the one with the lower address is the orphan parent");
	oracle_expect(w, follows(p.b, refid_of_address(&p.a->addr)),
		      "the other follows it");
	oracle_expect(w, fabs(node_error_s(p.a) - node_error_s(p.b)) < OFFSET_S,
		      "they keep together");
}

void tell_peers_restart(struct world *w)
{
	struct pair p = stage_pair(w);

	settle(w, &p);
	daemon_stop(p.b);
	world_run(w, 600);
	oracle_may_burst(p.a);
	oracle_may_burst(p.b);
	daemon_restart(p.b);
	world_run(w, HOUR_S);
	oracle_expect(w, daemon_synchronised(p.b), "it is back");
	w->nodes[1]->upstream.manner.silent = true;
	world_run(w, 2 * HOUR_S);
	oracle_expect(w, follows(p.b, refid_of_address(&p.a->addr)),
		      "and hears its peer");
}

void tell_peers_handed(struct world *w)
{
	struct pair p = stage_pair(w);

	settle(w, &p);
	w->nodes[1]->upstream.manner.silent = true;
	world_run(w, 2 * HOUR_S);
	oracle_expect(w,
		      follows(p.b, refid_of_address(&p.a->addr)) &&
			      p.b->daemon->view.stratum == 3,
		      "it follows its peer");
	oracle_expect(w, follows(p.a, refid_of_address(&w->nodes[0]->addr)),
		      "which follows no one but its server");
	w->nodes[1]->upstream.manner.silent = false;
	w->nodes[0]->upstream.manner.silent = true;
	world_run(w, 3 * HOUR_S);
	oracle_expect(w, follows(p.a, refid_of_address(&p.b->addr)),
		      "and the other way round");
}

/* One honest server, four that lie together, one daemon that signs. */
void tell_key_among_liars(struct world *w)
{
	world_add_servers(w, 5);
	for (unsigned i = 1; i < 5; i++) {
		w->nodes[i]->upstream.manner.lie_s = 0.5;
	}
	struct node *signer = add(w, "trustedkey 7\nserver 10.0.0.1 iburst\n");

	stage_settle(w, signer, HOUR_S, OFFSET_S);
	struct node *n = add(w, "trustedkey 7\nserver 10.0.5.1 iburst key 7\n"
				"server 10.0.1.1 iburst\n"
				"server 10.0.2.1 iburst\n"
				"server 10.0.3.1 iburst\n"
				"server 10.0.4.1 iburst\n");

	stage_settle(w, n, HOUR_S, 2 * OFFSET_S);
	world_run(w, 6 * HOUR_S);
	oracle_expect(w, n->daemon->steps == 0, "it never followed the four");
	oracle_expect(w, daemon_synchronised(n), "it follows the key");
	oracle_expect(w, fabs(node_error_s(n)) < 2 * OFFSET_S,
		      "and not the four (E9)");
}

/*
 * Three that sign, each with a key of its own, of which one follows a liar; and
 * four plain liars who say what that one says. Those that sign are of two
 * minds, and all together five against two.
 */
void tell_keys_among_liars(struct world *w)
{
	static const char *const lines[] = {
		"trustedkey 7\nserver 10.0.0.1 iburst\n",
		"trustedkey 8\nserver 10.0.1.1 iburst\n",
		"trustedkey 9\nserver 10.0.2.1 iburst\n",
	};

	world_add_servers(w, 7);
	for (unsigned i = 2; i < 7; i++) {
		w->nodes[i]->upstream.manner.lie_s = 0.5;
	}
	for (unsigned i = 0; i < 3; i++) {
		struct node *signer = add(w, lines[i]);

		/* What its liar says is all that the third can know. */
		for (enum oracle_id o = 0; i == 2 && o < ORACLES; o++) {
			oracle_excuse(signer, o);
		}
		stage_settle(w, signer, HOUR_S, i == 2 ? 1 : OFFSET_S);
	}
	struct node *n = add(w, "trustedkey 7 8 9\n"
				"server 10.0.7.1 iburst key 7\n"
				"server 10.0.8.1 iburst key 8\n"
				"server 10.0.9.1 iburst key 9\n"
				"server 10.0.3.1 iburst\n"
				"server 10.0.4.1 iburst\n"
				"server 10.0.5.1 iburst\n"
				"server 10.0.6.1 iburst\n");

	stage_settle(w, n, HOUR_S, 2 * OFFSET_S);
	world_run(w, 6 * HOUR_S);
	oracle_expect(w, n->daemon->steps == 0, "it never followed the five");
	oracle_expect(w, daemon_synchronised(n), "it follows two of the keys");
	oracle_expect(w, fabs(node_error_s(n)) < 2 * OFFSET_S,
		      "and not the one that lies with the strangers (E9)");
}
