import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A TCP proxy on loopback before the database, for faults: it can drop a connection once a certain text has gone through
/// to the server, or let nothing through any more. One thread for each direction of each connection.
final class FaultyProxy: Sendable {
    enum Fault: Sendable, Equatable {
        case none
        /// Forwards what holds this text, and drops the connection with the answer. Once.
        case dropAfterForwarding(String)
        /// Keeps connections and forwards nothing of the server's answers.
        case blackHole
    }

    let port: Int
    private let listener: Int32
    private let target: UInt16
    private let fault = Mutex(Fault.none)
    private let open = Mutex<Set<Int32>>([])

    init(to target: Int) {
        self.target = UInt16(target)
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(0)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, Self.addressSize) }
        }
        precondition(bound == 0 && listen(listener, 16) == 0, "no port on loopback")
        var size = Self.addressSize
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &size) }
        }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        let thread = Thread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                serve(client)
            }
        }
        thread.start()
    }

    func set(_ fault: Fault) { self.fault.withLock { $0 = fault } }

    var firedOrNone: Bool { fault.withLock { $0 == .none } }

    /// Ends every connection and listens no more.
    func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        open.withLock { for descriptor in $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    private func serve(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(target)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(server, $0, Self.addressSize) }
        }
        guard connected == 0 else {
            _ = Glibc.close(client)
            return
        }
        open.withLock { $0.formUnion([client, server]) }
        Thread { [self] in
            pump(from: client, to: server) { [self] bytes in
                fault.withLock { fault in
                    guard case .dropAfterForwarding(let text) = fault, bytes.firstRange(of: Data(text.utf8)) != nil
                    else { return false }
                    fault = .none
                    return true
                }
            }
        }.start()
        Thread { [self] in pump(from: server, to: client) { _ in false } }.start()
    }

    private func pump(from source: Int32, to sink: Int32, dropsAfter: (Data) -> Bool) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0 else { break }
            let bytes = Data(buffer[..<count])
            let drops = dropsAfter(bytes)
            // The answer must not come back: the client's side goes first.
            if drops { shutdown(source, Int32(SHUT_RDWR)) }
            if fault.withLock({ $0 == .blackHole }) { continue }
            var sent = 0
            while sent < count {
                let step = bytes[sent...].withUnsafeBytes { send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard step > 0 else { break }
                sent += step
            }
            if drops {
                // The server has it all, and gets the time to act on it.
                Thread.sleep(forTimeInterval: 0.2)
                break
            }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(sink, Int32(SHUT_RDWR))
    }

    private static let addressSize = socklen_t(MemoryLayout<sockaddr_in>.size)

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = port.bigEndian
        return address
    }
}
