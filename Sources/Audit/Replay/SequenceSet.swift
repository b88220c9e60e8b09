/// Sequences of a partition, a bit each.
struct SequenceSet: Sendable {
    private var words: [UInt64]

    init(through last: UInt64) { words = Array(repeating: 0, count: Int(last / 64 + 1)) }

    mutating func insert(_ sequence: UInt64) { words[Int(sequence / 64)] |= 1 << (sequence % 64) }

    func contains(_ sequence: UInt64) -> Bool {
        sequence / 64 < UInt64(words.count) && words[Int(sequence / 64)] & (1 << (sequence % 64)) != 0
    }
}
