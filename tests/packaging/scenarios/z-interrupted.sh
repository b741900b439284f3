# The migration is cut off at every file that it puts into its place, as by a power failure, and then continued.
mkdir /tmp/cut
cat >/tmp/cut/mv <<'END'
#!/bin/sh
n=$(($(cat /tmp/cut/left) - 1))
echo $n >/tmp/cut/left
if [ $n -eq 0 ]; then
	touch /tmp/cut/was
	# Before the step or behind it, in turn.
	if [ -e /tmp/cut/behind ]; then /bin/mv "$@"; fi
	kill -KILL $PPID
	exit 1
fi
exec /bin/mv "$@"
END
chmod 0755 /tmp/cut/mv
cuts=0
for n in $(seq 40); do
    quietly dpkg -i /debs/node-shipped.deb
    sed -i -e "s/logLevel: 'warn'/logLevel: 'debug'/" $SETTINGS
    settings=$(md5sum <$SETTINGS)
    key=$(md5sum <$LIB/key.pem)
    rm -f /tmp/cut/was /tmp/cut/behind
    [ $((n % 2)) -eq 0 ] || touch /tmp/cut/behind
    echo "$n" >/tmp/cut/left
    PATH=/tmp/cut:$PATH dpkg -i $OURS >/tmp/cut/log 2>&1 </dev/null || true
    if [ -e /tmp/cut/was ]; then
        cuts=$((cuts + 1))
        # A cut in preinst leaves nothing unpacked.
        if dpkg-query -W -f '${Status} ${Version}' ecss-crm-server | grep -q ' unpacked\| half-configured'; then
            quietly dpkg --configure -a
        else
            quietly dpkg -i $OURS
        fi
    fi
    is "settings.js, cut at $n" "$(md5sum <$SETTINGS)" "$settings"
    is "the old path, cut at $n" "$(readlink $SETTINGS)" $ETC/settings.js
    is "the key, cut at $n" "$(md5sum <$LIB/key.pem)" "$key"
    quietly ecss-crm-server check-config
    quietly dpkg -P ecss-crm-server
    [ -e /tmp/cut/was ] || break
done
[ ! -e /tmp/cut/was ] || fail 'there are more places than that'
[ "$cuts" -ge 6 ] || fail "only $cuts cuts"
note "cut off at $cuts places and continued"
