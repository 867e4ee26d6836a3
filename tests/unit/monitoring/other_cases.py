"""Cases of the alerts about instances, their work, and hosts."""

from __future__ import annotations

from cases import NGINX, POLLERS, REDIS, REPLICAS, WORKER, Case, disk, requests, told

OTHERS = {
    "InstanceDown": [
        Case(
            "a replica",
            "3m",
            {f"probe_success{REPLICAS[0]}": "0x200", f"probe_success{REPLICAS[1]}": "1x200"},
            told(
                "warning",
                "w1 on h is down.",
                "Expected w1 to answer; it has not for 60 s, or only with errors.",
                component="webhook-api",
                host="h",
                instance="w1",
            ),
        ),
        Case(
            "a worker",
            "3m",
            {f"up{WORKER}": "0x200"},
            told(
                "warning",
                "k on h is down.",
                "Expected k to answer; it has not for 60 s, or only with errors.",
                component="worker",
                host="h",
                instance="k",
            ),
        ),
        Case("while it is replaced", "3m", {f"probe_success{REPLICAS[0]}": "1x14 0x200"}),
    ],
    "WebhookApiDown": [
        Case(
            "all of them",
            "2m",
            {f"probe_success{labels}": "0x200" for labels in REPLICAS},
            told(
                "critical",
                "No replica of the webhook API of cluster a answers.",
                "Expected at least one replica to answer; for 30 s none has, or only with errors.",
            ),
        ),
        Case(
            "one answers",
            "2m",
            {f"probe_success{REPLICAS[0]}": "0x200", f"probe_success{REPLICAS[1]}": "1x200"},
        ),
    ],
    "NginxDown": [
        Case(
            "it doesn't answer",
            "2m",
            {f"probe_success{NGINX}": "0x200"},
            told(
                "critical",
                "nginx on h takes no webhooks.",
                "Expected n to answer over HTTPS; for 30 s it has not.",
                component="nginx",
                host="h",
                instance="n",
            ),
        ),
        Case("it answers", "2m", {f"probe_success{NGINX}": "1x200"}),
    ],
    "InstanceRestarts": [
        Case(
            "again and again",
            "10m",
            {f"process_start_time_seconds{WORKER}": "5x9 100x9 200x9 300x200"},
            told(
                "warning",
                "k on h keeps restarting.",
                "Expected it to run on; it has started 3 times in 15 minutes.",
                component="worker",
                host="h",
                instance="k",
            ),
        ),
        Case("an update", "10m", {f"process_start_time_seconds{WORKER}": "5x9 100x200"}),
        Case("an exporter's own affair", "10m", {f"process_start_time_seconds{REDIS}": "1+100x200"}),
    ],
    "WebhookErrors": [
        Case(
            "one in five",
            "5m",
            requests("200", 80) | requests("503", 20),
            told(
                "warning",
                "The webhook API of cluster a answers with errors.",
                "Expected at most 5 % of the requests to be answered 5xx; 20 % are.",
            ),
        ),
        Case("told by classes of codes", "5m", requests("2xx", 99) | requests("5xx", 1)),
        Case("refusals are no errors", "5m", requests("401", 80)),
        Case("nobody asks any more", "5m", requests("503", 0)),
    ],
    "QueueGrowing": [
        Case(
            "more and more",
            "10m",
            {f"jobs_queued{WORKER}": "0+10x200"},
            told(
                "warning",
                "The workers of cluster a fall behind their jobs.",
                "Expected at most 100 jobs to wait; 600 do, and they become more.",
            ),
        ),
        Case("they are worked off", "10m", {f"jobs_queued{WORKER}": "1000-5x200"}),
    ],
    "ServiceDown": [
        Case(
            "Redis",
            "2m",
            {f"redis_up{REDIS}": "0x200"},
            told(
                "critical",
                "The redis of cluster a does not answer.",
                "Expected it to answer with the application's credentials; for 30 s it has not.",
                component="redis",
                host="h",
                instance="r",
            ),
        ),
        Case("both answer", "2m", {f"redis_up{REDIS}": "1x200", f"pg_up{REDIS}": "1x200"}),
    ],
    "CertificateExpires": [
        Case(
            "in 10 days",
            "10s",
            {f"probe_ssl_earliest_cert_expiry{NGINX}": "864010x200"},
            told(
                "warning",
                "The certificate that nginx on h shows expires soon.",
                "Expected it to be good for 14 days at least; 10.0 are left.",
                component="nginx",
                host="h",
                instance="n",
            ),
        ),
        Case("in 15 days", "10s", {f"probe_ssl_earliest_cert_expiry{NGINX}": "1296010x200"}),
    ],
    "DiskSpaceLow": [
        Case(
            "seen at two mount points",
            "5m",
            disk("sda", "ext4", "/", 10) | disk("sda", "ext4", "/srv", 10),
            told(
                "warning",
                "The disk sda of h is almost full.",
                "Expected at least 15 % to be free; 10 % are.",
                device="sda",
                host="h",
            ),
        ),
        Case("only memory is full", "5m", disk("sda", "ext4", "/", 50) | disk("tmpfs", "tmpfs", "/run", 0)),
    ],
    "MonitoringTargetDown": [
        Case(
            "an exporter",
            "5m",
            {f"up{REDIS}": "0x200"},
            told(
                "warning",
                "Prometheus gets no figures from r on h.",
                "Expected its metrics to be there; for 2 minutes they have not been, so what they would tell"
                " stays unseen.",
                component="redis",
                host="h",
                instance="r",
            ),
        ),
        Case("all are there", "5m", {f"up{REDIS}": "1x200"}),
        Case("what another alert tells", "5m", {f"up{POLLERS[0]}": "0x200"}),
    ],
}
