import ArgumentParser
import Audit
import Commands
import EventLog
import Foundation
import Retention

struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Recompute every leaf, tree and root from the log, and the projection from its events.",
        discussion: """
            Reads the whole log and the projection, while writes go on. Of each partition the first event that doesn't agree is \
            named, with the column. Exit status 1 then.

            A whole history that somebody wrote anew, hashes and all, agrees with itself: only a checkpoint that was signed \
            before tells it apart, and --checkpoint compares with one.

            EXAMPLES
              tidemark audit verify
              tidemark audit verify --checkpoint monday.txt --public-key audit.pub
              tidemark audit verify --since-checkpoint monday.txt --public-key audit.pub
              tidemark audit verify --partition 3 --output json
            """)

    @Option(help: ArgumentHelp("Threads, each with a connection; else as many as processors.", valueName: "n"))
    var jobs: Int?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Only this partition; may be given several times.", valueName: "number"))
    var partition: [Int] = []

    @Option(help: ArgumentHelp("Verify only what came after this checkpoint.", valueName: "file"))
    var sinceCheckpoint: String?

    @Option(help: ArgumentHelp("Verify all, and that it begins as this checkpoint says.", valueName: "file"))
    var checkpoint: String?

    @Option(help: PublicKeyArgument.help)
    var publicKey: String?

    @Option(help: ArgumentHelp("MiB for the states of keys; beyond that, temporary files.", valueName: "mib"))
    var memory = 256

    @OptionGroup var tool: LogToolOptions

    func validate() throws {
        if let jobs, !(1...64).contains(jobs) { throw ValidationError("--jobs takes 1 to 64.") }
        if memory < 1 { throw ValidationError("--memory takes MiB, at least 1.") }
        if checkpoint != nil, sinceCheckpoint != nil {
            throw ValidationError("Give --checkpoint or --since-checkpoint, not both.")
        }
        if (checkpoint ?? sinceCheckpoint) != nil, publicKey == nil {
            throw ValidationError("A checkpoint is worth what its signature is: give --public-key, too.")
        }
    }

    func run() async throws {
        try await tool.run(application: "tidemark-audit") { log in
            var options = VerificationOptions()
            options.jobs = jobs ?? ProcessInfo.processInfo.activeProcessorCount
            options.memory = memory << 20
            if !partition.isEmpty { options.partitions = Set(try partition.map { try known($0, log) }) }
            for point in try checkpoints(log) {
                if sinceCheckpoint == nil {
                    options.anchors[point.partition] = point.head
                } else {
                    options.since[point.partition] = point.tree
                }
            }
            try await verifyArchive(log, &options)
            let progress = VerificationProgress()
            let began = ContinuousClock.now
            let verification = Verification(
                log.source.leavingOut, partitioner: log.cluster.partitioner, options: options, progress: progress)
            let report = try await ProgressLine.shown {
                ProgressLine.text(done: progress.events, of: progress.total, unit: "events", since: began)
            } of: {
                try await verification.run()
            }
            let printed = AuditReport(report, seconds: (ContinuousClock.now - began) / .seconds(1))
            switch tool.output {
            case .text: try Terminal.print(printed.text)
            case .json: try Terminal.print(json: printed)
            }
            if !report.divergences.isEmpty { throw ExitStatus.failed.code }
        }
    }

    /// The archive's files by themselves; that they hold what the log has is seen by the tree that they end with.
    private func verifyArchive(_ log: LogToolOptions.Log, _ options: inout VerificationOptions) async throws {
        for entry in log.source.entries { options.archivedThrough[entry.partition] = entry.last }
        guard let archive = log.archive else { return }
        for (partition, tree) in try await archive.verify(log.source.entries)
        where options.anchors[partition] == nil && options.since[partition] == nil {
            options.anchors[partition] = TreeHead(size: tree.size, root: MerkleHash(tree.root)!)
        }
    }

    private func known(_ number: Int, _ log: LogToolOptions.Log) throws -> Partition {
        guard log.cluster.partitioner.partitions.indices.contains(number) else {
            throw CommandFailure(
                .wrongUsage,
                "There is no partition \(number): they are 0 to \(log.cluster.partitioner.partitions.count - 1).")
        }
        return Partition(number)
    }

    private func checkpoints(_ log: LogToolOptions.Log) throws -> [Checkpoint] {
        guard let file = checkpoint ?? sinceCheckpoint, let publicKey else { return [] }
        return try CheckpointFile.read(file, publicKey: publicKey, cluster: log.cluster)
    }
}

/// Checkpoints of this cluster, with good signatures.
enum CheckpointFile {
    static func read(_ file: String, publicKey: String, cluster: ClusterDescription) throws -> [Checkpoint] {
        let text = String(decoding: try Terminal.read(file, what: "the checkpoint"), as: UTF8.self)
        let checkpoints = try Checkpoint.parse(text, verifier: try PublicKeyArgument.load(publicKey))
        if let other = checkpoints.first(where: { $0.cluster != cluster.id }) {
            throw CommandFailure(
                .failed,
                "\(file) is of another cluster: \(other.cluster.uuidString.lowercased()), and this one is "
                    + "\(cluster.id.uuidString.lowercased()).")
        }
        return checkpoints
    }
}
