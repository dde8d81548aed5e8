#!/usr/bin/env python3
"""Compares splq with DuckDB on process events: the same questions, the same answers, how long each takes.

    benches/compare_duckdb.py [--set narrow|wide] [--events N] [--threads N] [--runs N] [--only duckdb|splq] [--bin target/release/splq]

It writes N process events (1,000,000 unless given) with the cardinalities of a mid-sized Windows network, and asks the
RemCom detection of queries/ and five usual aggregations, as SPL and as SQL written by hand. `--set wide` has the events and
questions of wide_events.py.

* file:   each question alone on the NDJSON file, the best of the runs: elapsed time, and seconds of computing on all cores. splq is timed as a process, start included;
          DuckDB inside a running Python with a fresh connection, with the columns and types of the file given.
* loaded: the data are in memory before the clock starts. splq: `splq run` over copies of each query, the first run and
          the best of all, as splq keeps the result of a predicate for the later queries of a run. DuckDB: an in-memory
          table, once with plain strings and once with ENUMs for the low-cardinality columns; the better of both counts.

SQL gets the easier work where the two differ: it does not test the data model's tags, and it reads no `_raw`.
DuckDB is installed from PyPI into target/bench-venv when this Python lacks it. Nothing else is touched.
"""
import argparse
import hashlib
import json
import os
import pathlib
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time

import wide_events

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "bench"
VENV = ROOT / "target" / "bench-venv"
# Questions over loaded data take milliseconds, so that a few runs tell little.
LOADED_RUNS = 20
START = 1_741_737_600  # 2025-03-12T00:00:00Z
DETECTION = (ROOT / "queries" / "windows_lateral_tool_transfer_remcom.spl").read_text().strip()

COLUMNS = {
    "_time": "DOUBLE", "dest": "VARCHAR", "user": "VARCHAR", "parent_process_name": "VARCHAR", "process_name": "VARCHAR",
    "original_file_name": "VARCHAR", "process": "VARCHAR", "process_id": "INTEGER", "parent_process_id": "INTEGER",
}
ENUMS = ["dest", "user", "parent_process_name", "process_name", "original_file_name"]
ISO = "strftime(make_timestamp(CAST(floor({}) AS BIGINT) * 1000000), '%Y-%m-%dT%H:%M:%S')"

# name, SPL, SQL over {t}, whether the order of the rows counts
QUESTIONS = [
    ("remcom_detection", DETECTION, f"""
        SELECT dest, "user", parent_process_name, process_name, coalesce(CAST(original_file_name AS VARCHAR), 'unknown') AS original_file_name,
               process, process_id, parent_process_id, count(*) AS count,
               {ISO.format('min(_time)')} AS "firstTime", {ISO.format('max(_time)')} AS "lastTime"
        FROM {{t}}
        WHERE (lower(process_name) = 'remcom.exe' OR lower(original_file_name) = 'remcom.exe')
          AND contains(process, '\\') AND (process ILIKE '%/user:%' OR process ILIKE '%/pwd:%')
        GROUP BY ALL""", False),
    ("count_by_process_name",
     "| tstats count from datamodel=Endpoint.Processes by Processes.process_name | rename Processes.* as *",
     "SELECT process_name, count(*) AS count FROM {t} GROUP BY ALL", False),
    ("users_by_parent_and_process",
     "| tstats count dc(Processes.user) as users from datamodel=Endpoint.Processes"
     " by Processes.parent_process_name Processes.process_name | rename Processes.* as *",
     "SELECT parent_process_name, process_name, count(*) AS count, count(DISTINCT \"user\") AS users FROM {t} GROUP BY ALL", False),
    ("encoded_commands_by_host",
     "index=main (process=\"*-enc*\" OR process=\"*downloadstring*\" OR process_name=\"*script*\")"
     " | stats count dc(user) as users min(_time) as first max(_time) as last by dest",
     "SELECT dest, count(*) AS count, count(DISTINCT \"user\") AS users, min(_time) AS first, max(_time) AS last FROM {t}"
     " WHERE process ILIKE '%-enc%' OR process ILIKE '%downloadstring%' OR CAST(process_name AS VARCHAR) ILIKE '%script%' GROUP BY ALL", False),
    ("events_by_hour_and_host",
     "index=main | bin _time span=1h | stats count by _time dest",
     "SELECT floor(_time / 3600) * 3600 AS _time, dest, count(*) AS count FROM {t} GROUP BY ALL", False),
    ("most_common_commands",
     "index=main | stats count dc(dest) as hosts by process | sort 20 -count process",
     "SELECT process, count(*) AS count, count(DISTINCT dest) AS hosts FROM {t} GROUP BY ALL ORDER BY count DESC, process LIMIT 20", True),
]


def generate(path, events):
    """Writes the events; the same number of events gives the same file."""
    rng = random.Random(20250312)
    stems = ["svchost", "chrome", "msedge", "powershell", "cmd", "conhost", "wscript", "cscript", "rundll32", "notepad", "outlook", "excel", "teams", "net", "reg"]
    names = [f"{stem}.exe" for stem in stems] + [f"{rng.choice(stems)}-{i}.exe" for i in range(len(stems), 299)]
    originals = {name: name.title().replace(".Exe", ".exe") if rng.random() < 0.8 else None for name in names}
    parents = names[:100]
    hosts = [f"ws-{i:04}.pinecrest.example" for i in range(450)] + [f"srv-{i:03}.pinecrest.example" for i in range(50)]
    users = [f"user{i:04}" for i in range(1900)] + [f"svc_{i:03}" for i in range(100)]
    verbs = ["--type=renderer", "-k netsvcs -p", "/c dir", "-NoProfile -File", "--enable-features", "/query", "-WindowStyle Hidden", "-EncodedCommand", "(New-Object Net.WebClient).DownloadString"]
    weights = [40, 30, 10, 10, 10, 5, 2, 0.4, 0.1]
    commands = []
    for i in range(200_000):
        name = names[i % 299 if i % 10 == 0 else min(int(rng.expovariate(1 / 40)), 298)]
        verb = rng.choices(verbs, weights)[0]
        commands.append((name, f"\"C:\\Program Files\\{name[:-4]}\\{name}\" {verb} {rng.getrandbits(40):010x} --session {i}"))
    total = max(1, events)
    part = pathlib.Path(f"{path}.part")
    with open(part, "w") as out:
        for i in range(events):
            # Half of the events repeat few command lines, half are spread over all of them.
            at = int(rng.paretovariate(0.5)) % 200_000 if i % 2 else rng.randrange(200_000)
            name, command = commands[at]
            original = originals[name]
            if i % max(1, events // 24) == events // 50:
                name, original = rng.choice([("remcom.exe", "RemCom.exe"), ("REMCOM.EXE", None), ("update.exe", "RemCom.exe")])
                command = f"{name} \\\\{rng.choice(hosts)} {rng.choice(['/user:', '/USER:', '/pwd:'])}secret whoami"
            row = {
                "_time": round(START + 86_400 * (i / total), 3), "host": "collector", "source": "bench", "sourcetype": "bench:process", "tag": ["process", "report"],
                "dest": hosts[min(int(rng.expovariate(1 / 120)), 499)], "user": users[min(int(rng.expovariate(1 / 400)), 1999)],
                "parent_process_name": parents[min(int(rng.expovariate(1 / 12)), 99)], "process_name": name,
                "process": command, "process_id": rng.randrange(1, 16_384) * 4, "parent_process_id": rng.randrange(1, 4_096) * 4,
            }
            if original:
                row["original_file_name"] = original
            out.write(json.dumps(row))
            out.write("\n")
    part.rename(path)


def duckdb_module():
    """DuckDB from this Python, or from a virtual environment under target/."""
    try:
        import duckdb
        return duckdb
    except ImportError:
        python = VENV / "bin" / "python"
        if pathlib.Path(sys.prefix) == VENV:
            raise
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "duckdb"], check=True)
        os.execv(str(python), [str(python), *sys.argv])


def canonical(rows, fields, ordered):
    """Row count and checksum of rows given as dictionaries; numbers are compared as numbers."""
    def text(value):
        if isinstance(value, float):
            return repr(round(value, 6)) if value != int(value) else str(int(value))
        return str(value)
    lines = ["\x1f".join(text(row.get(field)) for field in fields) for row in rows]
    if not ordered:
        lines.sort()
    return len(lines), hashlib.sha256("\x1e".join(lines).encode()).hexdigest()[:12]


def milliseconds(work):
    start = time.perf_counter()
    result = work()
    return (time.perf_counter() - start) * 1000, result


def computing():
    """Seconds of computing of this process and of those that it started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def run_duckdb(duckdb, path, threads, runs, source, enum_names, questions):
    """Times and results per question: {name: {file, computing, loaded, count, checksum}}."""

    def connect():
        connection = duckdb.connect()
        connection.execute(f"SET threads={threads}")
        return connection

    loaded = connect()
    load, _ = milliseconds(lambda: loaded.execute(f"CREATE TABLE plain AS FROM {source}"))
    for name in enum_names:
        loaded.execute(f'CREATE TYPE "{name}_enum" AS ENUM (SELECT DISTINCT "{name}" FROM plain WHERE "{name}" IS NOT NULL ORDER BY 1)')
    enums = ", ".join(f'CAST("{name}" AS "{name}_enum") AS "{name}"' for name in enum_names)
    loaded.execute(f"CREATE TABLE dictionary AS SELECT * REPLACE ({enums}) FROM plain")
    found = {}
    for name, _, sql, ordered in questions:
        fields = []

        def ask(connection, table):
            cursor = connection.execute(sql.format(t=table))
            fields[:] = [column[0] for column in cursor.description]
            return cursor.fetchall()

        files, computed = [], []
        for _ in range(runs):
            connection = connect()
            before = computing()
            files.append(milliseconds(lambda: ask(connection, source))[0])
            computed.append(computing() - before)
            connection.close()
        times = {"plain": [], "dictionary": []}
        sums = set()
        for table, taken in times.items():
            for _ in range(max(runs, LOADED_RUNS)):
                elapsed, rows = milliseconds(lambda: ask(loaded, table))
                taken.append(elapsed)
            sums.add(canonical([dict(zip(fields, row)) for row in rows], fields, ordered))
        if len(sums) != 1:
            sys.exit(f"{name}: the two DuckDB tables disagree: {sums}")
        best = min(times, key=lambda table: min(times[table]))
        count, checksum = sums.pop()
        found[name] = {"file": min(files), "computing": min(computed), "loaded": min(times[best]), "first": times[best][0], "table": best, "count": count, "checksum": checksum, "fields": list(fields)}
    return load, found


def run_splq(binary, path, threads, runs, fields, questions):
    """Times and results per question, as run_duckdb gives them."""
    folder = WORK / "queries"
    results = WORK / "results"
    for place in (folder, results):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    copies = max(runs, LOADED_RUNS)
    for name, spl, _, _ in questions:
        for copy in range(copies):
            (folder / f"{name}_{copy:02}.spl").write_text(spl + "\n")
    command = [str(binary), "run", "--jobs", "1", "--data", str(path), "--threads", str(threads), "--format", "ndjson", "--out", str(results), str(folder)]
    whole, answer = milliseconds(lambda: subprocess.run(command, capture_output=True, text=True))
    if answer.returncode != 0:
        sys.exit(f"splq run failed ({answer.returncode}): {answer.stderr.strip()[-2000:]}{answer.stdout[-2000:]}")
    elapsed = {}
    for line in answer.stdout.splitlines():
        row = json.loads(line)
        elapsed[pathlib.Path(row["query"]).stem] = float(row["elapsed_ms"])
    found = {}
    for name, spl, _, ordered in questions:
        times = [elapsed[f"{name}_{copy:02}"] for copy in range(copies)]
        rows = [json.loads(line) for line in (results / f"{name}_00.ndjson").read_text().splitlines()]
        files, computed = [], []
        for _ in range(runs):
            before = computing()
            single = [str(binary), "query", "--data", str(path), "--threads", str(threads), "--format", "ndjson", spl]
            taken, answer = milliseconds(lambda: subprocess.run(single, capture_output=True, text=True))
            if answer.returncode != 0:
                sys.exit(f"{name}: splq query failed ({answer.returncode}): {answer.stderr.strip()[-2000:]}")
            files.append(taken)
            computed.append(computing() - before)
        count, checksum = canonical(rows, fields.get(name) or sorted(rows[0]), ordered)
        found[name] = {"file": min(files), "computing": min(computed), "loaded": min(times), "first": times[0], "median": statistics.median(times), "count": count, "checksum": checksum}
    return whole - sum(elapsed.values()), found


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--set", choices=["narrow", "wide"], default="narrow")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--only", choices=["duckdb", "splq"])
    arguments.add_argument("--bin", type=pathlib.Path, default=ROOT / "target" / "release" / "splq")
    given = arguments.parse_args()
    duckdb = duckdb_module() if given.only != "splq" else None
    WORK.mkdir(parents=True, exist_ok=True)
    is_wide = given.set == "wide"
    path = WORK / f"{'wide-' if is_wide else ''}events-{given.events}.ndjson"
    if not path.exists():
        print(f"writing {path.relative_to(ROOT)}", file=sys.stderr)
        (wide_events.generate if is_wide else generate)(path, given.events)
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    source = wide_events.SOURCE if is_wide else "read_json('{path}', format='newline_delimited', columns={{" + columns + "}})"
    questions, enum_names = (wide_events.QUESTIONS, wide_events.ENUMS) if is_wide else (QUESTIONS, ENUMS)
    print(f"{given.events:,} events, {path.stat().st_size / 1e6:,.0f} MB of NDJSON, {given.threads} threads, best of {given.runs} runs (loaded: {max(given.runs, LOADED_RUNS)}); milliseconds")
    theirs = ours = None
    if duckdb:
        load, theirs = run_duckdb(duckdb, path, given.threads, given.runs, source.format(path=path), enum_names, questions)
        print(f"DuckDB {duckdb.__version__}: loading the columns takes {load:,.0f} ms")
    if given.only != "duckdb":
        binary = given.bin.resolve()
        if not binary.exists():
            sys.exit(f"no binary at {given.bin}: cargo build --release --bin splq")
        load, ours = run_splq(binary, path, given.threads, given.runs, {name: row["fields"] for name, row in (theirs or {}).items()}, questions)
        print(f"splq: start and loading take about {load:,.0f} ms")
    print()
    head = ["question", "rows"]
    head += ["splq file", "splq computing", "splq loaded, first", "splq loaded, best"] if ours else []
    head += ["DuckDB file", "DuckDB computing", "DuckDB loaded, first", "DuckDB loaded, best", "table"] if theirs else []
    head += ["file ratio", "computing ratio", "loaded ratio (first)", "loaded ratio (best)", "same rows"] if ours and theirs else []
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    wrong = 0
    for name, _, _, _ in questions:
        cells = [name, f"{(ours or theirs)[name]['count']:,}"]
        if ours:
            cells += [f"{ours[name][key]:,.1f}" if key != "computing" else f"{ours[name][key]:.2f} s" for key in ("file", "computing", "first", "loaded")]
        if theirs:
            cells += [f"{theirs[name][key]:,.1f}" if key != "computing" else f"{theirs[name][key]:.2f} s" for key in ("file", "computing", "first", "loaded")] + [theirs[name]["table"]]
        if ours and theirs:
            same = all(ours[name][key] == theirs[name][key] for key in ("count", "checksum"))
            wrong += not same
            cells += [f"{ours[name][key] / theirs[name][key]:.2f}" for key in ("file", "computing")]
            cells += [f"{ours[name]['first'] / theirs[name]['first']:.2f}", f"{ours[name]['loaded'] / theirs[name]['loaded']:.2f}"]
            cells += ["yes" if same else f"NO: {theirs[name]['count']:,} rows by DuckDB"]
        print("| " + " | ".join(cells) + " |")
    if ours and theirs:
        for key, unit in (("file", 1000), ("computing", 1)):
            both = [sum(row[key] for row in rows.values()) / unit for rows in (ours, theirs)]
            print(f"\n{key}, all questions: splq {both[0]:.2f} s, DuckDB {both[1]:.2f} s, ratio {both[0] / both[1]:.2f}")
        print("\nratio: splq's time over DuckDB's, below 1 splq is faster")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
