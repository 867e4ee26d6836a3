"""The report as a page: whole, by itself, and with nothing in it that a browser would take for its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.plugin_utils._launch import Launch
from ansible_collections.aisha.cluster.plugins.plugin_utils._report.build import with_advice
from ansible_collections.aisha.cluster.plugins.plugin_utils._report.html import lanes_of, page_of

from .conftest import Cluster

EVIL = '<script>alert("x")</script> & <b>bold</b> {{ 7 * 7 }}'
# Elements that have no end tag.
VOID = {"meta", "link", "br", "path"}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Page(HTMLParser):
    """Reads a page, and refuses one whose elements aren't closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text += data


@pytest.fixture(params=["well", "ill", "bare"])
def state(request: pytest.FixtureRequest, cluster: Cluster) -> Cluster:
    """Return a cluster that is well, one with everything wrong, and one of which little is known."""
    if request.param == "ill":
        cluster.stop("aisha-nginx-prod")
        cluster.stop("aisha-bot-polling-2")
        cluster.remove("aisha-worker-1")
        cluster.instance("aisha-webhook-api-1").update(memory_bytes=600 * 2**20, memory_limit_bytes=None)
        cluster.one["resources"].update(memory=None, load=None)
        cluster.one["telegram"]["webhook"]["url"] = "https://other.example/" + "x" * 300
        cluster.log("aisha-webhook-api-1").update(errors=2, last_error="ERROR:" + "y" * 490)
        name = "a-very-long-name-of-a-host.in-a-long-domain.example.org"
        unreachable = {"unreachable": True, "msg": "Failed to connect: " + "z" * 200}
        cluster.looks[name] = {"host": name, "wanted": ["aisha-worker-2"], "instances": unreachable}
    elif request.param == "bare":
        cluster.looks = {"one": {"host": "one", "wanted": ["aisha-worker-1"], "instances": {"failed": True}}}
    return cluster


def test_it_is_whole_and_needs_nothing_beside_it(state: Cluster) -> None:
    text = page_of(state.report())
    page = Page(text)
    assert page.addresses == ["data:,"]
    assert not re.search(r"@import|url\(|\bfetch\(|<iframe|<img", text)
    assert text.startswith("<!DOCTYPE html>")


def test_it_names_all_that_the_report_names(state: Cluster) -> None:
    report = state.report()
    words = " ".join(Page(page_of(report)).text.split())
    for row in report.instances:
        assert row.name in words
    for problem in report.problems:
        for part in (problem.expected, problem.found, problem.advice):
            assert " ".join(part.split()) in words
    assert report.verdict in words


def test_what_comes_from_hosts_is_text_and_nothing_else(cluster: Cluster) -> None:
    before = Page(page_of(cluster.report())).tags
    cluster.log("aisha-worker-1").update(errors=1, last_error=EVIL)
    cluster.one["telegram"]["bot"].update(first_name=EVIL, username=EVIL)
    cluster.one["releases"]["releases"][-1].update(by=EVIL, source=EVIL, name=EVIL)
    cluster.one["telegram"]["webhook"]["last_error_message"] = EVIL
    page = Page(page_of(cluster.report()))
    assert page.tags.count("script") == before.count("script") == 1
    # What is bold is what was: a note's subject is.
    assert page.tags.count("b") == before.count("b") + 1
    assert page.text.count("{{ 7 * 7 }}") >= 5


def test_bars_are_red_where_a_limit_is_passed(cluster: Cluster) -> None:
    assert 'class="bad" style' not in page_of(cluster.report())
    cluster.instance("aisha-worker-1").update(memory_bytes=500 * 2**20)
    cluster.one["resources"]["load"].update(five_m=9.0)
    cluster.one["resources"]["disks"][0].update(free_bytes=0)
    cluster.one["resources"]["memory"].update(available_bytes=0)
    assert page_of(cluster.report()).count('class="bad" style') == 4
    assert page_of(cluster.report(load_per_cpu=3)).count('class="bad" style') == 3


def test_commands_stand_out(cluster: Cluster) -> None:
    cluster.stop("aisha-bot-polling-2")
    launch = Launch("playbooks/monitor.yml", ("-i", "inventory/<demo>"))
    text = page_of(with_advice(cluster.report(), launch.expand), launch.expand("run monitor.yml"))
    command = "ansible-playbook -i &#39;inventory/&lt;demo&gt;&#39; playbooks"
    assert f"run <code>{command}/logs.yml -e logs_component=bot-polling</code>." in text
    assert f"To look again, run <code>{command}/monitor.yml</code>." in text


def test_the_ways_through_the_cluster(cluster: Cluster) -> None:
    cluster.stop("aisha-webhook-api-2")
    cluster.instance("aisha-worker-1").update(memory_bytes=500 * 2**20)
    ways = {lane.title: lane for lane in lanes_of(cluster.report())}
    states = {
        title: [[node.state for node in column] for column in lane.columns] for title, lane in ways.items()
    }
    assert states == {
        "Webhooks": [["outside"], ["ok"], ["ok", "bad"]],
        "Messages": [["ok"], ["ok", "standby"]],
        "Jobs": [["outside"], ["warn"]],
    }
    lines = [[(edge.begin, edge.end, edge.state) for edge in field] for field in ways["Webhooks"].edges]
    assert lines == [[(50.0, 50.0, "ok")], [(50.0, 25.0, "ok"), (50.0, 75.0, "bad")]]
    active, standby = ways["Messages"].columns[1]
    assert (active.label, active.words) == ("bot-polling-1", "active, healthy")
    assert active.details == ("on one, up 2 h 1 min", "polled 0 s ago")
    assert standby.words == "standby, healthy"


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")
def test_it_is_no_wider_than_a_window(state: Cluster, tmp_path: Path) -> None:
    """A browser opens it in frames of several widths, and says how wide it has become in each."""
    page = tmp_path / "page.html"
    page.write_text(page_of(state.report()), encoding="utf-8")
    widths = (320, 390, 768, 1280)
    frames = "".join(f'<iframe width="{width}" height="900" src="page.html"></iframe>' for width in widths)
    measure = """
    addEventListener("load", () => {
      document.title = JSON.stringify([...document.querySelectorAll("iframe")].map(
        (frame) => [frame.clientWidth, frame.contentDocument.documentElement])
        .map(([width, page]) => [width, page.scrollWidth - page.clientWidth]));
    });
    """
    (tmp_path / "frames.html").write_text(f"<title></title>{frames}<script>{measure}</script>")
    done = subprocess.run(
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--allow-file-access-from-files",
            f"--user-data-dir={tmp_path / 'browser'}",
            "--dump-dom",
            (tmp_path / "frames.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title
    assert json.loads(title[1]) == [[width, 0] for width in widths]
