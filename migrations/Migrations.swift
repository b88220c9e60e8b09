/// The schema: numbered SQL files, one schema change each, safe to apply twice.
/// (The accessors that SwiftPM generates begin with `_` in place of the first digit.)
package enum Migrations {
    package static let all: [(name: String, sql: String)] = [
        ("0001_cluster", text(PackageResources._001_cluster_sql)),
        ("0002_partitions", text(PackageResources._002_partitions_sql)),
        ("0003_leases", text(PackageResources._003_leases_sql)),
        ("0004_workers", text(PackageResources._004_workers_sql)),
        ("0005_origins", text(PackageResources._005_origins_sql)),
        ("0006_events", text(PackageResources._006_events_sql)),
        ("0007_events_by_key", text(PackageResources._007_events_by_key_sql)),
        ("0008_events_by_command", text(PackageResources._008_events_by_command_sql)),
        ("0009_kv", text(PackageResources._009_kv_sql)),
        ("0010_kv_expiring", text(PackageResources._010_kv_expiring_sql)),
        ("0011_dead_letters", text(PackageResources._011_dead_letters_sql)),
        ("0012_trials", text(PackageResources._012_trials_sql)),
        ("0013_access_keys", text(PackageResources._013_access_keys_sql)),
        ("0014_retention", text(PackageResources._014_retention_sql)),
        ("0015_dead_letter_state", text(PackageResources._015_dead_letter_state_sql)),
        ("0016_dead_letter_decision", text(PackageResources._016_dead_letter_decision_sql)),
        ("0017_partitions_generation", text(PackageResources._017_partitions_generation_sql)),
        ("0018_kv_even", text(PackageResources._018_kv_even_sql)),
        ("0019_kv_even_expiring", text(PackageResources._019_kv_even_expiring_sql)),
        ("0020_rebuilds", text(PackageResources._020_rebuilds_sql)),
        ("0021_archives", text(PackageResources._021_archives_sql)),
    ]

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
