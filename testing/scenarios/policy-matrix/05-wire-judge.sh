capture_stop public
python3 "$scenario/judge.py" "$scenario/matrix" "$world" || fail "cells are not what they should be"
