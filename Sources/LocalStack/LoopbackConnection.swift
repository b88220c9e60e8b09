import Foundation
import Glibc

/// A TCP connection to 127.0.0.1 for readiness checks. Its calls block for at most a second each, so it is used
/// on threads of its own only: see ``run(port:_:)``.
struct LoopbackConnection: ~Copyable {
    private let descriptor: Int32

    /// The server refused, was silent for a second, or closed the connection.
    struct NoAnswer: Error {}

    /// Connects and runs `exchange` on a new thread; throws ``NoAnswer`` when the server does not play along.
    static func run<Result: Sendable>(
        port: Int, _ exchange: @escaping @Sendable (borrowing LoopbackConnection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                do {
                    let connection = try LoopbackConnection(port: port)
                    continuation.resume(returning: try exchange(connection))
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    private init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw NoAnswer() }
        var timeout = timeval(tv_sec: 1, tv_usec: 0)
        let timeoutSize = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, timeoutSize)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, timeoutSize)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) == 0 }
        }
        guard connected else { throw NoAnswer() }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func write(_ bytes: [UInt8]) throws {
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw NoAnswer()
        }
    }

    /// Exactly `count` bytes.
    func read(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let received = bytes.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress! + filled, count - filled, 0)
            }
            guard received > 0 else { throw NoAnswer() }
            filled += received
        }
        return bytes
    }

    /// Up to CR LF.
    func readLine() throws -> String {
        var line: [UInt8] = []
        while line.suffix(2) != [13, 10] { line += try read(1) }
        return String(decoding: line.dropLast(2), as: UTF8.self)
    }
}
