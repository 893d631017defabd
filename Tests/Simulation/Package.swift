// swift-tools-version: 6.1
// The simulator: whole networks of members in one process, what must hold of them, and pictures of what they did. A
// package of its own, because it builds the modules of the house with the simulation's suite and with their internals
// within reach; nothing of that is in the library that ships. scripts/simulate builds and runs it.
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-warnings-as-errors"]),
]

func house(_ name: String) -> Target.Dependency { .product(name: name, package: "conclave") }

let machines: [Target.Dependency] = ["SecureGroup", "Flush", "KeyAgreement", "Arithmetic", "Primitives"].map(house)

let package = Package(
    name: "conclave-simulation",
    products: [.executable(name: "simulate", targets: ["simulate"])],
    dependencies: [
        .package(name: "conclave", path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    ],
    targets: [
        .target(name: "Traces", swiftSettings: settings),
        .target(name: "Observation", dependencies: ["Traces"] + machines, swiftSettings: settings),
        .target(name: "Oracles", dependencies: ["Traces"], swiftSettings: settings),
        .testTarget(name: "OraclesTests", dependencies: ["Oracles", "Traces"], swiftSettings: settings),
        .target(name: "KeyOracle", dependencies: ["Traces"] + machines, swiftSettings: settings),
        .testTarget(
            name: "KeyOracleTests", dependencies: ["KeyOracle", "Traces"] + machines, swiftSettings: settings),
        .testTarget(name: "SuiteTests", dependencies: machines, swiftSettings: settings),
        .target(
            name: "Pages", dependencies: ["Traces"],
            resources: [
                "page.html", "page.css", "legend.html", "trace.js", "words.js", "layout.js", "draw.js", "page.js",
            ]
            .map { .embedInCode("Resources/" + $0) }, swiftSettings: settings),
        .testTarget(name: "PagesTests", dependencies: ["Pages", "Traces"], swiftSettings: settings),
        .target(
            name: "SimulatedNetwork", dependencies: ["Traces", "Observation", "KeyOracle"] + machines,
            swiftSettings: settings),
        .target(
            name: "Exhaustive", dependencies: ["Traces", "Oracles", "Observation"] + machines, swiftSettings: settings),
        .target(name: "Insiders", dependencies: ["Traces"] + machines, swiftSettings: settings),
        .executableTarget(
            name: "simulate",
            dependencies: [
                "Traces", "Oracles", "KeyOracle", "Pages", "SimulatedNetwork", "Exhaustive", "Insiders",
                house("Encrypt"), house("EncryptNetwork"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ] + machines, swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
