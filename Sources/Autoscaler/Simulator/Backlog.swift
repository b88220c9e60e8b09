/// Commands that wait in a partition's queue, oldest first, as amounts that arrived at the same moment.
struct Backlog {
    private var arrivals: [(at: Double, amount: Double)] = []
    private var first = 0
    private(set) var amount = 0.0

    /// - Returns: how much had no room.
    mutating func add(_ wanted: Double, at: Double, limit: Double) -> Double {
        let taken = min(wanted, max(0, limit - amount))
        if taken > 0 { arrivals.append((at, taken)) }
        amount += taken
        return wanted - taken
    }

    mutating func take(_ wanted: Double) {
        var left = wanted
        while first < arrivals.count {
            if arrivals[first].amount > left {
                arrivals[first].amount -= left
                amount -= left
                break
            }
            left -= arrivals[first].amount
            amount -= arrivals[first].amount
            first += 1
        }
        if first == arrivals.count {
            arrivals.removeAll(keepingCapacity: true)
            (first, amount) = (0, 0)
        } else if first > 1_024 {
            arrivals.removeFirst(first)
            first = 0
        }
    }

    /// When the oldest arrived.
    var oldest: Double? { first < arrivals.count ? arrivals[first].at : nil }
}
