# Somebody else's nginx leads to us already: ours stays out of the way, and theirs works in all its forms.
cat >/etc/nginx/conf.d/gate.conf <<'END'
upstream named { server unix:/var/lib/ecss/ecss-crm-server/http; keepalive 8; }
server {
    listen 9000;
    location /bitrix { proxy_pass http://unix:/var/lib/ecss/ecss-crm-server/http; }
    location /stripped/ { proxy_pass http://unix:/var/lib/ecss/ecss-crm-server/http:/; }
    location /tls/ { proxy_pass https://unix:/var/lib/ecss/ecss-crm-server/https:/; }
    location /named/ { proxy_pass http://named/; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location /unbuffered/ { proxy_pass http://named/; proxy_buffering off; }
}
END
quietly systemctl restart nginx
quietly dpkg -i $OURS
holds grep -q 'leads to the service already' /tmp/quiet.log
not test -e $SITE
not test -e $ENABLED
holds active
for path in bitrix bitrix/ stripped/ tls/ named/ unbuffered/; do
    eventually answers 200 http://127.0.0.1:9000/$path
    is "a static file behind $path" "$(code "http://127.0.0.1:9000/${path%/}/$(style "http://127.0.0.1:9000/${path%/}")")" 200
done
quietly dpkg -i $NEXT
not test -e $SITE
# Theirs goes, ours comes.
rm /etc/nginx/conf.d/gate.conf
quietly systemctl reload nginx
quietly dpkg-reconfigure -f noninteractive ecss-crm-server
serves
