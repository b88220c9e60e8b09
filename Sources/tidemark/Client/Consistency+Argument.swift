public import ArgumentParser
public import TidemarkClient

extension Consistency: ExpressibleByArgument {}
