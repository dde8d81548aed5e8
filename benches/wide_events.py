"""Process events with sixteen fields each, 609 bytes an event, and six questions about them, as SPL and as SQL written by hand."""
import json
import random

# DuckDB finds the columns and their types itself.
SOURCE = "read_json('{path}', format='newline_delimited')"
ENUMS = ["dest", "user", "parent_process_name", "process_name", "original_file_name", "process_integrity_level"]
FIELDS = "Processes.dest Processes.user Processes.parent_process_name Processes.process_name Processes.original_file_name Processes.process Processes.process_id Processes.parent_process_id"

# name, SPL, SQL over {t}, whether the order of the rows counts
QUESTIONS = [
    ("remcom",
     "| tstats count min(_time) as first max(_time) as last from datamodel=Endpoint.Processes"
     " where (Processes.process_name=remcom.exe OR Processes.original_file_name=RemCom.exe) Processes.process=\"*\\\\*\""
     f" Processes.process IN (\"*/user:*\", \"*/pwd:*\") by {FIELDS} | rename Processes.* as *",
     """SELECT dest, "user", parent_process_name, process_name, original_file_name, process, process_id, parent_process_id,
               count(*) AS count, min(_time) AS first, max(_time) AS last FROM {t}
        WHERE list_contains(tag, 'process') AND (lower(CAST(process_name AS VARCHAR)) = 'remcom.exe' OR lower(CAST(original_file_name AS VARCHAR)) = 'remcom.exe')
          AND process LIKE '%\\%' AND (process ILIKE '%/user:%' OR process ILIKE '%/pwd:%') GROUP BY ALL""", False),
    ("wildcard", "index=main process=\"*urlcache*split*http*\" | stats count by dest",
     "SELECT dest, count(*) AS count FROM {t} WHERE process ILIKE '%urlcache%split%http%' GROUP BY ALL", False),
    ("hosts_by_process", "index=main | stats count dc(dest) as hosts by process_name",
     "SELECT process_name, count(*) AS count, count(DISTINCT dest) AS hosts FROM {t} GROUP BY ALL", False),
    ("rare_pairs", "index=main | stats count min(_time) as first max(_time) as last by parent_process_name process_name | where count<30",
     "SELECT parent_process_name, process_name, count(*) AS count, min(_time) AS first, max(_time) AS last FROM {t} GROUP BY ALL HAVING count < 30", False),
    ("hourly", "index=main | bin _time span=1h | stats count sum(bytes) as bytes by _time process_integrity_level",
     "SELECT floor(_time / 3600) * 3600 AS _time, process_integrity_level, count(*) AS count, sum(bytes) AS bytes FROM {t} GROUP BY ALL", False),
    ("regex", "index=main | regex process=\"(?i)-nop\\s+-w\\s+hidden.*-enc\" | stats count by user | sort 10 -count user",
     "SELECT * FROM (SELECT CAST(\"user\" AS VARCHAR) AS \"user\", count(*) AS count FROM {t}"
     " WHERE regexp_matches(process, '(?i)-nop\\s+-w\\s+hidden.*-enc') GROUP BY ALL) ORDER BY count DESC, lower(\"user\") LIMIT 10", True),
]


def generate(path, events):
    """Writes the events; the same number of events gives the same file."""
    rng = random.Random(20261122)
    names = [f"proc{number}.exe" for number in range(1500)]
    names += [f"{name}.exe" for name in ("cmd", "powershell", "rundll32", "svchost", "wmic", "net", "reg", "certutil", "mshta", "schtasks")]
    weights = [1 / (place + 1) ** 0.9 for place in range(len(names))]
    rng.shuffle(weights)
    parents = names[::7] + ["explorer.exe", "services.exe", "winword.exe"]
    users = [f"CORP\\user{number}" for number in range(2500)] + ["NT AUTHORITY\\SYSTEM"] * 800
    hosts = [f"host-{number:04}.corp.local" for number in range(4000)]
    verbs = ["/c", "-nop -w hidden -enc SQBFAFgA", "/user:admin", "/pwd:secret", "process call create",
             "-urlcache -split -f http://10.1.2.3/a.exe", "query HKLM\\Software", "/transfer job", "--type=renderer --lang=en", "-k netsvcs -p"]
    time, batch = 1_700_000_000.0, []
    part = path.with_suffix(".part")
    with open(part, "w") as out:
        for place in range(events):
            if place % 4096 == 0:
                batch = rng.choices(names, weights, k=4096)
            name = original = batch[place % 4096]
            key = rng.randrange(120)
            folder = f"C:\\Program Files\\Vendor{key % 17}\\{name}"
            command = f"\"{folder}\" {verbs[key % 10]} --id {key} C:\\Users\\u{key % 40}\\doc{rng.randrange(60)}.txt"
            if place % 100_003 == 5:
                name, original, command = "remcom.exe", "RemCom.exe", "\\\\10.0.0.7 /user:admin /pwd:x cmd.exe"
            time += rng.random() * 0.2
            parent = rng.choice(parents)
            out.write(json.dumps({
                "_time": round(time, 3), "sourcetype": "edr:process", "tag": ["process", "report"], "dest": rng.choice(hosts),
                "user": rng.choice(users), "process_name": name, "original_file_name": original, "process": command,
                "process_path": folder, "process_id": rng.randrange(200, 20_000), "parent_process_name": parent,
                "parent_process": f"C:\\Windows\\{parent} -s {key}", "parent_process_id": rng.randrange(200, 20_000),
                "process_integrity_level": ("low", "medium", "high", "system")[key % 4],
                "process_guid": f"{{{place:08x}-{key:04x}}}", "bytes": rng.randrange(1 << 20),
            }) + "\n")
    part.rename(path)
