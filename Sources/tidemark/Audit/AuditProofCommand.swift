import ArgumentParser
import Audit
import Commands
import EventLog
import Foundation
import Retention

struct AuditProofCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proof",
        abstract:
            "Prove that an event is in the signed log, or that an earlier checkpoint is the beginning of a later one.",
        discussion: """
            The file needs no database to be checked: `tidemark audit verify-proof`. It holds the event without its value, and the \
            salt with which the value can be compared.

            EXAMPLES
              tidemark audit proof colour --checkpoint monday.txt --public-key audit.pub --out colour.proof
              tidemark audit proof colour --version 7 --checkpoint monday.txt --public-key audit.pub --out colour.proof
              tidemark audit proof --from monday.txt --to tuesday.txt --public-key audit.pub --out week.proof
            """)

    @Argument(help: "The key.")
    var key: String?

    @Option(help: ArgumentHelp("Of its events, the one that gave it this version; else the last.", valueName: "n"))
    var version: UInt64?

    @Option(help: ArgumentHelp("The checkpoint that the event is in.", valueName: "file"))
    var checkpoint: String?

    @Option(help: ArgumentHelp("The earlier checkpoint.", valueName: "file"))
    var from: String?

    @Option(help: ArgumentHelp("The later checkpoint.", valueName: "file"))
    var to: String?

    @Option(help: PublicKeyArgument.help)
    var publicKey: String

    @Option(help: ArgumentHelp("Where to write it; else standard output.", valueName: "file"))
    var out: String?

    @OptionGroup var tool: LogToolOptions

    func validate() throws {
        if let key {
            try KeyArgument.check(key)
            if checkpoint == nil { throw ValidationError("A proof is for a checkpoint: give --checkpoint.") }
            if from != nil || to != nil { throw ValidationError("--from and --to prove no key: leave KEY out.") }
        } else if from == nil || to == nil {
            throw ValidationError("Give a KEY and --checkpoint, or --from and --to.")
        }
    }

    func run() async throws {
        try await tool.run(application: "tidemark-audit") { log in
            let prover = Prover(log.source)
            if let key, let checkpoint {
                let proof = try await inclusion(of: try Key(key), in: checkpoint, log, prover)
                return try write(proof.encoded)
            }
            let old = try CheckpointFile.read(from ?? "", publicKey: publicKey, cluster: log.cluster)
            let new = try CheckpointFile.read(to ?? "", publicKey: publicKey, cluster: log.cluster)
            var proofs: [ConsistencyProof] = []
            for old in old {
                guard let new = new.first(where: { $0.partition == old.partition }) else {
                    throw CommandFailure(.failed, "\(to ?? "") has no partition \(old.partition).")
                }
                guard old.tree.size <= new.tree.size else {
                    throw CommandFailure(
                        .failed,
                        "Partition \(old.partition) has \(old.tree.size) events in --from and \(new.tree.size) in --to.",
                        hint: "The later checkpoint is --to. If it was made later, history was cut off.")
                }
                proofs.append(try await prover.consistency(from: old, to: new))
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try write(String(decoding: try encoder.encode(proofs), as: UTF8.self) + "\n")
        }
    }

    private func inclusion(
        of key: Key, in file: String, _ log: LogToolOptions.Log, _ prover: Prover<ArchivedSource>
    ) async throws -> InclusionProof {
        let partition = log.cluster.partitioner.partition(of: key)
        let checkpoints = try CheckpointFile.read(file, publicKey: publicKey, cluster: log.cluster)
        guard let checkpoint = checkpoints.first(where: { $0.partition == partition }) else {
            throw CommandFailure(.failed, "\(file) has no partition \(partition), where the key \"\(key)\" is.")
        }
        let found = try await event(of: key, in: partition, through: checkpoint.tree.size, log)
        guard let event = found else {
            let asked = version.map { "version \($0) of the key \"\(key)\"" } ?? "event of the key \"\(key)\""
            throw CommandFailure(
                .notFound,
                "There is no \(asked) in the checkpoint, which has \(checkpoint.tree.size) events of its partition.",
                hint: "`tidemark history` lists the versions; a newer event needs a newer checkpoint.")
        }
        return try await prover.inclusion(of: event, in: checkpoint)
    }

    /// With a version also a refusal; else the last that changed the key.
    private func event(
        of key: Key, in partition: Partition, through last: UInt64, _ log: LogToolOptions.Log
    ) async throws -> Event? {
        if let version {
            guard (1...max(1, last)).contains(version) else { return nil }
            let found = try await log.source.fold(
                partition, after: version - 1, through: version, values: false, into: nil as Event?
            ) { $0 = $1.event }
            return found?.key == key ? found : nil
        }
        let reader = PostgresLogReader(
            log.settings.postgres(application: "tidemark-audit"), partitioner: log.cluster.partitioner, connections: 1)
        let found: Event?
        do throws(EventLogError) {
            found = try await reader.event(of: key, in: partition, at: .version(last))
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
        return found
    }

    private func write(_ text: String) throws {
        guard let out else { return try Terminal.write(Data(text.utf8)) }
        try AtomicFile.write(Data(text.utf8), to: out)
        try Terminal.print("written to \(out)")
    }
}
