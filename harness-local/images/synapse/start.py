#!/opt/synapse/bin/python
"""Runs Synapse as the user `synapse`; the first start makes its signing key.

SYNAPSE_CONFIG_PATH names the configuration, which must be there: /data/homeserver.yaml unless said.
"""

import glob
import os
import pwd
import subprocess
import sys

DATA = "/data"


def give_up_root():
    """Becomes `synapse`, to whom all data belong."""
    user = pwd.getpwnam("synapse")
    for folder, folders, files in os.walk(DATA):
        for path in [folder, *(os.path.join(folder, name) for name in folders + files)]:
            if os.lstat(path).st_uid != user.pw_uid:
                os.lchown(path, user.pw_uid, user.pw_gid)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ["HOME"] = DATA


def main():
    config = os.environ.get("SYNAPSE_CONFIG_PATH", f"{DATA}/homeserver.yaml")
    if not os.path.exists(config):
        sys.exit(f"there is no {config}: mount one, or name another in SYNAPSE_CONFIG_PATH")
    if os.geteuid() == 0:
        give_up_root()
    server = [sys.executable, "-m", "synapse.app.homeserver", "--config-path", config]
    if not glob.glob(f"{DATA}/*.signing.key"):
        subprocess.run([*server, "--keys-directory", DATA, "--generate-keys"], check=True)
    os.execv(sys.executable, server)


main()
