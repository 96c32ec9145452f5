cp $world/west/etc/west.key $world/east/etc/
cp $world/east/etc/east.key $world/west/etc/
# each knows its own key by the CKAID alone
sed -i '/key=/d' $world/west/etc/west.key $world/east/etc/east.key
