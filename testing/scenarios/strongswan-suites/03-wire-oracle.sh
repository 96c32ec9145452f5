# seconds: 400
# shellcheck disable=SC2154
python3 -B "$top/testing/lib/suite_oracle.py" "$world" "$stage/sbin/ipsec" $suites
