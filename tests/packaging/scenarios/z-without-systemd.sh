# In a folder that is not booted, as for images: installs, upgrades, removes and purges; the program starts.
quietly dpkg -i /debs/node-shipped.deb
sed -i -e "s/logLevel: 'warn'/logLevel: 'debug'/" $SETTINGS
settings=$(md5sum <$SETTINGS)
quietly dpkg -i $OURS
is 'settings.js' "$(md5sum <$ETC/settings.js)" "$settings"
is 'the old path' "$(readlink $SETTINGS)" $ETC/settings.js
is 'the sockets folder' "$(mode $VAR)" '2711 ecss-crm:www-data'
holds test -e $ENABLED
quietly ecss-crm-server check-config
quietly dpkg -i $NEXT
quietly dpkg -r ecss-crm-server
quietly dpkg -i $OURS
holds test -e $ENABLED
quietly dpkg -P ecss-crm-server
not test -e $ETC
not test -e $VAR
