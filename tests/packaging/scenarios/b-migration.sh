# From the Node.js package, for every way in which it may have laid down its settings.js, by dpkg -i and by apt.
# Edits, an uncommented key, key and certificate and foreign files survive; so does the way back and forth again.

edited_node_package() {
    quietly dpkg -i "/debs/node-$1.deb"
    eventually active
    sed -i -e "s/logLevel: 'warn'/logLevel: 'debug'/" -e 's|// bitrixClientId: .*|bitrixClientId: "local.abc",|' \
        -e 's|// bitrixClientSecret: .*|bitrixClientSecret: "shh", // ключ|' $SETTINGS
    settings_before=$(md5sum <$SETTINGS)
    key_before=$(md5sum <$LIB/key.pem)
    cert_before=$(md5sum <$LIB/cert.pem)
}

all_is_kept() {
    eventually active
    serves
    is "settings.js ($1)" "$(md5sum <$SETTINGS)" "$settings_before"
    is "the old path ($1)" "$(readlink $SETTINGS)" $ETC/settings.js
    says $ETC/settings.js 'serverHost: "192.168.116.130",'
    is "the key ($1)" "$(md5sum <$ETC/ssl/key.pem)" "$key_before"
    is "the certificate ($1)" "$(md5sum <$ETC/ssl/cert.pem)" "$cert_before"
    is "the old path of the key ($1)" "$(readlink $LIB/key.pem)" $ETC/ssl/key.pem
    is "the key's mode ($1)" "$(mode $ETC/ssl/key.pem)" '640 root:ecss-crm'
    is "a foreign file ($1)" "$(cat $VAR/companies.json)" '[{"company":"ours"}]'
    is "debconf's memory ($1)" "$(answer server_host)" 192.168.116.130
    served=$(openssl s_client -unix $VAR/https </dev/null 2>/dev/null | openssl x509 -noout -fingerprint)
    is "the certificate in use ($1)" "$served" "$(openssl x509 -in $LIB/cert.pem -noout -fingerprint)"
    not test -e $LIB/frontend/dist/index.html
    is "whether it starts at boot ($1)" "$(systemctl is-enabled $UNIT)" enabled
}

for flavour in shipped generated conffile; do
    edited_node_package $flavour
    quietly dpkg -i $OURS
    all_is_kept "$flavour, dpkg -i"
    quietly dpkg -i $NEXT
    all_is_kept "$flavour, and one more upgrade"
    quietly dpkg -P ecss-crm-server
done

mkdir /tmp/repository
cd /tmp/repository || fail 'no folder'
cp /debs/node-shipped.deb $OURS .
for deb in *.deb; do
    dpkg-deb -f "$deb"
    echo "Filename: ./$deb"
    echo "Size: $(stat -c %s "$deb")"
    echo "SHA256: $(sha256sum <"$deb" | cut -d' ' -f1)"
    echo
done >Packages
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/tmp/repository ./' >/etc/apt/sources.list
quietly apt-get update
edited_node_package shipped
is 'what apt prefers' "$(apt-cache policy ecss-crm-server | awk '/Candidate/ { print $2 }')" "$(dpkg-deb -f $OURS Version)"
quietly apt-get -y --no-install-recommends upgrade
all_is_kept 'shipped, apt upgrade'

# Back: the Node.js package finds its files as files.
quietly apt-get -y --no-install-recommends --allow-downgrades install ecss-crm-server=14.14.2.5
for file in $SETTINGS $LIB/key.pem $LIB/cert.pem; do
    holds test -f $file
    not test -L $file
done
is 'the key after the way back' "$(md5sum <$LIB/key.pem)" "$key_before"
is 'its owner' "$(mode $LIB/key.pem)" '600 root:root'
is 'our settings in /etc' "$(md5sum <$ETC/settings.js)" "$settings_before"
eventually active
is 'what runs' "$(ps -o comm= -p "$(pid)")" sleep

# And forth: what was edited in the meantime counts.
sed -i -e "s/logLevel: 'warn'/logLevel: 'verbose'/" $SETTINGS
settings_before=$(md5sum <$SETTINGS)
quietly apt-get -y --no-install-recommends upgrade
all_is_kept 'back and forth'
says $SETTINGS "logLevel: 'verbose',"
holds test -e $ETC/settings.js.dpkg-old
quietly dpkg -P ecss-crm-server
note 'shipped, generated and conffile settings.js, dpkg -i and apt, back and forth: all kept'
