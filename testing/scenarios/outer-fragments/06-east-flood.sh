# to west: first fragments that are never finished, and some with a second that overlaps
python3 "$top/testing/lib/fragments.py" $east_address $west_address 20000
