//! What a file looks like whose sourcetype nothing maps: products whose logs show it, though not safely enough to give their
//! sourcetype unasked, or though another one was named.

use crate::format::Format;
use crate::report::Likely;
use crate::sourcetype;

const fn likely(product: &'static str, sourcetype: &'static str) -> Likely {
    Likely { product, sourcetype }
}

/// What the sourcetypes belong to that are recognised.
const RECOGNISED: &[Likely] = &[
    likely("AWS CloudTrail", "aws:cloudtrail"),
    likely("the audit log of Microsoft 365", "o365:management:activity"),
    likely("journald", "journald"),
    likely("Suricata", "suricata"),
    likely("Okta", "OktaIM2:log"),
    likely("osquery", "osquery:results"),
    likely("AWS GuardDuty", "aws:cloudwatch:guardduty"),
    likely("sign-ins of Entra ID", "azure:aad:signin"),
    likely("the audit log of Kubernetes", "kube:apiserver:audit"),
    likely("the audit log of Google Cloud", "google:gcp:pubsub:message"),
    likely("AWS WAF", "aws:waf"),
    likely("CrowdStrike Falcon", "crowdstrike:events:sensor"),
    likely("SentinelOne", "sentinelone:channel:threats"),
    likely("Duo", "duo"),
    likely("Microsoft Defender", "ms:defender:atp:alerts"),
    likely("Zeek", "zeek:conn:json"),
    likely("Zeek", "zeek:dns:json"),
    likely("Zeek", "zeek:http:json"),
    likely("Zeek", "zeek:ssl:json"),
    likely("Zeek", "zeek:smtp:json"),
    likely("Zeek", "zeek:ssh:json"),
    likely("Cisco ASA", "cisco:asa"),
    likely("Cisco FTD", "cisco:ftd"),
    likely("Cisco ISE", "cisco:ise:syslog"),
    likely("FortiGate", "fgt_log"),
    likely("Sophos Firewall", "sophos:xg"),
    likely("Check Point", "cp_log:syslog"),
    likely("Juniper SRX", "juniper:junos:firewall:structured"),
    likely("pfSense", "pfsense:filterlog"),
    likely("netfilter", "linux:netfilter"),
    likely("BIND", "isc:bind:query"),
    likely("ISC DHCP", "isc:dhcp"),
    likely("Windows DNS", "MSAD:NT6:DNS"),
    likely("Postfix", "postfix_syslog"),
    likely("HAProxy", "haproxy:http"),
    likely("Snort", "snort"),
];

/// Keys that objects of a product have together.
const KEYS: &[(&[&str], Likely)] = &[
    (&["action", "actor", "org", "created_at"], likely("the audit log of GitHub", "github:enterprise:audit")),
    (&["action", "actor", "org", "@timestamp"], likely("the audit log of GitHub", "github:enterprise:audit")),
    (&["kind", "id", "actor", "events"], likely("reports of Google Workspace", "gws:reports:admin")),
    (&["SchemaVersion", "ProductArn", "AwsAccountId"], likely("AWS Security Hub", "aws:securityhub:finding")),
    (
        &["time", "tenantId", "operationName", "category", "properties"],
        likely("Defender's advanced hunting", "mscs:azure:eventhub:defender:advancedhunting"),
    ),
    (&["time", "resourceId", "operationName", "category", "properties"], likely("logs of Entra ID", "azure:monitor:aad")),
    (&["eventTimestamp", "operationName", "resourceId", "claims"], likely("Azure's activity log", "mscs:azure:audit")),
    (&["metadata", "event"], likely("CrowdStrike's event stream", "CrowdStrike:Event:Streams:JSON")),
    (&["pkt_num", "rule", "action", "src_ap"], likely("Snort 3", "snort3:alert:json")),
    (&["occurredAt", "type", "networkId"], likely("Meraki", "meraki")),
];

/// Parts that the lines of a product have together.
const PARTS: &[(&[&str], Likely)] = &[
    (&[",TRAFFIC,"], likely("Palo Alto Networks", "pan:traffic")),
    (&[",THREAT,"], likely("Palo Alto Networks", "pan:threat")),
    (&[" eni-", " OK"], likely("VPC flow logs", "aws:cloudwatchlogs:vpcflow")),
    (&[" app/", "arn:"], likely("access logs of an AWS load balancer", "aws:elb:accesslogs")),
    (&[" REST.", " +0000] "], likely("access logs of S3", "aws:s3:accesslogs")),
    (&[" TCP_", "/", " HIER_"], likely("squid", "squid:access")),
    (&["ModSecurity: ", "[id \""], likely("ModSecurity", "modsecurity")),
    (&["-PPE-", " : "], likely("Citrix NetScaler", "citrix:netscaler:syslog")),
    (&["/Common/", "]: 01490"], likely("F5 BIG-IP APM", "f5:bigip:apm:syslog")),
    (&["PulseSecure: "], likely("Ivanti Connect Secure", "pulse:connectsecure")),
    (&["openvpn[", "]: "], likely("OpenVPN", "openvpn")),
    (&[" flows src=", "dst="], likely("Meraki", "meraki")),
    (&[" urls src=", "dst="], likely("Meraki", "meraki")),
];

/// What a file with this beginning looks like, other than the sourcetype that it has.
pub(crate) fn of(format: Format, head: &[u8], has: &str) -> Option<Likely> {
    let found = match format {
        Format::Ndjson | Format::Json => {
            let keys = sourcetype::first_keys(head);
            let known = sourcetype::json(head);
            recognised(known).or_else(|| {
                KEYS.iter().find(|(names, _)| names.iter().all(|name| keys.contains(&name.as_bytes()))).map(|(_, found)| *found)
            })
        }
        Format::Text | Format::Syslog | Format::Csv => sourcetype::messages(head)
            .and_then(recognised)
            .or_else(|| PARTS.iter().find(|(parts, _)| sourcetype::are_lines_of(head, parts)).map(|(_, found)| *found)),
        _ => None,
    };
    found.filter(|found| found.sourcetype != has)
}

fn recognised(sourcetype: &str) -> Option<Likely> {
    RECOGNISED.iter().find(|known| known.sourcetype == sourcetype).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_files_look_like() {
        let okta = r#"{"actor":{},"eventType":"x","outcome":{},"published":"t","uuid":"u"}"#;
        let github = r#"{"action":"repo.create","actor":"ann","org":"o","created_at":1}"#;
        let flow = "2 123456789010 eni-1235b8ca 10.0.0.5 203.0.113.7 50123 443 6 20 4249 1418530010 1418530070 ACCEPT OK\n";
        for (format, head, has, expected) in [
            (Format::Ndjson, okta, "_json", Some("OktaIM2:log")),
            (Format::Ndjson, okta, "OktaIM2:log", None),
            (Format::Ndjson, github, "_json", Some("github:enterprise:audit")),
            (Format::Ndjson, "{\"a\":1}", "_json", None),
            (Format::Text, flow, "flows", Some("aws:cloudwatchlogs:vpcflow")),
            (Format::Syslog, "Mar  4 10:11:25 fw1 %ASA-6-302013: Built\n", "syslog", Some("cisco:asa")),
            (Format::Text, "hello\n", "text", None),
            (Format::Evtx, okta, "x", None),
        ] {
            assert_eq!(of(format, head.as_bytes(), has).map(|found| found.sourcetype), expected, "{head}");
        }
    }

    #[test]
    fn every_recognised_sourcetype_has_a_product() {
        for (parts, sourcetype) in sourcetype::MESSAGES {
            assert!(recognised(sourcetype).is_some(), "{parts:?}");
        }
    }
}
