using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;

namespace GaleLb.Configuration.Schema;

internal static partial class LoadBalancerSchema
{
    public static class Quorum
    {
        public static readonly ConfigurationKey<bool> EnforceSingleConfiguration =
            new("enforce_single_configuration", ValueKinds.Boolean, false,
                "Refuse replicas whose settings (the keys marked as compared) differ. When false the log's settings rule and differences are shown.")
            { DefaultText = "false" };

        public static readonly ConfigurationKey<ImmutableArray<ReplicaAddress>> Addresses =
            new("addresses", ValueKinds.ListOf(NetworkKinds.Replica, "a list as [{ ip = \"192.168.1.2\", port = 9090 }]", mayBeEmpty: false), [],
                "All replicas, this one among them. Used to found a cluster; afterwards the log knows its members.")
            { DefaultText = null };

        public static readonly ConfigurationKey<string> DataDirectory =
            new("data_directory", TextKinds.DirectoryPath, "/var/lib/gale-lb", "Where the log, its snapshots and this member's id are kept.")
            { DefaultText = "\"/var/lib/gale-lb\"" };

        public static readonly ConfigurationKey<TimeSpan> ElectionTimeout =
            new("election_timeout", ValueKinds.Duration("50ms", "1m"), TimeSpan.FromMilliseconds(300),
                "Silence of the leader after which a replica stands for election, up to twice this at random.")
            { DefaultText = "\"300ms\"" };

        public static readonly ConfigurationKey<TimeSpan> HeartbeatInterval =
            new("heartbeat_interval", ValueKinds.Duration("5ms", "10s"), TimeSpan.FromMilliseconds(50),
                "How often a leader is heard when it has nothing else to say; at most a third of election_timeout.")
            { DefaultText = "\"50ms\"" };

        public static readonly ConfigurationKey<bool> LeaseReads =
            new("lease_reads", ValueKinds.Boolean, false,
                "Let the leader answer reads without asking the others while none of them can have elected another. Right only while the "
                + "clocks of any two replicas differ in rate by less than 10 %; on all replicas or on none.")
            { DefaultText = "false" };

        public static readonly ConfigurationSection Section = new("load_balancer_quorum", Repeated: false,
            "The replicas and how they agree.",
            [EnforceSingleConfiguration, Addresses, DataDirectory, ElectionTimeout, HeartbeatInterval, LeaseReads]);
    }

    public static class Security
    {
        public static readonly ConfigurationKey<string?> Ca =
            FileKey("ca", "The authority's certificates (PEM). With certificate and key: mutual TLS for replicas, nodes and REST (on loopback REST stays plain). "
                + "All three are read again when they change.");

        public static readonly ConfigurationKey<string?> Certificate = FileKey("certificate", "This replica's certificate (PEM).");

        public static readonly ConfigurationKey<string?> PrivateKey = FileKey("key", "Its private key (PEM).");

        public static readonly ConfigurationKey<string?> ApiTokenFile =
            FileKey("api_token_file", "Bearer tokens of the REST API, one a line: `read TOKEN` or `order TOKEN`; a bare token orders, `#` begins a comment. "
                + "Without it orders are taken from loopback only.");

        public static readonly ConfigurationKey<string?> NodeTokenFile = FileKey("node_token_file", "The bearer token of nodes.");

        public static readonly ConfigurationKey<ImmutableArray<IPNetwork>> AllowedNodes =
            new("allowed_nodes", ValueKinds.ListOf(NetworkKinds.Network, "a list of networks as [\"10.0.0.0/8\"]"), [],
                "Where nodes may call from. Empty: the private interface's subnets.")
            { DefaultText = "[]" };

        public static readonly ConfigurationSection Section = new("security", Repeated: false,
            "Who may call. Paths are read by gale-lb; --check-config does not look at the files.",
            [Ca, Certificate, PrivateKey, ApiTokenFile, NodeTokenFile, AllowedNodes]);

        private static ConfigurationKey<string?> FileKey(string name, string description) =>
            new(name, TextKinds.Optional(TextKinds.FilePath), null, description) { DefaultText = "none" };
    }
}
