import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A port where nothing ever answers: the kernel accepts connections and nobody reads them, or it drops the first packet
/// because the queue of those is full, as a firewall would.
final class SilentListener: Sendable {
    let port: Int
    private let sockets: Mutex<[Int32]>

    init(accepts: Bool) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                precondition(bind(listener, address, length) == 0 && listen(listener, accepts ? 64 : 0) == 0)
                precondition(getsockname(listener, address, &length) == 0)
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        var sockets = [listener]
        for _ in 0..<(accepts ? 0 : 8) {
            let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            _ = fcntl(filler, F_SETFL, O_NONBLOCK)
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(filler, $0, length) }
            }
            sockets.append(filler)
        }
        self.sockets = Mutex(sockets)
    }

    func close() {
        sockets.withLock { sockets in
            for socket in sockets { shut(socket) }
            sockets = []
        }
    }
}

private func shut(_ socket: Int32) { _ = close(socket) }
