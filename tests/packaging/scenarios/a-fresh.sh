# Installed on a host without anything, with preseeded answers: the documented address answers.
preseed server_host string 192.168.116.130
quietly dpkg -i $OURS
eventually active
serves
is 'the address without a slash' "$(code https://127.0.0.1:8802/bitrix)" 200
is 'a file under the prefix' "$(code "https://127.0.0.1:8802/bitrix/$(style https://127.0.0.1:8802/bitrix)")" 200
is 'a post without a slash' "$(code -X POST -d event=ONTEST https://127.0.0.1:8802/bitrix)" \
    "$(code -X POST -d event=ONTEST https://127.0.0.1:8802/bitrix/)"
is 'the HTTP port' "$(curl -s -m 20 -o /dev/null -w '%{http_code} %{redirect_url}' 'http://127.0.0.1:8801/bitrix?a=b')" \
    '308 https://127.0.0.1:8802/bitrix?a=b'
is 'the https socket' "$(code --unix-socket $VAR/https https://localhost/)" 200

says $SETTINGS 'serverHost: "192.168.116.130",'
says $SETTINGS 'proxyGatewayURL: "https://192.168.116.130:8802/bitrix",'
says $SETTINGS '//httpPort: process.env.HTTP_PORT || 8801,'
is 'the old path' "$(readlink $SETTINGS)" $ETC/settings.js
is 'the old path of the key' "$(readlink $LIB/key.pem)" $ETC/ssl/key.pem
is 'the old path of the certificate' "$(readlink $LIB/cert.pem)" $ETC/ssl/cert.pem
quietly ecss-crm-server check-config

is settings.js "$(mode $ETC/settings.js)" '640 root:ecss-crm'
is 'its folder' "$(mode $ETC)" '2750 root:ecss-crm'
is 'the key' "$(mode $ETC/ssl/key.pem)" '640 root:ecss-crm'
is 'the certificate' "$(mode $ETC/ssl/cert.pem)" '644 root:ecss-crm'
is 'the sockets folder' "$(mode $VAR)" '2711 ecss-crm:www-data'
is 'the HTTP socket' "$(mode $VAR/http)" '660 ecss-crm:www-data'
is 'the HTTPS socket' "$(mode $VAR/https)" '660 ecss-crm:www-data'
is 'the database folder' "$(mode $VAR/db)" '700 ecss-crm:ecss-crm'
is 'the log folder' "$(mode $LOG)" '2750 ecss-crm:adm'
is 'the log' "$(mode $LOG/default.log)" '640 ecss-crm:adm'
is 'who runs it' "$(ps -o user= -p "$(pid)")" ecss-crm
is 'its rights' "$(awk '/^Cap(Prm|Eff|Bnd|Amb)/ { print $2 }' "/proc/$(pid)/status" | sort -u)" 0000000000000000
note "exposure of the running unit: $(systemd-analyze security $UNIT --threshold=12 | sed -n 's/.*: \([0-9.]*\) .*/\1/p')"
note "memory: $(($(awk '/^VmRSS/ { print $2 }' "/proc/$(pid)/status") / 1024)) MiB"

if [ -e /proc/net/if_inet6 ]; then
    is 'what nginx listens on' "$(grep -c 'listen \[::\]:880[12]' $SITE)" 2
    is 'the address over IPv6' "$(code 'https://[::1]:8802/bitrix')" 200
else
    not grep -q '\[::\]' $SITE
fi
not grep -q '@\|# ipv6' $SITE
is 'what the gateway says of itself' "$(curl -skI -m 20 https://127.0.0.1:8802/nowhere | tr -d '\r' | sed -n 's/^Server: //p')" nginx

# Codes and tokens travel in query strings.
code 'https://127.0.0.1:8802/bitrix?code=TOPSECRET' -e 'https://portal/?auth=TOPSECRET' >/dev/null
eventually grep -q '"GET /bitrix/ HTTP' /var/log/nginx/ecss-crm-server.access.log
not grep -rq TOPSECRET /var/log/nginx $LOG

quietly systemctl reload $UNIT
serves
quietly systemctl restart $UNIT
serves
is 'faults in the journal' "$(journalctl -u $UNIT -p err -q --no-pager)" ''
# Once more: nothing is different afterwards.
before=$(find $ETC $SITE -type f -exec md5sum {} +)
quietly /var/lib/dpkg/info/ecss-crm-server.postinst configure 1:1.0.0-1
is 'what a second configuration leaves' "$(find $ETC $SITE -type f -exec md5sum {} +)" "$before"
