import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A few 64-bit totals, kept several times over so that threads that add to the same total seldom fight over a cache
/// line.
///
/// Adding is a relaxed atomic operation on the thread's own stripe (two threads that share one are merely slower);
/// reading sums the stripes. Costs a cache line (64 bytes) or more per stripe.
///
/// `@unchecked Sendable`: the pointer never changes, what it points to is touched only through `Atomic` between `init`
/// and `deinit`, and `deinit` runs once, when nobody can call any more.
struct Stripes: ~Copyable, @unchecked Sendable {
    /// A power of two, about twice the cores, since more threads than that take turns. At most 16: beyond that, memory
    /// costs more than some sharing.
    private static let count: Int = {
        let wanted = max(2, min(16, 2 * sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        var count = 2
        while count < wanted { count *= 2 }
        return count
    }()
    private static let cacheLine = 64

    private let cells: UnsafeMutablePointer<Atomic<UInt64>>
    /// Copied from the static: reading that one costs a check whether it is initialised.
    private let mask: Int
    /// Words from one stripe to the next: whole cache lines.
    private let stride: Int

    /// All zero, which is 0 as an integer and as a `Double`.
    init(words: Int) {
        let wordsPerLine = Self.cacheLine / MemoryLayout<Atomic<UInt64>>.stride
        mask = Self.count - 1
        stride = (words + wordsPerLine - 1) / wordsPerLine * wordsPerLine
        let total = stride * Self.count
        cells = UnsafeMutableRawPointer.allocate(
            byteCount: total * MemoryLayout<Atomic<UInt64>>.stride, alignment: Self.cacheLine
        ).bindMemory(to: Atomic<UInt64>.self, capacity: total)
        for index in 0..<total { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: stride * (mask + 1))
        UnsafeMutableRawPointer(cells).deallocate()
    }

    func add(_ amount: UInt64, at word: Int) {
        (current + word).pointee.wrappingAdd(amount, ordering: .relaxed)
    }

    func add(_ amount: Double, at word: Int) {
        (current + word).pointee.addFloating(amount)
    }

    /// Both at once: the stripe is looked up only once.
    func add(_ amount: UInt64, at word: Int, and floating: Double, at floatingWord: Int) {
        let stripe = current
        (stripe + word).pointee.wrappingAdd(amount, ordering: .relaxed)
        (stripe + floatingWord).pointee.addFloating(floating)
    }

    func total(at word: Int) -> UInt64 {
        var total: UInt64 = 0
        for stripe in 0...mask { total &+= cells[stripe * stride + word].load(ordering: .relaxed) }
        return total
    }

    func floatingTotal(at word: Int) -> Double {
        var total = 0.0
        for stripe in 0...mask {
            total += Double(bitPattern: cells[stripe * stride + word].load(ordering: .relaxed))
        }
        return total
    }

    func clear() {
        for index in 0..<stride * (mask + 1) { cells[index].store(0, ordering: .relaxed) }
    }

    private var current: UnsafeMutablePointer<Atomic<UInt64>> {
        cells + (ThreadNumber.current & mask) * stride
    }
}

extension Atomic where Value == UInt64 {
    /// Adds to the `Double` whose bits this word holds.
    func addFloating(_ amount: Double) {
        var known = load(ordering: .relaxed)
        while true {
            let sum = (Double(bitPattern: known) + amount).bitPattern
            let (exchanged, original) = weakCompareExchange(expected: known, desired: sum, ordering: .relaxed)
            if exchanged { return }
            known = original
        }
    }
}
