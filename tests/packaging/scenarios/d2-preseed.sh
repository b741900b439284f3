# Preseeded answers that make no sense end in the defaults, never in a loop or in a failure.
preseed server_host string 'not a host'
preseed http_port string 70000
preseed https_port string 70000
quietly timeout 120 dpkg -i $OURS
says $SETTINGS 'serverHost: "127.0.0.1",'
says $SETTINGS 'proxyGatewayURL: "https://127.0.0.1:8802/bitrix",'
serves
quietly dpkg -P ecss-crm-server

preseed http_port string 8802
preseed https_port string 8802
quietly timeout 120 dpkg -i $OURS
says $SETTINGS '//httpPort: process.env.HTTP_PORT || 8801,'
quietly dpkg -P ecss-crm-server

# The wildcard is the administrator's word, and is warned of.
preseed server_host string 0.0.0.0
quietly timeout 120 dpkg -i $OURS
says $SETTINGS 'serverHost: "0.0.0.0",'
holds grep -q 'cannot be embedded' /tmp/quiet.log
serves
