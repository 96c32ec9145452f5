/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and names of the IANA registry "IKEv2 Parameters" that IKE messages are made of; the
 * enum, the look-ups and the tests come from these lists.  Transform numbers are in
 * modswan/crypto.h.
 */
#ifndef MODSWAN_CORE_IKE_IANA_H
#define MODSWAN_CORE_IKE_IANA_H

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
/* value, name */
/* Those from 38 on have names only: a message of theirs is one of an unknown exchange. */
#define IKE_EXCHANGES(X)                                                                           \
	X(34, IKE_SA_INIT)                                                                         \
	X(35, IKE_AUTH)                                                                            \
	X(36, CREATE_CHILD_SA)                                                                     \
	X(37, INFORMATIONAL)                                                                       \
	X(38, IKE_SESSION_RESUME) /* RFC 5723 */                                                   \
	X(43, IKE_INTERMEDIATE) /* RFC 9242 */                                                     \
	X(44, IKE_FOLLOWUP_KE) /* RFC 9370 */

enum ike_exchange_type {
#define IKE_EXCHANGE_ENUM(value, name) IKE_X_##name = value,
	IKE_EXCHANGES(IKE_EXCHANGE_ENUM)
#undef IKE_EXCHANGE_ENUM
};

/* value, name, the RFC's notation */
#define IKE_PAYLOADS(X)                                                                            \
	X(33, SA, "SA")                                                                            \
	X(34, KE, "KE")                                                                            \
	X(35, IDI, "IDi")                                                                          \
	X(36, IDR, "IDr")                                                                          \
	X(37, CERT, "CERT")                                                                        \
	X(38, CERTREQ, "CERTREQ")                                                                  \
	X(39, AUTH, "AUTH")                                                                        \
	X(40, NONCE, "Nonce")                                                                      \
	X(41, NOTIFY, "N")                                                                         \
	X(42, DELETE, "D")                                                                         \
	X(43, VENDOR, "V")                                                                         \
	X(44, TSI, "TSi")                                                                          \
	X(45, TSR, "TSr")                                                                          \
	X(46, SK, "SK")                                                                            \
	X(47, CP, "CP")                                                                            \
	X(48, EAP, "EAP")                                                                          \
	X(53, SKF, "SKF") /* RFC 7383 */

enum ike_payload_type {
	IKE_P_NONE = 0,
#define IKE_PAYLOAD_ENUM(value, name, text) IKE_P_##name = value,
	IKE_PAYLOADS(IKE_PAYLOAD_ENUM)
#undef IKE_PAYLOAD_ENUM
	IKE_P_FIRST = IKE_P_SA,
	IKE_P_LAST = IKE_P_SKF,
};

/* Also those of extensions that are not here: they are ignored, and called by their names when one
 * is an error or in a log line. */
#define IKE_NOTIFIES(X)                                                                            \
	X(1, UNSUPPORTED_CRITICAL_PAYLOAD)                                                         \
	X(4, INVALID_IKE_SPI)                                                                      \
	X(5, INVALID_MAJOR_VERSION)                                                                \
	X(7, INVALID_SYNTAX)                                                                       \
	X(9, INVALID_MESSAGE_ID)                                                                   \
	X(11, INVALID_SPI)                                                                         \
	X(14, NO_PROPOSAL_CHOSEN)                                                                  \
	X(17, INVALID_KE_PAYLOAD)                                                                  \
	X(24, AUTHENTICATION_FAILED)                                                               \
	X(34, SINGLE_PAIR_REQUIRED)                                                                \
	X(35, NO_ADDITIONAL_SAS)                                                                   \
	X(36, INTERNAL_ADDRESS_FAILURE)                                                            \
	X(37, FAILED_CP_REQUIRED)                                                                  \
	X(38, TS_UNACCEPTABLE)                                                                     \
	X(39, INVALID_SELECTORS)                                                                   \
	X(40, UNACCEPTABLE_ADDRESSES)                                                              \
	X(41, UNEXPECTED_NAT_DETECTED)                                                             \
	X(42, USE_ASSIGNED_HOA)                                                                    \
	X(43, TEMPORARY_FAILURE)                                                                   \
	X(44, CHILD_SA_NOT_FOUND)                                                                  \
	X(45, INVALID_GROUP_ID)                                                                    \
	X(46, AUTHORIZATION_FAILED)                                                                \
	X(47, STATE_NOT_FOUND)                                                                     \
	X(48, TS_MAX_QUEUE)                                                                        \
	X(16384, INITIAL_CONTACT)                                                                  \
	X(16385, SET_WINDOW_SIZE)                                                                  \
	X(16386, ADDITIONAL_TS_POSSIBLE)                                                           \
	X(16387, IPCOMP_SUPPORTED)                                                                 \
	X(16388, NAT_DETECTION_SOURCE_IP)                                                          \
	X(16389, NAT_DETECTION_DESTINATION_IP)                                                     \
	X(16390, COOKIE)                                                                           \
	X(16391, USE_TRANSPORT_MODE)                                                               \
	X(16392, HTTP_CERT_LOOKUP_SUPPORTED)                                                       \
	X(16393, REKEY_SA)                                                                         \
	X(16394, ESP_TFC_PADDING_NOT_SUPPORTED)                                                    \
	X(16395, NON_FIRST_FRAGMENTS_ALSO)                                                         \
	X(16396, MOBIKE_SUPPORTED)                                                                 \
	X(16397, ADDITIONAL_IP4_ADDRESS)                                                           \
	X(16398, ADDITIONAL_IP6_ADDRESS)                                                           \
	X(16399, NO_ADDITIONAL_ADDRESSES)                                                          \
	X(16400, UPDATE_SA_ADDRESSES)                                                              \
	X(16401, COOKIE2)                                                                          \
	X(16402, NO_NATS_ALLOWED)                                                                  \
	X(16403, AUTH_LIFETIME)                                                                    \
	X(16404, MULTIPLE_AUTH_SUPPORTED)                                                          \
	X(16406, REDIRECT_SUPPORTED)                                                               \
	X(16407, REDIRECT)                                                                         \
	X(16408, REDIRECTED_FROM)                                                                  \
	X(16409, TICKET_LT_OPAQUE)                                                                 \
	X(16410, TICKET_REQUEST)                                                                   \
	X(16411, TICKET_ACK)                                                                       \
	X(16412, TICKET_NACK)                                                                      \
	X(16413, TICKET_OPAQUE)                                                                    \
	X(16414, LINK_ID)                                                                          \
	X(16415, USE_WESP_MODE)                                                                    \
	X(16416, ROHC_SUPPORTED)                                                                   \
	X(16417, EAP_ONLY_AUTHENTICATION)                                                          \
	X(16418, CHILDLESS_IKEV2_SUPPORTED)                                                        \
	X(16419, QUICK_CRASH_DETECTION)                                                            \
	X(16420, IKEV2_MESSAGE_ID_SYNC_SUPPORTED)                                                  \
	X(16421, IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED)                                              \
	X(16422, IKEV2_MESSAGE_ID_SYNC)                                                            \
	X(16423, IPSEC_REPLAY_COUNTER_SYNC)                                                        \
	X(16424, SECURE_PASSWORD_METHODS)                                                          \
	X(16427, ERX_SUPPORTED)                                                                    \
	X(16430, IKEV2_FRAGMENTATION_SUPPORTED)                                                    \
	X(16431, SIGNATURE_HASH_ALGORITHMS)                                                        \
	X(16432, CLONE_IKE_SA_SUPPORTED)                                                           \
	X(16433, CLONE_IKE_SA)                                                                     \
	X(16434, PUZZLE)                                                                           \
	X(16435, USE_PPK)                                                                          \
	X(16436, PPK_IDENTITY)                                                                     \
	X(16437, NO_PPK_AUTH)                                                                      \
	X(16438, INTERMEDIATE_EXCHANGE_SUPPORTED)                                                  \
	X(16441, ADDITIONAL_KEY_EXCHANGE)                                                          \
	X(16442, USE_AGGFRAG)                                                                      \
	X(16443, SUPPORTED_AUTH_METHODS)

enum ike_notify_type {
#define IKE_NOTIFY_ENUM(value, name) IKE_N_##name = value,
	IKE_NOTIFIES(IKE_NOTIFY_ENUM)
#undef IKE_NOTIFY_ENUM
	IKE_N_FIRST_STATUS = 16384, /* below: errors */
};

/* RFC 7296 s3.8 */
#define IKE_AUTH_METHODS(X)                                                                        \
	X(1, RSA_SIGNATURE, "RSA digital signature")                                               \
	X(2, SHARED_KEY, "shared key MIC")                                                         \
	X(3, DSS_SIGNATURE, "DSS digital signature")                                               \
	X(9, ECDSA_P256, "ECDSA with SHA-256 on P-256")                                            \
	X(10, ECDSA_P384, "ECDSA with SHA-384 on P-384")                                           \
	X(11, ECDSA_P521, "ECDSA with SHA-512 on P-521")                                           \
	X(13, NULL_AUTH, "NULL authentication")                                                    \
	X(14, DIGITAL_SIGNATURE, "digital signature")

enum ike_auth_method {
#define IKE_AUTH_ENUM(value, name, text) IKE_AUTHM_##name = value,
	/* clang-format on */
	IKE_AUTH_METHODS(IKE_AUTH_ENUM)
#undef IKE_AUTH_ENUM
};

enum ike_flags { IKE_F_INITIATOR = 0x08, IKE_F_VERSION = 0x10, IKE_F_RESPONSE = 0x20 };
enum { IKE_VERSION_1 = 0x10, IKE_VERSION_2 = 0x20 };
/* Private use of version 1: the family's ping. */
enum { IKE_X_ECHO_REQUEST = 244, IKE_X_ECHO_REPLY = 245 };
enum { IKE_TS_IPV4 = 7, IKE_TS_IPV6 = 8 };
enum { IKE_ATTR_KEY_LENGTH = 14 };
/* RFC 7296 s3.15; RFC 8598 */
enum { IKE_CFG_REQUEST = 1, IKE_CFG_REPLY, IKE_CFG_SET, IKE_CFG_ACK };
enum {
	IKE_CFG_IP4_ADDRESS = 1,
	IKE_CFG_IP4_DNS = 3,
	IKE_CFG_IP6_ADDRESS = 8,
	IKE_CFG_IP6_DNS = 10,
	IKE_CFG_IP4_SUBNET = 13,
	IKE_CFG_IP6_SUBNET = 15,
	IKE_CFG_DNS_DOMAIN = 25,
};

/* The name, or NULL for a number without one here. */
typedef const char *ike_name_f(uint32_t value);
ike_name_f ike_exchange_name, ike_payload_name, ike_notify_name, ike_auth_method_name;
ike_name_f ike_cfg_type_name, ike_id_type_name, ike_ts_type_name, ike_protocol_name, ike_transform_type_name;
/* Never NULL: "#49152" in a static buffer of the thread when there is no name. */
const char *ike_name(ike_name_f *f, uint32_t value);

static inline bool ike_notify_is_error(uint32_t type)
{
	return type < IKE_N_FIRST_STATUS;
}

#endif
