/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sans-I/O core asks of the world around it.
 *
 * ike/, ikev2/, child/, conn/ and route/ make no system call and read no clock: time comes in as an
 * argument or through host_now(), everything else goes out through this table.  pluto puts the real
 * world behind it, sim/ and the two-party tests a deterministic one.  All functions are called on
 * the one owner thread.
 */
#ifndef MODSWAN_CORE_HOST_H
#define MODSWAN_CORE_HOST_H

#include <modswan/addr.h>
#include <modswan/attr.h>
#include <modswan/crypto.h>
#include <modswan/id.h>
#include <modswan/kernel.h>
#include <modswan/log.h>

#include "core/proof.h"

struct conn;
struct ike_sa;
struct child_sa;

typedef void host_psk_f(void *arg, ms_err err, struct ms_bytes psk, const struct ms_why *why);
typedef void host_private_f(void *arg, ms_err err, struct ms_privkey *key,
	const struct ms_why *why);
/* certs: to be sent, the first is the key's own; both borrowed. */
typedef void host_own_f(void *arg, ms_err err, struct ms_privkey *key, const struct ms_bytes *certs,
	unsigned n, const struct ms_why *why);
/* Any of the keys (n > 0) will do; borrowed.  proof: what they are worth. */
typedef void host_peer_key_f(void *arg, ms_err err, struct ms_pubkey *const *keys, unsigned n,
	enum peer_proof proof, const struct ms_why *why);
/* err: MS_OK, or why the way for the packets could not be laid. */
/* src: the address that packets to the destination leave from. */
typedef void host_path_f(void *arg, ms_err err, const struct ms_addr *src);
typedef void host_done_f(void *arg, ms_err err, const struct ms_why *why);

/* Each asynchronous call answers exactly once, at once or later, unless a line says otherwise. */
struct host_ops {
	uint64_t (*now_ms)(void *host); /* monotonic */
	uint64_t (*wall_s)(void *host); /* seconds since the epoch, for listings only */
	void (*random)(void *host, void *out, size_t len);
	/* One IKE datagram, without non-ESP marker: the sender adds it when local is a NAT-T
	 * socket. The octets are borrowed. */
	void (*send)(void *host, const struct ms_endpoint *local, const struct ms_endpoint *remote,
		struct ms_bytes datagram);
	/* RFC 3948 s4: one octet 0xff from the NAT-T socket, no marker.  NULL: none are sent. */
	void (*keepalive)(void *host, const struct ms_endpoint *local,
		const struct ms_endpoint *remote);
	/* work() may run in another thread and touches only what arg owns. */
	void (*job)(void *host, void (*work)(void *arg), void (*done)(void *arg), void *arg);
	/* The IKE core's next deadline changed: call ike_tick() then. UINT64_MAX: none. */
	void (*deadline)(void *host, uint64_t at_ms);
	void (*kernel)(void *host, struct ms_kernel_op *ops, unsigned n, ms_kernel_done_f *done,
		void *arg);
	/* Set of enum ms_kernel_caps.  NULL: it does what is asked of it, without IPComp. */
	unsigned (*kernel_caps)(void *host);
	void (*psk)(void *host, const struct ms_id *me, const struct ms_id *peer,
		const struct ms_addr *peer_addr, host_psk_f *done, void *arg);
	void (*private_key)(void *host, const struct conn *c, const struct ms_id *peer,
		host_private_f *done, void *arg);

	/* Certificates; all NULL: there are none.  own_key stands in place of private_key then;
	 * asked: hashes in the peer's CERTREQs. */
	void (*own_key)(void *host, const struct conn *c, const struct ms_id *peer,
		struct ms_bytes asked, host_own_f *done, void *arg);
	/* The keys by which `peer` may sign: from its certificates or those that are here, or
	 * published ones where the connection says so. */
	void (*peer_key)(void *host, const struct conn *c, const struct ms_id *peer,
		const struct ms_bytes *certs, unsigned n, host_peer_key_f *done, void *arg);
	/* Hashes for a CERTREQ; 0: send none. */
	size_t (*ca_hashes)(void *host, const struct conn *c, uint8_t *buf, size_t size);
	/* Does the connection's issuer of the peer stand in the chain above the first of these?  Only
	 * names are looked at.  NULL: nobody knows. */
	bool (*ca_fits)(void *host, const struct conn *c, const struct ms_bytes *certs, unsigned n);
	/* Addresses for the peer from c->remote.pool, and back.  NULL: there are none. */
	void (*lease)(void *host, const struct conn *c, const struct ms_attr_request *rq,
		ms_attr_lease_f *done, void *arg);
	void (*release)(void *host, const struct conn *c, const struct ms_addr *addr);

	/* Routing: both directions' SAs of the child are in the kernel; install policies and run
	 * hooks. On error the child is given up. */
	void (*child_up)(void *host, struct child_sa *child, host_done_f *done, void *arg);
	/* The child is going (its SAs are still there): take policies back or replace them. No
	 * answer is awaited; the child is gone after the call. */
	void (*child_down)(void *host, struct child_sa *child);
	/* Its addresses changed, the SAs were told: policies again.  May be NULL. */
	void (*child_moved)(void *host, struct child_sa *child);
	/* Whose eroute covers a packet of these addresses most closely; NULL: nobody's.  The function
	 * itself may be NULL: there is no opportunism. */
	struct conn *(*policy)(void *host, const struct ms_selector *src,
		const struct ms_selector *dst);
	/* May the peer that has proved this identity by this key (NULL: without one) speak for
	 * another address (RFC 4322 s3.3)?  All is borrowed for the call. */
	void (*authorise)(void *host, const struct ms_addr *client, const struct ms_id *peer,
		const struct ms_addr *peer_addr, struct ms_pubkey *key, host_done_f *done,
		void *arg);
	/* How the peer is reached now (RFC 4555); NULL: nothing moves.  MS_ERR_NOT_FOUND: it is not
	 * reached. */
	void (*path)(void *host, const struct ms_addr *dst, host_path_f *done, void *arg);
	/* Addresses where we can be reached; returns how many. */
	unsigned (*addresses)(void *host, struct ms_addr *out, unsigned max);
	/* A state was reached or left: lines for whack ("004 ... established"), pending commands,
	 * revival.  code: enum ms_reply_code; text without the object's prefix. */
	void (*report)(void *host, struct conn *c, uint32_t serial, int code, const char *text);
	/* Somebody may hear what is reported: else the text is not even made.  NULL: always. */
	bool (*listened)(void *host);
	/* The peer, a name, was not reached at its address.  True: the connection has another one of
	 * the name's now, which was not tried yet.  False: they have all been tried, and the name is
	 * being looked up again.  NULL: there are no names. */
	bool (*another_address)(void *host, struct conn *c);
	/* An attempt begins and nothing else of the connection is there: it takes the address that
	 * its peer's name has now.  NULL as above. */
	void (*readdress)(void *host, struct conn *c);
	/* An attempt to bring the connection up ended for good: MS_OK, or why not. */
	void (*attempt_over)(void *host, struct conn *c, ms_err err, const struct ms_why *why);
};

struct host {
	const struct host_ops *ops;
	void *ctx;
	const struct ms_logger *log;
};

#endif
