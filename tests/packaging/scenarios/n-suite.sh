# On a host of ECSS-10: the suite's account owns /var/lib/ecss, and may have closed it.
echo 'u ssw - "Eltex ECSS-10 system account" /var/lib/ecss /bin/false' >/tmp/ssw.conf
quietly systemd-sysusers /tmp/ssw.conf
mkdir -p /var/lib/ecss /var/log/ecss
chown ssw:ssw /var/lib/ecss /var/log/ecss
chmod 0755 /var/lib/ecss /var/log/ecss
quietly dpkg -i $OURS
serves
is "the suite's folder" "$(mode /var/lib/ecss)" '755 ssw:ssw'
is 'ours' "$(mode $VAR)" '2711 ecss-crm:www-data'
not test -e /etc/systemd/system/$UNIT.d/20-ssw.conf

chmod 0750 /var/lib/ecss
adduser --quiet www-data ssw 2>/dev/null || usermod -aG ssw www-data
quietly systemctl restart nginx
quietly dpkg-reconfigure -f noninteractive ecss-crm-server
holds test -e /etc/systemd/system/$UNIT.d/20-ssw.conf
serves
quietly dpkg -P ecss-crm-server
is "the suite's folder after a purge" "$(mode /var/lib/ecss)" '750 ssw:ssw'
