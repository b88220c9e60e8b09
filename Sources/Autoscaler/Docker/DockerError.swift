/// The engine refused, or could not be asked.
package struct DockerError: Error, CustomStringConvertible {
    package let description: String
    /// Of the engine's answer, if it is one.
    let status: UInt?

    init(_ description: String, status: UInt? = nil) {
        self.description = description
        self.status = status
    }
}
