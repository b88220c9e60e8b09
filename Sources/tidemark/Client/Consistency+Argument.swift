import ArgumentParser
import TidemarkClient

extension Consistency: @retroactive ExpressibleByArgument {}
