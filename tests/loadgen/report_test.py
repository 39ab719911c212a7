#!/usr/bin/env python3
"""Reports in a real browser: the charts are drawn, nothing complains, nothing is fetched.

  report_test.py SMTPMARK [unittest arguments]

Needs Debian's chromium; without one this is a skip, or a failure with SMTPMARK_INSIST=1.
"""

import contextlib
import html
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

SMTPMARK = ""
CHROMIUM = shutil.which("chromium")
LIMIT = 120  # seconds
WIDTHS = {"phone": 390, "desktop": 1280}
EVIL = b"550 5.7.1 </script><script>document.title='taken'</script>\r\n"

# Runs first in the page: collects what goes wrong, and looks at the canvases once all is drawn.
PROBE = """<script>
(() => {
  const wrong = [];
  addEventListener("error", (event) => wrong.push(String(event.message)));
  addEventListener("securitypolicyviolation", (event) => wrong.push(event.blockedURI));
  for (const name of ["error", "warn"]) console[name] = (...words) => wrong.push(words.join(" "));
  const look = (canvas) => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colors = new Set();
    let drawn = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] < 255) continue;
      drawn += 1;
      colors.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    }
    const {labels, datasets} = Chart.getChart(canvas).data;
    return {drawn, colors: colors.size, width: canvas.clientWidth, labels,
      datasets: datasets.map(({label, data}) => ({label, points: data.length}))};
  };
  addEventListener("load", () => setTimeout(() => parent.postMessage(JSON.stringify({
    wrong, title: document.title, dark: matchMedia("(prefers-color-scheme: dark)").matches,
    ground: getComputedStyle(document.body).backgroundColor, width: innerWidth,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    canvases: Object.fromEntries([...document.querySelectorAll("canvas")].map(
      (canvas) => [canvas.id, look(canvas)])),
    tables: document.querySelectorAll("table").length}), "*"), 300));
})();
</script>"""

FRAMES = """<!DOCTYPE html><meta charset="utf-8"><body>%s<pre id="seen"></pre><script>
const seen = [];
addEventListener("message", (event) => {
  seen.push(JSON.parse(event.data));
  if (seen.length === %d) document.getElementById("seen").textContent = JSON.stringify(seen);
});
</script>"""


def smtpmark(*arguments, **options):
    return subprocess.run([SMTPMARK, *arguments], capture_output=True, text=True, timeout=LIMIT,
                          **options)


@contextlib.contextmanager
def refusing_server(reply):
    """Lets in, and refuses every MAIL with `reply`."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve(connection):
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"220 hi\r\n")
            for line in connection.makefile("rb"):
                connection.sendall(reply if line.startswith(b"MAIL") else b"250 yes\r\n")

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def curve():
    """What `smtpmark find` adds to a result."""
    steps = [{"rate_per_s": rate, "achieved_per_s": rate, "met": rate < 3500, "p50_us": 300,
              "p90_us": 500, "p99_us": 900 + rate * rate / 1000, "p99_9_us": 2000 + rate,
              "error_share": 0.0, "verdict": "clean", "confirmation": rate == 3000}
             for rate in (1000, 2000, 3000, 4000)]
    return {"objective": "p99 of message < 10 ms", "curve": steps, "found": {"rate_per_s": 3000}}


def stretch(job):
    """Makes the run look some seconds long, so that there is something to draw over time."""
    job["config"].update(warmup_s=0.0, duration_s=5.0)
    job["series"] = [{"second": second, "messages": 1000 + 100 * second, "handshakes": 10,
                      "sessions": 10, "errors": 0, "p50_us": 800, "p99_us": 2000 + 100 * second}
                     for second in range(6)]


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="smtpmark-report-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.main_job = cls.folder / "main.json"
        done = smtpmark("run", "--duration", "200ms", "--warmup", "50ms", "--connections", "10",
                        "--results-dir", str(cls.folder / "results"), "--json", str(cls.main_job),
                        "--quiet")
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        result = json.loads(cls.main_job.read_text())
        for job in result["jobs"]:
            stretch(job)
        cls.main_job.write_text(json.dumps(result))

    def page_of(self, *results):
        page = self.folder / "report.html"
        done = smtpmark("report", *map(str, results), "-o", str(page))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, f"report: {page}\n")
        return page

    def look_at(self, page, dark=False):
        """What the page shows in each of WIDTHS."""
        text = page.read_text()
        probed = self.folder / "probed.html"
        probed.write_text(text.replace("<head>", "<head>" + PROBE, 1))
        frames = "".join(f'<iframe src="probed.html" width="{width}" height="900"></iframe>'
                         for width in WIDTHS.values())
        outer = self.folder / "frames.html"
        outer.write_text(FRAMES % (frames, len(WIDTHS)))
        done = subprocess.run(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,2000",
             "--disable-extensions", "--no-first-run", "--enable-logging=stderr",
             f"--user-data-dir={self.folder / 'profile'}", "--virtual-time-budget=5000",
             f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--dump-dom",
             outer.as_uri()], capture_output=True, text=True, timeout=LIMIT)
        self.assertNotIn("CONSOLE", done.stderr)
        seen = re.search(r'<pre id="seen">(.+?)</pre>', done.stdout, re.S)
        self.assertIsNotNone(seen, done.stdout[-2000:] + done.stderr[-2000:])
        by_width = {one["width"]: one for one in json.loads(html.unescape(seen.group(1)))}
        for width in WIDTHS.values():
            one = by_width[width]
            self.assertEqual(one["wrong"], [])
            self.assertEqual(one["overflow"], 0, f"wider than {width}")
            self.assertEqual(one["dark"], dark)
        return by_width

    def expect_drawn(self, seen, *names):
        for width, one in seen.items():
            self.assertEqual(set(one["canvases"]), set(names))
            for name, canvas in one["canvases"].items():
                self.assertGreater(canvas["drawn"], 200, (width, name))
                self.assertGreater(canvas["colors"], 2, (width, name))
                self.assertLessEqual(canvas["width"], width)

    def test_the_main_job_is_drawn_on_a_phone_and_a_desktop_in_light_and_dark(self):
        page = self.page_of(self.main_job)
        grounds = set()
        for dark in (False, True):
            seen = self.look_at(page, dark)
            self.expect_drawn(seen, "time-one", "time-long", "rates", "cpu", "percentiles", "series",
                              "series-latency")
            for one in seen.values():
                grounds.add(one["ground"])
                self.assertEqual(len(one["canvases"]["time-one"]["labels"]), 4)
                phases = [line["label"] for line in one["canvases"]["time-one"]["datasets"]]
                self.assertLess(phases.index("TLS handshake"), phases.index("AUTH"))
                self.assertLess(phases.index("AUTH"), phases.index("MAIL"))
                curves = one["canvases"]["percentiles"]["datasets"]
                self.assertEqual(len(curves), 8)
                self.assertTrue(all(line["points"] > 10 for line in curves))
                self.assertEqual({line["points"] for line in
                                  one["canvases"]["series"]["datasets"]}, {5})
                self.assertGreater(one["tables"], 15)
        self.assertEqual(len(grounds), 2)

    def test_two_results_and_a_search_stand_side_by_side(self):
        found = json.loads(self.main_job.read_text())
        found.update(curve(), jobs=found["jobs"][:1], comparison=[])
        search = self.folder / "search.json"
        search.write_text(json.dumps(found))
        seen = self.look_at(self.page_of(self.main_job, search))
        one = seen[1280]["canvases"]
        self.assertEqual([line["points"] for line in one["curve-1"]["datasets"]][:3], [3, 3, 3])
        self.assertEqual(len(one["time-one"]["labels"]), 5)
        text = (self.folder / "report.html").read_text()
        self.assertIn("The highest rate that was found to meet it: 3\u202f000 a second.", text)

    def test_a_reply_that_looks_like_markup_stays_text(self):
        result = self.folder / "evil.json"
        with refusing_server(EVIL) as target:
            smtpmark("run", "--target", target, "--role", "relay", "--connections", "2",
                     "--messages", "4", "--results-dir", str(self.folder / "results"), "--json",
                     str(result))
        page = self.page_of(result)
        text = page.read_text()
        self.assertIn("no message was accepted in the measured part", text)
        self.assertIn("&lt;/script&gt;&lt;script&gt;document.title=", text)
        for one in self.look_at(page).values():
            self.assertNotEqual(one["title"], "taken")

    def test_an_aborted_run_has_a_page(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        result = self.folder / "aborted.json"
        smtpmark("run", "--target", f"127.0.0.1:{port}", "--role", "relay", "--connections", "2",
                 "--results-dir", str(self.folder / "results"), "--json", str(result))
        page = self.page_of(result)
        self.assertIn("aborted, no session could be established", page.read_text())
        self.look_at(page)

    def test_what_is_no_whole_result_gets_a_sentence_and_no_page(self):
        text = self.main_job.read_text()
        for content, sentence in ((text[:len(text) // 2], "not complete JSON"),
                                  ('{"schema": "smtpmark.result", "schema_version": 99}',
                                   "has schema version 99"),
                                  ("{}", "not a result of smtpmark")):
            bad = self.folder / "bad.json"
            bad.write_text(content)
            page = self.folder / "none.html"
            done = smtpmark("report", str(self.main_job), str(bad), "-o", str(page))
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertIn(sentence, done.stderr)
            self.assertIn(str(bad), done.stderr)
            self.assertFalse(page.exists())
        done = smtpmark("report", str(self.main_job), "-o", "/dev/full")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write /dev/full", done.stderr)


if __name__ == "__main__":
    SMTPMARK = os.path.abspath(sys.argv.pop(1))
    if CHROMIUM is None:
        print("chromium is not installed: reports are not looked at")
        sys.exit(1 if os.environ.get("SMTPMARK_INSIST") else 77)
    unittest.main(verbosity=2)
