# A renewed certificate is taken up by a reload; a broken one is kept out, and the old one stays in use.
quietly dpkg -i $OURS
in_use() { openssl s_client -unix $VAR/https </dev/null 2>/dev/null | openssl x509 -noout -fingerprint; }
on_disk() { openssl x509 -in $ETC/ssl/cert.pem -noout -fingerprint; }
eventually test -S $VAR/https
is 'the first certificate' "$(in_use)" "$(on_disk)"
names=$(openssl x509 -in $ETC/ssl/cert.pem -noout -ext subjectAltName)
for name in 'DNS:localhost' 'IP Address:127.0.0.1'; do
    case $names in *"$name"*) ;; *) fail "the certificate is not for $name: $names" ;; esac
done
is 'the pair' "$(openssl x509 -in $ETC/ssl/cert.pem -noout -pubkey)" "$(openssl pkey -in $ETC/ssl/key.pem -pubout)"
holds openssl x509 -in $ETC/ssl/cert.pem -noout -checkend $((86400 * 800))
not openssl x509 -in $ETC/ssl/cert.pem -noout -checkend $((86400 * 826))

old=$(in_use)
process=$(pid)
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=renewed -keyout $ETC/ssl/key.pem -out $ETC/ssl/cert.pem 2>/dev/null
renewed_in_use() { [ "$(in_use)" = "$(on_disk)" ]; }
quietly systemctl reload $UNIT
eventually renewed_in_use
not test "$(in_use)" = "$old"
is 'the process' "$(pid)" "$process"

good=$(in_use)
cp $ETC/ssl/cert.pem /tmp/good.pem
echo broken >$ETC/ssl/cert.pem
quietly systemctl reload $UNIT
eventually grep -q -i certif $LOG/error.log
is 'the certificate in use after a broken one' "$(in_use)" "$good"
is 'the process after a broken one' "$(pid)" "$process"
cp /tmp/good.pem $ETC/ssl/cert.pem
quietly dpkg -i $NEXT
is 'the certificate after an upgrade' "$(on_disk)" "$good"

# Another one of our own making.
not ecss-crm-server gen-cert 2>/dev/null
is 'the certificate that was there' "$(on_disk)" "$good"
quietly ecss-crm-server gen-cert --force --host crm.example.org
is 'the new key' "$(mode $ETC/ssl/key.pem)" '640 root:ecss-crm'
quietly systemctl reload $UNIT
eventually renewed_in_use
holds grep -q crm.example.org <(openssl x509 -in $ETC/ssl/cert.pem -noout -ext subjectAltName)
