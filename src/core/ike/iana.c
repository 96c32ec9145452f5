/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ike/iana.h"

#include <modswan/id.h>
#include <modswan/proposal.h>

#include <stddef.h>
#include <stdio.h>

struct name_row {
	uint32_t value;
	const char *name;
};

/* Rows are in rising order. */
static const char *find(const struct name_row *rows, size_t n, uint32_t value)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (rows[mid].value == value)
			return rows[mid].name;
		if (rows[mid].value < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

#define TABLE(function, ...)                                              \
	const char *function(uint32_t value)                              \
	{                                                                 \
		static const struct name_row rows[] = { __VA_ARGS__ };    \
		return find(rows, sizeof(rows) / sizeof(rows[0]), value); \
	}
#define ROW_NAME(value, name)       { value, #name },
#define ROW_TEXT(value, name, text) { value, text },

TABLE(ike_exchange_name, IKE_EXCHANGES(ROW_NAME))
TABLE(ike_payload_name, IKE_PAYLOADS(ROW_TEXT))
TABLE(ike_notify_name, IKE_NOTIFIES(ROW_NAME))
TABLE(ike_auth_method_name, IKE_AUTH_METHODS(ROW_TEXT))
TABLE(ike_cfg_type_name, { IKE_CFG_REQUEST, "CFG_REQUEST" }, { IKE_CFG_REPLY, "CFG_REPLY" },
	{ IKE_CFG_SET, "CFG_SET" }, { IKE_CFG_ACK, "CFG_ACK" })
TABLE(ike_id_type_name, { MS_ID_IPV4_ADDR, "ID_IPV4_ADDR" }, { MS_ID_FQDN, "ID_FQDN" },
	{ MS_ID_RFC822_ADDR, "ID_RFC822_ADDR" }, { MS_ID_IPV6_ADDR, "ID_IPV6_ADDR" },
	{ MS_ID_DER_ASN1_DN, "ID_DER_ASN1_DN" }, { MS_ID_DER_ASN1_GN, "ID_DER_ASN1_GN" },
	{ MS_ID_KEY_ID, "ID_KEY_ID" }, { MS_ID_NULL, "ID_NULL" })
TABLE(ike_ts_type_name, { IKE_TS_IPV4, "TS_IPV4_ADDR_RANGE" },
	{ IKE_TS_IPV6, "TS_IPV6_ADDR_RANGE" })
TABLE(ike_protocol_name, { 0, "none" }, { MS_PROTOCOL_IKE, "IKE" }, { MS_PROTOCOL_AH, "AH" },
	{ MS_PROTOCOL_ESP, "ESP" })
TABLE(ike_transform_type_name, { MS_TRANSFORM_ENCR, "ENCR" }, { MS_TRANSFORM_PRF, "PRF" },
	{ MS_TRANSFORM_INTEG, "INTEG" }, { MS_TRANSFORM_KE, "KE" },
	{ MS_TRANSFORM_ESN, "ESN" }, { 6, "ADDKE1" }, { 7, "ADDKE2" },
	{ 8, "ADDKE3" }, { 9, "ADDKE4" }, { 10, "ADDKE5" }, { 11, "ADDKE6" }, { 12, "ADDKE7" })

const char *ike_name(ike_name_f *f, uint32_t value)
{
	static _Thread_local char text[4][16];
	static _Thread_local unsigned turn;
	const char *name = f(value);

	if (name)
		return name;
	turn = (turn + 1) % 4;
	snprintf(text[turn], sizeof(text[turn]), "#%u", (unsigned)value);
	return text[turn];
}
