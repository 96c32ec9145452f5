assert_ge "octets in over the new tunnel" "$(traffic west-east in)" 420
