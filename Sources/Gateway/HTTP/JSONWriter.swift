import Foundation
package import NIOCore

/// Writes JSON (RFC 8259) straight into a buffer: no tree, no encoder. The caller keeps the order of calls right;
/// commas come by themselves.
package struct JSONWriter {
    package private(set) var buffer: ByteBuffer
    private var needsComma = false

    package init(capacity: Int = 256) {
        buffer = ByteBuffer()
        buffer.reserveCapacity(capacity)
    }

    package mutating func object(_ members: (inout JSONWriter) -> Void) { nested("{", "}", members) }

    package mutating func array(_ elements: (inout JSONWriter) -> Void) { nested("[", "]", elements) }

    /// A member's name; its value is the next call.
    package mutating func name(_ name: StaticString) {
        comma()
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
        needsComma = false
    }

    package mutating func name(escaping name: String) {
        string(name)
        buffer.writeInteger(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ value: String) {
        comma()
        buffer.writeInteger(UInt8(ascii: "\""))
        escape(value)
        buffer.writeInteger(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Finite.
    package mutating func number(_ value: Double) { unquoted(String(value)) }

    package mutating func number(_ value: some BinaryInteger) { unquoted(String(value)) }

    private mutating func unquoted(_ text: String) {
        comma()
        buffer.writeString(text)
        needsComma = true
    }

    mutating func boolean(_ value: Bool) {
        comma()
        buffer.writeStaticString(value ? "true" : "false")
        needsComma = true
    }

    package mutating func member(_ key: StaticString, _ value: String) {
        name(key)
        string(value)
    }

    package mutating func member(_ key: StaticString, _ value: some BinaryInteger) {
        name(key)
        number(value)
    }

    mutating func member(_ key: StaticString, _ value: Bool) {
        name(key)
        boolean(value)
    }

    /// A value as `value`, when it is text (UTF-8 without NUL), or else as `value_base64`.
    mutating func value(_ bytes: Data) {
        if !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) {
            member("value", text)
        } else {
            name("value_base64")
            comma()
            buffer.writeInteger(UInt8(ascii: "\""))
            buffer.writeBytes(bytes.base64EncodedData())
            buffer.writeInteger(UInt8(ascii: "\""))
            needsComma = true
        }
    }

    private mutating func nested(_ open: StaticString, _ close: StaticString, _ content: (inout JSONWriter) -> Void) {
        comma()
        buffer.writeStaticString(open)
        needsComma = false
        content(&self)
        buffer.writeStaticString(close)
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
    }

    /// Runs that need no escape are copied whole.
    private mutating func escape(_ value: String) {
        var value = value
        value.withUTF8 { bytes in
            var run = 0
            for (index, byte) in bytes.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5c {
                buffer.writeBytes(bytes[run..<index])
                run = index + 1
                switch byte {
                case 0x22: buffer.writeStaticString("\\\"")
                case 0x5c: buffer.writeStaticString("\\\\")
                case 0x0a: buffer.writeStaticString("\\n")
                case 0x0d: buffer.writeStaticString("\\r")
                case 0x09: buffer.writeStaticString("\\t")
                default:
                    buffer.writeStaticString("\\u00")
                    buffer.writeInteger(Self.hexadecimal(byte >> 4))
                    buffer.writeInteger(Self.hexadecimal(byte & 0xf))
                }
            }
            buffer.writeBytes(bytes[run...])
        }
    }

    private static func hexadecimal(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}
