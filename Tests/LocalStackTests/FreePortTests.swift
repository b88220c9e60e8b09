import LocalStack
import Testing

@Suite("Free ports")
struct FreePortTests {
    @Test("Ports handed out together are distinct, free, and not those of outgoing connections")
    func distinct() throws {
        let ports = try FreePort.allocate(50)
        #expect(Set(ports).count == 50)
        #expect(ports.allSatisfy { FreePort.isFree($0) })
        #expect(ports.allSatisfy { (10_000..<32_768).contains($0) })
    }
}
