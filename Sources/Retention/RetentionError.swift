/// Why archiving, erasing or moving a store stopped: a sentence that says what to do.
package struct RetentionError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
