# Without sockets and with a port below 1024: the service may bind it, nginx makes way; and back.
quietly dpkg -i $OURS
serves
sed -i -e 's/useUnixSockets: true/useUnixSockets: false/' -e 's|//httpsPort: .*|httpsPort: 443,|' \
    -e 's|//httpPort: .*|httpPort: 80,|' $ETC/settings.js
# The distribution's own site is on port 80.
rm -f /etc/nginx/sites-enabled/default
quietly systemctl restart nginx
quietly dpkg-reconfigure -f noninteractive ecss-crm-server
DROP_IN=/etc/systemd/system/$UNIT.d/10-lowport.conf
holds test -e $DROP_IN
not test -e $ENABLED
eventually answers 200 https://127.0.0.1/
is 'the HTTP port' "$(code http://127.0.0.1/)" "$(code --resolve localhost:80:127.0.0.1 http://localhost/)"
is 'who runs it' "$(ps -o user= -p "$(pid)")" ecss-crm
quietly systemctl restart $UNIT
eventually answers 200 https://127.0.0.1/

sed -i -e 's/useUnixSockets: false/useUnixSockets: true/' $ETC/settings.js
reconfigure http_port=8801 https_port=8802
not test -e $DROP_IN
serves
