# The service's user has put links where the package's scripts work as root: none of them is followed.
precious() { is "what lies elsewhere ($1)" "$(stat -c '%a %U:%G' /precious) $(cat /precious/secret) $(ls /precious)" "$before"; }
mkdir -m 0755 /precious
echo 'serverHost: "stolen.example"' >/precious/secret
chmod 0600 /precious/secret
before="$(stat -c '%a %U:%G' /precious) $(cat /precious/secret) secret"
planted() { setpriv --reuid=ecss-crm --regid=ecss-crm --clear-groups -- ln -sfn "$1" "$2"; }

quietly dpkg -i $OURS
serves
quietly systemctl stop $UNIT

# The database's folder: owner and mode of something else.
mv $VAR/db $VAR/db.away
planted /precious $VAR/db
quietly dpkg -i $NEXT
precious 'db'
rm $VAR/db
mv $VAR/db.away $VAR/db

# Where earlier versions kept the files of the Node.js package: a file of root's is read into one of the service's.
rm -rf $VAR/.from-node
mkdir /precious.node
printf 'var settings = { serverHost: "stolen.example" };\nmodule.exports = settings;\n' >/precious.node/settings.js
chmod 0700 /precious.node
planted /precious.node $VAR/.from-node
quietly dpkg -i $OURS
not grep -q stolen $ETC/settings.js
holds test -f /precious.node/settings.js
not test -L $VAR/.from-node

# The saving of those files, and the note about the gateway: a new file anywhere.
quietly dpkg -P ecss-crm-server
mkdir -p $VAR
chown ecss-crm: $VAR
quietly dpkg -i /debs/node-shipped.deb
chown ecss-crm: $VAR
planted /precious $VAR/.from-node
quietly dpkg -i $OURS
precious 'the saving of the former files'
serves
planted /precious/made $VAR/.nginx-enabled
quietly dpkg -r ecss-crm-server
precious 'the note about the gateway'
quietly dpkg -i $OURS
serves
holds test -e $ENABLED

# The logs: rotation and what makes the file again.
planted /precious/secret $LOG/planted.log
planted /precious/made $LOG/default.log.1
quietly logrotate -f /etc/logrotate.d/ecss-crm-server || true
precious 'logs'

# A note of before this version is taken over.
touch $VAR/.nginx-enabled
rm -f $ENABLED
quietly dpkg -i $NEXT
holds test -e $ENABLED
quietly dpkg -P ecss-crm-server
precious 'a purge'
