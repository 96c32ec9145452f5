# state EROUTE TEXT: what its packets meet, and what status calls that
state() {
	eroute_is $west_net $east_net $1 && ipsec status | grep -E "west-east.*; $2"
}
wait_for 20 state %hold 'erouted HOLD'
wait_for 20 state %reject 'fail erouted'
wait_for 20 state %trap 'prospective erouted'
