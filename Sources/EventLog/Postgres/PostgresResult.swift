import CLibPQ
import Commands
import Foundation

/// Owns one `PGresult` in binary format. Values are copied out before it goes.
///
/// A column of another type or length than asked for is a fault of this program and traps.
struct PostgresResult: ~Copyable {
    private let raw: OpaquePointer

    init(adopting raw: OpaquePointer) { self.raw = raw }

    deinit { PQclear(raw) }

    var status: ExecStatusType { PQresultStatus(raw) }
    var rowCount: Int { Int(PQntuples(raw)) }
    /// Of INSERT, UPDATE and DELETE.
    var affectedRows: Int { Int(String(cString: PQcmdTuples(raw))) ?? 0 }
    /// `COMMIT`, `INSERT 0 3` …
    var commandTag: String { String(cString: PQcmdStatus(raw)) }

    func errorField(_ code: Character) -> String? {
        PQresultErrorField(raw, Int32(code.asciiValue ?? 0)).map { String(cString: $0) }
    }

    var errorMessage: String {
        errorField("M") ?? String(cString: PQresultErrorMessage(raw)).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    // MARK: - Values

    func isNull(_ row: Int, _ column: Int) -> Bool { PQgetisnull(raw, Int32(row), Int32(column)) == 1 }

    func bool(_ row: Int, _ column: Int) -> Bool { bytes(row, column)[0] != 0 }

    func int8(_ row: Int, _ column: Int) -> Int64 {
        let bytes = bytes(row, column)
        precondition(bytes.count == 8, "column \(column) is not INT8")
        return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    }

    /// Sequences and counts.
    func unsigned(_ row: Int, _ column: Int) -> UInt64 { UInt64(int8(row, column)) }

    func text(_ row: Int, _ column: Int) -> String { String(decoding: bytes(row, column), as: UTF8.self) }
    func data(_ row: Int, _ column: Int) -> Data { Data(bytes(row, column)) }

    func timestamp(_ row: Int, _ column: Int) -> Timestamp { Timestamp(sinceMillennium: int8(row, column)) }

    func commandID(_ row: Int, _ column: Int) -> CommandID {
        let bytes = bytes(row, column)
        precondition(bytes.count == 16, "column \(column) is not UUID")
        return CommandID(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    func uuid(_ row: Int, _ column: Int) -> UUID {
        let bytes = bytes(row, column)
        precondition(bytes.count == 16, "column \(column) is not UUID")
        return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }

    /// A one-dimensional array without NULLs.
    func texts(_ row: Int, _ column: Int) -> [String] {
        // Dimensions, flags, type, then for the one dimension its length and lower bound.
        let bytes = bytes(row, column)
        func integer(at offset: Int) -> Int {
            Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
        }
        guard integer(at: 0) > 0 else { return [] }
        precondition(integer(at: 0) == 1, "column \(column) is not a list")
        var offset = 20
        return (0..<integer(at: 12)).map { _ in
            let start = offset + 4
            offset = start + integer(at: offset)
            return String(decoding: bytes[start..<offset], as: UTF8.self)
        }
    }

    func key(_ row: Int, _ column: Int) -> Key { Key(trusted: text(row, column)) }

    private func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: PQgetvalue(raw, Int32(row), Int32(column)), count: Int(PQgetlength(raw, Int32(row), Int32(column))))
    }
}
