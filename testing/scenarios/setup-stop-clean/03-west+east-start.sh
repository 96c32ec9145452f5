modswan_start
must_fail ipsec setup start
daemon_runs pluto
