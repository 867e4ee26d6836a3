# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the modules that talk to a Docker engine."""

from __future__ import annotations


class ModuleDocFragment:
    """Goes with argument_spec() of module_utils/_docker.py; the options are named as community.docker's."""

    DOCUMENTATION = r"""
options:
  docker_host:
    description:
      - Address of the engine, such as V(unix:///var/run/docker.sock) or V(tcp://192.0.2.23:2376).
      - Without it, the environment variable E(DOCKER_HOST) is used when it is set.
    type: str
    default: unix:///var/run/docker.sock
    aliases: [docker_url]
  tls_hostname:
    description:
      - Name that the engine's certificate must have. Works only with a Docker SDK for Python before 7.0.0.
      - Without it, the environment variable E(DOCKER_TLS_HOSTNAME) is used when it is set.
    type: str
  api_version:
    description:
      - Version of the engine's API. V(auto) takes the engine's own.
      - Without it, the environment variable E(DOCKER_API_VERSION) is used when it is set.
    type: str
    default: auto
    aliases: [docker_api_version]
  timeout:
    description:
      - Seconds that one request to the engine may take.
      - Without it, the environment variable E(DOCKER_TIMEOUT) is used when it is set.
    type: int
    default: 60
  ca_path:
    description:
      - File with the CA certificate (PEM) that the engine's certificate is verified with.
      - Without it, C(ca.pem) in the folder that the environment variable E(DOCKER_CERT_PATH) names.
    type: path
    aliases: [ca_cert, tls_ca_cert, cacert_path]
  client_cert:
    description:
      - File with the client's certificate (PEM).
      - Without it, C(cert.pem) in the folder that the environment variable E(DOCKER_CERT_PATH) names.
    type: path
    aliases: [tls_client_cert, cert_path]
  client_key:
    description:
      - File with the key (PEM) of the client's certificate.
      - Without it, C(key.pem) in the folder that the environment variable E(DOCKER_CERT_PATH) names.
    type: path
    aliases: [tls_client_key, key_path]
  tls:
    description:
      - Whether to use TLS. The engine's certificate is verified only with O(validate_certs=true).
      - Without it, the environment variable E(DOCKER_TLS) is used when it is set.
    type: bool
    default: false
  validate_certs:
    description:
      - Whether to use TLS and to verify the engine's certificate.
      - Without it, the environment variable E(DOCKER_TLS_VERIFY) is used when it is set.
    type: bool
    default: false
    aliases: [tls_verify]
  use_ssh_client:
    description:
      - Whether an address C(ssh://) is reached with the program C(ssh) in place of the library paramiko.
    type: bool
    default: false
requirements:
  - L(Docker SDK for Python,https://docker-py.readthedocs.io/en/stable/) 5.0.0 or newer
  - requests
notes:
  - Where the role P(aisha.cluster.docker_engine#role) has run, the target has what the module needs.
"""
