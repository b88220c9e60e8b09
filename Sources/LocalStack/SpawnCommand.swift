import Foundation
import Glibc

/// The arguments of one `posix_spawn`.
///
/// The program is run through `setpriv`, which changes the user and asks the kernel for SIGKILL at our death, and a
/// line of shell that checks that we did not die before that; both replace themselves, so the process identifier is
/// the program's.
struct SpawnCommand: Sendable {
    private let description: ProcessDescription
    private let setpriv: String

    // glibc has these two (since 2.34), but its headers show them to GNU C only.
    private typealias AddCloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
    private typealias AddChangeDirectory =
        @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, UnsafePointer<CChar>) -> Int32
    private static let addCloseFrom = unsafeBitCast(
        dlsym(nil, "posix_spawn_file_actions_addclosefrom_np"), to: AddCloseFrom.self)
    private static let addChangeDirectory = unsafeBitCast(
        dlsym(nil, "posix_spawn_file_actions_addchdir_np"), to: AddChangeDirectory.self)

    init(_ description: ProcessDescription) throws {
        self.description = description
        setpriv = try ExecutableFinder.find("setpriv", package: "util-linux")
    }

    private var arguments: [String] {
        var arguments = ["setpriv", "--pdeathsig", "KILL"]
        if let user = description.user, let account = UserAccount(named: user) {
            arguments += ["--reuid", "\(account.user)", "--regid", "\(account.group)", "--clear-groups"]
        }
        arguments += ["--", "/bin/sh", "-c", #"[ "$PPID" = "$0" ] || exit 1; exec "$@""#, "\(getpid())"]
        return arguments + [description.executable] + description.arguments
    }

    /// Spawns and returns the process identifier. Call it on a thread that stays until the child has ended.
    func spawn() throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // We may ignore or block signals (a service that handles SIGTERM does); the child starts afresh.
        var defaults = sigset_t()
        var mask = sigset_t()
        sigfillset(&defaults)
        sigdelset(&defaults, SIGKILL)
        sigdelset(&defaults, SIGSTOP)
        sigemptyset(&mask)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, 1, description.logFile.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var firstToClose: Int32 = 3
        if let directory = description.openDirectory {
            posix_spawn_file_actions_addopen(&actions, 3, directory.path, O_RDONLY | O_DIRECTORY, 0)
            firstToClose = 4
        }
        _ = Self.addCloseFrom(&actions, firstToClose)
        _ = Self.addChangeDirectory(&actions, description.workingDirectory.path)

        let environment = description.environment.map { "\($0.key)=\($0.value)" }
        var pid: pid_t = 0
        let code = withCStrings(arguments) { argv in
            withCStrings(environment) { envp in posix_spawn(&pid, setpriv, &actions, &attributes, argv, envp) }
        }
        guard code == 0 else {
            throw StartFailure(
                name: description.executable, reason: "could not be spawned: \(String(cString: strerror(code)))",
                advice: "Check that \(description.workingDirectory.path) and \(description.logFile.path) are writable.")
        }
        return pid
    }

    private func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer {
            for pointer in pointers { free(pointer) }
        }
        return body(pointers + [nil])
    }
}
