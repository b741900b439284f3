# Restart, upgrade and a killed process under load through nginx: no request is lost.
quietly dpkg -i $OURS
serves
under_load 'nothing happens' sleep 1
under_load restart quietly systemctl restart $UNIT
under_load 'package upgrade' quietly dpkg -i $NEXT
killed() {
    local was
    was=$(pid)
    kill -KILL "$was"
    eventually replaced "$was"
}
under_load 'kill -9' killed
twice() {
    quietly systemctl restart $UNIT
    quietly systemctl reload $UNIT
    quietly systemctl restart $UNIT
}
under_load 'restart, reload, restart' twice
