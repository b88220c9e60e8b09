import ArgumentParser
import Audit
import Commands
import EventLog
import Foundation

struct AuditVerifyProofCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-proof",
        abstract: "Check a proof, without a database.",
        discussion: """
            Prints the event that is proven. With --value the value itself is compared, too. Exit status 1 when the proof doesn't \
            hold.

            EXAMPLES
              tidemark audit verify-proof colour.proof --public-key audit.pub
              tidemark get colour | tidemark audit verify-proof colour.proof --public-key audit.pub --value -
            """)

    @Argument(help: "The proof, of `tidemark audit proof`.")
    var file: String

    @Option(help: PublicKeyArgument.help)
    var publicKey: String

    @Option(
        help: ArgumentHelp("The value that the event is said to have written; - is standard input.", valueName: "file"))
    var value: String?

    @Option(help: "What is printed: text for people, or JSON for programs.")
    var output: OutputFormat = .text

    func run() async throws {
        try await LogToolOptions.reporting {
            let verifier = try PublicKeyArgument.load(publicKey)
            let data = try Terminal.read(file, what: "the proof")
            if let proofs = try? JSONDecoder().decode([ConsistencyProof].self, from: data), !proofs.isEmpty {
                return try verify(proofs, verifier)
            }
            try verify(try InclusionProof(String(decoding: data, as: UTF8.self)), verifier)
        }
    }

    private func verify(_ proofs: [ConsistencyProof], _ verifier: NoteVerifier) throws {
        for proof in proofs {
            guard let (old, new) = try proof.verified(by: verifier) else { throw Self.wrong }
            let line = Consistent(partition: old.partition.number, from: old.tree.size, to: new.tree.size)
            switch output {
            case .text:
                try Terminal.print(
                    "RIGHT: partition \(line.partition): the first \(line.from) of \(line.to) events are unchanged")
            case .json: try Terminal.print(json: line)
            }
        }
    }

    private func verify(_ proof: InclusionProof, _ verifier: NoteVerifier) throws {
        guard let (event, checkpoint) = try proof.verified(by: verifier) else { throw Self.wrong }
        if let value {
            guard let salt = proof.entry.salt, let commitment = event.commitment else {
                throw CommandFailure(.failed, "The event has no value to compare with, or it was erased.")
            }
            let bytes = try Terminal.read(value, what: "the value")
            guard Event.commitment(salt: salt, value: bytes) == commitment else {
                throw CommandFailure(.failed, "WRONG: the proof holds, and it is of another value.")
            }
        }
        let line = Included(event, checkpoint, valueCompared: value != nil)
        switch output {
        case .text: try Terminal.print(line.text)
        case .json: try Terminal.print(json: line)
        }
    }

    private static let wrong = CommandFailure(.failed, "WRONG: the proof does not hold.")

    private struct Consistent: Encodable {
        var partition: Int
        var from: UInt64
        var to: UInt64
    }

    private struct Included: Encodable {
        var key: String
        var version: UInt64
        var kind: String
        var principal: String
        var time: String
        var size: Int?
        var commitment: Data?
        var partition: Int
        var treeSize: UInt64
        var valueCompared: Bool

        private enum CodingKeys: String, CodingKey {
            case key, version, kind, principal, time, size, commitment, partition
            case treeSize = "tree_size"
            case valueCompared = "value_compared"
        }

        init(_ event: Event, _ checkpoint: Checkpoint, valueCompared: Bool) {
            key = event.key.text
            version = event.sequence
            kind = event.kind.rawValue
            principal = event.principal
            time = event.appliedAt.rfc3339
            size = event.size
            commitment = event.commitment
            partition = checkpoint.partition.number
            treeSize = checkpoint.tree.size
            self.valueCompared = valueCompared
        }

        var text: String {
            """
            RIGHT: event \(version) of \(treeSize) in partition \(partition)
              key        \(key)
              kind       \(kind)\(size.map { ", \($0) bytes" } ?? "")\(valueCompared ? ", the value given" : "")
              principal  \(principal)
              time       \(time)
            """
        }
    }
}
