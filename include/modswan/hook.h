/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role hook: told of routing and tunnel events, never on the daemon's own time.
 */
#ifndef MODSWAN_HOOK_H
#define MODSWAN_HOOK_H

#include <modswan/addr.h>
#include <modswan/error.h>

enum ms_hook_verb {
	MS_HOOK_PREPARE, /* before routing: remove what is in the way */
	MS_HOOK_ROUTE,	 /* also when `me`, interface or next_hop changed: without PREPARE before it */
	MS_HOOK_UNROUTE, /* interface: where the route leads, if `me` has moved the old one */
	MS_HOOK_UP,
	MS_HOOK_DOWN,
};

/* One pair of clients of one connection.  Pointers are borrowed for the call. */
struct ms_hook_event {
	enum ms_hook_verb verb;
	const char *connection;
	const char *command;   /* leftupdown= of our end; NULL: the default */
	const char *interface; /* "ipsec0" */
	const char *stack;     /* the kernel backend's name */
	struct ms_addr me, peer, next_hop, source_ip; /* source_ip unset: none */
	const char *my_id, *peer_id;
	struct ms_selector my_client, peer_client;
	uint32_t mtu, metric; /* 0: unset */
	bool client; /* my_client is more than `me` itself: verb-client, else verb-host */
	bool tunnel;
	bool protect; /* packets of these clients must be protected: no pass, drop, reject */
	bool firewall; /* leftfirewall=yes */
	const char *policy; /* words as in ipsec status */
	const char *dns, *domains; /* name servers that the peer named, words; NULL: none */
	const char *subnets; /* what the peer says is behind it, NET/BITS words; NULL: nothing */
	uint16_t ike_port, nat_port; /* where the daemon takes IKE; 0: 500 and 4500 */
	const char *peer_ca; /* issuer that the peer's certificate must have; NULL: none is written */
};

/* MS_OK, or why the step failed; output lines were logged by the hook. */
typedef void ms_hook_done_f(void *arg, ms_err err, const struct ms_why *why);

struct ms_hook_ops {
	uint32_t size;
	/* done comes later or at once, exactly once. */
	void (*event)(void *inst, const struct ms_hook_event *event, ms_hook_done_f *done,
		void *arg);
};

#endif
