import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Prove what the log says: verify it, sign where it stands, prove single events, tell what changed.",
        subcommands: [
            AuditVerifyCommand.self, AuditKeygenCommand.self, AuditCheckpointCommand.self, AuditProofCommand.self,
            AuditVerifyProofCommand.self, AuditDiffCommand.self, ArchiveCommand.self,
        ])
}
