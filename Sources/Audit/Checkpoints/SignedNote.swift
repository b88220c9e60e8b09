package import Foundation

/// C2SP signed-note: a text of lines, an empty line, and lines of signatures.
package struct SignedNote: Sendable, Equatable {
    package struct Signature: Sendable, Equatable {
        package var name: String
        /// The key's id, then the signature itself.
        package var bytes: Data

        package init(name: String, bytes: Data) {
            self.name = name
            self.bytes = bytes
        }
    }

    /// With its final newline.
    package var text: String
    package var signatures: [Signature]

    package init(text: String, signatures: [Signature]) {
        self.text = text
        self.signatures = signatures
    }

    private static let mark = "— "

    package var encoded: String {
        signatures.reduce("\(text)\n") { "\($0)\(Self.mark)\($1.name) \($1.bytes.base64EncodedString())\n" }
    }

    /// Several notes, one after the other.
    package static func parse(_ file: String) throws(MalformedNote) -> [SignedNote] {
        var notes: [SignedNote] = []
        var lines = file.split(separator: "\n", omittingEmptySubsequences: false)[...]
        while lines.contains(where: { !$0.isEmpty }) {
            while lines.first?.isEmpty == true { lines.removeFirst() }
            let body = lines.prefix { !$0.isEmpty }
            lines = lines.dropFirst(body.count).dropFirst()
            var note = SignedNote(text: body.joined(separator: "\n") + "\n", signatures: [])
            while let line = lines.first, line.hasPrefix(mark) {
                lines.removeFirst()
                let parts = line.dropFirst(mark.count).split(separator: " ", omittingEmptySubsequences: false)
                guard parts.count == 2, let bytes = Data(base64Encoded: String(parts[1])), bytes.count > 4 else {
                    throw MalformedNote("A line of a signature can't be read: \(line)")
                }
                note.signatures.append(Signature(name: String(parts[0]), bytes: bytes))
            }
            guard !note.signatures.isEmpty else { throw MalformedNote("A note has no signature: \(body.first ?? "")") }
            notes.append(note)
        }
        return notes
    }
}

package struct MalformedNote: Error, Equatable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}
