/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routing of one connection: six states, what may happen to it, and what is done then.
 *
 * The table is total: each state has one cell for each event, and the compiler refuses it otherwise
 * (fsm.c).  An event that means one thing under one policy and another thing under another is two
 * events here, so that a cell needs no conditions.
 */
#ifndef MODSWAN_CORE_ROUTE_FSM_H
#define MODSWAN_CORE_ROUTE_FSM_H

#include "core/conn/conn.h"

enum route_event {
	RE_ROUTE,	  /* its packets are to be caught, or let through, dropped, refused */
	RE_UNROUTE,	  /* a person wants the route away */
	RE_GOES,	  /* the connection is being deleted */
	RE_MOVED,	  /* one of its ends has another address */
	RE_PACKET,	  /* a packet waits: negotiation begins */
	RE_CANCELLED,	  /* negotiation ended, nobody is to blame */
	RE_FAILED,	  /* negotiation failed, failureshunt= says what follows */
	RE_FAILED_NONE,	  /* negotiation failed, failureshunt=none */
	RE_FAILURE_OVER,  /* a shunt that is not the prospective one has lived long enough */
	RE_SA_UP,	  /* an SA group is in the kernel */
	RE_SA_HEIR,	  /* the owner of the eroute went, another group carries the same */
	RE_SA_GONE,	  /* the owner of the eroute went */
	RE_SA_GONE_FAILED, /* it went and could not be replaced, failureshunt= says what follows */
	RE_SA_GONE_GOES,  /* it went, and so does the connection */
	RE_STOLEN,	  /* another connection takes the eroute */
	RE_EVENTS
};

enum route_action {
	RA_STAY,	   /* nothing */
	RA_BUSY,	   /* is refused */
	RA_CATCH,	   /* route; the prospective shunt */
	RA_REST,	   /* the prospective shunt */
	RA_FOLLOW,	   /* the prospective shunt; what was for the old address goes; route again */
	RA_HOLD,	   /* the negotiation shunt */
	RA_CATCH_HOLD,	   /* route; the negotiation shunt */
	RA_FAIL,	   /* the failure shunt, for its lifetime */
	RA_PROTECT,	   /* route where there is none; the SA group; hook up */
	RA_MOVE,	   /* another SA group */
	RA_UNPROTECT,	   /* hook down; the prospective shunt */
	RA_UNPROTECT_FAIL, /* hook down; the failure shunt, for its lifetime */
	RA_UNPROTECT_OUT,  /* hook down; eroutes out, unroute where nobody else needs the route */
	RA_OUT,		   /* eroutes out, unroute where nobody else needs the route */
	RA_DELETE,	   /* eroutes out, there is no route */
	RA_BARE,	   /* the eroute becomes a bare shunt, that of failure */
	RA_LET_GO,	   /* what was not taken goes out, unroute where nobody else needs it */
	RA_LET_GO_DOWN,	   /* the same after hook down */
	RA_ACTIONS
};

struct route_cell {
	uint8_t to;	/* enum conn_routing */
	uint8_t action; /* enum route_action */
};

const struct route_cell *route_cell(enum conn_routing state, enum route_event event);
const char *route_event_name(enum route_event e);   /* "sa-gone" */
const char *route_action_name(enum route_action a); /* "unprotect" */

#endif
