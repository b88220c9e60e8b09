/// Opens and closes an AMQP 0-9-1 session, by hand: this target links no client library.
struct AMQPHandshake: Sendable {
    let user: String
    let password: String
    var virtualHost = "/"

    /// Class 10 (connection) of the protocol; the raw value is the method.
    private enum Method: UInt16 {
        case start = 10, startOK = 11, tune = 30, tuneOK = 31, open = 40, openOK = 41, close = 50, closeOK = 51
    }

    /// Blocks. True when the broker has opened the session.
    func perform(on connection: borrowing LoopbackConnection) throws -> Bool {
        try connection.write(Array("AMQP".utf8) + [0, 0, 9, 1])
        guard try receive(connection)?.method == .start else { return false }

        let response = [0] + Array(user.utf8) + [0] + Array(password.utf8)
        let noProperties = Readiness.bigEndian(UInt32(0))
        let longResponse = Readiness.bigEndian(UInt32(response.count)) + response
        try send(.startOK, noProperties + short("PLAIN") + longResponse + short("en_US"), connection)

        // Channels and frame size as the broker says, no heartbeat.
        guard let tune = try receive(connection), tune.method == .tune else { return false }
        try send(.tuneOK, tune.arguments.prefix(6) + [0, 0], connection)

        try send(.open, short(virtualHost) + short("") + [0], connection)
        guard try receive(connection)?.method == .openOK else { return false }

        try send(.close, Readiness.bigEndian(UInt16(200)) + short("") + [0, 0, 0, 0], connection)
        _ = try receive(connection)
        return true
    }

    private func short(_ text: String) -> [UInt8] {
        [UInt8(text.utf8.count)] + Array(text.utf8)
    }

    private func send(_ method: Method, _ arguments: [UInt8], _ connection: borrowing LoopbackConnection) throws {
        let payload = [0, 10] + Readiness.bigEndian(method.rawValue) + arguments
        try connection.write([1, 0, 0] + Readiness.bigEndian(UInt32(payload.count)) + payload + [0xce])
    }

    private func receive(
        _ connection: borrowing LoopbackConnection
    ) throws -> (method: Method, arguments: [UInt8])? {
        let head = try connection.read(7)
        let size = head[3...].reduce(0) { $0 << 8 | Int($1) }
        guard head[0] == 1, (4...131_072).contains(size) else { return nil }
        let payload = try connection.read(size + 1)
        guard payload[0] == 0, payload[1] == 10,
            let method = Method(rawValue: UInt16(payload[2]) << 8 | UInt16(payload[3]))
        else { return nil }
        return (method, Array(payload[4..<size]))
    }
}
