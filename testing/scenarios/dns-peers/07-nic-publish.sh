cp $world/zones/next $world/zones/example.com
kill -HUP $(cat $world/zones/nsd.pid)
