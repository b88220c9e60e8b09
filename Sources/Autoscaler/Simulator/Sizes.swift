/// How many instances of each role.
package struct Sizes: Sendable, Equatable {
    package var gateways: Int
    package var projectors: Int

    package init(gateways: Int, projectors: Int) {
        self.gateways = gateways
        self.projectors = projectors
    }

    /// So many that they are busy for `utilisation` of the time.
    package init(reads: Double, writes: Double, utilisation: Double = 0.7, model: SystemModel = SystemModel()) {
        let capacity = model.gatewayCapacity(reads: reads, writes: writes)
        gateways = Int(((reads + writes) / capacity / utilisation).rounded(.up))
        projectors = Int((writes / model.applyRate / utilisation).rounded(.up))
    }
}
