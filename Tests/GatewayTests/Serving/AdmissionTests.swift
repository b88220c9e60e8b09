import Testing

@testable import Gateway

@Suite("Admission")
struct AdmissionTests {
    private var admission: Admission = {
        var limits = Admission.Limits()
        limits.requests = 2
        limits.waiting = 3
        limits.heldBytes = 100
        limits.connections = 2
        return Admission(limits)
    }()

    private mutating func admit(_ kind: Admission.Kind, _ bytes: Int = 0) -> Admission.Refusal? {
        admission.admit(.init(kind: kind, bytes: bytes))
    }

    @Test(
        "Each kind has room of its own, and none takes another's",
        arguments: [(Admission.Kind.read, 2, Admission.Refusal.reads), (.write, 2, .writes), (.waiting, 3, .waiting)])
    mutating func kinds(kind: Admission.Kind, room: Int, refusal: Admission.Refusal) {
        let answers = (0..<room + 3).map { _ in admit(kind) }
        #expect(answers == Array(repeating: nil, count: room) + Array(repeating: refusal, count: 3))
        let others = Admission.Kind.allCases.filter { $0 != kind }.map { admit($0) }
        #expect(others == [nil, nil])
        admission.finish(.init(kind: kind, bytes: 0))
        let again = [admit(kind), admit(kind)]
        #expect(again == [nil, refusal])
    }

    @Test("Bodies fill the memory set aside, and leave it again; what is refused takes nothing")
    mutating func bytes() {
        let answers = [admit(.write, 70), admit(.write, 31), admit(.write, 30), admit(.waiting, 1), admit(.read)]
        #expect(answers == [nil, .bytes, nil, .bytes, nil])
        #expect(admission.heldBytes == 100)
        admission.finish(.init(kind: .write, bytes: 70))
        #expect(admission.heldBytes == 30)
        let refilled = admit(.write, 70)
        #expect(refilled == nil)
    }

    @Test("A body larger than the memory set aside is let in when nothing else is held")
    mutating func oversized() {
        let answers = [admit(.write, 1_000), admit(.write, 1)]
        #expect(answers == [nil, .bytes])
        admission.finish(.init(kind: .write, bytes: 1_000))
        #expect(admission.heldBytes == 0)
    }

    @Test("Answers that nobody takes stop new requests of any kind, until they have gone")
    mutating func answers() {
        admission.hold(150)
        let answers = Admission.Kind.allCases.map { admit($0) }
        #expect(answers == [.bytes, .bytes, .bytes])
        admission.release(150)
        let after = admit(.read)
        #expect(after == nil)
    }

    @Test("Connections beyond the limit are told so, and beyond twice the limit closed")
    mutating func connections() {
        let entrances = (0..<6).map { _ in admission.connect() }
        #expect(entrances == [.open, .open, .refused, .refused, .closed, .closed])
        for _ in 0..<5 { admission.disconnect() }
        let after = admission.connect()
        #expect(after == .open)
        #expect(admission.connections == 2)
    }
}
