kill -STOP $(cat /run/modswan/nsd.pids)
