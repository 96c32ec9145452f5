# as if it was overloaded: questions come in, and no answer goes out
pgrep '^nsd' >/run/modswan/nsd.pids
kill -STOP $(cat /run/modswan/nsd.pids)
