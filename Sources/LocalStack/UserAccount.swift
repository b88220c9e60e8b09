import Foundation
import Glibc

/// A user of this machine.
struct UserAccount: Sendable {
    let name: String
    let user: uid_t
    let group: gid_t

    /// `nil` when there is no such user.
    init?(named name: String) {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        self.name = name
        user = entry.pw_uid
        group = entry.pw_gid
    }

    /// Whom a server runs as that refuses to be root; `nil` when we are not root and nothing has to change.
    static var forServersThatRefuseRoot: UserAccount? {
        geteuid() == 0 ? UserAccount(named: "postgres") ?? UserAccount(named: "nobody") : nil
    }

    /// Gives a file or directory to this user.
    func takeOwnership(of url: URL) throws {
        guard chown(url.path, user, group) == 0 else {
            throw StartFailure(
                name: url.path, reason: "can't be given to the user \(name): \(String(cString: strerror(errno)))",
                advice: "Use a data directory on a file system that keeps owners.")
        }
    }
}
