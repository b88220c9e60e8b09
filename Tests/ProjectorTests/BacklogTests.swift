import Commands
import Projector
import Testing

@Suite struct BacklogTests {
    @Test("What lies behind is taken for as large as what is held")
    func behind() {
        var backlog = Backlog()
        backlog.add(HeldCommands(messages: 4, commands: 40, oldest: Timestamp(microseconds: 7)), behind: 100)
        backlog.add(HeldCommands(), behind: 3)
        backlog.add(HeldCommands(messages: 1, commands: 5, oldest: Timestamp(microseconds: 3)), behind: 0)
        #expect(backlog.commands == 40 + 1_000 + 3 + 5)
        #expect(backlog.oldest == Timestamp(microseconds: 3))
    }

    @Test(
        "Of what waits and was not delivered, the oldest came after the partition was empty; without that, nobody knows"
    )
    func undelivered() {
        var backlog = Backlog()
        backlog.add(HeldCommands(), behind: 3, emptyAt: Timestamp(microseconds: 5))
        #expect(backlog.oldest == Timestamp(microseconds: 5) && backlog.isOldestKnown)
        backlog.add(HeldCommands(), behind: 1)
        #expect(!backlog.isOldestKnown)
    }

    @Test("Nothing held and nothing behind is nothing")
    func nothing() {
        var backlog = Backlog()
        backlog.add(HeldCommands(), behind: 0)
        #expect(backlog == Backlog())
    }
}
