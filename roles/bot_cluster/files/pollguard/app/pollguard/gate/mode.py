"""Gate mode: COMMAND runs from the start, and the guard stands between it and the Bot API."""

from __future__ import annotations

import logging
import math
import socket
from collections.abc import Coroutine
from typing import Any

from .. import __version__
from ..clock import Clock, now
from ..config import GateSettings, Settings
from ..guard import Guard, Launch
from ..policy import Action, Decision
from ..supervisor.command import Work
from .health import GateSight, fault, silent_for
from .late_calls import LateCalls
from .offsets import Position
from .policy import GateFacts, GateLimits, decide, may_take
from .polling import Updates
from .server import Gate
from .telegram_health import Reach
from .upstream import Upstream

log = logging.getLogger("pollguard")

_TERM_SHARE = 0.4
_HANG_GRACE = 5.0
_NO_DEADLINE = 1e12


class GateGuard(Guard):
    """See policy.py for the rules."""

    def __init__(
        self,
        settings: Settings,
        gate: GateSettings,
        command: Launch,
        listeners: tuple[socket.socket, socket.socket],
        clock: Clock = now,
    ) -> None:
        super().__init__(settings, command, listeners[0], clock)
        changed = self._wake.set
        self._gate_settings = gate
        self._limits = GateLimits(
            stop_timeout=settings.stop_timeout,
            term_grace=settings.stop_timeout * _TERM_SHARE,
            leftover_grace=settings.leftover_grace,
            hang_grace=min(_HANG_GRACE, settings.stop_timeout),
            after_idle=gate.after_idle,
        )
        self._polls.certain = True
        self._started = False
        self._was_ready = False
        self._bypass_reported = False
        self._epoch: int | None = None
        path = f"/bot{gate.token}"
        self._upstream = Upstream(
            settings.api_url, f"pollguard/{__version__} {settings.instance}", settings.proxy
        )
        self._reach = Reach(self._upstream, f"{path}/getWebhookInfo", clock, self._reach_changed)
        self._updates = Updates(
            self._upstream,
            self._reach,
            f"{path}/getUpdates",
            self._leasing.deliver,
            lambda: self._leasing.active,
            clock,
            changed,
        )
        self._gate = Gate(
            listeners[1],
            (gate.token, gate.bot_token),
            # A trial changes nothing at Telegram.
            frozenset() if settings.standby_only else gate.permissions,
            self._upstream,
            self._reach,
            self._updates,
            LateCalls(
                self._leasing,
                self._updates,
                clock,
                redeliver=gate.redeliver,
                quiet=gate.quiet,
                limit=settings.stop_timeout,
            ),
            clock,
            changed,
        )

    def _jobs(self) -> list[Coroutine[Any, Any, None]]:
        return [*super()._jobs(), self._gate.run(), self._reach.run()]

    def _decide(self) -> Decision:
        facts = self._facts()
        decision = decide(facts, self._limits, self._clock())
        if decision.action is Action.EXIT and self._stop_at is None and self._updates.polled_at is None:
            # Its own message is that Telegram refuses the token, which is the alias: this is the cause.
            log.error(
                "COMMAND ended without having polled %s: it must take its API address from TELEGRAM_API_URL "
                "and its token from TELEGRAM_BOT_TOKEN",
                self._gate_settings.url,
            )
        if decision.action is Action.WAIT and facts.work is Work.RUNNING and decision.again_at is None:
            # So that deafness, and a lease that runs out, are seen in time.
            margins, tenure, at = self._settings.margins, self._leasing.tenure, self._clock()
            ends = margins.kill_at(tenure.renewed_at) if tenure and self._leasing.active else math.inf
            return Decision(Action.WAIT, again_at=min(at + margins.renew, ends))
        return decision

    def _may_take(self) -> bool:
        return may_take(self._facts())

    def _is_ready(self) -> bool:
        return may_take(self._facts())

    def _take_notice(self) -> None:
        tenure, updates = self._leasing.tenure, self._updates
        active = self._leasing.active and self._ending is None and not self._handover.stepping_back
        if tenure is not None and active and tenure.epoch != self._epoch:
            # With nobody in between, COMMAND goes on where it is.
            goes_on = self._epoch is not None and tenure.epoch == self._epoch + 1
            self._epoch = tenure.epoch
            redeliver = self._gate_settings.redeliver
            taken_over = Position.taken_over(*self._leasing.known_position, redeliver=redeliver)
            updates.begin(updates.position if goes_on else taken_over)
        elif active and not updates.active and not self._pausing:
            updates.begin(updates.position)
        elif not active and updates.active:
            updates.halt()
        ready = self._is_ready()
        if ready and not self._was_ready:
            self._leasing.poke()
        self._was_ready = ready
        self._polls.watching = self._command.state.work is Work.RUNNING
        self._polls.calm = updates.polled_at is not None
        self._report_bypass()
        if self._leasing.active and not self._reach.reachable and self._reach.answered_at is not None:
            self._handover.of_itself("Telegram can't be reached from here")
        if tenure is None and self._handover.wanted_at is not None:
            self._handover.retired()

    def _report_bypass(self) -> None:
        if self._bypass_reported or self._polls.seen_at is None or self._updates.polled_at is None:
            return
        self._bypass_reported = True
        log.warning(
            "COMMAND polls %s, but also connects to the Bot API itself, which refuses an alias token (401): "
            "all methods and downloads of files must take their address from TELEGRAM_API_URL",
            self._gate_settings.url,
        )

    def _start_command(self) -> None:
        self._started = True
        self._polls.reset(watching=True)
        # It may outlive the lease: the gate hands it nothing then.
        self._command.start(self._clock() + _NO_DEADLINE)

    async def _give_up_lease(self, decision: Decision) -> None:
        await self._updates.pause()
        if decision.action is Action.PAUSE:
            return
        in_order = decision.action is Action.HAND_OVER
        await self._leasing.release(self._updates.position.handed if in_order else None)
        self._handover.released()
        self._handover.retired()

    @property
    def _pausing(self) -> bool:
        return self._handover.wanted_at is not None or self._stop_at is not None

    def _reach_changed(self) -> None:
        if self._reach.reachable:
            # A poll from before may wait for an answer that was lost.
            self._updates.retry()
        self._wake.set()

    def _quiet_at(self) -> float | None:
        """When COMMAND will have been quiet for long enough; None while it is at work for certain."""
        updates, gate = self._updates, self._gate
        if updates.delivered_at is None and gate.called_at is None and not gate.calls:
            return 0.0
        if gate.calls or (updates.delivered_at is not None and not updates.polling):
            return None
        last = max(updates.delivered_at or -math.inf, gate.called_at or -math.inf)
        return last + self._gate_settings.quiet

    def _facts(self) -> GateFacts:
        state, settings = self._command.state, self._settings
        return GateFacts(
            leased=self._leasing.tenure is not None,
            work=state.work,
            started=self._started,
            code=state.code if state.work is Work.ABSENT else None,
            ending=self._ending,
            killing=self._killed_at is not None,
            stop_at=self._stop_at,
            handover_at=self._handover.wanted_at,
            quiet_at=self._quiet_at(),
            stepping_back=self._handover.stepping_back,
            ready=self._polls_well() and self._reach.reachable,
            deaf=0 < settings.deaf_after < silent_for(self._sight()),
            unhealthy=self._health is not None and self._health.failed,
            keeper_gone=self._command.keeper_gone,
        )

    def _polls_well(self) -> bool:
        polled_at = self._updates.polled_at
        recently = polled_at is not None and self._clock() - polled_at < self._updates.pace.patience
        return self._updates.polling or recently

    def _sight(self) -> GateSight:
        state, updates, reach = self._command.state, self._updates, self._reach
        settings = self._settings
        return GateSight(
            store=self._reporter.store_sight(),
            active=self._leasing.active,
            command_since=state.since if state.work is not Work.ABSENT else None,
            ending=self._ending.reason if self._ending else None,
            polling=updates.polling,
            polled_at=updates.polled_at,
            bypassed=self._polls.seen_at is not None,
            token_refused=self._gate.token_refused,
            other_bot=self._gate.other_bot,
            gate_url=self._gate_settings.url,
            poll_max_age=settings.poll_max_age,
            start_grace=settings.start_grace,
            health_failures=self._health.failures if self._health else 0,
            reachable=reach.reachable,
            revoked=reach.revoked,
            webhook=reach.webhook,
            stranger=reach.stranger,
            stuck=updates.backlog.stuck,
            api_error=reach.error,
        )

    def _fault(self) -> str | None:
        return fault(self._sight())

    def _details(self) -> dict[str, object]:
        updates, reach, age = self._updates, self._reach, self._reporter.age
        answer = self._leasing.answer
        known = updates.position if self._leasing.active else answer
        return {
            "mode": "gate",
            "bypassed": self._polls.seen_at is not None,
            "command_poll_age_s": 0.0 if updates.polling else age(updates.polled_at),
            "poll_age_s": 0.0 if updates.in_flight else age(updates.good_at),
            "api_age_s": age(reach.answered_at),
            "api_error": reach.error,
            "api_retry_in_s": max(0.0, round(updates.back_off.not_before - self._clock(), 1)),
            "backlog": reach.backlog,
            "position_resets": updates.backlog.resets,
            "conflicts": reach.conflicts,
            "conflict_age_s": age(reach.conflict_at),
            "revoked": reach.revoked,
            "unauthorized": reach.unauthorized,
            "delivered": known.delivered if known else None,
            "confirmed": known.confirmed if known else None,
            "updates": updates.delivered,
            "fenced": updates.fenced,
        }
