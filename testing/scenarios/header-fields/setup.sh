encap_dscp=${encap_dscp:-default} decap_dscp=${decap_dscp:-no}
# DSCP 46 with ECT(0) inside; outside:
outer=${outer:-0x02}
