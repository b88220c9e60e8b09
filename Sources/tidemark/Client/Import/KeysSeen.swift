/// Which keys an import has met, in 8 MiB whatever their number: a Bloom filter, so it may say yes to a new key and never
/// says no to a known one.
///
/// A line that sets a key back to an earlier value of the same file (A, B, A) must be another command than the first one,
/// or the server would rightly take it for a repetition. So lines of keys met before are named with their place in the file, too.
/// The answer depends on nothing but the lines before, so every run of the same file names its commands alike.
struct KeysSeen {
    private static let bits: UInt64 = 1 << 26
    private var words = [UInt64](repeating: 0, count: Int(bits / 64))

    /// - Returns: whether the key was (or may have been) there already.
    mutating func insert(_ key: String) -> Bool {
        let hash = key.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        // FNV's low bits alone are too alike for similar keys: one round of a mixer (SplitMix64's) for the second hash.
        var step = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
        step = (step ^ (step >> 27)) | 1
        var wasThere = true
        for round in 0..<4 as Range<UInt64> {
            let bit = (hash &+ round &* step) % Self.bits
            let mask = 1 << (bit % 64) as UInt64
            if words[Int(bit / 64)] & mask == 0 {
                wasThere = false
                words[Int(bit / 64)] |= mask
            }
        }
        return wasThere
    }
}
