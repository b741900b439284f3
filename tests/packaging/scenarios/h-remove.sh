# Remove, install again, purge.
quietly dpkg -i $OURS
serves
sed -i "s/logLevel: 'warn'/logLevel: 'info'/" $ETC/settings.js
key=$(md5sum <$ETC/ssl/key.pem)
quietly dpkg -r ecss-crm-server
not active
not test -e $ENABLED
not test -e $LIB
holds nginx -t -q
eventually answers 000 https://127.0.0.1:8802/bitrix
holds test -e $ETC/settings.js

quietly dpkg -i $OURS
serves
says $SETTINGS "logLevel: 'info',"
is 'the key' "$(md5sum <$ETC/ssl/key.pem)" "$key"

# A site that was turned off stays off.
rm $ENABLED
quietly systemctl reload nginx
quietly dpkg -r ecss-crm-server
quietly dpkg -i $OURS
not test -e $ENABLED
ln -s ../sites-available/ecss-crm-server.conf $ENABLED

# A unit that was disabled stays disabled, one that was masked is not started.
quietly systemctl disable --now $UNIT
quietly dpkg -i $NEXT
is 'a disabled unit' "$(systemctl is-enabled $UNIT || true)" disabled
quietly systemctl mask $UNIT
quietly dpkg -i $OURS
not active

quietly dpkg -P ecss-crm-server
is 'what a purge leaves' "$(find / -xdev \( -path /proc -o -path /sys -o -path /debs -o -path /tmp -o -path /run -o -path /var/log/journal \) -prune -o -iname '*ecss*' -print)" \
    /etc/systemd/system/ecss-crm-server.service
rm /etc/systemd/system/ecss-crm-server.service
is "debconf's memory" "$(debconf-show ecss-crm-server)" ''
holds nginx -t -q
is nginx "$(systemctl is-active nginx)" active
holds getent passwd ecss-crm >/dev/null
quietly dpkg -i $OURS
serves
