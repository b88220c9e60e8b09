import Commands
import EventLog
import Foundation
import SplitMix
import Testing

@testable import Gateway

@Suite("What a change feed takes next") struct FeedCursorTests {
    private func event(_ sequence: UInt64, in partition: Int, key: String = "a") -> Event {
        Event(
            partition: Partition(partition), sequence: sequence, kind: .put, key: Key(trusted: key), principal: "",
            commandID: CommandID(high: 0, low: sequence), issuedAt: Timestamp(microseconds: 0),
            appliedAt: Timestamp(microseconds: 0))
    }

    @Test(
        "Feeds of any pace, with any prefix, take every event once and in order, whatever memory keeps",
        arguments: 0..<200)
    func everyEventOnce(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let partitions = 1 + random.below(4)
        var limits = FeedLimits()
        limits.pageEvents = 1 + random.below(7)
        limits.pageSequences = UInt64(1 + random.below(5))
        let prefix = ["", "a", "b"][random.below(3)]
        var log: [[Event]] = Array(repeating: [], count: partitions)
        var recent = RecentChanges(
            after: Array(repeating: 0, count: partitions), maximumWeight: 401 * (1 + random.below(12)))
        var cursor = FeedCursor(
            at: .beginning(partitions: partitions), filter: ChangeFilter(prefix: prefix), limits: limits)
        var taken: [[Event]] = Array(repeating: [], count: partitions)

        func commit() {
            let partition = random.below(partitions)
            let from = log[partition].count
            for offset in 1...1 + random.below(6) {
                log[partition].append(event(UInt64(from + offset), in: partition, key: ["a", "b"][random.below(2)]))
            }
            if random.below(8) == 0 {
                recent.skip(to: UInt64(log[partition].count), in: Partition(partition))
            } else {
                let head = recent.head(of: Partition(partition))
                recent.append(Array(log[partition][Int(head)...]), in: Partition(partition))
            }
        }
        func take() -> Bool {
            let before = cursor.position
            var (events, gap) = cursor.take(from: recent)
            if let gap {
                let rows = log[gap.partition.number][Int(gap.after)..<Int(gap.through)]
                events += cursor.take(
                    ChangePage(
                        events: rows.filter { $0.key.text.hasPrefix(prefix) }, through: gap.through, valueBytes: nil),
                    for: gap)
            }
            for event in events { taken[event.partition.number].append(event) }
            return cursor.position != before
        }
        for _ in 0..<60 { if random.below(2) == 0 { commit() } else { _ = take() } }
        while take() {}
        #expect(cursor.position.sequences == log.map { UInt64($0.count) }, "seed \(seed)")
        #expect(taken == log.map { $0.filter { $0.key.text.hasPrefix(prefix) } }, "seed \(seed)")
    }

    @Test("Memory is bounded, and what is in it has no gaps") func bounded() {
        var recent = RecentChanges(after: [10], maximumWeight: 401 * 100)
        for sequence in UInt64(11)...2_000 { recent.append([event(sequence, in: 0)], in: Partition(0)) }
        #expect(recent.head(of: Partition(0)) == 2_000)
        let floor = (UInt64(10)...2_000).first { recent.reaches(backTo: $0, in: Partition(0)) }!
        let kept = Array(recent.events(after: floor, in: Partition(0)))
        #expect(kept.map(\.sequence) == Array(floor + 1...2_000))
        #expect(kept.count <= 100)
    }

    @Test("A page that ends at a value too many reaches no further than its last event") func cutPage() {
        var first = event(4, in: 0)
        var second = event(6, in: 0)
        first.size = 10
        second.size = 10
        #expect(ChangePage(events: [first, second], through: 9, valueBytes: 20).reached == 9)
        #expect(ChangePage(events: [first, second], through: 9, valueBytes: 19).reached == 6)
        #expect(ChangePage(events: [first, second], through: 9, valueBytes: nil).reached == 9)
        #expect(ChangePage(events: [], through: 9, valueBytes: 19).reached == 9)
    }

    @Test("The log is asked shortly after it moved, ever less often while it rests, and patiently when it is away")
    func pace() {
        var pace = PollPace()
        let idle = (0..<5).map { _ in pace.next(moved: false) }
        #expect(idle == [50, 100, 200, 200, 200].map { .milliseconds($0) })
        #expect(pace.next(moved: true) == .milliseconds(25))
        #expect(pace.next(moved: nil) == .seconds(1))
    }
}
