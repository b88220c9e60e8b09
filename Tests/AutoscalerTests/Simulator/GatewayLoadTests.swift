import Testing

@testable import Autoscaler

@Suite("A gateway's load")
struct GatewayLoadTests {
    private let model = SystemModel()

    @Test("What fits is answered, and takes longer the fuller the gateway is")
    func fits() {
        let loads = [0.1, 0.5, 0.9, 0.99].map {
            GatewayLoad(reads: $0 / model.readProcessorTime, writes: 0, model: model)
        }
        #expect(loads.allSatisfy { $0.refused < 0.01 })
        #expect(zip(loads, loads.dropFirst()).allSatisfy { $0.latency < $1.latency })
        #expect(abs(loads[1].processors - 0.5) < 1e-9)
    }

    @Test("What doesn't fit is refused, and what is under way stays bounded", arguments: [1.2, 3, 40])
    func overloaded(times: Double) {
        let load = GatewayLoad(reads: times / model.readProcessorTime, writes: 0, model: model)
        #expect(abs(load.answered * model.readProcessorTime - 1) < 0.001)
        #expect(abs(load.refused - (1 - 1 / times)) < 0.001)
        #expect(load.inFlight < model.requestLimit + load.answered * model.readSeconds)
        #expect(load.inFlight > 0.9 * model.requestLimit)
    }

    @Test("There is no jump where the load is what fits")
    func continuous() {
        func load(_ utilisation: Double) -> GatewayLoad {
            GatewayLoad(reads: utilisation / model.readProcessorTime, writes: 0, model: model)
        }
        for (below, above) in [(1 - 2e-6, 1), (1, 1 + 2e-6)] {
            #expect(abs(load(below).inFlight - load(above).inFlight) < 0.5)
            #expect(abs(load(below).refused - load(above).refused) < 1e-4)
        }
    }

    @Test("Nobody asks, nothing happens")
    func idle() {
        let load = GatewayLoad(reads: 0, writes: 0, model: model)
        #expect(load.answered == 0 && load.refused == 0 && load.inFlight == 0 && load.processors == 0)
    }
}
