import Crypto
import EventLog
import Foundation

/// What one row of the log says about itself.
enum EventCheck {
    /// The value against its commitment and its size, which the leaf binds. `nil` when they agree.
    ///
    /// - Parameter archived: whether the value may be in the archive; its salt stays.
    static func value(_ row: EventRow, archived: Bool) -> (fields: [EventRow.Column], detail: String)? {
        if row.isNull(.value) != row.isNull(.valueSalt) {
            // Erasing takes both.
            guard row.kind == .put else { return ([row.isNull(.value) ? .valueSalt : .value], "only a put has one") }
            if archived && row.isNull(.value) { return nil }
            return row.isNull(.value)
                ? ([.value], "the value is gone, and its salt is not")
                : ([.valueSalt], "the salt is gone, and the value is not")
        }
        guard !row.isNull(.value) else { return nil }
        guard row.kind == .put else { return ([.value, .valueSalt], "only a put has a value") }
        let size = row.int8(.valueSize)
        if let commitment = commitment(of: row), commitment == row.hash(.valueCommitment) {
            guard size != Int64(row[.value].count) else { return nil }
            return ([.valueSize], "the value has \(row[.value].count) bytes, and value_size says \(size ?? 0)")
        }
        if size != Int64(row[.value].count) { return ([.value], "the value has another size than was committed to") }
        return row[.valueSalt].count == 16
            ? ([.value, .valueSalt], "the value does not match its commitment")
            : ([.valueSalt], "the salt has \(row[.valueSalt].count) bytes, not 16")
    }

    /// The column whose repair, from what else is known, gives the recorded leaf.
    ///
    /// - Parameter previous: what the key's history says of `previous_version`; 0 for none.
    static func changedColumn(_ row: EventRow, recorded: MerkleHash?, previous: UInt64?) -> EventRow.Column? {
        guard let recorded else { return nil }
        func gives(_ column: EventRow.Column, _ bytes: some Sequence<UInt8>) -> Bool {
            Array(bytes).withUnsafeBytes { row.replacing(column, by: $0) { $0.computedLeaf } == recorded }
        }
        func gives(_ column: EventRow.Column, _ number: Int64?) -> Bool {
            guard let number else {
                let null = UnsafeRawBufferPointer(start: nil, count: 0)
                return row.replacing(column, by: null) { $0.computedLeaf } == recorded
            }
            return withUnsafeBytes(of: number.bigEndian) { gives(column, Array($0)) }
        }
        if Event.Kind.allCases.contains(where: { gives(.kind, $0.rawValue.utf8) }) { return .kind }
        if let commitment = commitment(of: row), gives(.valueCommitment, commitment.data) { return .valueCommitment }
        if !row.isNull(.value), gives(.valueSize, Int64(row[.value].count)) { return .valueSize }
        if gives(.previousVersion, nil as Int64?) { return .previousVersion }
        if let previous, gives(.previousVersion, Int64(previous)) { return .previousVersion }
        return nil
    }

    private static func commitment(of row: EventRow) -> MerkleHash? {
        guard !row.isNull(.value), !row.isNull(.valueSalt) else { return nil }
        var hash = SHA256()
        hash.update(bufferPointer: row[.valueSalt])
        hash.update(bufferPointer: row[.value])
        return hash.finalize().withUnsafeBytes { MerkleHash($0) }
    }
}

extension EventRow {
    /// `nil` unless the column holds 32 bytes.
    func hash(_ column: Column) -> MerkleHash? {
        self[column].count == MerkleFrontier.hashByteCount ? MerkleHash(self[column]) : nil
    }

    fileprivate func replacing<R>(
        _ column: Column, by bytes: UnsafeRawBufferPointer, _ body: (EventRow) -> R
    ) -> R {
        var fields = Array(row.fields)
        fields[column.rawValue] = bytes
        return fields.withUnsafeBufferPointer { body(EventRow(CopyRow(fields: $0))) }
    }
}
