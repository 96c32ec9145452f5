/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role kernel: who protects the packets.
 *
 * The core hands over arrays of operations and is told when they are done; nothing blocks.  What a
 * backend can do is data (caps).  Events (acquire, expire, mapping, datagrams) come back through
 * the function table given to start().  Everything runs on the loop's thread.
 */
#ifndef MODSWAN_KERNEL_H
#define MODSWAN_KERNEL_H

#include <modswan/addr.h>
#include <modswan/error.h>
#include <modswan/mem.h>

#include <stdbool.h>
#include <stdint.h>

struct ms_setup_desc; /* <modswan/config.h> */

enum ms_kernel_caps {
	MS_KCAP_TUNNEL = 1,
	MS_KCAP_TRANSPORT = 2,
	MS_KCAP_UDP_ENCAP = 4,
	MS_KCAP_ESN = 8,
	MS_KCAP_TRAP = 16,	/* can report packets that wait for an SA */
	MS_KCAP_DATAGRAMS = 32, /* reads the encapsulation socket itself and gives back what is IKE */
	MS_KCAP_COMPRESS = 64,	/* IPComp with deflate inside of ESP and AH */
};

/* DF of the outer header of a tunnel (RFC 4301 s8.1). */
enum ms_df { MS_DF_COPY, MS_DF_SET, MS_DF_CLEAR };

/* Does the outer header show the content's DSCP?  DEFAULT: as the backend was told in general. */
enum ms_encap_dscp { MS_DSCP_DEFAULT, MS_DSCP_SHOW, MS_DSCP_HIDE };

/* An SA as the backend needs it.  Pointers are borrowed for the call. */
struct ms_kernel_sa {
	struct ms_said said;	/* dst, spi, protocol (ESP, AH, TUN, COMP) */
	struct ms_addr src;	/* outer source */
	bool inbound;
	bool tunnel;		/* else transport */
	bool esn;
	uint16_t encr, encr_bits; /* IKEv2 transform numbers */
	uint16_t integ;
	/* SA_ADD, SA_UPDATE: content is compressed (IPComp, deflate) under this CPI, which is unique
	 * together with the SA only; it comes and goes with the SA.  0: it is not. */
	uint16_t cpi;
	struct ms_bytes encr_key; /* with salt */
	struct ms_bytes integ_key;
	uint32_t replay_window; /* packets; 0: none */
	uint32_t reqid;
	/* RFC 3948: ports of the UDP header, 0: raw ESP */
	uint16_t encap_src, encap_dst;
	/* 0: no limit */
	uint64_t soft_octets, hard_octets, soft_packets, hard_packets;
	uint64_t soft_seconds, hard_seconds;
	/* Inner packets of an inbound tunnel must lie in this (src = peer's side). */
	struct ms_selector sel_src, sel_dst;
	/* Where there are several of them these two are only their hull (family 0: there is none),
	 * and any of sels_src with any of sels_dst is allowed.  NULL: just the two. */
	const struct ms_selector *sels_src, *sels_dst;
	unsigned n_sels_src, n_sels_dst;
	uint32_t mtu; /* 0: the backend finds out */
	uint8_t df;   /* enum ms_df */
	uint8_t encap_dscp; /* enum ms_encap_dscp */
	bool decap_dscp;
	/* SA_MOVE: said.dst is new, this is how it was known until now.  Unset: only its SPI names
	 * the SA, which is refused (MS_ERR_DUPLICATE) when two of that direction have the same. */
	struct ms_addr old_dst;
};

enum ms_shunt {
	MS_SHUNT_NONE, /* not a shunt: protect with the SA group */
	MS_SHUNT_PASS,
	MS_SHUNT_DROP,
	MS_SHUNT_REJECT,
	MS_SHUNT_TRAP,
	MS_SHUNT_HOLD,
};

/* What to do with packets that go out (an eroute). */
struct ms_kernel_policy {
	struct ms_selector src, dst;
	enum ms_shunt shunt;
	struct ms_said said;	    /* MS_SHUNT_NONE: first SA of the group */
	struct ms_addr tunnel_src; /* outer addresses, for backends that want them */
	struct ms_addr tunnel_dst;
	bool tunnel;
	uint32_t reqid;
	uint32_t priority; /* lower wins where the backend has priorities */
	const char *src_id, *dst_id; /* identities shown in listings; may be NULL */
};

struct ms_kernel_counters {
	uint64_t octets, packets;
	uint64_t added_s, used_s;     /* wall clock, seconds since the epoch; 0: never */
	uint64_t replay_errors, auth_errors;
};

enum ms_kernel_op_kind {
	MS_KOP_GET_SPI,	      /* said.dst, said.protocol in; said.spi out */
	MS_KOP_SA_ADD,
	MS_KOP_SA_UPDATE,     /* turns what GET_SPI made into an SA */
	MS_KOP_SA_DELETE,     /* said; NOT_FOUND is an error */
	MS_KOP_SA_QUERY,      /* said in, counters out */
	MS_KOP_POLICY_SET,    /* adds, or replaces the one with the same selectors */
	MS_KOP_POLICY_DELETE,
	MS_KOP_SA_MOVE,       /* said; endpoints and ports of sa are new (MOBIKE, NAT rebinding) */
};

struct ms_kernel_op {
	enum ms_kernel_op_kind kind;
	union {
		struct ms_kernel_sa sa;
		struct ms_kernel_policy policy;
	};
	struct ms_kernel_counters counters; /* SA_QUERY: out */
};

/* ops is the caller's array, valid until done; carried out in order, the first failure stops.
 * failed: index of the operation that failed, n when all went well. */
typedef void ms_kernel_done_f(void *arg, ms_err err, unsigned failed, const struct ms_why *why);

struct ms_kernel_events {
	/* A packet waits for an SA; ports in host order, 0 when not TCP, UDP. */
	void (*acquire)(void *ctx, const struct ms_selector *src, const struct ms_selector *dst);
	void (*expire)(void *ctx, const struct ms_said *said, bool hard);
	/* The peer's address or port of an encapsulated SA changed. */
	void (*mapping)(void *ctx, const struct ms_said *said, const struct ms_endpoint *peer);
	/* MS_KCAP_DATAGRAMS: a datagram with non-ESP marker (removed) or a keep-alive of one octet
	 * never; local is the socket's address. */
	void (*datagram)(void *ctx, const struct ms_endpoint *local,
		const struct ms_endpoint *remote, struct ms_bytes data);
	/* The backend went away or came back: SAs that it held are gone when `fresh`. */
	void (*state)(void *ctx, bool reachable, bool fresh);
};

struct ms_kernel_ops {
	uint32_t size;
	unsigned caps;
	/* Opens the backend.  Events come after this returns. */
	ms_err (*start)(void *inst, const struct ms_kernel_events *events, void *ctx,
		struct ms_why *why);
	void (*stop)(void *inst); /* leaves SAs and policies as they are */
	void (*submit)(void *inst, struct ms_kernel_op *ops, unsigned n, ms_kernel_done_f *done,
		void *arg);
	/* A UDP socket bound to local that carries IKE and ESP (RFC 3948).  The backend may give
	 * back one that survived an earlier daemon.  The caller owns *fd_r, sends on it, and
	 * receives on it unless MS_KCAP_DATAGRAMS. */
	ms_err (*encap_socket)(void *inst, const struct ms_endpoint *local, int *fd_r,
		struct ms_why *why);
	/* Tells which physical interface carries local (attach); writes the device that packets to
	 * be protected are routed to ("ipsec0", or the physical one where there is none).  NULL:
	 * the physical one. */
	ms_err (*device)(void *inst, const struct ms_addr *local, const char *physical, char *buf,
		size_t size, struct ms_why *why);
	/* Before start(): `config setup` (interfaces=, overridemtu=, klipsdebug= ...), borrowed for the
	 * call.  NULL: nothing there concerns this backend. */
	ms_err (*setup)(void *inst, const struct ms_setup_desc *setup, struct ms_why *why);
	/* Removes all that this backend holds: devices, SAs, policies (ipsec setup stop). */
	void (*flush)(void *inst);
};

#endif
