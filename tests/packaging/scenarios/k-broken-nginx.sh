# A broken nginx breaks neither installation nor removal; once repaired, the gateway works.
echo 'garbage;' >/etc/nginx/sites-enabled/broken.conf
quietly dpkg -i $OURS
holds grep -q 'nginx was not reloaded' /tmp/quiet.log
holds active
rm /etc/nginx/sites-enabled/broken.conf
quietly systemctl reload nginx
serves

echo 'garbage;' >/etc/nginx/sites-enabled/broken.conf
quietly dpkg -i $NEXT
quietly dpkg -r ecss-crm-server
quietly dpkg -i $OURS
quietly dpkg -P ecss-crm-server
rm /etc/nginx/sites-enabled/broken.conf
holds nginx -t -q

# nginx that is stopped is not started, nginx that comes later gets its site then.
quietly systemctl stop nginx
mv /etc/nginx /etc/nginx.away
quietly dpkg -i $OURS
holds active
mv /etc/nginx.away /etc/nginx
quietly dpkg-trigger --by-package=ecss-crm-server /usr/sbin/nginx
quietly dpkg --configure --pending
is nginx "$(systemctl is-active nginx || true)" inactive
quietly systemctl start nginx
serves
