# Other answers later. proxyGatewayURL and the gateway follow; an address of the administrator's own does not.
quietly dpkg -i $OURS
reconfigure server_host=crm.example.org http_port=9080 https_port=9443
says $SETTINGS 'serverHost: "crm.example.org",'
says $SETTINGS 'proxyGatewayURL: "https://crm.example.org:9443/bitrix",'
says $SETTINGS '//httpPort: process.env.HTTP_PORT || 9080,'
says $SETTINGS '//httpsPort: process.env.HTTPS_PORT || 9443,'
eventually answers 200 https://127.0.0.1:9443/bitrix
eventually answers 308 http://127.0.0.1:9080/
eventually answers 000 https://127.0.0.1:8802/bitrix
holds grep -q 'made for 127.0.0.1' /tmp/quiet.log
quietly ecss-crm-server check-config

sed -i 's|proxyGatewayURL: .*|proxyGatewayURL: "https://gate.example.org/bitrix",|' $ETC/settings.js
reconfigure server_host=10.1.2.3
says $SETTINGS 'serverHost: "10.1.2.3",'
says $SETTINGS 'proxyGatewayURL: "https://gate.example.org/bitrix",'
reconfigure server_host=fd00::1
says $SETTINGS 'serverHost: "fd00::1",'

# No gateway, and one again.
reconfigure configure_nginx=no
not test -e $ENABLED
eventually answers 000 https://127.0.0.1:9443/bitrix
reconfigure configure_nginx=yes
eventually answers 200 https://127.0.0.1:9443/bitrix

# The site is the administrator's once they have edited it.
echo '# edited' >>$SITE
reconfigure https_port=9444
holds grep -q '# edited' $SITE
holds grep -q 'listen 9443 ssl' $SITE

# The wildcard only after a second question.
reconfigure server_host=0.0.0.0 wildcard_host=no
says $SETTINGS 'serverHost: "fd00::1",'
reconfigure server_host=0.0.0.0 wildcard_host=yes
says $SETTINGS 'serverHost: "0.0.0.0",'

# Nonsense ends in what was there before, also where nobody is asked.
for pair in server_host='http://x' http_port=70000 https_port=abc; do
    before=$(md5sum <$ETC/settings.js)
    reconfigure "$pair"
    is "settings.js after $pair" "$(md5sum <$ETC/settings.js)" "$before"
done
