"""Generating load, and measuring response times."""

import http.client
import json
import re
import statistics
import subprocess
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from house import API
from matrix import PASSWORD, ask


class Found:
    """The result of a load test."""

    def __init__(self, rate, p50, p99, failed, count):
        self.rate, self.p50, self.p99, self.failed, self.count = rate, p50, p99, failed, count


def percentile(times, share):
    times = sorted(times)
    return times[min(len(times) - 1, int(len(times) * share))]


def milliseconds(text):
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if not found:
        return float("nan")
    value, unit = found.groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def begin_wrk(folder, url, clients, seconds, paths, headers, body=None, pause=0):
    """A process that sends requests to one path after the other, each with its headers; each client waits for `pause` milliseconds before a request."""
    lines = ["local asked = {"]
    for path, header in zip(paths, headers):
        method = "GET" if body is None else "POST"
        fields = ", ".join(f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in header.items())
        text = "nil" if body is None else f"[==[{json.dumps(body)}]==]"
        lines.append(f'  {{"{method}", {json.dumps(path)}, {{{fields}}}, {text}}},')
    lines += ["}", "local requests, turn = {}, 0"]
    lines += ["init = function() for i, one in ipairs(asked) do requests[i] = wrk.format(one[1], one[2], one[3], one[4]) end end"]
    lines += ["request = function() turn = turn % #requests + 1 return requests[turn] end"]
    if pause:
        lines += [f"delay = function() return {pause} end"]
    script = folder / "wrk.lua"
    script.write_text("\n".join(lines))
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", "--latency", "-s", script, url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def end_wrk(process, clients):
    """Its result, once it has ended."""
    try:
        text, _ = process.communicate()
    finally:
        process.kill()
    count = int(re.search(r"(\d+) requests in", text)[1])
    problems = r"Non-2xx or 3xx responses: (\d+)|connect (\d+), read (\d+), write (\d+), timeout (\d+)"
    failed = sum(int(number) for numbers in re.findall(problems, text) for number in numbers if number)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    # Anchored at the start of the line: other percentages in wrk's output may end in the same digits.
    shares = [re.search(rf"^ *{share}% +(\S+)", text, re.M) for share in (50, 99)]
    p50, p99 = (milliseconds(share[1]) if count else float("nan") for share in shares)
    # When its time is up, wrk abandons requests in flight. That is no failure, unless there were no responses at all.
    return Found(rate, p50, p99, failed + (clients if count == 0 else 0), count)


def wrk(folder, url, clients, *more):
    return end_wrk(begin_wrk(folder, url, clients, *more), clients)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def redeem(url, clients, code, guests):
    """Makes all guests, by their tokens, redeem a code. The Python module does not report what is missing: any response of it counts as done."""

    def one(guest):
        begin = time.perf_counter()
        try:
            status, answer = ask(url, "POST", f"{API}/redeem?token={code}", token=guest)
        except (OSError, http.client.HTTPException):
            status, answer = 0, {}
        return time.perf_counter() - begin, status == 200 and not answer.get("failed")

    begin = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        done = list(pool.map(one, guests))
    rate = len(guests) / (time.perf_counter() - begin)
    times = [took for took, _ in done]
    failed = sum(1 for _, fine in done if not fine)
    return Found(rate, 1000 * percentile(times, 0.5), 1000 * percentile(times, 0.99), failed, len(done))


def create(url, token, rooms, **more):
    """Makes an invite and returns its code."""
    status, answer = ask(url, "POST", f"{API}/tokens", {"rooms": rooms, **more}, token)
    assert status == 200, answer
    return answer["token"]["token"]


def sign_in(url, user):
    """Signs a person in on the pages and returns the cookie."""
    body = urllib.parse.urlencode({"_function": "sign_in", "user": user, "password": PASSWORD, "to": ""})
    headers = {"Origin": url, "Content-Type": "application/x-www-form-urlencoded"}
    status, answer = ask(url, "POST", "/sign-in", body, headers=headers)
    assert status == 303, (user, status)
    return answer.getheader("set-cookie").split(";")[0]


class Bystander:
    """A person who uses the homeserver meanwhile."""

    def __init__(self, homeserver, token):
        self.address, self.token = urllib.parse.urlsplit(homeserver.url), token
        self.times, self.over = [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=300)
        while not self.over.is_set():
            begin = time.perf_counter()
            try:
                connection.request("GET", "/_matrix/client/v3/account/whoami", headers=bearer(self.token))
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                # Everything is being stopped; others report why.
                return
            self.times.append(time.perf_counter() - begin)
            self.over.wait(0.02)
        connection.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def median(self):
        return 1000 * statistics.median(self.times)
