ping_ok $east_client
for from in 10.1.0.1 10.11.0.1; do
	ping_ok 10.2.0.1 3 $from
	ping_ok 10.22.0.1 3 $from
done
for from in 10.3.0.1 10.33.0.1; do
	ping_ok 10.4.0.1 3 $from
	ping_ok 10.44.0.1 3 $from
done
