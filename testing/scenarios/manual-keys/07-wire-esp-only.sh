capture_stop public
case $alg in
null*)
	[ "$(capture_count public "$filter_esp")" -ge 40 ]
	marker_on public || fail "NULL encryption hides the content"
	;;
*) only_esp_on_wire public 40 esp ;;
esac
# clients ask with DF and answer without
with_df=$(capture_count public 'ip proto 50 and ip[6] & 0x40 != 0')
if [ "${df:-copy}" = clear ]; then
	assert_eq "ESP packets with DF" "$with_df" 0
elif [ "${family:-4}" = 4 ]; then
	assert_ge "ESP packets with DF" "$with_df" 20
fi
