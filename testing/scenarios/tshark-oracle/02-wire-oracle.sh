# seconds: 180
python3 -B "$top/testing/lib/tshark_oracle.py" "$world"
