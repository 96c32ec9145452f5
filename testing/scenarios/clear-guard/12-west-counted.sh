nft list ruleset
n=$(nft list ruleset | sed -nE 's/.* counter packets ([0-9]+) .* drop.*/\1/p' | awk '{ n += $1 } END { print n + 0 }')
assert_ge "spoofed packets dropped" "$n" 2
