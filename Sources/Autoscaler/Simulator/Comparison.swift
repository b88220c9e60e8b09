/// A trace played by several policies under the same conditions.
package struct Comparison: Sendable {
    package struct Row: Sendable {
        package var contender: Contender
        package var course: Course
        package var score: Score
    }

    package struct Conditions: Sendable, Equatable {
        package var model = SystemModel()
        package var objectives = Objectives()
        /// Nobody has fewer, of either role: one may die.
        package var minimum = 2
        package var maximum = 16
        package var seed: UInt64 = 1

        package init() {}
    }

    package let trace: Trace
    package let rows: [Row]
    package let conditions: Conditions

    package init(_ trace: Trace, contenders: [Contender] = Contender.allCases, conditions: Conditions = Conditions()) {
        self.trace = trace
        self.conditions = conditions
        let load = trace.load
        let model = conditions.model
        func sizes(_ reads: Double, _ writes: Double) -> Sizes {
            let sizes = Sizes(reads: reads, writes: writes, model: model)
            return Sizes(
                gateways: max(conditions.minimum, sizes.gateways),
                projectors: max(conditions.minimum, min(sizes.projectors, model.partitions)))
        }
        let count = Double(load.count)
        let mean = sizes(load.reduce(0) { $0 + $1.reads } / count, load.reduce(0) { $0 + $1.writes } / count)
        let each = load.map { sizes($0.reads, $0.writes) }
        let peak = Sizes(
            gateways: each.map(\.gateways).max() ?? 0, projectors: each.map(\.projectors).max() ?? 0)
        rows = contenders.map { contender in
            let begin: Sizes
            let policy: any ScalingPolicy
            switch contender {
            case .small: (begin, policy) = (mean, FixedPolicy(gateways: mean.gateways, projectors: mean.projectors))
            case .peak: (begin, policy) = (peak, FixedPolicy(gateways: peak.gateways, projectors: peak.projectors))
            case .cpu:
                let bounds = CPUThresholdPolicy.Bounds(minimum: conditions.minimum, maximum: conditions.maximum)
                (begin, policy) = (each[0], CPUThresholdPolicy(gateways: bounds, projectors: bounds))
            case .tidemark:
                (begin, policy) = (each[0], TargetTrackingPolicy(conditions.settings))
            }
            var run = TraceRun(
                trace, policy: policy, sizes: begin, model: model, objectives: conditions.objectives,
                seed: conditions.seed)
            let course = run.play()
            return Row(contender: contender, course: course, score: Score(course, conditions.objectives))
        }
    }
}

extension Comparison.Conditions {
    /// Of Tidemark's own policy: its usual ones, with these bounds.
    package var settings: TargetTrackingPolicy.Settings {
        var settings = TargetTrackingPolicy.Settings()
        settings.gateways.minimum = minimum
        settings.gateways.maximum = maximum
        settings.projectors.minimum = minimum
        settings.projectors.maximum = maximum
        return settings
    }
}
