import ArgumentParser
import Checking
import Foundation
import History
import Testing

@testable import tidemark

@Suite struct CheckReportTests {
    private static func history(read value: String, version: UInt64) -> String {
        """
            {"type":"start","format":1,"prefix":"p","urls":["http://a"],"seed":7,"clients":2}
            {"type":"operation","id":0,"process":0,"workload":"register","gateway":0,"key":"p/k","call":"put","value":"1.1",\
            "invoked":1000,"completed":2000,"outcome":"applied","effect":"created","version":1,"command":"c1"}
            {"type":"operation","id":1,"process":1,"workload":"register","gateway":0,"key":"p/k","call":"put","value":"1.2",\
            "invoked":3000,"completed":4000,"outcome":"applied","effect":"replaced","version":2,"command":"c2"}
            {"type":"operation","id":2,"process":0,"workload":"register","gateway":0,"key":"p/k","call":"get",\
            "consistency":"linearizable","invoked":5000,"completed":6000,"outcome":"value","seen":"\(value)","version":\(version)}
            {"type":"event","key":"p/k","version":1,"kind":"put","command":"c1","value":"1.1"}
            {"type":"event","key":"p/k","version":2,"kind":"put","command":"c2","value":"1.2"}
            {"type":"log","key":"p/k","events":2}
            {"type":"final","key":"p/k","gateway":0,"consistency":"applied","value":"1.2","version":2}
        """
    }

    private static func report(read value: String, version: UInt64) throws -> CheckReport {
        let recording = try Recording(ndjson: Data(history(read: value, version: version).utf8))
        return CheckReport(recording, Verdict(of: recording), file: nil)
    }

    @Test("A right history says so, with what was judged")
    func right() throws {
        let report = try Self.report(read: "1.2", version: 2)
        #expect(report.result == .right, "\(report.text)")
        #expect(report.text.contains("RIGHT") && report.text.contains("3 operations on 1 keys"))
    }

    @Test("A wrong one names key and operations, in text and in JSON")
    func wrong() throws {
        let report = try Self.report(read: "1.1", version: 1)
        #expect(report.text.contains("not-linearizable  p/k"), "\(report.text)")
        #expect(report.text.contains(#"get (linearizable) → "1.1", version 1"#), "\(report.text)")
        #expect(report.text.hasSuffix("WRONG: 1 violation."), "\(report.text)")
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
        #expect(json?["result"] as? String == "wrong")
        let judgements = json?["judgements"] as? [[String: Any]]
        let violations = judgements?.first?["violations"] as? [[String: Any]]
        #expect((violations?.first?["calls"] as? [Any])?.count == 3)
    }

    @Test("A file is judged without a server, and the exit status tells how it went")
    func exitStatus() async throws {
        let right = Self.history(read: "1.2", version: 2)
        // Without the log nothing wrong is found, and not everything is judged.
        let unfinished = right.split(separator: "\n").prefix(4).joined(separator: "\n")
        let cases: [(String, tidemark.ExitStatus)] = [
            (right, .done), (Self.history(read: "1.1", version: 1), .failed), (unfinished, .inconclusive),
            ("hello", .wrongUsage),
        ]
        let folder = TemporaryFolder()
        let file = folder.path + "/history.ndjson"
        for (text, expected) in cases {
            try Data(text.utf8).write(to: URL(filePath: file))
            let command = try CheckCommand.parse(["--judge-only", "--history", file, "--output", "json"])
            var status = tidemark.ExitStatus.done
            do {
                try await command.run()
            } catch let code as ExitCode {
                status = tidemark.ExitStatus(parserCode: code)
            }
            #expect(status == expected, "\(text)")
        }
    }

    @Test("Progress shows how far the load is, then the following up")
    func progress() {
        #expect(CheckProgress.line(.load(calls: 1_234), elapsed: 5, of: 10).hasSuffix("1,234 operations  0:05 to go"))
        #expect(CheckProgress.line(.settling(done: 3, of: 12), elapsed: 11, of: 10).hasSuffix("following up 3 of 12"))
    }
}
