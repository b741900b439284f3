# A process that hangs is noticed and replaced.
quietly dpkg -i $OURS
serves
mkdir -p /etc/systemd/system/$UNIT.d
printf '[Service]\nWatchdogSec=4\nTimeoutAbortSec=1\n' >/etc/systemd/system/$UNIT.d/quick.conf
systemctl daemon-reload
quietly systemctl restart $UNIT
serves
process=$(pid)
sleep 6
is 'the process while all is well' "$(pid)" "$process"
kill -STOP "$process"
began=$(date +%s%N)
eventually replaced "$process"
note "a stopped process was replaced after $((($(date +%s%N) - began) / 1000000)) ms"
serves
holds grep -q -i watchdog <(journalctl -u $UNIT)
holds test -n "$(systemctl show -P StatusText $UNIT)"

# A fault in the settings: systemd does not try again and again.
echo 'logLevel: {' >$ETC/settings.js
systemctl restart $UNIT 2>/dev/null || true
eventually ended_for_good 78
