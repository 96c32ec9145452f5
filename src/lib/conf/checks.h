/* SPDX-License-Identifier: Apache-2.0 */
/* Syntax of ipsec.conf values, for the .check column of the key tables. */
#ifndef LIB_CONF_CHECKS_H
#define LIB_CONF_CHECKS_H

#include <modswan/error.h>

ms_err conf_check_host(const char *value, struct ms_why *why); /* left=, right= */
ms_err conf_check_nexthop(const char *value, struct ms_why *why);
ms_err conf_check_addr(const char *value, struct ms_why *why);
ms_err conf_check_sourceip(const char *value, struct ms_why *why); /* address or %config */
ms_err conf_check_pool(const char *value, struct ms_why *why);	   /* A-B,NET/BITS */
ms_err conf_check_domain(const char *value, struct ms_why *why);   /* a host name */
ms_err conf_check_subnet(const char *value, struct ms_why *why);
ms_err conf_check_subnet_list(const char *value, struct ms_why *why); /* A/N,B/N */
ms_err conf_check_protoport(const char *value, struct ms_why *why);
ms_err conf_check_ca(const char *value, struct ms_why *why);
ms_err conf_check_ckaid(const char *value, struct ms_why *why);
ms_err conf_check_http(const char *value, struct ms_why *why);
ms_err conf_check_id(const char *value, struct ms_why *why);
ms_err conf_check_rsakey(const char *value, struct ms_why *why); /* RFC 3110 blob or %word */
ms_err conf_check_pubkey(const char *value, struct ms_why *why); /* any octets */
ms_err conf_check_spi(const char *value, struct ms_why *why);     /* 0x100 ... */
ms_err conf_check_spibase(const char *value, struct ms_why *why); /* 0x...0 */
ms_err conf_check_key(const char *value, struct ms_why *why);     /* 0x, 0s, 0t; never repeated */
ms_err conf_check_pfsgroup(const char *value, struct ms_why *why);
ms_err conf_check_ike(const char *value, struct ms_why *why);
ms_err conf_check_interface(const char *value, struct ms_why *why); /* ipsec0=eth0, %word */
ms_err conf_check_plutodebug(const char *value, struct ms_why *why);
ms_err conf_check_klipsdebug(const char *value, struct ms_why *why);
ms_err conf_check_syslog(const char *value, struct ms_why *why);    /* FACILITY.LEVEL */
ms_err conf_check_path(const char *value, struct ms_why *why);      /* begins with / */
ms_err conf_check_protostack(const char *value, struct ms_why *why);
ms_err conf_check_word(const char *value, struct ms_why *why);      /* letters digits . _ - */
ms_err conf_check_log_level(const char *value, struct ms_why *why); /* SOURCE=LEVEL */

#endif
