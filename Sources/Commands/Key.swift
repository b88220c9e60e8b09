/// The name of a value: 1 to 1,024 bytes of UTF-8 without NUL.
///
/// Equality and order are those of the bytes. `String`'s own `==` treats canonically equivalent texts (é as one or
/// as two scalars) as equal; to a store they are two keys.
package struct Key: Sendable {
    package static let maximumBytes = 1_024

    package let text: String

    package enum Invalid: Error, Equatable { case empty, tooLong(bytes: Int), containsNUL }

    package init(_ text: String) throws(Invalid) {
        var text = text
        text.makeContiguousUTF8()
        let bytes = text.utf8.count
        if bytes == 0 { throw .empty }
        if bytes > Self.maximumBytes { throw .tooLong(bytes: bytes) }
        if text.utf8.contains(0) { throw .containsNUL }
        self.text = text
    }

    /// For keys that passed validation before: rows of the log and decoded commands.
    package init(trusted text: String) { self.text = text }
}

extension Key: Hashable, Comparable, CustomStringConvertible {
    package static func == (a: Key, b: Key) -> Bool {
        a.text.utf8.count == b.text.utf8.count && a.text.utf8.elementsEqual(b.text.utf8)
    }

    package static func < (a: Key, b: Key) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        let hashed: Void? = text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if hashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
    }

    package var description: String { text }
}
