/// What is due later, the earliest first; of the same time, the one that was added first.
struct EventHeap<Element> {
    private struct Entry {
        var time: Nanoseconds
        var order: UInt64
        var element: Element

        func precedes(_ other: Entry) -> Bool { (time, order) < (other.time, other.order) }
    }

    private var entries: [Entry] = []
    private var order: UInt64 = 0

    var nextTime: Nanoseconds? { entries.first?.time }

    mutating func insert(_ element: Element, at time: Nanoseconds) {
        order += 1
        entries.append(Entry(time: time, order: order, element: element))
        var child = entries.count - 1
        while child > 0, entries[child].precedes(entries[(child - 1) / 2]) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> Element {
        entries.swapAt(0, entries.count - 1)
        let first = entries.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].precedes(entries[least]) { least = child }
            if least == parent { return first.element }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
