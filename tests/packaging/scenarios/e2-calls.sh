# Real calls between a simulated portal and switch: none is dropped by a restart, an upgrade or a killed process.
quietly dpkg -i $OURS
serves
# The simulated portal's browsers do not know our own certificate.
cat >/etc/nginx/conf.d/plain.conf <<'END'
server {
    listen 9080;
    include /usr/share/ecss/ecss-crm-server/nginx-locations.conf;
}
END
quietly systemctl reload nginx
/debs/installed --ignored --nocapture
