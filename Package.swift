// swift-tools-version: 6.1
// The same folders as CMakeLists.txt, in ordinary mode, for unit tests, the simulator and the tools.
// The library that ships is built by CMake alone, in Embedded mode: see docs/architecture.md.
import PackageDescription

/// The fuzzer reaches internal readers in an optimized build, for which every module has to be built for testing. So it
/// is there only when scripts/fuzz asks for it.
let isFuzzing = Context.environment["CONCLAVE_FUZZ"] != nil

/// The simulator (Tests/Simulation) builds these modules with its own suite, with switches that break them on purpose,
/// and for testing. Nothing else has that: neither the unit tests nor the library.
let isSimulating = Context.environment["CONCLAVE_SIMULATION"] != nil

let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .unsafeFlags(
            ["-strict-memory-safety", "-warnings-as-errors"] + (isFuzzing || isSimulating ? ["-enable-testing"] : [])),
    ] + (isSimulating ? [.define("SIMULATION")] : [])

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies + [.target(name: name)],
        swiftSettings: [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .unsafeFlags(["-warnings-as-errors"]),
        ])
}

/// A whole cluster in one process, for unit tests and for the simulator.
let clusterNetwork = Target.target(
    name: "EncryptNetwork", dependencies: ["Encrypt", "Primitives"], path: "Tests/EncryptNetwork",
    swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .unsafeFlags(["-warnings-as-errors"]),
    ] + (isSimulating ? [.define("SIMULATION")] : []))

let fuzzer: [Target] = [
    .executableTarget(
        name: "Fuzz",
        dependencies: [
            "SecureGroup", "KeyAgreement", "Arithmetic", "Flush", "LocalHub", "ProcessGroups", "Encrypt", "Primitives",
        ],
        path: "Tests/Fuzz",
        swiftSettings: [.enableUpcomingFeature("ExistentialAny"), .unsafeFlags(["-warnings-as-errors"])])
]

let package = Package(
    name: "conclave",
    products: isSimulating
        ? ["SecureGroup", "Flush", "KeyAgreement", "Arithmetic", "Encrypt", "EncryptNetwork", "Primitives"].map {
            .library(name: $0, targets: [$0])
        } : [],
    targets: [
        .systemLibrary(name: "CPlatform"),
        .systemLibrary(name: "CGMP", pkgConfig: "gmp", providers: [.apt(["libgmp-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CConclave"),
        .systemLibrary(name: "CCorosync"),
        module("Primitives", ["CPlatform", "COpenSSL"]),
        tests("Primitives", []),
        module("Flush", ["Primitives"]),
        tests("Flush", ["Primitives"]),
        module("Encrypt", ["Primitives"]),
        tests("Encrypt", ["Primitives", "Certificates", "EncryptNetwork"]),
        clusterNetwork,
        .target(
            name: "Certificates", path: "Tests/Certificates",
            swiftSettings: [.enableUpcomingFeature("ExistentialAny"), .unsafeFlags(["-warnings-as-errors"])]),
        module("LocalHub", ["Primitives"]),
        tests("LocalHub", ["Primitives"]),
        module("ProcessGroups", ["Primitives"]),
        tests("ProcessGroups", ["Primitives"]),
        module(
            "Drivers",
            [
                "SecureGroup", "Flush", "KeyAgreement", "LocalHub", "ProcessGroups", "Encrypt", "Primitives",
                "CPlatform", "CCorosync",
            ]),
        tests(
            "Drivers",
            ["SecureGroup", "Flush", "KeyAgreement", "LocalHub", "Encrypt", "Primitives", "Certificates", "CPlatform"]),
        module("Arithmetic", ["Primitives", "CGMP"]),
        tests("Arithmetic", ["Primitives", "CGMP"]),
        module("SecureGroup", ["Flush", "KeyAgreement", "Arithmetic", "Primitives"]),
        tests("SecureGroup", ["Flush", "KeyAgreement", "Arithmetic", "Primitives"]),
        module("KeyAgreement", ["Arithmetic", "Primitives"]),
        tests("KeyAgreement", ["Arithmetic", "Primitives"]),
    ] + (isFuzzing ? fuzzer : []),
    swiftLanguageModes: [.v6]
)
