import Foundation
import SplitMix

/// Numbers with a zipfian distribution of skew 0.99, as in YCSB, scattered so that popular ones are no neighbours.
struct ZipfianKeys {
    private let cumulative: [Double]
    private let order: [Int]

    init(count: Int) {
        var sum = 0.0
        cumulative = (1...count).map { rank in
            sum += 1 / pow(Double(rank), 0.99)
            return sum
        }
        var random = SplitMix64(seed: 0)
        order = (0..<count).shuffled(using: &random)
    }

    func next(_ random: inout SplitMix64) -> Int {
        let drawn = Double(random.next() >> 11) * 0x1p-53 * cumulative[cumulative.count - 1]
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > drawn { high = middle } else { low = middle + 1 }
        }
        return order[low]
    }
}
