capture_stop public
if [ "$peer" = modswan ]; then
	only_esp_on_wire public 30
	assert_eq "long packets, the noise" "$(capture_count public 'greater 1000')" 20
else
	# datagrams of one size may be captured as one
	only_esp_on_wire public 30 natt
	assert_ge "long packets" "$(capture_count public 'greater 1000 and port 4500')" 20
fi
