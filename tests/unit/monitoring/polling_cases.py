"""Cases of the alerts about polling."""

from __future__ import annotations

from cases import LONG, POLLERS, Case, told


def pollers(active: tuple[str, str], age: tuple[str, str] = ("0x200", "0x200")) -> dict[str, str]:
    """Figures of two pollers that answer."""
    return {
        **{f"up{labels}": "1" + LONG for labels in POLLERS},
        **{f"pollguard_active{labels}": value for labels, value in zip(POLLERS, active, strict=True)},
        **{f"pollguard_poll_age_seconds{labels}": value for labels, value in zip(POLLERS, age, strict=True)},
    }


SILENT = told(
    "critical",
    "The bot of cluster a gets no messages.",
    "Expected one of 2 pollers to be active and to poll Telegram; found none that has polled with success for"
    " 30 s.",
)
POLLING = {
    "BotNotPolling": [
        Case(
            "the active one hears nothing", "2m", pollers(("1x200", "0x200"), ("0+10x200", "0x200")), SILENT
        ),
        Case("none is active", "2m", pollers(("0x200", "0x200")), SILENT),
        Case("none is there", "2m", {f"up{labels}": "0" + LONG for labels in POLLERS}, SILENT),
        Case("one is active", "2m", pollers(("1x200", "0x200"))),
        Case("the lease changes hands", "2m", pollers(("1x5 0x200", "0x6 1x200"))),
    ],
    "TwoPollersActive": [
        Case(
            "both say so",
            "2m",
            pollers(("1x200", "1x200")),
            told(
                "critical",
                "Several pollers of cluster a say that they are active.",
                "Expected one poller to hold the lease; 2 say that they do.",
            ),
        ),
        Case("a hand-over between two scrapes", "2m", pollers(("1x11 0x200", "0x10 1x200"))),
    ],
    "ForeignPoller": [
        Case(
            "again and again",
            "10m",
            {f"pollguard_conflicts_total{POLLERS[0]}": "0+1x200"},
            told(
                "critical",
                "Somebody else polls with the token of cluster a.",
                "Expected Telegram to refuse no poll of the active poller; 30 were answered 409 in the last 5"
                " minutes. Messages go to whoever polls.",
            ),
        ),
        Case("none", "10m", {f"pollguard_conflicts_total{POLLERS[0]}": "7x200"}),
    ],
    "TokenRevoked": [
        Case(
            "refused",
            "1m",
            {f"pollguard_token_refused{labels}": "1x200" for labels in POLLERS},
            told(
                "critical",
                "Telegram refuses the token of cluster a.",
                "Expected Telegram to know the token; it answers 401 or 404, as for one that was revoked.",
            ),
        ),
        Case("taken", "1m", {f"pollguard_token_refused{labels}": "0x200" for labels in POLLERS}),
    ],
    "BacklogGrowing": [
        Case(
            "more and more",
            "10m",
            {f"pollguard_backlog_updates{labels}": "0+10x200" for labels in POLLERS},
            told(
                "warning",
                "The bot of cluster a falls behind its messages.",
                "Expected at most 100 updates to wait at Telegram; 600 do, and they become more.",
            ),
        ),
        Case("many, but fewer", "10m", {f"pollguard_backlog_updates{POLLERS[0]}": "1000-5x200"}),
        Case("few", "10m", {f"pollguard_backlog_updates{POLLERS[0]}": "0+1x200"}),
    ],
    "StandbyMissing": [
        Case(
            "it isn't well",
            "5m",
            pollers(("1x200", "0x200"))
            | {f"pollguard_good{POLLERS[0]}": "1x200", f"pollguard_good{POLLERS[1]}": "0x200"},
            told(
                "warning",
                "No standby could take over in cluster a.",
                "Expected two of 2 pollers to be well, one of them as standby; for 2 minutes fewer have"
                " been.",
            ),
        ),
        Case(
            "both are well",
            "5m",
            pollers(("1x200", "0x200")) | {f"pollguard_good{labels}": "1x200" for labels in POLLERS},
        ),
        Case(
            "one is all there is to be",
            "5m",
            {f"up{POLLERS[0]}": "1x200", f"pollguard_good{POLLERS[0]}": "1x200"},
        ),
    ],
    "LeaseFlapping": [
        Case(
            "every minute",
            "20m",
            {f"pollguard_lease_takes_total{POLLERS[0]}": "0+1x200"},
            told(
                "warning",
                "The active poller of cluster a keeps changing.",
                "Expected the lease to change hands at updates and failures only; it was taken 90 times in 15"
                " minutes.",
            ),
        ),
        Case(
            "an update", "20m", {f"pollguard_lease_takes_total{labels}": "1x100 2x100" for labels in POLLERS}
        ),
    ],
}
