import Commands
import Foundation

/// The parameters of one statement in PostgreSQL's binary format, in one block of memory that is kept for the next.
///
/// Only the lane that owns the connection touches it.
struct ParameterBuffer: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private var count = 0
    /// Where each parameter begins; `nil` for NULL.
    private var starts: [Int?] = []
    private var lengths: [Int32] = []
    private var pointers: [UnsafePointer<CChar>?] = []
    private var formats: [Int32] = []

    init(capacity: Int = 4_096) {
        base = .allocate(byteCount: capacity, alignment: 8)
        self.capacity = capacity
    }

    deinit { base.deallocate() }

    var parameterCount: Int { starts.count }
    /// Of all parameters.
    var byteCount: Int { count }

    mutating func removeAll() {
        // One huge batch should not hold its memory for the connection's life.
        if capacity > 16 << 20 {
            base.deallocate()
            capacity = 1 << 20
            base = .allocate(byteCount: capacity, alignment: 8)
        }
        count = 0
        starts.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
    }

    /// Lends the parameters as `PQsendQueryPrepared` wants them: values, lengths and formats.
    mutating func withParameters<R>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> R
    ) -> R {
        pointers.removeAll(keepingCapacity: true)
        for start in starts {
            pointers.append(start.map { UnsafePointer((base + $0).assumingMemoryBound(to: CChar.self)) })
        }
        while formats.count < starts.count { formats.append(1) }
        return pointers.withUnsafeBufferPointer { pointers in
            lengths.withUnsafeBufferPointer { lengths in
                formats.withUnsafeBufferPointer { body(pointers.baseAddress, lengths.baseAddress, $0.baseAddress) }
            }
        }
    }

    // MARK: - Scalars

    mutating func null() {
        starts.append(nil)
        lengths.append(0)
    }

    mutating func int8(_ value: Int64) { parameter { $0.put(value) } }
    mutating func bool(_ value: Bool) { parameter { $0.put(UInt8(value ? 1 : 0)) } }
    mutating func text(_ value: String) { parameter { $0.put(value) } }
    mutating func bytes(_ value: Data) { parameter { $0.put(value) } }
    mutating func timestamp(_ value: Timestamp) { parameter { $0.put(value.sinceMillennium) } }

    mutating func uuid(_ value: UUID) {
        parameter { buffer in withUnsafeBytes(of: value.uuid) { buffer.put($0) } }
    }

    mutating func uuid(_ value: CommandID) {
        parameter {
            $0.put(value.high)
            $0.put(value.low)
        }
    }

    @inline(__always)
    private mutating func parameter(_ write: (inout ParameterBuffer) -> Void) {
        let start = count
        write(&self)
        starts.append(start)
        lengths.append(Int32(count - start))
    }

    // MARK: - Arrays

    /// A one-dimensional array of `elementCount` elements; `write` puts the element's bytes and returns false for NULL,
    /// having put none.
    @inline(__always)
    mutating func array(
        of type: Statement.Parameter, count elementCount: Int, _ write: (inout ParameterBuffer, Int) -> Bool
    ) {
        parameter { buffer in
            buffer.put(Int32(elementCount == 0 ? 0 : 1))  // dimensions
            buffer.put(Int32(1))  // may hold NULLs
            buffer.put(type.rawValue)
            guard elementCount > 0 else { return }
            buffer.put(Int32(elementCount))
            buffer.put(Int32(1))  // lower bound
            for index in 0..<elementCount { buffer.optionalField { write(&$0, index) } }
        }
    }

    // MARK: - Rows

    /// A piece of what a binary COPY takes, in the place of parameters. `write` puts rows.
    @inline(__always)
    mutating func piece(_ write: (inout ParameterBuffer) -> Void) { parameter(write) }

    /// A row's or an array's value behind its length; `write` puts its bytes and returns false for NULL, having put none.
    @inline(__always)
    mutating func optionalField(_ write: (inout ParameterBuffer) -> Bool) {
        let length = count
        put(Int32(-1))
        guard write(&self) else { return }
        base.storeBytes(of: Int32(count - length - 4).bigEndian, toByteOffset: length, as: Int32.self)
    }

    /// One that is there.
    @inline(__always)
    mutating func field(_ write: (inout ParameterBuffer) -> Void) {
        optionalField { buffer in
            write(&buffer)
            return true
        }
    }

    // MARK: - Bytes

    @inline(__always)
    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { put($0) }
    }

    @inline(__always)
    mutating func put(_ value: String) {
        var value = value
        value.withUTF8 { put(UnsafeRawBufferPointer($0)) }
    }

    @inline(__always)
    mutating func put(_ value: Data) {
        value.withUnsafeBytes { put($0) }
    }

    @inline(__always)
    mutating func put(_ source: UnsafeRawBufferPointer) {
        guard let address = source.baseAddress else { return }
        reserve(source.count)
        (base + count).copyMemory(from: address, byteCount: source.count)
        count += source.count
    }

    @inline(__always)
    private mutating func reserve(_ additional: Int) {
        if count + additional > capacity { grow(to: count + additional) }
    }

    private mutating func grow(to needed: Int) {
        let larger = max(needed, capacity * 2)
        let replacement = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 8)
        replacement.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = replacement
        capacity = larger
    }
}

extension Timestamp {
    /// PostgreSQL counts microseconds from 2000-01-01T00:00:00Z.
    private static let millennium: Int64 = 946_684_800_000_000

    var sinceMillennium: Int64 { microseconds - Self.millennium }
    init(sinceMillennium: Int64) { self.init(microseconds: sinceMillennium + Self.millennium) }
}
