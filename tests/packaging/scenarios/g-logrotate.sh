# Rotation moves the logs away; the service goes on in new ones.
quietly dpkg -i $OURS
serves
echo 'a line of before' >>$LOG/default.log
quietly logrotate -f /etc/logrotate.d/ecss-crm-server
holds grep -q 'a line of before' $LOG/default.log.1
is 'the new log' "$(mode $LOG/default.log)" '640 ecss-crm:adm'
# The reload that rotation asks for says so on the level that is always logged.
eventually test -s $LOG/default.log
open_files() { find "/proc/$(pid)/fd" -lname "$LOG/*" -printf '%l\n'; }
case $(open_files) in *default.log.1*) fail 'the moved file is still written to' ;; esac
holds active
serves
