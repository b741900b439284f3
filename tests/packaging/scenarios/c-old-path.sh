# Edits at the old path with tools that replace the link by a file: they count at once, and are adopted at an upgrade.
quietly dpkg -i $OURS
sed -i 's/rebindPlacement: false/rebindPlacement: false, logToConsole: true/' $SETTINGS
not test -L $SETTINGS
quietly systemctl restart $UNIT
serves
quietly dpkg -i $NEXT
is 'the old path' "$(readlink $SETTINGS)" $ETC/settings.js
holds grep -q 'logToConsole: true' $ETC/settings.js
not grep -q 'false, logToConsole: true' $ETC/settings.js.dpkg-old
is 'the mode' "$(mode $ETC/settings.js)" '640 root:ecss-crm'

# The program's own editor keeps link, owner and mode.
quietly ecss-crm-server config set logLevel debug
is 'the old path' "$(readlink $SETTINGS)" $ETC/settings.js
says $ETC/settings.js "logLevel: 'debug',"
is 'the mode' "$(mode $ETC/settings.js)" '640 root:ecss-crm'

# An address edited by hand is the one that debconf proposes, and what the file says in its own words stays.
cat >$ETC/settings.js <<'END'
module.exports = { serverHost : process.env.CRM_HOST || 'crm.example.org', // наш адрес
  "proxyGatewayURL": 'https://gate.example.org/pbx', httpsPort: 9443 , };
END
before=$(md5sum <$ETC/settings.js)
quietly dpkg -i $OURS
is 'a file in its own words' "$(md5sum <$ETC/settings.js)" "$before"
is "debconf's memory of the address" "$(answer server_host)" crm.example.org
is "debconf's memory of the port" "$(answer https_port)" 9443
eventually answers 200 https://127.0.0.1:9443/bitrix

# A link that leads elsewhere is somebody's arrangement.
mkdir /srv/settings
cp $ETC/settings.js /srv/settings/crm.js
chmod 0644 /srv/settings/crm.js
ln -sfn /srv/settings/crm.js $SETTINGS
quietly dpkg -i $NEXT
is "somebody's link" "$(readlink $SETTINGS)" /srv/settings/crm.js
holds active
