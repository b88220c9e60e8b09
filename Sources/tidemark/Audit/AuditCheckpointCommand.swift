import ArgumentParser
import Audit
import Commands
import EventLog
import Foundation
import Retention

struct AuditCheckpointCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Sign where each partition's tree stands.",
        discussion: """
            One signed note a partition (C2SP tlog-checkpoint), all of one moment. What is signed is what the database says: \
            verify before, and keep checkpoints where those who can write to the database can't. With --since, the log after that \
            checkpoint is verified first, and nothing is signed when it doesn't agree.

            EXAMPLES
              tidemark audit checkpoint --key audit.key --out monday.txt
              tidemark audit checkpoint --key audit.key --since monday.txt --out tuesday.txt
            """)

    @Option(help: ArgumentHelp("The private key, made by `tidemark audit keygen`.", valueName: "file"))
    var key: String

    @Option(help: ArgumentHelp("Where to write it; else standard output.", valueName: "file"))
    var out: String?

    @Option(help: ArgumentHelp("Verify what came after this checkpoint of the same key.", valueName: "file"))
    var since: String?

    @OptionGroup var tool: LogToolOptions

    func run() async throws {
        try await tool.run(application: "tidemark-audit") { log in
            let signer = try NoteSigner(String(decoding: try Terminal.read(key, what: "the key"), as: UTF8.self))
            let trees = if let since { try await verified(since, signer, log) } else { try await recorded(log) }
            let checkpoints = try trees.map {
                try Checkpoint($0.tree, of: $0.partition, cluster: log.cluster.id, signedBy: signer)
            }
            let text = checkpoints.map(\.note.encoded).joined(separator: "\n")
            guard let out else { return try Terminal.write(Data(text.utf8)) }
            try AtomicFile.write(Data(text.utf8), to: out)
            switch tool.output {
            case .text:
                let events = checkpoints.reduce(0) { $0 + $1.tree.size }
                try Terminal.print(
                    "signed \(Figures.count(Int(events))) events in \(checkpoints.count) partitions as \(signer.verifier.name)"
                )
            case .json:
                for point in checkpoints { try Terminal.print(json: Line(point)) }
            }
        }
    }

    private typealias Tree = (partition: Partition, tree: MerkleFrontier)

    private func verified(_ since: String, _ signer: NoteSigner, _ log: LogToolOptions.Log) async throws -> [Tree] {
        var options = VerificationOptions()
        for entry in log.source.entries { options.archivedThrough[entry.partition] = entry.last }
        options.jobs = ProcessInfo.processInfo.activeProcessorCount
        for point in try CheckpointFile.read(since, publicKey: signer.verifier.text, cluster: log.cluster) {
            options.since[point.partition] = point.tree
        }
        let report = try await Verification(
            log.source.leavingOut, partitioner: log.cluster.partitioner, options: options
        ).run()
        if let first = report.divergences.first { throw first }
        return report.rows.map { ($0.partition, $0.tree) }
    }

    private func recorded(_ log: LogToolOptions.Log) async throws -> [Tree] {
        try await log.source.heads().map { head in
            guard let tree = MerkleFrontier(size: head.sequence, encoded: head.tree) else {
                throw Divergence(
                    partition: head.partition, sequence: head.sequence, table: .partitions, fields: ["tree"],
                    detail: "it doesn't fit the sequence, and is not signed")
            }
            return (head.partition, tree)
        }
    }

    private struct Line: Encodable {
        var partition: Int
        var size: UInt64
        var root: Data

        init(_ checkpoint: Checkpoint) {
            partition = checkpoint.partition.number
            size = checkpoint.tree.size
            root = checkpoint.tree.root
        }
    }
}
