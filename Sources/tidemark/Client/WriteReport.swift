import TidemarkClient

/// How `put` and `delete` tell what became of a write.
struct WriteReport: Encodable {
    var key: String
    var status: WriteReceipt.Status
    var command: String?
    var version: UInt64?

    init(_ receipt: WriteReceipt, key: String) {
        self.key = key
        status = receipt.status
        command = receipt.command
        version = receipt.version
    }

    func print(_ format: OutputFormat) throws {
        switch format {
        case .json: try Terminal.print(json: self)
        case .text:
            let facts = [version.map { "version \($0)" }, command].compactMap(\.self)
            try Terminal.print(([status.rawValue] + facts).joined(separator: " "))
        }
    }
}
