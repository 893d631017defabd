// swift-tools-version: 6.1
// The command `conclave`: a package of its own, because it is a client of the library that ships. It knows the header
// alone and links libconclave.so, so that `cmake --preset release && cmake --build --preset release` comes first.
// CONCLAVE_LIBRARY_DIRECTORY names another place of the library than build/release/lib. A distribution that builds
// without a network names the sources of swift-argument-parser in CONCLAVE_ARGUMENT_PARSER, and, since it installs the
// library where the system looks, sets CONCLAVE_NO_RUNPATH.
import PackageDescription

let libraryDirectory =
    Context.environment["CONCLAVE_LIBRARY_DIRECTORY"] ?? Context.packageDirectory + "/../build/release/lib"
let argumentParser: Package.Dependency =
    if let path = Context.environment["CONCLAVE_ARGUMENT_PARSER"] {
        .package(name: "swift-argument-parser", path: path)
    } else {
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
    }
// Once installed, the command finds the library beside it (scripts/install), else where the system looks.
let runPath =
    Context.environment["CONCLAVE_NO_RUNPATH"] == nil ? ["-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib"] : []
let package = Package(
    name: "conclave-tools",
    products: [.executable(name: "conclave", targets: ["ConclaveCommand"])],
    dependencies: [argumentParser],
    targets: [
        .systemLibrary(name: "CConclave"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .executableTarget(
            name: "ConclaveCommand",
            dependencies: [
                "CConclave", "COpenSSL", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .unsafeFlags(["-warnings-as-errors"]),
            ],
            linkerSettings: [
                .linkedLibrary("conclave"),
                .unsafeFlags(["-L" + libraryDirectory] + runPath),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
