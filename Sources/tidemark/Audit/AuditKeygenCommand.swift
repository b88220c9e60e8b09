import ArgumentParser
import Audit
import Foundation

struct AuditKeygenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make a key that signs checkpoints (Ed25519), and print its public half.",
        discussion: """
            The private key goes into the file, which only its owner can read, and the public key into FILE.pub as well. Keep the \
            private key where those who can write to the database can't read it.

            EXAMPLES
              tidemark audit keygen audit.key
              tidemark audit keygen audit.key --name example.org/tidemark
            """)

    @Argument(help: "The file for the private key; it must not exist yet.")
    var file: String

    @Option(help: ArgumentHelp("The key's name, as it stands in signatures; no blanks, no +.", valueName: "name"))
    var name = "tidemark"

    func run() async throws {
        try await LogToolOptions.reporting {
            guard !FileManager.default.fileExists(atPath: file) else {
                throw CommandFailure(
                    .failed, "\(file) exists already.", hint: "Checkpoints of the old key would be lost with it.")
            }
            let signer = try NoteSigner(newNamed: name)
            try AtomicFile.write(Data("\(signer.text)\n".utf8), to: file)
            try AtomicFile.write(Data("\(signer.verifier.text)\n".utf8), to: "\(file).pub")
            try Terminal.print(signer.verifier.text)
        }
    }
}
