"""Jobs on the machines of a Ray cluster. The machine that searches is one of them; it alone writes the journal and the
run folders.

A machine may come and go. What it was training goes on elsewhere from the last epoch that has arrived here.
"""

import contextlib
import os
import socket
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant import __version__
from convert.data.regular_file import read_bytes
from convert.search.cluster_worker import News, RemoteTraining, read_files, what_is_missing, write_files
from convert.search.job import Ended, Event, Job, SearchError
from convert.search.training_process import TRAIN

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Ray sends no usage statistics, and does not warn of changes in its next versions."""
CONNECT_S, CHECK_S, LOOK_S = 5.0, 60.0, 2.0
"""Seconds to wait for the head's port and for a machine's first answer, and between two looks at the machines."""


@dataclass(frozen=True)
class Machine:
    """A node of the cluster."""

    node: str
    address: str


class Cluster:
    """A pool of all machines with a core to lend."""

    def __init__(self, address: str, workers: int, paths: Sequence[str], program: Sequence[str] = TRAIN) -> None:
        """address: of the head, HOST:PORT. workers: trainings at the same time on each machine. paths: what each
        training reads. program: as for `TrainingProcess`. Raises SearchError, also where no machine can take part."""
        self._address, self._workers, self._paths, self._program = address, workers, list(paths), program
        self._machines: dict[str, Machine] = {}
        self._refused: dict[str, str] = {}
        self._checks: dict[Any, Machine] = {}
        self._actors: dict[Job, Any] = {}
        self._nodes: dict[Job, str] = {}
        self._asked: dict[Any, Job] = {}
        self._looked_at = 0.0
        os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
        import ray

        self._ray = ray
        _check_reachable(address)
        try:
            ray.init(address=address, namespace="emotion-convert", log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, RuntimeError, ValueError, AssertionError) as err:
            raise SearchError(f"{address}: no Ray cluster to join: {(str(err).splitlines() or [''])[0]}") from err
        self._wait_for_machines()

    def has_room(self) -> bool:
        """Whether another job can be started now."""
        return any(self._load(node) < self._workers for node in self._machines)

    def _load(self, node: str) -> int:
        return list(self._nodes.values()).count(node)

    def start(self, job: Job) -> None:
        """Start a job on the machine with the fewest. Raises SearchError or OSError."""
        node = min(self._machines, key=self._load)
        actor = self._pinned(RemoteTraining, node).remote(
            job, read_files(job.run), _beside(job.recipe), self._workers, self._program
        )
        self._nodes[job], self._actors[job] = node, actor
        self._asked[actor.news.remote()] = job

    def wait(self) -> list[Event]:
        """News of the jobs, waited for a second at most. Raises SearchError where no machine is left."""
        self._look()
        if not (self._machines or self._checks):
            reasons = "; ".join(self._refused.values()) or "all are gone"
            raise SearchError(
                f"{self._address}: no machine of the cluster can train: {reasons}; the same command goes on"
            )
        waited = [*self._asked, *self._checks]
        ready, _ = self._ray.wait(waited, num_returns=1, timeout=1.0)
        events = []
        for reference in ready:
            if reference in self._checks:
                self._admit(reference)
            else:
                events += self._news(reference)
        return events

    def _news(self, reference: Any) -> list[Event]:
        job = self._asked.pop(reference)
        try:
            news: News = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as err:
            self._forget(job)
            return [Event(job, ended=Ended(1, str(err.cause or err).splitlines()[-1]))]
        except self._ray.exceptions.RayError as err:
            self._machines.pop(self._nodes[job], None)  # it is asked anew, if it is still there
            self._forget(job)
            reason = f"its machine or process was lost: {str(err).splitlines()[0]}"
            return [Event(job, ended=Ended(-1, reason, is_lost=True))]
        if news.files:
            write_files(job.run, news.files)
        if news.log:
            job.log.write_bytes(news.log)
        if news.ended:
            self._forget(job)
        else:
            self._asked[self._actors[job].news.remote()] = job
        return [Event(job, news.rows, news.ended)] if news.rows or news.ended else []

    def _forget(self, job: Job) -> None:
        """A job is over: its actor is ended, and its machine has room."""
        actor = self._actors.pop(job)
        del self._nodes[job]
        with contextlib.suppress(self._ray.exceptions.RayError):  # else it was lost, with all that it ran
            self._ray.get(actor.stop.remote(), timeout=CONNECT_S)
        self._ray.kill(actor)

    def stop(self, job: Job) -> None:
        """End a job."""
        self._asked = {reference: each for reference, each in self._asked.items() if each != job}
        self._forget(job)

    def close(self) -> None:
        """End all jobs, and leave the cluster."""
        for job in list(self._actors):
            self.stop(job)
        self._ray.shutdown()

    def _wait_for_machines(self) -> None:
        end = time.monotonic() + CHECK_S
        while not self._machines:
            self._look()
            if not self._checks or time.monotonic() > end:
                reasons = "; ".join(self._refused.values()) or "none answers"
                self._ray.shutdown()
                raise SearchError(f"{self._address}: no machine of the cluster can train: {reasons}")
            for reference in self._ray.wait(list(self._checks), num_returns=len(self._checks), timeout=1.0)[0]:
                self._admit(reference)

    def _look(self) -> None:
        """Take in which machines have joined the cluster and which have left it. One that joins is asked whether it has
        what a training needs."""
        if time.monotonic() < self._looked_at + LOOK_S:
            return
        self._looked_at = time.monotonic()
        alive = {each["NodeID"]: each for each in self._ray.nodes() if each["Alive"] and each["Resources"].get("CPU")}
        self._machines = {node: machine for node, machine in self._machines.items() if node in alive}
        known = {*self._machines, *self._refused, *(machine.node for machine in self._checks.values())}
        for node in alive.keys() - known:
            check = self._pinned(what_is_missing, node).remote(self._paths, __version__)
            self._checks[check] = Machine(node, alive[node]["NodeManagerAddress"])

    def _admit(self, reference: Any) -> None:
        machine = self._checks.pop(reference)
        try:
            reason = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as err:
            reason = str(err.cause or err).splitlines()[-1]
        except self._ray.exceptions.RayError:
            return  # it is gone again
        if reason:
            self._refused[machine.node] = f"{machine.address} {reason}"
        else:
            self._machines[machine.node] = machine

    def _pinned(self, what: Any, node: str) -> Any:
        """A function or an actor that runs on one machine. It takes no core from Ray: their room is kept here."""
        strategy = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)
        options = {"max_restarts": 0} if isinstance(what, type) else {"max_retries": 0}
        return self._ray.remote(num_cpus=0, scheduling_strategy=strategy, **options)(what)


def _check_reachable(address: str) -> None:
    """Raises SearchError where nothing listens there: Ray itself would try for a minute."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port[:6]) < 65_536:
        raise SearchError(f"--ray {address}: expected HOST:PORT of the cluster's head, such as 127.0.0.1:6379")
    try:
        socket.create_connection((host, int(port)), CONNECT_S).close()
    except OSError as err:
        raise SearchError(
            f"{address}: no Ray cluster: {err.strerror or err}; start one with "
            "`ray start --head --node-ip-address=127.0.0.1 --include-dashboard=false --disable-usage-stats`"
        ) from err


def _beside(recipe: Path) -> dict[str, bytes]:
    """A recipe, and the files that it names by a relative path, by name. Raises SearchError or OSError."""
    content = read_bytes(recipe)
    files, table = {recipe.name: content}, tomllib.loads(content.decode())
    for section, key in (("teachers", "soft_labels"), ("network", "weights")):
        named = table.get(section, {}).get(key, "")
        if named in ("", "none", "imagenet") or Path(named).is_absolute():
            continue
        if Path(named).name != named:
            raise SearchError(f"{recipe}: {section}.{key} is {named}; on a cluster name a file beside the recipe")
        files[named] = read_bytes(recipe.parent / named)
    return files
