import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A small number for each thread, given in the order in which threads first ask.
///
/// Neighbouring numbers spread threads over stripes better than a hash of the thread's address would. (The number of the
/// core would be better still, but Swift does not see `sched_getcpu`.) A thread-specific slot costs a nanosecond or two.
enum ThreadNumber {
    private static let next = Atomic<Int>(1)

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = pthread_key_create(&key, nil)
        guard status == 0 else { fatalError("no thread-specific key is left (pthread_key_create: \(status))") }
        return key
    }()

    /// Above zero. The slot holds the number itself, as a pointer that nobody follows.
    static var current: Int {
        if let known = pthread_getspecific(key) { return Int(bitPattern: known) }
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        pthread_setspecific(key, UnsafeRawPointer(bitPattern: number))
        return number
    }
}
