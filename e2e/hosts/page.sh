#!/usr/bin/env bash
# page.sh [PORT [NAME]] - the small service that the tests' nodes balance: HTTP on PORT (8080) that answers with NAME (the host's). Run as
# root on a node, by Vagrant, systemd.sh and ansible/playbooks/e2e.yml. It is e2e/http_node.py beside this file's directory.
set -euo pipefail
port=${1:-8080} name=${2:-%l}
install -D -m 755 "$(dirname "${BASH_SOURCE[0]}")/../http_node.py" /usr/local/lib/gale-page/http_node.py
cat >/etc/systemd/system/gale-page.service <<UNIT
[Unit]
Description=A page that says the name of this host
After=network.target

[Service]
DynamicUser=yes
ExecStart=/usr/local/lib/gale-page/http_node.py $name 0.0.0.0 $port
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --quiet gale-page.service
systemctl restart gale-page.service
