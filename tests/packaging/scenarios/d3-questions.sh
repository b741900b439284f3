# A plain installation asks for address, ports and gateway, as the manual says; an upgrade asks nothing.
is 'what a fresh installation asks' "$(asked dpkg -i $OURS)" 'server_host http_port https_port configure_nginx '
says $SETTINGS 'serverHost: "127.0.0.1",'
serves
is 'what an upgrade asks' "$(asked dpkg -i $NEXT)" ''
quietly dpkg -P ecss-crm-server

# An administrator who comes from the Node.js package has answered already.
quietly dpkg -i /debs/node-shipped.deb
is 'what the change of package asks' "$(asked dpkg -i $OURS)" ''
serves
quietly dpkg -r ecss-crm-server
is 'what a return asks' "$(asked dpkg -i $OURS)" ''
quietly dpkg -P ecss-crm-server

# Nobody to ask: the defaults.
quietly dpkg -i $OURS
says $SETTINGS '//httpPort: process.env.HTTP_PORT || 8801,'
serves
