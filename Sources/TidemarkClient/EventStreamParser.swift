import Foundation

/// Takes server-sent events apart (HTML Living Standard §9.2.6), however the bytes are cut into chunks.
struct EventStreamParser {
    struct Block: Equatable {
        var id: String?
        /// `nil`: no event, only an id to remember.
        var data: Data?
    }

    private var bytes = Data()
    private var block = Block()
    private var isEmpty = true

    mutating func append(_ chunk: some Sequence<UInt8>) { bytes.append(contentsOf: chunk) }

    /// Bytes of a line that has not ended yet.
    var pendingBytes: Int { bytes.count + (block.data?.count ?? 0) }

    /// The next whole block; `nil` when more bytes are needed.
    mutating func next() -> Block? {
        while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
            var line = bytes[bytes.startIndex..<end]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            bytes = bytes[bytes.index(after: end)...]
            if line.isEmpty {
                defer {
                    block = Block()
                    isEmpty = true
                }
                if !isEmpty { return block }
            } else {
                take(line)
            }
        }
        // Nothing of what was taken is kept.
        bytes = Data(bytes)
        return nil
    }

    private mutating func take(_ line: Data) {
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "id" where !value.contains(0):
            block.id = String(decoding: value, as: UTF8.self)
            isEmpty = false
        case "data":
            if block.data != nil { block.data?.append(UInt8(ascii: "\n")) }
            block.data = (block.data ?? Data()) + value
            isEmpty = false
        default: break  // comments, the kind of event (it is in the data, too), the pause before reconnecting
        }
    }
}
