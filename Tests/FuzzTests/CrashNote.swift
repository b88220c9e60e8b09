import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Says which input a decoder trapped on. A trap in Swift ends the process, and a test with it.
enum CrashNote {
    private static let seed = Atomic<UInt64>(0)
    private static let name = Atomic<UInt>(0)
    private static let nameLength = Atomic<Int>(0)
    private static let installed = Mutex(false)

    static func fuzzing(_ name: StaticString, _ seed: UInt64) {
        install()
        self.seed.store(seed, ordering: .relaxed)
        self.name.store(UInt(bitPattern: name.utf8Start), ordering: .relaxed)
        nameLength.store(name.utf8CodeUnitCount, ordering: .relaxed)
    }

    static func done() { nameLength.store(0, ordering: .relaxed) }

    private static func install() {
        installed.withLock { installed in
            if installed { return }
            installed = true
            for number in [SIGILL, SIGTRAP, SIGSEGV, SIGABRT, SIGBUS, SIGFPE] {
                _ = signal(number) { number in
                    CrashNote.write()
                    _ = signal(number, SIG_DFL)
                    raise(number)
                }
            }
        }
    }

    /// Only what is allowed in a signal handler: loads, arithmetic and `write`.
    private static func write() {
        let length = nameLength.load(ordering: .relaxed)
        guard length > 0, let start = UnsafeRawPointer(bitPattern: name.load(ordering: .relaxed)) else { return }
        put("\nfuzz: trapped in ")
        _ = Glibc.write(2, start, length)
        put(", FUZZ_SEED=")
        var rest = seed.load(ordering: .relaxed)
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var first = 20
            repeat {
                first -= 1
                digits[first] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            _ = Glibc.write(2, digits.baseAddress! + first, 20 - first)
        }
        put(" FUZZ_INPUTS=1\n")
    }

    private static func put(_ text: StaticString) { _ = Glibc.write(2, text.utf8Start, text.utf8CodeUnitCount) }
}
