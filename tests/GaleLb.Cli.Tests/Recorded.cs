namespace GaleLb.Cli.Tests;

/// <summary>Documents in the shape in which gale-lb sends them.</summary>
internal static class Recorded
{
    public const string Status = """
        {"replica":{"id":"9f2c41d07be3a815","address":"10.0.0.1:9090","cluster_id":"5b1e77c2","version":"0.1.0","uptime_ms":3723000},
         "raft":{"role":"leader","term":4,"leader":"9f2c41d07be3a815","leader_address":"10.0.0.1:9090","commit_index":42,"applied_index":42,
                 "last_index":42,"snapshot_index":0,"leader_contact":true},
         "nodes":{"total":4,"routable":3,"probing":0,"draining":1,"blacklisted":0,"down":0,"suspect":0},
         "data_plane":{"attached":true,"mode":"native","applied_index":42,
                       "table_digest":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                       "interfaces":[{"name":"eth1","side":"public","mode":"native"},{"name":"eth0","side":"private","mode":"native"}],
                       "unresolved_nodes":[],"error":null},
         "waiting":null,"warnings":["no [security]: orders are taken from loopback only"]}
        """;

    public const string Config = """
        {"applied_index":42,"age_ms":3,"index":40,"baseline":"aaaaaaaaaaaaaaaa","settings":{"node_health.checks_timeout":"5000","node_health.min_routable":"0"},
         "staged":{"index":40,"digest":"bbbbbbbbbbbbbbbb","differences":[{"key":"node_health.checks_timeout","baseline":"5000","staged":"7000"}]},
         "replicas":[{"digest":"aaaaaaaaaaaaaaaa","is":"baseline","replicas":["10.0.0.1:9090","10.0.0.2:9090"]},
                     {"digest":"bbbbbbbbbbbbbbbb","is":"staged","replicas":["10.0.0.3:9090"]}],"refusal":null}
        """;

    public const string Nodes = """
        {"applied_index":42,"table_digest":"0123456789abcdef","age_ms":3,"nodes":[
         {"id":"node-1","address":"10.0.0.11","port":8080,"state":"routable","suspect":false,"weight":100,"passes":3,"fails":0,
          "last_heartbeat_ms_ago":412,"replica":"9f2c41d07be3a815","blacklisted_until":null,"blacklisted_ms_left":null,"reason":null,
          "services":[],"resolved":true,"connections":17,"packets":1200,"bytes":1572864,"index":7},
         {"id":"node-2","address":"fd00::12","port":0,"state":"blacklisted","suspect":false,"weight":50,"passes":0,"fails":5,
          "last_heartbeat_ms_ago":null,"replica":null,"blacklisted_until":"2026-11-22T02:30:00+00:00","blacklisted_ms_left":272000,
          "reason":"5 fails","services":["web"],"resolved":false,"connections":0,"packets":0,"bytes":0,"index":31}]}
        """;

    public const string Node = """
        {"id":"node-1","address":"10.0.0.11","port":8080,"state":"routable","suspect":true,"weight":100,"passes":3,"fails":0,
         "last_heartbeat_ms_ago":1412,"replica":"9f2c41d07be3a815","services":["web","dns"],"resolved":true,"connections":17,
         "packets":1200,"bytes":1572864,"index":7}
        """;

    public const string Cluster = """
        {"cluster_id":"5b1e77c2","leader":"a1","term":4,"members":[
          {"id":"a1","address":"10.0.0.1:9090","role":"leader","vacant":false,"reachable":true,"match_index":42,"config_digest":"c0ffee",
           "applied_index":42,"table_digest":"0123456789abcdef","api_address":"10.0.0.1:5555","version":"0.1.0","differences":[]},
          {"id":"b2","address":"10.0.0.2:9090","role":"voter","vacant":false,"reachable":false,"match_index":40,"config_digest":"decaf",
           "applied_index":40,"table_digest":"fedcba9876543210","api_address":"10.0.0.2:5555","version":"0.1.0",
           "differences":[{"key":"node_health.checks_timeout","cluster":"5000","replica":"7000"}]}],
         "waiting":[{"id":"c3","address":"10.0.0.3:9090","reason":"not a member","differences":[]}],
         "refused":[],"founding":null,"digests_agree":true}
        """;

    public const string Blacklist = """
        {"applied_index":42,"age_ms":1,"blacklist":[{"id":"node-2","node":"node-2","reason":"5 fails","ms_left":272000,"until":"2026-11-22T02:30:00+00:00"}]}
        """;

    public const string Ring = """
        {"service":"default","slots":65537,"applied_index":42,"table_digest":"0123456789abcdef",
         "shares":[{"node":"node-1","slots":32769,"share":0.500008},{"node":"node-3","slots":32768,"share":0.499992}]}
        """;

    public const string Services = """
        {"applied_index":42,"table_digest":"0123456789abcdef","age_ms":1,"services":[
          {"name":"default","addresses":[],"port":8080,"protocol":"tcp","forwarding":"l4","scheduler":"maglev","hash":"five_tuple","target_port":8080,"nodes":3,"index":1}]}
        """;
}
