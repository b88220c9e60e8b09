import ArgumentParser

/// Says what is wrong with a key before anything is sent.
enum KeyArgument {
    static func check(_ key: String) throws {
        if key.isEmpty { throw ValidationError("A key has at least one byte.") }
        if key.utf8.count > 1_024 {
            throw ValidationError("A key has at most 1,024 bytes; this one has \(key.utf8.count).")
        }
    }
}
