capture_stop public
case $alg in
null*)
	[ "$(capture_count public "$filter_esp")" -ge 40 ]
	marker_on public || fail "NULL encryption hides the content"
	;;
*) only_esp_on_wire public 40 esp ;;
esac
