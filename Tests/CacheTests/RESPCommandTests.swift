import Testing

@testable import Cache

@Suite struct RESPCommandTests {
    @Test("Arguments are counted in bytes")
    func formats() {
        var command = RESPCommand("SET", arguments: 4)
        command.add("k\u{e9}y")
        command.add([0, 13, 10])
        command.add(-120)
        #expect(command.isComplete)
        #expect(
            command.bytes
                == Array("*4\r\n$3\r\nSET\r\n$4\r\nk\u{e9}y\r\n$3\r\n\0\r\n\r\n$4\r\n-120\r\n".utf8))
    }

    @Test("A command goes on from a kept head, with an argument in two parts, and another behind it")
    func headAndPipeline() {
        var head = RESPCommand("MGET", arguments: 3)
        head.add("hb")
        #expect(!head.isComplete)
        var command = RESPCommand(head: head.bytes, missing: 1, capacity: 16)
        command.add(Array("prefix:".utf8), "0123")
        command.pipeline(RESPCommand("PING", arguments: 1))
        #expect(
            command.bytes == Array("*3\r\n$4\r\nMGET\r\n$2\r\nhb\r\n$11\r\nprefix:0123\r\n*1\r\n$4\r\nPING\r\n".utf8))
    }

    @Test("A name that is not set is an argument that is missing")
    func incomplete() {
        #expect(!RESPCommand("GET", arguments: 2).isComplete)
        #expect(RESPCommand("PING", arguments: 1).isComplete)
    }
}
