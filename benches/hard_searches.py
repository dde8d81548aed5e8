#!/usr/bin/env python3
"""Hard searches: how each ends, its computing time and the most memory of the process, as rows of docs/large-data.md.

usage: hard_searches.py BINARY [PART OF A NAME ...]

A search that has computed for LIMIT seconds is stopped.
"""
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading

LIMIT = 20

# name, data, search; a number stands for so many nested subsearches
SEARCHES = [
    ("appendpipe x40", "events", "| makeresults count=1000" + " | appendpipe [ eval x=1 ]" * 40),
    ("appendpipe x40 of events", "events", "* | fields guid" + " | appendpipe [ eval x=1 ]" * 40),
    ("stats values(*) 20000", "20000", "* | stats values(*) as *"),
    ("stats sum(*) 20000", "20000", "* | stats sum(*) as *"),
    ("addtotals 20000", "20000", "* | addtotals"),
    ("addtotals 10000", "10000", "* | addtotals"),
    ("addcoltotals 20000", "20000", "* | addcoltotals"),
    ("fieldsummary 20000", "20000", "* | fieldsummary"),
    ("table * 20000", "20000", "* | table *"),
    ("table * 100000", "100000", "* | table *"),
    ("fillnull 100000", "100000", "* | fillnull"),
    ("fields f1 100000", "100000", "* | fields f1"),
    ("foreach 20000", "20000", "* | foreach * [eval <<FIELD>>=1]"),
    ("transpose 20000", "20000", "* | transpose"),
    ("timechart by 100000 limit=0", "events", "* | timechart limit=0 count by guid"),
    ("timechart span=1d by guid limit=0", "events", "* | timechart span=1d limit=0 count by guid"),
    ("timechart by dest 1000 limit=0", "events", "* | timechart span=1m limit=0 count by dest"),
    ("map 100000", "events", "* | map maxsearches=100000 search=\"search guid=$guid$ | head 1\""),
    ("map 100000 makeresults", "events", "* | map maxsearches=100000 search=\"| makeresults | eval g=\\\"$guid$\\\"\""),
    ("streamstats values read", "events", "* | streamstats values(guid) as g | eval n=mvcount(g) | stats max(n)"),
    ("streamstats values shown", "events", "* | streamstats values(guid) as g | tail 1 | eval n=mvcount(g) | table n"),
    ("streamstats dc", "events", "* | streamstats dc(guid) as g | stats max(g)"),
    ("streamstats list read", "events", "* | streamstats list(guid) as g | eval n=mvcount(g) | stats max(n)"),
    ("streamstats median", "events", "* | streamstats median(n) as g | stats max(g)"),
    ("streamstats window median", "events", "* | streamstats window=10000 median(n) as g | stats max(g)"),
    ("streamstats window dc", "events", "* | streamstats window=10000 dc(guid) as g | stats max(g)"),
    ("streamstats window values", "events", "* | streamstats window=10000 values(guid) as g | eval n=mvcount(g) | stats max(n)"),
    ("streamstats mode", "events", "* | streamstats mode(guid) as g | stats max(g)"),
    ("streamstats max perc stdev", "events", "* | streamstats max(n) perc90(n) stdev(n) | stats count"),
    ("eventstats values read", "events", "* | eventstats values(guid) as g | eval n=mvcount(g) | stats max(n)"),
    ("xyseries", "events", "* | xyseries guid dest n"),
    ("untable", "20000", "* | untable _time f v"),
    ("mvcombine 100000", "events", "* | fields guid | mvcombine guid"),
    ("transpose 0", "events", "* | fields guid | transpose 0"),
    ("kmeans", "events", "* | kmeans k=100 n"),
    ("cluster", "events", "* | cluster"),
    ("anomalies", "events", "* | fields cmd | anomalies"),
    ("anomalousvalue", "events", "* | anomalousvalue"),
    ("associate", "events", "* | associate"),
    ("correlate", "events", "* | correlate"),
    ("correlate wide", "20000", "* | correlate"),
    ("diff", "events", "* | diff"),
    ("outlier", "events", "* | outlier"),
    ("outlier wide", "20000", "* | outlier"),
    ("selfjoin", "events", "* | selfjoin guid"),
    ("dedup consecutive", "events", "* | dedup guid consecutive=true"),
    ("set diff", "events", "| set diff [search * | fields guid] [search * | fields dest]"),
    ("contingency", "events", "* | contingency guid dest"),
    ("analyzefields wide", "20000", "* | analyzefields classfield=f1"),
    ("untable wide then xyseries", "20000", "* | untable _time f v | xyseries _time f v"),
    ("rename * wide", "20000", "* | rename f* as g*"),
    ("fields - wide", "20000", "* | fields - f1*"),
    ("makemv wide", "20000", "* | foreach f* [eval <<FIELD>>=split(<<FIELD>>,\",\")]"),
    ("stats many", "20000", "* | stats count by f1 f2 f3 f4 f5"),
    ("eventstats wide", "20000", "* | eventstats max(*) as m_*"),
    ("streamstats wide", "20000", "* | streamstats max(*) as m_*"),
    ("mvcombine wide", "20000", "* | mvcombine f1"),
    ("tojson wide", "20000", "* | tojson"),
    ("dedup wide", "20000", "* | dedup f1"),
    ("sort wide", "20000", "* | sort f1"),
    ("top wide", "20000", "* | top f1"),
    ("chart wide", "20000", "* | chart max(*) over f1"),
    ("timechart wide", "20000", "* | timechart max(*)"),
    ("join wide", "20000", "* | join f1 [search *]"),
    ("append wide", "20000", "* | append [search *]"),
    ("appendcols wide", "20000", "* | appendcols [search *]"),
    ("filldown wide", "20000", "* | filldown"),
    ("replace wide", "20000", "* | replace 1 with 2"),
    ("convert wide", "20000", "* | convert auto(*)"),
    ("rangemap wide", "20000", "* | rangemap field=f1 low=0-30"),
    ("transaction wide", "20000", "* | transaction f1"),
    ("format wide", "20000", "* | format"),
    ("subsearch wide", "20000", "* [search * | fields f*]"),
    ("nested subsearches 1", "events", 1),
    ("nested subsearches 40", "events", 40),
]


def nested(depth):
    """Subsearches of 10,000 rows in one another."""
    search = "dest=* | head 10000 | table guid"
    for _ in range(depth):
        search = f"dest=* [search {search} ] | head 10000 | table guid"
    return search


def generate(folder):
    """100,000 events of six fields, and a few of very many."""
    rng = random.Random(1)
    with open(os.path.join(folder, "events.ndjson"), "w") as file:
        for row in range(100_000):
            event = {"_time": 1_700_000_000 + row, "guid": f"{rng.getrandbits(64):016x}", "dest": f"host{row % 1000}",
                     "user": f"u{row % 50}", "cmd": f"cmd.exe /c run {row % 5000} --id {row}", "n": row % 977}
            file.write(json.dumps(event) + "\n")
    for width, rows in ((10_000, 5), (20_000, 1), (100_000, 1)):
        with open(os.path.join(folder, f"{width}.ndjson"), "w") as file:
            for row in range(rows):
                event = {"_time": 1_700_000_000 + row}
                event.update({f"f{place}": place * row + place for place in range(width)})
                file.write(json.dumps(event) + "\n")


def measure(binary, data, search):
    """How it ends, seconds of computing, megabytes, what an error says."""
    def bound():
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT + 1))

    command = [binary, "query", "--no-config", "--format", "ndjson", "--data", data, search]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=bound)
    said = []
    reader = threading.Thread(target=lambda: said.append(process.stderr.read().decode(errors="replace")))
    reader.start()
    _, status, usage = os.wait4(process.pid, 0)
    reader.join()
    if os.WIFSIGNALED(status):
        ended = "no answer" if os.WTERMSIG(status) in (9, 24) else "aborts"
    else:
        ended = "error" if os.WEXITSTATUS(status) else "answer"
    words = [line.strip() for line in said[0].splitlines() if line.strip().startswith("×")] if ended == "error" else []
    return ended, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, " ".join(words)


def main():
    binary, wanted = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        generate(folder)
        for name, data, search in SEARCHES:
            if wanted and not any(part in name for part in wanted):
                continue
            text = nested(search) if isinstance(search, int) else search
            ended, seconds, megabytes, words = measure(binary, os.path.join(folder, f"{data}.ndjson"), text)
            print(f"| {name} | {ended}, {seconds:.1f} s, {megabytes:,} MB | {words}", flush=True)


main()
