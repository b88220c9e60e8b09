/// Why a rebuild can't be begun, gone on with or ended now; the message says what to do.
package struct RebuildRefusal: Error, Sendable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}
