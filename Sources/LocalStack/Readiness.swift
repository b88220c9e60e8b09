/// Checks that a server answers, each by its own protocol. False means "not yet".
package enum Readiness {
    package typealias Check = @Sendable () async throws -> Bool

    /// `PING` is answered by `+PONG` (and not by `-LOADING`).
    package static func redis(port: Int) -> Check {
        exchange(port) { connection in
            try connection.write(Array("PING\r\n".utf8))
            return try connection.read(5) == Array("+PONG".utf8)
        }
    }

    /// A start-up packet is answered by a request to authenticate: recovery is over and sessions are accepted.
    package static func postgres(port: Int, user: String) -> Check {
        let parameters = Array("user\0\(user)\0database\0postgres\0\0".utf8)
        let protocolVersion: [UInt8] = [0, 3, 0, 0]
        let packet = bigEndian(UInt32(8 + parameters.count)) + protocolVersion + parameters
        return exchange(port) { connection in
            try connection.write(packet)
            return try connection.read(1) == Array("R".utf8)
        }
    }

    /// A session with this user and virtual host can be opened, which the broker allows once it is fully booted.
    package static func rabbitMQ(port: Int, user: String, password: String) -> Check {
        let handshake = AMQPHandshake(user: user, password: password)
        return exchange(port) { try handshake.perform(on: $0) }
    }

    /// A GET is answered with 200.
    package static func http(port: Int, path: String) -> Check {
        exchange(port) { connection in
            try connection.write(Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8))
            return String(decoding: try connection.read(12), as: UTF8.self).hasSuffix(" 200")
        }
    }

    /// Something accepts connections.
    package static func listening(port: Int) -> Check {
        exchange(port) { _ in true }
    }

    private static func exchange(
        _ port: Int, _ body: @escaping @Sendable (borrowing LoopbackConnection) throws -> Bool
    ) -> Check {
        {
            do {
                return try await LoopbackConnection.run(port: port, body)
            } catch is LoopbackConnection.NoAnswer {
                return false
            }
        }
    }

    static func bigEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
