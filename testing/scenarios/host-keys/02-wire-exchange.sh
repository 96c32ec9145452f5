cp $world/west/etc/west.key $world/east/etc/
cp $world/east/etc/east.key $world/west/etc/
