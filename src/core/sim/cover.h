/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens in simulations, by kind, and how often: so that nobody believes in a proof of what
 * never occurred.  Worlds and meshes must have each kind that is marked with their letter, see
 * trial.h; where both are 0 it is counted only.
 */
#ifndef MODSWAN_CORE_SIM_COVER_H
#define MODSWAN_CORE_SIM_COVER_H

/* clang-format off */
/* id, in worlds, in meshes, text */
#define COVER_KINDS(X)                                                                             \
	X(LOST, 1, 1, "datagrams lost")                                                            \
	X(DOUBLED, 1, 1, "datagrams doubled")                                                      \
	X(LATE, 1, 1, "datagrams late")                                                            \
	X(OVERTOOK, 1, 1, "datagrams that overtook another")                                       \
	X(CUT, 1, 1, "datagrams into a link that was cut")                                         \
	X(DELETE_LOST, 1, 1, "datagrams lost that said what is deleted")                           \
	X(NAT_FORGOT, 1, 0, "NATs that forgot")                                                    \
	X(REMAPPED, 1, 0, "SAs that followed a peer to another port")                              \
	X(STOPPED, 1, 1, "daemons stopped and started")                                            \
	X(POWER, 1, 1, "hosts that lost power")                                                    \
	X(CLOCK_SET, 1, 0, "clocks set")                                                           \
	X(ASLEEP, 1, 0, "hosts asleep, their clocks jumped")                                       \
	X(REFUSED, 1, 0, "operations that a kernel refused")                                       \
	X(SLOW, 1, 1, "answers late of kernels, keys and jobs")                                    \
	X(RETRANSMITTED, 1, 1, "requests sent again")                                              \
	X(ANSWERED_AGAIN, 1, 1, "responses sent again")                                            \
	X(COOKIES, 1, 0, "cookies demanded")                                                       \
	X(FRAGMENTED, 1, 0, "messages in fragments")                                               \
	X(REASSEMBLED, 1, 0, "messages put together from fragments")                               \
	X(LIVENESS, 1, 0, "liveness checks")                                                       \
	X(SILENT, 1, 1, "peers that did not answer")                                               \
	X(SUPERSEDED, 1, 1, "IKE SAs superseded (INITIAL_CONTACT, uniqueids)")                     \
	X(REVIVED, 1, 0, "connections revived")                                                    \
	X(GIVEN_UP, 1, 1, "attempts given up after keyingtries")                                   \
	X(REKEYED, 1, 0, "CHILD SAs that rekeyed another")                                         \
	X(COLLIDED, 1, 0, "CHILD SAs rekeyed by both ends at once")                                \
	X(REAUTHENTICATED, 1, 0, "IKE SAs made anew while the old one worked")                     \
	X(SHARED, 1, 0, "CHILD SAs beside another connection's in one IKE SA")                     \
	X(SEVERAL, 1, 0, "CHILD SAs with several selectors at one end")                            \
	X(NARROWED, 1, 0, "CHILD SAs narrower than their connection")                              \
	X(TRANSPORT, 1, 0, "CHILD SAs in transport mode")                                          \
	X(AH, 1, 0, "CHILD SAs with AH")                                                           \
	X(COMPRESSED, 1, 0, "CHILD SAs with IPComp")                                               \
	X(ENCAPSULATED, 1, 0, "CHILD SAs through a NAT")                                           \
	X(IPV6, 1, 0, "CHILD SAs between IPv6 hosts")                                              \
	X(NULL_AUTH, 1, 1, "CHILD SAs with a peer that has proved nothing")                        \
	X(RAW_KEY, 1, 0, "CHILD SAs with a peer of a written key")                                 \
	X(CERTIFICATE, 1, 0, "CHILD SAs with a peer that has a certificate")                       \
	X(DNS_KEY, 0, 1, "CHILD SAs with a peer whose key is in DNS")                              \
	X(DELEGATED, 0, 0, "CHILD SAs for which a gateway spoke")                                  \
	X(MOVED, 1, 0, "SAs that moved to another address (MOBIKE)")                               \
	X(CERT_LATE, 1, 0, "certificates whose CRL came late")                                     \
	X(CERT_REFUSED, 1, 0, "certificates whose CRL did not come")                               \
	X(LEASE4, 1, 0, "IPv4 addresses leased")                                                   \
	X(LEASE6, 1, 0, "IPv6 addresses leased")                                                   \
	X(NO_LEASE, 1, 0, "times that no address was free")                                        \
	X(TXT, 0, 1, "keys found in TXT records")                                                  \
	X(KEY, 0, 1, "keys found in KEY records")                                                  \
	X(IPSECKEY, 0, 1, "keys found in IPSECKEY records")                                        \
	X(LOOKED_UP, 1, 0, "peers' names looked up")                                               \
	X(LOOKED_IN_VAIN, 1, 0, "peers' names looked up in vain")                                  \
	X(RENUMBERED, 1, 0, "hosts that got another address, and their names with them")           \
	X(FOUND_AGAIN, 1, 0, "connections whose peer is at another address of its name")
/* clang-format on */

enum cover {
#define COVER_ENUM(id, world, mesh, text) COVER_##id,
	COVER_KINDS(COVER_ENUM)
#undef COVER_ENUM
		COVER_END
};

#endif
