# For scripts that run something in a network namespace and a mount namespace of their own, as root. Sourced, never run.

# loopback_up: brings up the loopback interface, which is down in a new network namespace.
loopback_up() {
  python3 -c 'import fcntl, socket, struct
with socket.socket() as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))'
}

# own_files HOST…: from here on, what is written to /etc and /run is visible only to this process and its children. The hosts are this machine.
own_files() {
  mount -t tmpfs tmpfs /mnt
  cp -a /etc/. /mnt
  mount --move /mnt /etc
  mount -t tmpfs tmpfs /run
  printf '127.0.0.1 %s\n' localhost "$@" >/etc/hosts
}

# trust CERTIFICATE: lets every program here believe in this certificate authority.
trust() { cat "$1" >>/etc/ssl/certs/ca-certificates.crt; }

made() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "$@" 2>/dev/null || die "openssl made no certificate"; }

# authority DIR: makes a certificate authority, DIR/ca.pem, and lets every program here believe in it.
authority() {
  made -subj /CN=Test -keyout "$1/ca.key" -out "$1/ca.pem"
  trust "$1/ca.pem"
}

# certificate DIR HOST: makes a certificate of that authority for a host, where certbot would put it.
certificate() {
  local live=/etc/letsencrypt/live/$2
  mkdir -p "$live"
  made -CA "$1/ca.pem" -CAkey "$1/ca.key" -subj "/CN=$2" -addext "subjectAltName=DNS:$2" \
    -addext basicConstraints=critical,CA:FALSE -keyout "$live/privkey.pem" -out "$live/fullchain.pem"
}
