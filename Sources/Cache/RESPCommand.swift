/// One Redis command as RESP bytes, formatted on the caller's thread so that the lane only copies it.
///
/// The number of arguments is fixed first, as RESP wants it; forgetting or adding one traps in debug builds when the command is sent.
package struct RESPCommand: Sendable {
    package private(set) var bytes: [UInt8]
    private var missing: Int

    /// - Parameters:
    ///   - count: of arguments, the command's name included.
    ///   - capacity: bytes to reserve, so that a command is one allocation.
    init(_ name: StaticString, arguments count: Int, capacity: Int = 128) {
        bytes = []
        bytes.reserveCapacity(capacity)
        missing = count
        bytes.append(UInt8(ascii: "*"))
        append(decimal: count)
        lineEnd()
        name.withUTF8Buffer { add($0) }
    }

    /// Continues from bytes that were formatted once and kept.
    ///
    /// - Parameters:
    ///   - head: the beginning of a command.
    ///   - missing: how many arguments are still to come.
    init(head: [UInt8], missing: Int, capacity: Int) {
        bytes = []
        bytes.reserveCapacity(head.count + capacity)
        bytes.append(contentsOf: head)
        self.missing = missing
    }

    var isComplete: Bool { missing == 0 }

    mutating func add(_ argument: String) {
        var argument = argument
        argument.withUTF8 { add($0) }
    }

    mutating func add(_ argument: some BinaryInteger) {
        add(String(argument))
    }

    mutating func add(_ argument: [UInt8]) {
        argument.withUnsafeBufferPointer { add($0) }
    }

    mutating func add(_ argument: UnsafeBufferPointer<UInt8>) {
        length(argument.count)
        bytes.append(contentsOf: argument)
        lineEnd()
    }

    /// One argument made of two parts.
    mutating func add(_ prefix: [UInt8], _ text: String) {
        var text = text
        text.withUTF8 { text in
            length(prefix.count + text.count)
            bytes.append(contentsOf: prefix)
            bytes.append(contentsOf: text)
        }
        lineEnd()
    }

    /// Appends another whole command: both are sent together, and answered one after the other.
    mutating func pipeline(_ next: RESPCommand) {
        assert(isComplete && next.isComplete, "a pipelined command lacks arguments")
        bytes.append(contentsOf: next.bytes)
    }

    private mutating func length(_ count: Int) {
        missing -= 1
        bytes.append(UInt8(ascii: "$"))
        append(decimal: count)
        lineEnd()
    }

    private mutating func lineEnd() {
        bytes.append(13)
        bytes.append(10)
    }

    private mutating func append(decimal number: Int) {
        if number >= 10 { append(decimal: number / 10) }
        bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
    }
}
