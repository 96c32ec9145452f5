if [ "$client" = modswan ]; then
	ipsec auto --down road-east
	wait_for 20 no_tunnel road-east
	wait_for 20 no_address 10.9.0.10
	ipsec auto --up road-east | assert_match - '^004 .*road-east.* established'
	wait_for 20 tunnels road-east 2
	ip -o address show | assert_match - ' 10.9.0.10/32'
else
	swanctl --terminate --ike road-east
	swanctl --initiate --child road-east
	swanctl --list-sas | assert_match - '10\.9\.0\.10/32'
fi
