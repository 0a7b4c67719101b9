namespace GaleLb.Configuration.Schema;

internal static partial class LoadBalancerSchema
{
    public static class NodeHealth
    {
        public static readonly ConfigurationKey<int> ChecksBeforeRouting =
            Setting("checks_before_routing", ValueKinds.Integer(1, 1000), 3, "3",
                "Consecutive passed checks before a node takes traffic.");

        public static readonly ConfigurationKey<TimeSpan> ChecksTimeout =
            Setting("checks_timeout", ValueKinds.Duration("100ms", "1h"), TimeSpan.FromSeconds(5), "\"5s\"",
                "A node silent for this long leaves the ring, which is a fail. Nodes send a heartbeat five times as often.");

        public static readonly ConfigurationKey<int> BlackListAfterFails =
            Setting("black_list_after_fails", LoadBalancerKinds.BlackListFails, 5, "5",
                "Fails after which a node is blacklisted; -1: never.");

        public static readonly ConfigurationKey<TimeSpan> BlackListExpiry =
            Setting("black_list_expiry", ValueKinds.Duration("1s", "365d"), TimeSpan.FromMinutes(5), "\"5m\"",
                "How long a node stays blacklisted. After as long in the ring its fails are forgotten.");

        public static readonly ConfigurationKey<int> MinRoutable =
            Setting("min_routable", ValueKinds.Integer(0, 16_384), 0, "0",
                "No silent node is taken out, and no order may take one out without force, once only this many are routable.");

        public static readonly ConfigurationKey<int> MaxEjectShare =
            Setting("max_eject_share", ValueKinds.SharePermille, 500, "0.5",
                "The share of routable nodes that may leave at once. If more fall silent together they stay, marked suspect; 1.0: no limit.");

        public static readonly ConfigurationKey<TimeSpan> FlowGrace =
            Setting("flow_grace", ValueKinds.Duration("0s", "24h"), TimeSpan.FromSeconds(30), "\"30s\"",
                "How long the connections of a lost node wait for it before on_node_failure applies.");

        public static readonly ConfigurationKey<TimeSpan> ForgetAfter =
            Setting("forget_after", ValueKinds.Duration("1s", "365d"), TimeSpan.FromHours(24), "\"24h\"",
                "A node silent for this long is removed.");

        public static readonly ConfigurationSection Section = new("node_health", Repeated: false,
            "When a node takes traffic and when it stops. The first start of a cluster puts this into its log; afterwards the file is "
            + "compared with it, and `galectl config stage` changes it.",
            [ChecksBeforeRouting, ChecksTimeout, BlackListAfterFails, BlackListExpiry, MinRoutable, MaxEjectShare, FlowGrace, ForgetAfter]);

        private static ConfigurationKey<T> Setting<T>(string name, ValueKind<T> kind, T value, string text, string description) =>
            new(name, kind, value, description) { DefaultText = text, Change = KeyChange.Order, InDigest = true };
    }
}
