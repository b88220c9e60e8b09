import Foundation
import Testing
import TidemarkClient

@testable import tidemark

@Suite struct BatchFileTests {
    @Test(
        "The same operations come from a document, an array and lines",
        arguments: [
            #"{"operations":[{"op":"put","key":"a","value":"1"},{"op":"delete","key":"b","if_match":7}]}"#,
            #"[{"op":"put","key":"a","value":"1"},{"op":"delete","key":"b","if_match":"7"}]"#,
            "{\"op\":\"put\",\"key\":\"a\",\"value\":\"1\"}\n\n{\"op\":\"delete\",\"key\":\"b\",\"if_match\":\"\\\"7\\\"\"}\n",
        ])
    func forms(text: String) throws {
        let operations = try BatchFile.parse(Data(text.utf8))
        #expect(
            operations == [
                BatchOperation(.put, key: "a", value: Data("1".utf8)),
                BatchOperation(.delete, key: "b", precondition: .version(7)),
            ])
    }

    @Test(
        "What can't be read names its place",
        arguments: [
            ("", "no operations"), ("[]", "no operations"), ("{\"op\":\"get\",\"key\":\"a\"}\nnonsense", "Line 2"),
            (#"{"op":"get"}"#, "\"key\" is missing"), (#"{"op":"get","key":"a","if_mach":"*"}"#, "if_mach"),
            (#"{"op":"put","key":"a","if_match":"x"}"#, "if_match"), ("[{}]", "op"),
        ])
    func faults(text: String, expected: String) throws {
        let failure = #expect(throws: CommandFailure.self) { try BatchFile.parse(Data(text.utf8)) }
        #expect(failure?.status == .wrongUsage)
        #expect(failure?.message.contains(expected) == true, "\(failure?.message ?? "")")
    }

    @Test("More than a thousand operations are sent to import")
    func tooMany() {
        let line = #"{"op":"get","key":"a"}"# + "\n"
        let failure = #expect(throws: CommandFailure.self) {
            try BatchFile.parse(Data(String(repeating: line, count: 1_001).utf8))
        }
        #expect(failure?.hint?.contains("import") == true)
    }
}
