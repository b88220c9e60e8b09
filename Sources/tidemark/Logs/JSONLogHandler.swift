import Commands
import Foundation
import Gateway
import Logging
import NIOCore

/// Writes each line of the log as one JSON object: time, level, logger, host, process and message, then the metadata, each value
/// a member of its own.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let label: String
    private let write: @Sendable (ByteBuffer) -> Void

    private static let host = ProcessInfo.processInfo.hostName
    private static let process = getpid()

    /// - Parameter write: gets each line, its end included.
    init(
        label: String, level: Logger.Level, write: @escaping @Sendable (ByteBuffer) -> Void = StandardError.write
    ) {
        self.label = label
        self.write = write
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var json = JSONWriter(capacity: 512)
        json.object { json in
            json.member("time", SystemWallClock().now().rfc3339)
            json.member("level", event.level.rawValue)
            json.member("logger", label)
            json.member("host", Self.host)
            json.member("pid", Self.process)
            json.member("message", event.message.description)
            let all = event.metadata.map { metadata.merging($0) { $1 } } ?? metadata
            json.members(all)
            if let error = event.error, all["error"] == nil { json.member("error", "\(error)") }
        }
        write(json.line)
    }
}

extension JSONWriter {
    /// Sorted, so that lines of one kind look alike.
    fileprivate mutating func members(_ metadata: Logger.Metadata) {
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            self.name(escaping: name)
            self.value(value)
        }
    }

    private mutating func value(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): string(text)
        case .stringConvertible(let number as Int): self.number(number)
        case .stringConvertible(let number as Double) where number.isFinite: self.number(number)
        case .stringConvertible(let other): string(other.description)
        case .dictionary(let members): object { $0.members(members) }
        case .array(let elements): array { json in for element in elements { json.value(element) } }
        }
    }

    fileprivate var line: ByteBuffer {
        var line = buffer
        line.writeInteger(UInt8(ascii: "\n"))
        return line
    }
}
